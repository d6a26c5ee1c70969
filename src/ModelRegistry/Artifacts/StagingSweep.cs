using Microsoft.Extensions.Logging;

namespace ModelRegistry.Artifacts;

/// <summary>Deletes what writers left behind that crashed, and uploads that nobody went on with. Any number of processes may do it at once.</summary>
public sealed class StagingSweep
{
    internal static readonly TimeSpan UploadAbandonedAfter = TimeSpan.FromHours(24);
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromHours(1), Pace = TimeSpan.FromHours(1);

    private readonly ArtifactVault _vault;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    internal StagingSweep(ArtifactVault vault, TimeProvider time, ILogger log) => (_vault, _time, _log) = (vault, time, log);

    /// <returns>How many files or objects were deleted.</returns>
    /// <exception cref="StorageUnavailableException">The store cannot be looked into.</exception>
    public Task<int> SweepAsync(CancellationToken cancel = default) => _vault.SweepStagingAsync(AbandonedAfter, UploadAbandonedAfter, _time.GetUtcNow(), cancel);

    /// <summary>Sweeps now and every hour until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                if (await SweepAsync(cancel) is > 0 and var swept)
                    _log.LogInformation("{Count} abandoned uploads were deleted", swept);
            }
            catch (StorageUnavailableException e)
            {
                _log.LogWarning(e, "Abandoned uploads could not be looked for; it is tried again in an hour");
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.Delay(Pace, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
