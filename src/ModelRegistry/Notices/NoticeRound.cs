using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ModelRegistry.Changes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>
/// Telling people for as long as this process has the duty. How often something failed is known here only: whoever takes the
/// duty next begins anew with what is neither delivered nor given up, and nothing is lost.
/// </summary>
internal sealed class NoticeRound(RegistryDb db, NoticeReader reader, NoticeCarrier carrier, TimeSpan patience, TimeProvider time, ILogger log, Func<double> chance)
{
    private const int Batch = 500, MostAtOnce = 16;

    /// <summary>Entries that were nothing to anybody before that is written down, so that a restart need not read them again.</summary>
    private const long Unremarkable = 10_000;

    /// <summary>How long an endpoint that has much to hear, or is slow, keeps its place from others.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(30);

    private static readonly Actor Teller = Actor.Registry with { Door = "notices" };

    private readonly Dictionary<string, NoticeLane> _lanes = [];
    private readonly HashSet<Task> _working = [];
    private volatile bool _isOver;
    private long _head = -1;
    private bool _changing;

    /// <summary>Rings when an endpoint's turn has ended.</summary>
    public ChangeBell TurnEnded { get; } = new();

    /// <summary>Reads on, and lets every endpoint have its turn that has something due. Gives when the next is due; null when nothing waits.</summary>
    public async Task<DateTimeOffset?> PassAsync(CancellationToken cancel)
    {
        var head = await reader.LastAsync(cancel);
        // Who is told what changes by an entry only.
        if (head != _head || _changing)
            await RefreshAsync(cancel);
        await ReadOnAsync(head, cancel);
        _head = head;
        _working.RemoveWhere(task => task.IsCompleted);
        var now = time.GetUtcNow();
        foreach (var lane in _lanes.Values.Where(lane => lane is { IsBusy: false, IsOver: false } && lane.Due(now) is not null).Take(MostAtOnce - _working.Count))
        {
            lane.IsBusy = true;
            _working.Add(Task.Run(() => TurnAsync(lane, cancel), CancellationToken.None));
        }
        return _lanes.Values.Where(lane => !lane.IsBusy).Select(lane => lane.NextDue()).Min();
    }

    /// <summary>What waits now, by kind of endpoint, and when the oldest of it happened.</summary>
    public IReadOnlyList<(string Kind, int Count, DateTimeOffset? Oldest)> Waiting =>
        [.. _lanes.Values.GroupBy(lane => lane.Endpoint.Kind, lane => lane.Waiting).Select(of => (of.Key, of.Sum(w => w.Count), of.Min(w => w.Oldest)))];

    /// <summary>Waits for the turns that are under way.</summary>
    public async Task IdleAsync() => await Task.WhenAll(_working);

    /// <summary>Ends the turns that are under way: a message that is being sent is brought to its end, and none is begun.</summary>
    public async Task EndAsync()
    {
        _isOver = true;
        await IdleAsync();
    }

    private async Task RefreshAsync(CancellationToken cancel)
    {
        var (live, ahead) = await db.ReadAsync(async session =>
        {
            var live = (await session.LiveEndpointsAsync()).Where(carrier.Reaches).ToList();
            var ahead = new Dictionary<string, IReadOnlySet<long>>();
            // Of one that was changed, what waits is read anew.
            foreach (var endpoint in live.Where(e => !_lanes.TryGetValue(e.Id, out var lane) || lane.Endpoint.UpdatedAt != e.UpdatedAt))
                ahead[endpoint.Id] = (await session.DeliveredAheadAsync(endpoint.Id)).ToHashSet();
            return (live, ahead);
        }, cancel);
        foreach (var ended in _lanes.Keys.Except(live.Select(e => e.Id)).ToList())
        {
            _lanes[ended].IsOver = true;
            _lanes.Remove(ended);
        }
        _changing = false;
        foreach (var endpoint in live.Where(e => ahead.ContainsKey(e.Id)))
        {
            if (_lanes.TryGetValue(endpoint.Id, out var before))
            {
                // The one begins when the other has ended: no two tell the same endpoint.
                before.IsOver = true;
                if (before.IsBusy)
                {
                    _changing = true;
                    continue;
                }
            }
            _lanes[endpoint.Id] = new NoticeLane(endpoint, ahead[endpoint.Id], patience, chance);
        }
    }

    private async Task ReadOnAsync(long head, CancellationToken cancel)
    {
        while (_lanes.Values.Select(lane => lane.ReadsFrom).Where(from => from < head).Min() is { } from)
        {
            var (notices, last) = await reader.AfterAsync(from, Batch, _lanes.Values.Any(lane => lane.Endpoint.IsMlflow), NoticeLane.MostCharacters, cancel);
            if (last == from)
                break;
            foreach (var lane in _lanes.Values)
                lane.Offer(notices, from, last, time.GetUtcNow());
        }
        var far = _lanes.Values.Where(lane => lane.SettledTo - lane.Persisted >= Unremarkable).Select(lane => (Lane: lane, To: lane.SettledTo)).ToList();
        if (far.Count == 0)
            return;
        await db.WriteAsync<bool>(Teller, new AuditAct("notice.skip", "registry", db.RegistryId), async session =>
        {
            foreach (var (lane, to) in far)
                await session.SettleToAsync(lane.Endpoint.Id, to);
            return new Written<bool>(true, [new AuditAct("notice.skip", "registry", db.RegistryId, null, new JsonObject { ["endpoints"] = far.Count, ["position"] = far.Max(f => f.To) })], []);
        }, cancel);
        foreach (var (lane, to) in far)
            lane.Persisted = to;
    }

