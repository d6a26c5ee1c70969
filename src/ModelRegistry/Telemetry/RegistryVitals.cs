using ModelRegistry.Domain;
using ModelRegistry.Notices;
using ModelRegistry.Storage;

namespace ModelRegistry.Telemetry;

/// <summary>
/// Looks how the registry is doing, when somebody asks and at most every few seconds: whoever asks in between gets what was
/// seen last, and whoever asks at once shares one look.
/// </summary>
public sealed class RegistryVitals
{
    /// <summary>How long what was seen is given out again.</summary>
    public static TimeSpan Fresh { get; } = TimeSpan.FromSeconds(5);

    /// <summary>How long somebody waits for a look.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(2);

    /// <summary>The most lines of what serves.</summary>
    public const int MostServing = 1_000;

    private readonly RegistryDb _db;
    private readonly NoticeDeliverer _notices;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private Task<VitalsView>? _look;
    private long _seen;

    internal RegistryVitals(RegistryDb db, NoticeDeliverer notices, TimeProvider time) => (_db, _notices, _time) = (db, notices, time);

    /// <exception cref="StorageUnavailableException">The database does not answer, or not in time.</exception>
    public async Task<Outcome<VitalsView>> LookAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        try
        {
            return await Look().WaitAsync(Patience, _time, cancel);
        }
        catch (TimeoutException e)
        {
            throw new StorageUnavailableException("The database did not answer in time.", "See whether it is overloaded or away.", e);
        }
    }

    private Task<VitalsView> Look()
    {
        lock (_gate)
        {
            // One at a time: a database that hangs is not asked again and again.
            if (_look is null || (_look.IsCompleted && (!_look.IsCompletedSuccessfully || _time.GetElapsedTime(_seen) >= Fresh)))
                (_look, _seen) = (SharedWork.Begin(ReadAsync), _time.GetTimestamp());
            return _look;
        }
    }

    private async Task<VitalsView> ReadAsync()
    {
        var room = await _db.SizeAsync(CancellationToken.None);
        return await _db.ReadAsync(async session =>
        {
            var (pending, approved, log) = (await session.PromotionsInAsync("pending"), await session.PromotionsInAsync("approved"), await session.LogEndAsync());
            var (lines, all) = await session.ServingLinesAsync(MostServing);
            var endpoints = await session.CountEndpointsAsync();
            return new VitalsView(session.Now, new WaitingView(pending.Count, pending.Oldest), new WaitingView(approved.Count, approved.Oldest), await session.CountOwedReviewsAsync(), await session.CountMarkedAsync(),
                new LogView(log.Size, log.Last, log.Signed), new RoomView(room.Bytes, room.Log), [.. Queues(endpoints)], [.. lines.Select(l => new ServingNowView(l.Model, l.Stage, l.Version, l.Number, l.Since))], all - lines.Count);
        }, CancellationToken.None);
    }

    // Both kinds always: a line that comes and goes is taken for one that broke.
    private IEnumerable<NoticeQueueView> Queues(IReadOnlyList<(string Kind, long Count)> endpoints)
    {
        var waiting = _notices.Waiting;
        foreach (var kind in (string[])["webhook", "mail"])
        {
            var (_, count, oldest) = waiting.FirstOrDefault(w => w.Kind == kind);
            yield return new NoticeQueueView(kind, endpoints.FirstOrDefault(e => e.Kind == kind).Count, new WaitingView(count, oldest));
        }
    }
}
