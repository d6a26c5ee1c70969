using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// A registry that is opened when it is first needed, so that the handshake waits for nothing. What cannot be opened is
/// tried again at the next call: the lock may be gone by then.
/// </summary>
internal sealed class LateRegistry(RegistryOptions options, ILoggerFactory logs, CancellationToken stopping) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private RegistryServices? _open;

    public async ValueTask<Outcome<RegistryServices>> GetAsync(CancellationToken cancel)
    {
        if (_open is { } there)
            return there;
        await _gate.WaitAsync(cancel);
        try
        {
            if (_open is null)
            {
                // Opening waits on locks and disks; the reader of stdin must not wait with it.
                var opened = await Task.Run(() => RegistryServices.OpenAsync(options, TimeProvider.System, logs, stopping), cancel);
                if (opened.Refusal is not null)
                    return opened;
                _open = opened.Value;
            }
            return _open;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Opens it and applies what was approved but not applied when its process died. Never throws: whoever calls next learns what is wrong.</summary>
    public async Task FinishApprovedAsync()
    {
        var log = logs.CreateLogger("ModelRegistry.Mcp");
        try
        {
            var registry = await GetAsync(stopping);
            if (registry.Refusal is { } no)
                log.LogError("The registry cannot be opened: {Refusal}", no);
            else if (await registry.Value.Promotions.FinishApprovedAsync(stopping) is > 0 and var finished)
                log.LogInformation("Looked after {Count} approved promotions", finished);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e)
        {
            log.LogError(e, "The registry cannot be opened or looked after");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_open is { } open)
            await open.DisposeAsync();
    }
}