    /// <summary>One endpoint's turn: what is due, one after the other.</summary>
    private async Task TurnAsync(NoticeLane lane, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        bool GoesOn() => !cancel.IsCancellationRequested && !_isOver && !lane.IsOver && time.GetElapsedTime(began) < LongestTurn;
        try
        {
            while (GoesOn() && lane.Due(time.GetUtcNow()) is { } waiting)
                await TellAsync(lane, waiting, GoesOn);
        }
        catch (Exception e)
        {
            log.LogError(e, "Telling {Endpoint} failed", lane.Endpoint.Id);
        }
        finally
        {
            lane.IsBusy = false;
            TurnEnded.Ring();
        }
    }

    private async Task TellAsync(NoticeLane lane, WaitingNotice waiting, Func<bool> goesOn)
    {
        var notice = waiting.Notice;
        if (!lane.Endpoint.IsWebhook && waiting.Settled is null && notice.PromotionId is { } id && NoticeKinds.Asks(notice.Kind) && !await reader.IsPendingAsync(id, CancellationToken.None))
        {
            lane.Remove(waiting);
            return;
        }
        // Not to be cancelled: whoever has the message already would get it twice.
        var sent = waiting.Settled ?? await carrier.SendAsync(lane.Endpoint, waiting, goesOn, CancellationToken.None);
        if (sent is null)
            return;
        var now = time.GetUtcNow();
        if (sent.Answer == Answer.Failed && !RetrySchedule.IsOver(notice.At, now, patience))
        {
            lane.Failed(waiting, sent.Rest, now);
            log.LogInformation("{Endpoint} was not told of {Event} {EntryId}: {Why}", lane.Endpoint.Id, Told(lane.Endpoint, notice), notice.Id, sent.Why);
            return;
        }
        try
        {
            await (sent.Answer == Answer.Gone ? EndAsync(lane, sent) : SettleAsync(lane, waiting, sent));
        }
        catch (Exception e)
        {
            lane.NotWritten(waiting, sent, now);
            log.LogWarning(e, "It could not be written down that {Endpoint} was told of {Event} {EntryId}; it is tried again", lane.Endpoint.Id, Told(lane.Endpoint, notice), notice.Id);
            return;
        }
        lane.Remove(waiting);
        if (sent.Answer == Answer.Gone)
            lane.End();
        if (sent.Answer == Answer.Taken)
            lane.Succeeded();
        else
            log.LogWarning("{Endpoint} is not told of {Event} {EntryId} any more: {Why}", lane.Endpoint.Id, Told(lane.Endpoint, notice), notice.Id, sent.Why);
    }

    private async Task SettleAsync(NoticeLane lane, WaitingNotice waiting, Sent sent)
    {
        var (endpoint, notice, taken) = (lane.Endpoint, waiting.Notice, sent.Answer == Answer.Taken);
        var to = lane.SettledWithout(waiting);
        var act = new AuditAct(taken ? "notice.deliver" : "notice.give_up", endpoint.Kind, endpoint.Id, null,
            new JsonObject { ["entry_id"] = notice.Id, ["position"] = notice.Position, ["event"] = Told(endpoint, notice), ["attempts"] = waiting.Failures + 1, ["answer"] = sent.Why });
        await db.WriteAsync<bool>(Teller, act, async session =>
        {
            // Another process may have had the duty for a moment; and one that was changed is told by what it is now.
            if (!await session.OwesAsync(endpoint, notice.Position))
                return new Written<bool>(false, [], []);
            await session.SettleAsync(endpoint.Id, notice.Position, taken, to);
            return new Written<bool>(true, [act], []);
        }, CancellationToken.None);
        lane.Persisted = Math.Max(lane.Persisted, to);
    }

    private static string Told(StoredEndpoint endpoint, Notice notice) => endpoint.IsMlflow ? string.Join(" ", notice.Mlflow.Select(m => m.Event).Where(endpoint.Events.Contains).Distinct()) : notice.Kind;

    private Task EndAsync(NoticeLane lane, Sent sent)
    {
        var act = new AuditAct("webhook.disable", "webhook", lane.Endpoint.Id, null, new JsonObject { ["answer"] = sent.Why });
        return db.WriteAsync<bool>(Teller, act, async session =>
            await session.FindEndpointAsync(lane.Endpoint.Id) is { } now && now.UpdatedAt == lane.Endpoint.UpdatedAt && await session.EndEndpointAsync(now.Id, "gone") ? new Written<bool>(true, [act], []) : new Written<bool>(false, [], []), CancellationToken.None);
    }
}
