using ModelRegistry.Changes;
using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <summary>Waits for another version to serve, whichever process moved it.</summary>
public sealed class ServingWatch
{
    private readonly ModelCatalog _catalog;
    private readonly ChangeFeed _changes;
    private readonly TimeProvider _time;

    internal ServingWatch(ModelCatalog catalog, ChangeFeed changes, TimeProvider time) => (_catalog, _changes, _time) = (catalog, changes, time);

    /// <summary>What serves a stage, as soon as it is not what the caller has; as it stands when that takes longer, or when the wait is cancelled.</summary>
    /// <param name="known">Whether this is what the caller has.</param>
    public async Task<Outcome<ServingView>> OnceChangedAsync(Actor by, string modelName, string? stage, Func<ServingView, bool> known, TimeSpan most, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(most, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        while (true)
        {
            var last = await _changes.LastAsync(CancellationToken.None);
            var seen = await _catalog.ServingAsync(by, modelName, stage, null, CancellationToken.None);
            if (seen.Refusal is not null || !known(seen.Value) || either.IsCancellationRequested)
                return seen;
            try
            {
                await _changes.WaitAsync(last, either.Token);
            }
            catch (OperationCanceledException)
            {
                // Looked at once more: it may have moved in this very moment.
            }
        }
    }
}
