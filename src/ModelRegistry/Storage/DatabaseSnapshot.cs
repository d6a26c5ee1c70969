using ModelRegistry.Artifacts;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>The audit log of a database that is not open: how long it is, its root, and the last checkpoint that was signed.</summary>
internal sealed record SnapshotHead(string RegistryId, int SchemaVersion, long AuditSize, string AuditRoot, string? Checkpoint);

/// <summary>A registry's database as one SQLite file that nobody writes to.</summary>
internal static class DatabaseSnapshot
{
    /// <summary>Writes one state of the database into a new file, which is on disk when this returns.</summary>
    public static async Task WriteAsync(Dialect dialect, string path, DateTimeOffset now, CancellationToken cancel)
    {
        await using var from = await dialect.OpenAsync(writer: false, cancel).ConfigureAwait(false);
        if (dialect is SqliteDialect)
        {
            await from.RunScriptAsync("pragma query_only = off").ConfigureAwait(false);
            await from.ExecuteAsync("vacuum into @path", ("path", path)).ConfigureAwait(false);
        }
        else
        {
            await using var file = new SqliteDialect(path, new StorageOptions(Path.GetDirectoryName(path)!));
            await using (var to = await file.OpenAsync(writer: true, cancel).ConfigureAwait(false))
            {
                await Migration.ApplyAsync(file, to, Migration.Known, now).ConfigureAwait(false);
                await dialect.BeginReadAsync(from).ConfigureAwait(false);
                await TableCopy.RunAsync(Migration.Known, from, file, to, whole: false, cancel).ConfigureAwait(false);
                await dialect.EndReadAsync(from).ConfigureAwait(false);
                // One file, and nothing beside it.
                await to.RunScriptAsync("pragma wal_checkpoint(truncate); pragma journal_mode = delete").ConfigureAwait(false);
            }
        }
        using var written = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(written);
    }

    /// <summary>What the file says of its log.</summary>
    public static Task<SnapshotHead> HeadAsync(string path, CancellationToken cancel) => ReadAsync(path, async file =>
    {
        var (size, root) = await LogAsync(file).ConfigureAwait(false);
        return new SnapshotHead((string)(await file.ScalarAsync("select value from meta where name = 'registry_id'").ConfigureAwait(false))!,
            (int)(long)(await file.ScalarAsync("select max(version) from schema_migration").ConfigureAwait(false))!, size, root,
            (string?)await file.ScalarAsync("select note from audit_checkpoint order by size desc limit 1").ConfigureAwait(false));
    }, cancel);

    /// <summary>How long the log of a database is, and its root, as it is before anything opens it.</summary>
    public static async Task<(long Size, string Root)> LogAsync(Dialect dialect, CancellationToken cancel)
    {
        await using var connection = await dialect.OpenAsync(writer: false, cancel).ConfigureAwait(false);
        return await LogAsync(connection).ConfigureAwait(false);
    }

    public static ValueTask<(long Size, string Root)> LogAsync(StoreConnection connection) =>
        connection.OneAsync("select size, root from audit_tree", r => (r.GetInt64(0), Convert.ToHexStringLower(r.GetFieldValue<byte[]>(1))));

    /// <summary>Contents that a version refers to which is not deleted, nor its model, or that were uploaded by path and wait for one; by digest, each once.</summary>
    public static Task<List<StoredBlob>> ContentsAsync(string path, string after, int most, CancellationToken cancel) => ReadAsync(path, async file =>
        await ContentsAsync(file, after, 0, most, uploads: await file.ScalarAsync("select 1 from sqlite_master where name = 'uploaded_file'").ConfigureAwait(false) is not null).ConfigureAwait(false), cancel);

    /// <summary>The same of a database that is open.</summary>
    /// <param name="since">Only what versions and uploads refer to that came later, in microseconds; 0: all.</param>
    /// <param name="uploads">Whether its schema knows uploads by path.</param>
    public static ValueTask<List<StoredBlob>> ContentsAsync(StoreConnection database, string after, long since, int most, bool uploads = true) => database.ManyAsync($"""
        select c.sha256, max(c.size_bytes) from (
          select f.sha256, f.size_bytes from version_file f join version v on v.id = f.version_id join model m on m.id = v.model_id
          where f.sha256 > @after and v.created_at > @since and v.deleted_at is null and m.deleted_at is null
          {(uploads ? "union all select u.sha256, u.size_bytes from uploaded_file u where u.sha256 > @after and u.at > @since" : "")}) c
        group by c.sha256 order by c.sha256 limit @most
        """, r => new StoredBlob(Digest.Parse(r.GetString(0)), r.GetInt64(1)), ("after", after), ("since", since), ("most", (long)most));

    /// <summary>Copies a snapshot into an empty database, in one transaction, and under the schema that it has: an older one is brought up to date when it is opened.</summary>
    public static async Task CopyIntoAsync(string path, Dialect dialect, DateTimeOffset now, CancellationToken cancel)
    {
        await using var to = await dialect.OpenAsync(writer: true, cancel).ConfigureAwait(false);
        var version = (await HeadAsync(path, cancel).ConfigureAwait(false)).SchemaVersion;
        List<Migration> schema = [.. Migration.Known.Where(m => m.Version <= version)];
        await Migration.ApplyAsync(dialect, to, schema, now).ConfigureAwait(false);
        await ReadAsync(path, async from => await TableCopy.RunAsync(schema, from, dialect, to, whole: true, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
    }

    private static async Task<T> ReadAsync<T>(string path, Func<StoreConnection, ValueTask<T>> read, CancellationToken cancel)
    {
        var connection = new Microsoft.Data.Sqlite.SqliteConnection(new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder
        {
            DataSource = path, Pooling = false, Mode = Microsoft.Data.Sqlite.SqliteOpenMode.ReadOnly,
        }.ToString());
        await connection.OpenAsync(cancel).ConfigureAwait(false);
        await using var file = new StoreConnection(connection);
        return await read(file).ConfigureAwait(false);
    }
}
