using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// A registry that is opened when it is first needed, so that the handshake waits for nothing. What cannot be opened is
/// tried again at the next call: the lock may be gone by then.
/// </summary>
/// <param name="ready">Asked once, when it is open; what it gives is disposed of before the registry is.</param>
internal sealed class LateRegistry(RegistryOptions options, ILoggerFactory logs, Func<RegistryServices, IAsyncDisposable> ready, CancellationToken stopping) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<Outcome<RegistryServices>>? _opening;
    private IAsyncDisposable? _company;

    /// <summary>The registry. One that is not there is refused, and not made: who makes it chooses its policy and first person.</summary>
    public async ValueTask<Outcome<RegistryServices>> GetAsync(CancellationToken cancel)
    {
        Task<Outcome<RegistryServices>> opening;
        lock (_gate)
        {
            if (_opening is null || (_opening.IsCompleted && !(_opening.IsCompletedSuccessfully && _opening.Result.Refusal is null)))
                // Opening waits on locks and disks; the reader of stdin must not wait with it, nor a caller who leaves.
                _opening = Task.Run(OpenAsync, stopping);
            opening = _opening;
        }
        return await opening.WaitAsync(cancel);
    }

    private async Task<Outcome<RegistryServices>> OpenAsync()
    {
        if (!await RegistryServices.IsThereAsync(options, stopping))
            return Refusals.RegistryMissing(RegistryServices.PlaceOf(options));
        var opened = await RegistryServices.OpenAsync(options, TimeProvider.System, logs, stopping);
        if (opened.Refusal is null)
            _company = ready(opened.Value);
        return opened;
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

    /// <summary>Closes what is open. What is still waiting to be opened is left behind: the process is about to end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_company is not null)
            await _company.DisposeAsync();
        if (_opening is { IsCompletedSuccessfully: true, Result.Refusal: null })
            await _opening.Result.Value.DisposeAsync();
    }
}
