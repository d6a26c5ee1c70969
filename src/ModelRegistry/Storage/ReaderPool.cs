using System.Collections.Concurrent;

namespace ModelRegistry.Storage;

/// <summary>Open connections for reads, with the statements they have prepared. Waits when all are in use.</summary>
internal sealed class ReaderPool(Dialect dialect, int most) : IAsyncDisposable
{
    private readonly ConcurrentStack<StoreConnection> _idle = new();
    private readonly SemaphoreSlim _free = new(most, most);
    private bool _closed;

    /// <summary>Runs one read in a transaction of its own, which is over before the value is given back.</summary>
    public Task<T> ReadAsync<T>(Func<StoreConnection, ValueTask<T>> read, CancellationToken ct) => UseAsync(connection => TransactAsync(connection, read), ct);

    /// <summary>The same for what is asked often: given from memory while the database is in the state that it was read of.</summary>
    /// <param name="demand">Throws where nothing may be answered, from memory either.</param>
    /// <param name="lasts">Whether an answer may be kept.</param>
    public Task<T> RecallAsync<T>(RecallKey key, Func<StoreConnection, ValueTask> demand, Func<StoreConnection, ValueTask<T>> read, Func<T, bool> lasts, CancellationToken ct)
        where T : notnull => UseAsync(async connection =>
        {
            await demand(connection).ConfigureAwait(false);
            var state = await dialect.StateAsync(connection).ConfigureAwait(false);
            if (connection.Recollection.TryRecall<T>(key, state, out var known))
                return known;
            var answer = await TransactAsync(connection, read).ConfigureAwait(false);
            if (lasts(answer))
                connection.Recollection.Keep(key, state, answer);
            return answer;
        }, ct);

    private async ValueTask<T> TransactAsync<T>(StoreConnection connection, Func<StoreConnection, ValueTask<T>> read)
    {
        await dialect.BeginReadAsync(connection).ConfigureAwait(false);
        var value = await read(connection).ConfigureAwait(false);
        await dialect.EndReadAsync(connection).ConfigureAwait(false);
        return value;
    }

    /// <summary>Lends a connection out. One that anything went wrong with is closed, which ends its transaction, too.</summary>
    private async Task<T> UseAsync<T>(Func<StoreConnection, ValueTask<T>> use, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_closed, typeof(RegistryDb));
        await _free.WaitAsync(ct).ConfigureAwait(false);
        StoreConnection? connection = null;
        var sound = false;
        try
        {
            connection = _idle.TryPop(out var idle) ? idle : await dialect.OpenAsync(writer: false, ct).ConfigureAwait(false);
            var value = await use(connection).ConfigureAwait(false);
            sound = true;
            return value;
        }
        catch (Exception e) when (dialect.Outage(e) is { } outage)
        {
            // One lost connection mostly means that all are.
            await CloseIdleAsync().ConfigureAwait(false);
            throw outage;
        }
        finally
        {
            if (connection is not null && sound && !_closed && dialect.IsUsable(connection.Connection))
                _idle.Push(connection);
            else if (connection is not null)
                await connection.DisposeAsync().ConfigureAwait(false);
            _free.Release();
        }
    }

    private async ValueTask CloseIdleAsync()
    {
        while (_idle.TryPop(out var connection))
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _closed = true;
        await CloseIdleAsync().ConfigureAwait(false);
    }
}
