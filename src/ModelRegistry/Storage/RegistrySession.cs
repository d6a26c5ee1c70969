using System.Data.Common;

namespace ModelRegistry.Storage;

/// <summary>
/// One transaction, as those see it who read and change rows in it. Valid until the delegate it was given to returns,
/// for one statement at a time. What a row means is told in the other parts of this class.
/// </summary>
/// <remarks>
/// Arguments are text, int or long, double, bool (kept as 0 or 1), times (microseconds), digests (hexadecimal), bytes
/// and null. Statements are prepared once per connection by their text: keep the text constant and give it arguments.
/// </remarks>
public sealed partial class RegistrySession
{
    private readonly StoreConnection _connection;
    private readonly bool _mayWrite;
    private bool _over;

    internal RegistrySession(StoreConnection connection, DateTimeOffset now, bool mayWrite) =>
        (_connection, Now, _mayWrite) = (connection, now, mayWrite);

    /// <summary>
    /// The time of this transaction, UTC, whole microseconds. For a write always after the last audit entry: a clock that
    /// steps back revives nothing.
    /// </summary>
    public DateTimeOffset Now { get; }

    /// <summary>Told of every statement before it is run, and on which connection; null: nobody asks.</summary>
    internal static Action<DbConnection, string>? Watch { get; set; }

    /// <summary>Whether a statement that writes was run.</summary>
    internal bool HasWritten { get; private set; }

    /// <summary>Runs a statement that writes; gives the number of rows it touched.</summary>
    public ValueTask<int> ExecuteAsync(string sql, params (string Name, object? Value)[] args)
    {
        Use(sql, writes: true);
        return _connection.ExecuteAsync(sql, args);
    }

    /// <summary>The first row, or the default of <typeparamref name="T"/> when there is none.</summary>
    public ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> map, params (string Name, object? Value)[] args)
    {
        Use(sql, Writes(sql));
        return _connection.OneAsync(sql, map, args);
    }

    public ValueTask<List<T>> ManyAsync<T>(string sql, Func<DbDataReader, T> map, params (string Name, object? Value)[] args)
    {
        Use(sql, Writes(sql));
        return _connection.ManyAsync(sql, map, args);
    }

    /// <summary>The first column of the first row; null when there is none or it is null.</summary>
    public ValueTask<object?> ScalarAsync(string sql, params (string Name, object? Value)[] args)
    {
        Use(sql, Writes(sql));
        return _connection.ScalarAsync(sql, args);
    }

    internal void End() => _over = true;

    private void Use(string sql, bool writes)
    {
        if (_over)
            throw new InvalidOperationException("This session's transaction is over.");
        if (writes && !_mayWrite)
            throw new InvalidOperationException($"A read cannot write: {sql}");
        HasWritten |= writes;
        Watch?.Invoke(_connection.Connection, sql);
    }

    /// <summary><c>insert … returning</c> and its like give rows and write; so may what begins with <c>with</c>.</summary>
    private static bool Writes(string sql)
    {
        var text = sql.AsSpan().TrimStart();
        return !text.StartsWith("select", StringComparison.OrdinalIgnoreCase)
            && (!text.StartsWith("with", StringComparison.OrdinalIgnoreCase) || Changing.Any(word => sql.Contains(word, StringComparison.OrdinalIgnoreCase)));
    }

    private static readonly string[] Changing = ["insert into", "update ", "delete from"];
}
