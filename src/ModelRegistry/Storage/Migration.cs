using System.Globalization;
using System.Reflection;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>
/// One step of the schema, from <c>Storage/Migrations/NNNN_name.sql</c>. Once released its text never changes: the
/// database remembers its SHA-256.
/// </summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>Taken over the text before tokens are replaced, with line ends as in the repository: the same on every database and system.</summary>
    public string Checksum => Digest.Of(Sql).Hex;

    /// <summary>All steps this program knows, in order.</summary>
    public static IReadOnlyList<Migration> Known { get; } = Read(typeof(Migration).Assembly);

    private static List<Migration> Read(Assembly assembly)
    {
        const string folder = "migration/";
        var steps = assembly.GetManifestResourceNames().Where(n => n.StartsWith(folder, StringComparison.Ordinal))
            .Select(n => n[folder.Length..]).Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(folder + name)!);
                return new Migration(int.Parse(name[..4], CultureInfo.InvariantCulture), name, reader.ReadToEnd().ReplaceLineEndings("\n"));
            }).ToList();
        return steps.Select(s => s.Version).SequenceEqual(Enumerable.Range(1, steps.Count))
            ? steps
            : throw new InvalidOperationException("Migrations are numbered 0001, 0002, … without gaps.");
    }

    /// <summary>The SQL in the words of one database.</summary>
    public string In(Dialect dialect) =>
        dialect.MigrationTokens.Aggregate(Sql, (sql, token) => sql.Replace(token.Key, token.Value, StringComparison.Ordinal));

    /// <summary>
    /// The steps still to be applied. Throws <see cref="StorageUnavailableException"/> for a database that another,
    /// newer program has taken further, or whose steps were not the ones known here.
    /// </summary>
    public static async ValueTask<IReadOnlyList<Migration>> PendingAsync(Dialect dialect, StoreConnection connection, IReadOnlyList<Migration> known)
    {
        if (!await dialect.HasTableAsync(connection, "schema_migration").ConfigureAwait(false))
            return known;
        var applied = await connection.ManyAsync(
            "select version, name, checksum from schema_migration order by version",
            r => (Version: r.GetInt64(0), Name: r.GetString(1), Checksum: r.GetString(2))).ConfigureAwait(false);
        foreach (var (version, name, checksum) in applied)
        {
            var step = known.FirstOrDefault(m => m.Version == version) ?? throw new StorageUnavailableException(
                $"The database {dialect.Location} has schema version {applied[^1].Version}; this program knows versions up to {known[^1].Version}.",
                "Use a version of the program as new as the one that changed the database, or restore a backup made before.");
            if (step.Checksum != checksum)
                throw new StorageUnavailableException(
                    $"The database {dialect.Location} was made with another text of migration '{name}' than this program has.",
                    "Use the released program the database was made with; a migration that was applied must not be edited.");
        }
        return [.. known.Skip(applied.Count)];
    }

    /// <summary>Applies what is pending, each step in a transaction of its own. The caller has the turn to write.</summary>
    public static async ValueTask ApplyAsync(Dialect dialect, StoreConnection writer, IReadOnlyList<Migration> known, DateTimeOffset now)
    {
        while (true)
        {
            await dialect.BeginWriteAsync(writer).ConfigureAwait(false);
            try
            {
                // Asked again within each transaction: another replica may have been here first.
                if (await PendingAsync(dialect, writer, known).ConfigureAwait(false) is not [var next, ..])
                {
                    await dialect.RollbackAsync(writer).ConfigureAwait(false);
                    return;
                }
                await writer.RunScriptAsync(next.In(dialect)).ConfigureAwait(false);
                await writer.ExecuteAsync(
                    "insert into schema_migration (version, name, checksum, applied_at) values (@version, @name, @checksum, @at)",
                    ("version", next.Version), ("name", next.Name), ("checksum", next.Checksum), ("at", now)).ConfigureAwait(false);
                await dialect.CommitAsync(writer).ConfigureAwait(false);
            }
            catch
            {
                await dialect.RollbackAsync(writer).ConfigureAwait(false);
                throw;
            }
        }
    }
}
