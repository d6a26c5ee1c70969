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

    private readonly Dictionary<string, DbCommand> _commands = new(StringComparer.Ordinal);

    public DbConnection Connection => connection;

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
        if (!_commands.TryGetValue(sql, out var command))
        {
            if (_commands.Count == MostCommands)
                Forget();
            command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, _) in args)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                command.Parameters.Add(parameter);
            }
            _commands.Add(sql, command);
        }
        if (command.Parameters.Count != args.Length)
            throw new ArgumentException($"This statement was first used with {command.Parameters.Count} arguments, now with {args.Length}: {sql}", nameof(args));
        for (var i = 0; i < args.Length; i++)
        {
            var parameter = command.Parameters[i];
            if (parameter.ParameterName != args[i].Name)
                parameter = command.Parameters[args[i].Name];
            parameter.Value = Bind(args[i].Name, args[i].Value);
        }
        return command;
    }

    /// <summary>The few types that mean the same in both databases.</summary>
    internal static object Bind(string name, object? value) => value switch
    {
        null => DBNull.Value,
        string text => Storable(text),
        long or double or byte[] => value,
        int number => (long)number,
        bool flag => flag ? 1L : 0L,
        DateTimeOffset time => StoreTime.Micros(time),
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
        if (_commands.Remove(sql, out var command))
            command.Dispose();
    }

    private void Forget()
    {
        foreach (var command in _commands.Values)
            command.Dispose();
        _commands.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        Forget();
        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
