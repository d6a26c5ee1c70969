using System.Data.Common;
using System.Text.RegularExpressions;

namespace ModelRegistry.Storage;

/// <summary>Copies every row of one registry database into another of the same schema, whichever of the two each is.</summary>
internal static partial class TableCopy
{
    private const int RowsPerCommit = 5_000;

    /// <summary>The tables of a schema in the order in which they were made: what a row refers to comes before it.</summary>
    public static IReadOnlyList<string> Tables(IReadOnlyList<Migration> schema) =>
        [.. schema.SelectMany(m => TableNames().Matches(m.Sql).Select(t => t.Groups[1].Value)).Where(t => t != "schema_migration").Distinct()];

    /// <param name="schema">The steps that made both.</param>
    /// <param name="from">In a transaction that sees one state.</param>
    /// <param name="to">Brought up to the same schema, without rows of its own, in no transaction.</param>
    /// <param name="whole">Whether all of it is one transaction; else what is written is a file that nobody reads yet.</param>
    public static async Task<long> RunAsync(IReadOnlyList<Migration> schema, StoreConnection from, Dialect dialect, StoreConnection to, bool whole, CancellationToken cancel)
    {
        var (rows, tables) = (0L, Tables(schema));
        await dialect.BeginWriteAsync(to).ConfigureAwait(false);
        try
        {
            foreach (var table in tables.Reverse())
                await to.ExecuteAsync($"delete from {table}").ConfigureAwait(false);
            foreach (var table in tables)
            {
                await using var read = from.Connection.CreateCommand();
                // Where a row refers to another of its own table, that one is older.
                read.CommandText = $"select * from {table}{(table == "actor" ? " order by created_at, id" : "")}";
                read.Transaction = from.Transaction;
                await using var reader = await read.ExecuteReaderAsync(cancel).ConfigureAwait(false);
                var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToArray();
                var insert = $"insert into {table} ({string.Join(", ", columns)}) values ({string.Join(", ", columns.Select(c => "@" + c))})";
                while (await reader.ReadAsync(cancel).ConfigureAwait(false))
                {
                    await to.ExecuteAsync(insert, [.. columns.Select((c, i) => (c, Value(reader, i)))]).ConfigureAwait(false);
                    if (++rows % RowsPerCommit != 0 || whole)
                        continue;
                    await dialect.CommitAsync(to).ConfigureAwait(false);
                    await dialect.BeginWriteAsync(to).ConfigureAwait(false);
                }
            }
            await dialect.CommitAsync(to).ConfigureAwait(false);
            return rows;
        }
        catch
        {
            await dialect.RollbackAsync(to).ConfigureAwait(false);
            throw;
        }
    }

    private static object? Value(DbDataReader reader, int column) => reader.GetValue(column) switch { DBNull => null, int number => (long)number, var value => value };

    [GeneratedRegex(@"^create table (\w+)", RegexOptions.Multiline)]
    private static partial Regex TableNames();
}
