using Microsoft.Extensions.Logging;
using ModelRegistry.Storage;

namespace ModelRegistry;

/// <summary>How many processes serve one registry now: what they grant together, each grants a part of.</summary>
/// <remarks>By a lock that goes with each process: no row, no heartbeat to write, and nothing left behind by one that was killed.</remarks>
public sealed class Replicas
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

    private readonly RegistryDb _db;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private volatile int _count = 1;

    internal Replicas(RegistryDb db, TimeProvider time, ILogger log) => (_db, _time, _log) = (db, time, log);

    /// <summary>This one among them; as last counted, within two seconds.</summary>
    public int Count => _count;

    /// <summary>Counts as one of them, and counts them, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await using var peers = await _db.JoinAsync(cancel);
                if (peers is null)
                    return;
                while (true)
                {
                    _count = Math.Max(1, await peers.CountAsync());
                    await Task.Delay(Pace, _time, cancel);
                }
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                // It stays at what it was: an outage must not loosen what they grant.
                _log.LogWarning(e, "The processes that serve could not be counted; it is taken up again");
                await Task.Delay(Pace, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
