using System.Collections.Concurrent;

namespace ModelRegistry.Storage;

/// <summary>Open connections for reads, with the statements they have prepared. Waits when all are in use.</summary>
internal sealed class ReaderPool(Dialect dialect, int most) : IAsyncDisposable
{
    private readonly ConcurrentStack<StoreConnection> _idle = new();
    private readonly SemaphoreSlim _free = new(most, most);
    private bool _closed;

    /// <summary>Runs one read in a transaction of its own, which is over before the value is given back.</summary>
    public async Task<T> ReadAsync<T>(Func<StoreConnection, ValueTask<T>> read, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_closed, typeof(RegistryDb));
        await _free.WaitAsync(ct).ConfigureAwait(false);
        StoreConnection? connection = null;
        var sound = false;
        try
        {
            connection = _idle.TryPop(out var idle) ? idle : await dialect.OpenAsync(writer: false, ct).ConfigureAwait(false);
            await dialect.BeginReadAsync(connection).ConfigureAwait(false);
            try
            {
                var value = await read(connection).ConfigureAwait(false);
                await dialect.EndReadAsync(connection).ConfigureAwait(false);
                sound = true;
                return value;
            }
            catch
            {
                await dialect.RollbackAsync(connection).ConfigureAwait(false);
                sound = true;
                throw;
            }
        }
        catch (Exception e) when (dialect.Outage(e) is { } outage)
        {
            // One lost connection mostly means that all are.
            sound = false;
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
