using System.Data.Common;
using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A statement and its arguments.</summary>
internal readonly record struct SqlStatement(string Sql, (string Name, object? Value)[] Args);

/// <summary>
/// One open connection with the commands it has prepared, by their SQL text. Not for two callers at once.
/// </summary>
internal sealed class StoreConnection(DbConnection connection) : IAsyncDisposable
{
    /// <summary>Commands kept; beyond, all are dropped: only filters put together from many parts come this far.</summary>
    private const int MostCommands = 256;

    private readonly Dictionary<string, Prepared> _commands = new(StringComparer.Ordinal);

    public DbConnection Connection => connection;

    /// <summary>What it read already, as long as that holds.</summary>
    public Recollection Recollection { get; } = new();

    /// <summary>The driver's own transaction, where one is used: it spares the round trip of a <c>begin</c>.</summary>
    public DbTransaction? Transaction { get; set; }

    public async ValueTask<int> ExecuteAsync(string sql, params (string Name, object? Value)[] args)
    {
        var command = Command(sql, args);
        try
        {
            return await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
        catch
        {
            Forget(sql);
            throw;
        }
    }

    public async ValueTask<object?> ScalarAsync(string sql, params (string Name, object? Value)[] args)
    {
        var command = Command(sql, args);
        try
        {
            return await command.ExecuteScalarAsync().ConfigureAwait(false) is var value and not DBNull ? value : null;
        }
        catch
        {
            Forget(sql);
            throw;
        }
    }

    public async ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> map, params (string Name, object? Value)[] args)
    {
        var command = Command(sql, args);
        try
        {
            await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            return await reader.ReadAsync().ConfigureAwait(false) ? map(reader) : default;
        }
        catch
        {
            Forget(sql);
            throw;
        }
    }

    public async ValueTask<List<T>> ManyAsync<T>(string sql, Func<DbDataReader, T> map, params (string Name, object? Value)[] args)
    {
        var command = Command(sql, args);
        try
        {
            await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            var rows = new List<T>();
            while (await reader.ReadAsync().ConfigureAwait(false))
                rows.Add(map(reader));
            return rows;
        }
        catch
        {
            Forget(sql);
            throw;
        }
    }

    /// <summary>Runs a text of several statements without keeping it: migrations.</summary>
    public async ValueTask RunScriptAsync(string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private DbCommand Command(string sql, (string Name, object? Value)[] args)
    {
        if (!_commands.TryGetValue(sql, out var prepared))
        {
            if (_commands.Count == MostCommands)
                Forget();
            prepared = new Prepared(connection.CreateCommand(), new DbParameter[args.Length], [.. args.Select(a => a.Name)]);
            prepared.Command.CommandText = sql;
            for (var i = 0; i < args.Length; i++)
            {
                var parameter = prepared.Parameters[i] = prepared.Command.CreateParameter();
                // With its sign: without, SQLite's driver tries three of them at every execution.
                parameter.ParameterName = "@" + args[i].Name;
                prepared.Command.Parameters.Add(parameter);
            }
            _commands.Add(sql, prepared);
        }
        if (prepared.Names.Length != args.Length)
            throw new ArgumentException($"This statement was first used with {prepared.Names.Length} arguments, now with {args.Length}: {sql}", nameof(args));
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = args[i];
            var place = name == prepared.Names[i] ? i : Array.IndexOf(prepared.Names, name);
            if (place < 0)
                throw new ArgumentException($"This statement was first used without the argument '{name}': {sql}", nameof(args));
            prepared.Parameters[place].Value = Bind(name, value);
        }
        return prepared.Command;
    }

    private sealed record Prepared(DbCommand Command, DbParameter[] Parameters, string[] Names);

    /// <summary>The few types that mean the same in both databases.</summary>
    internal static object Bind(string name, object? value) => value switch
    {
        null => DBNull.Value,
        string text => Storable(text),
        long or double or byte[] => value,
        int number => (long)number,
        bool flag => flag ? 1L : 0L,
        DateTimeOffset time => Times.Micros(time),
        Digest digest => digest.Hex,
        _ => throw new ArgumentException($"The argument '{name}' is a {value.GetType().Name}; the store takes text, whole numbers, doubles, booleans, times, digests and bytes.", nameof(value)),
    };

    /// <summary>
    /// PostgreSQL keeps no U+0000 and neither database a lone surrogate; U+FFFD takes their place. What is stored was
    /// checked before, so this makes look-ups find nothing instead of failing.
    /// </summary>
    private static string Storable(string text) => !text.Contains('\0') && !text.AsSpan().ContainsAnyInRange('\ud800', '\udfff')
        ? text
        : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');

    /// <summary>A statement that failed half-way may be left open; it is prepared anew next time.</summary>
    private void Forget(string sql)
    {
        if (_commands.Remove(sql, out var prepared))
            prepared.Command.Dispose();
    }

    private void Forget()
    {
        foreach (var prepared in _commands.Values)
            prepared.Command.Dispose();
        _commands.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        Forget();
        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
