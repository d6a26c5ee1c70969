using Microsoft.Extensions.Logging;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>
/// Applies what a process approved that died before it could: at the start whatever is approved, later what stayed so for a
/// while, since its own process may still be hashing files. Any number of processes may do it at once.
/// </summary>
public sealed class ApprovedSweep
{
    private static readonly TimeSpan Pace = TimeSpan.FromMinutes(1);

    private readonly RegistryDb _db;
    private readonly PromotionDesk _desk;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    // What was approved at the last look; null before the first.
    private HashSet<string>? _before;

    internal ApprovedSweep(RegistryDb db, PromotionDesk desk, TimeProvider time, ILogger log) => (_db, _desk, _time, _log) = (db, desk, time, log);

    /// <returns>How many were looked after: applied, or ended by what the registry found when it checked them again.</returns>
    internal async Task<int> SweepAsync(CancellationToken cancel)
    {
        var approved = await _db.ReadAsync(session => session.ApprovedPromotionIdsAsync(), cancel);
        var left = _before is null ? approved : [.. approved.Where(_before.Contains)];
        _before = [.. approved];
        foreach (var id in left)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                await _desk.FinishAsync(id);
            }
            catch (Exception e)
            {
                // Whatever keeps this one from being applied, the others do not wait for it.
                _log.LogError(e, "The approved promotion {Promotion} could not be looked after; it is tried again", id);
            }
        }
        return left.Count;
    }

    /// <summary>Sweeps now and every minute until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                if (await SweepAsync(cancel) is > 0 and var finished)
                    _log.LogInformation("Looked after {Count} approved promotions", finished);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                _log.LogError(e, "What was approved could not be looked after; it is tried again");
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.Delay(Pace, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
