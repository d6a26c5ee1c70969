using System.Data.Common;
using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;

namespace ModelRegistry.Storage;

/// <summary>What one table held when it was read.</summary>
internal sealed record TableContent(string Table, IReadOnlyList<string> Columns, RowDigest Rows);

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
        await dialect.BeginWriteAsync(to).ConfigureAwait(false);
        try
        {
            var tables = await InAsync(schema, from, to, whole ? null : NextAsync, cancel).ConfigureAwait(false);
            await dialect.CommitAsync(to).ConfigureAwait(false);
            return tables.Sum(t => t.Rows.Rows);
        }
        catch
        {
            await dialect.RollbackAsync(to).ConfigureAwait(false);
            throw;
        }

        async ValueTask NextAsync()
        {
            await dialect.CommitAsync(to).ConfigureAwait(false);
            await dialect.BeginWriteAsync(to).ConfigureAwait(false);
        }
    }

    /// <summary>The same within a transaction of the caller's; says what was read.</summary>
    /// <param name="pause">Called every few thousand rows, where they are inserted one by one; null: never.</param>
    public static async Task<IReadOnlyList<TableContent>> InAsync(IReadOnlyList<Migration> schema, StoreConnection from, StoreConnection to, Func<ValueTask>? pause, CancellationToken cancel)
    {
        var tables = Tables(schema);
        foreach (var table in tables.Reverse())
            await to.ExecuteAsync($"delete from {table}").ConfigureAwait(false);
        var copied = new List<TableContent>();
        var rows = 0L;
        foreach (var table in tables)
        {
            // What the schema made, and no other: the source's own names may be anything, and SQL is made of these.
            var known = await ColumnsAsync(to, table, cancel).ConfigureAwait(false);
            if (!known.ToHashSet(StringComparer.Ordinal).SetEquals(await ColumnsAsync(from, table, cancel).ConfigureAwait(false)))
                throw new StorageUnavailableException($"The table '{table}' that is to be copied does not have the columns that its schema says.", "Look who altered that database, and put the table right, or use a backup from before. Nothing is kept of what was copied.");
            // Where a row refers to another of its own table, that one is older.
            copied.Add(await EachAsync(from, table, known, table == "actor" ? " order by created_at, id" : "", (columns, reading) => to.Connection is NpgsqlConnection server
                ? LoadAsync(server, table, columns, reading, cancel) : InsertAsync(table, columns, reading), cancel).ConfigureAwait(false));
        }
        return copied;

        async ValueTask InsertAsync(string table, IReadOnlyList<string> columns, IAsyncEnumerable<object?[]> reading)
        {
            var insert = $"insert into {table} ({string.Join(", ", columns)}) values ({string.Join(", ", columns.Select(c => "@" + c))})";
            var args = new (string Name, object? Value)[columns.Count];
            await foreach (var row in reading.ConfigureAwait(false))
            {
                for (var i = 0; i < args.Length; i++)
                    args[i] = (columns[i], row[i]);
                await to.ExecuteAsync(insert, args).ConfigureAwait(false);
                if (pause is not null && ++rows % RowsPerCommit == 0)
                    await pause().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads a table again, the columns in the order given.</summary>
    public static Task<TableContent> ReadAsync(StoreConnection from, string table, IReadOnlyList<string> columns, CancellationToken cancel) => EachAsync(from, table, columns, "", async (same, reading) =>
    {
        await foreach (var row in reading.ConfigureAwait(false))
            _ = row;
    }, cancel);

    private static async Task<IReadOnlyList<string>> ColumnsAsync(StoreConnection of, string table, CancellationToken cancel)
    {
        await using var read = of.Connection.CreateCommand();
        read.CommandText = $"select * from {table} where 1 = 0";
        read.Transaction = of.Transaction;
        await using var reader = await read.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        return [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
    }

    /// <summary>Hands the rows on, one at a time and each in the same array, and sums them up.</summary>
    private static async Task<TableContent> EachAsync(StoreConnection from, string table, IReadOnlyList<string> columns, string order, Func<IReadOnlyList<string>, IAsyncEnumerable<object?[]>, ValueTask> take, CancellationToken cancel)
    {
        await using var read = from.Connection.CreateCommand();
        read.CommandText = $"select {string.Join(", ", columns)} from {table}{order}";
        read.CommandTimeout = 0;
        read.Transaction = from.Transaction;
        await using var reader = await read.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        var content = new TableContent(table, columns, new RowDigest());
        await take(content.Columns, RowsAsync()).ConfigureAwait(false);
        return content;

        async IAsyncEnumerable<object?[]> RowsAsync()
        {
            var row = new object?[reader.FieldCount];
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                for (var i = 0; i < row.Length; i++)
                    row[i] = Value(reader, i);
                content.Rows.Add(row);
                yield return row;
            }
        }
    }

    /// <summary>As a stream (PostgreSQL, <c>COPY … FROM STDIN</c>), each value in the type it has in its column.</summary>
    private static async ValueTask LoadAsync(NpgsqlConnection server, string table, IReadOnlyList<string> columns, IAsyncEnumerable<object?[]> reading, CancellationToken cancel)
    {
        await using var load = await server.BeginBinaryImportAsync($"copy {table} ({string.Join(", ", columns)}) from stdin (format binary)", cancel).ConfigureAwait(false);
        // What refers to what is checked at the end, of millions of rows too.
        load.Timeout = TimeSpan.FromDays(1);
        await foreach (var row in reading.ConfigureAwait(false))
        {
            await load.StartRowAsync(cancel).ConfigureAwait(false);
            foreach (var value in row)
                await (value switch
                {
                    null => load.WriteNullAsync(cancel),
                    string text => load.WriteAsync(text, NpgsqlDbType.Text, cancel),
                    long number => load.WriteAsync(number, NpgsqlDbType.Bigint, cancel),
                    double real => load.WriteAsync(real, NpgsqlDbType.Double, cancel),
                    byte[] bytes => load.WriteAsync(bytes, NpgsqlDbType.Bytea, cancel),
                    _ => throw new InvalidOperationException($"'{table}' holds a {value.GetType().Name}."),
                }).ConfigureAwait(false);
        }
        await load.CompleteAsync(cancel).ConfigureAwait(false);
    }

    private static object? Value(DbDataReader reader, int column) => reader.GetValue(column) switch { DBNull => null, int number => (long)number, var value => value };

    [GeneratedRegex(@"^create table (\w+)", RegexOptions.Multiline)]
    private static partial Regex TableNames();
}
