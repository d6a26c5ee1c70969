using System.Text;
using Microsoft.Data.Sqlite;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;

namespace ModelRegistry.Mcp.Demo;

/// <summary>
/// Somebody with write access to the database file and no scruples. The one place outside the core that speaks SQL: the
/// registry has no door through which its log could be changed, so an intruder has to come past all doors. It works on a
/// copy and is of no use to anything but the demo.
/// </summary>
internal static class Intruder
{
    /// <summary>Copies a registry's database and its checkpoint file to another folder. Nobody may be writing meanwhile.</summary>
    public static void Copy(string dataFolder, string toFolder)
    {
        Directory.CreateDirectory(Path.Combine(toFolder, "checkpoints"));
        // With the write-ahead log, which holds what has not reached the main file yet; the index beside it is rebuilt.
        foreach (var name in new[] { "registry.db", "registry.db-wal", Path.Combine("checkpoints", "latest") })
            if (File.Exists(Path.Combine(dataFolder, name)))
                File.Copy(Path.Combine(dataFolder, name), Path.Combine(toFolder, name));
    }

    /// <summary>Changes one word in the bytes of an audit entry, and nothing else.</summary>
    public static async Task AlterEntryAsync(string dataFolder, long position, string word, string instead, CancellationToken cancel)
    {
        await using var database = await OpenAsync(dataFolder, cancel);
        var leaf = Encoding.UTF8.GetString((byte[])(await ScalarAsync(database, "select leaf from audit_entry where position = @a", cancel, position))!);
        if (!leaf.Contains(word, StringComparison.Ordinal))
            throw new StorySurpriseException($"audit entry {position} does not hold {word}");
        await ScalarAsync(database, "update audit_entry set leaf = @a where position = @b", cancel, Encoding.UTF8.GetBytes(leaf.Replace(word, instead, StringComparison.Ordinal)), position);
    }

    /// <summary>
    /// Deletes every entry after <paramref name="keep"/> and covers the traces: the tree's head is computed anew and each
    /// checkpoint beyond it goes, the one in the file beside the database too.
    /// </summary>
    public static async Task CutTailAsync(string dataFolder, long keep, CancellationToken cancel)
    {
        await using var database = await OpenAsync(dataFolder, cancel);
        foreach (var table in new[] { "audit_erasable where position", "audit_entry where position", "change_feed where audit_position", "audit_checkpoint where size" })
            await ScalarAsync(database, $"delete from {table} > @a", cancel, keep);
        var tree = Frontier.Empty;
        for (var position = 1L; position <= keep; position++)
            tree = tree.Append(Digest.FromHash((byte[])(await ScalarAsync(database, "select leaf_hash from audit_entry where position = @a", cancel, position))!));
        await ScalarAsync(database, "update audit_tree set size = @a, frontier = @b, root = @c", cancel, keep, tree.ToBytes(), tree.Root().ToBytes());
        File.Delete(Path.Combine(dataFolder, "checkpoints", "latest"));
    }

    private static async Task<SqliteConnection> OpenAsync(string dataFolder, CancellationToken cancel)
    {
        var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(dataFolder, "registry.db"), Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        await database.OpenAsync(cancel);
        return database;
    }

    private static async Task<object?> ScalarAsync(SqliteConnection database, string sql, CancellationToken cancel, params object[] values)
    {
        await using var command = database.CreateCommand();
        command.CommandText = sql;
        foreach (var (value, index) in values.Select((v, i) => (v, i)))
            command.Parameters.AddWithValue($"@{(char)('a' + index)}", value);
        return await command.ExecuteScalarAsync(cancel);
    }
}
