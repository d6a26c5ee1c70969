using Microsoft.Extensions.Logging;
using ModelRegistry.Changes;
using ModelRegistry.Policies;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>
/// Ends promotions that time or the world has ended although nobody looks at them, so that whoever listens hears of it. It knows
/// the deadlines of what is live, and follows the feed of changes to keep knowing them and to see what moved on beneath a
/// promotion. Any number of processes may watch: whoever comes second finds nothing to do.
/// </summary>
public sealed class PromotionWatch
{
    private const int Batch = 100;

    // How long a clock that was set goes unnoticed.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30), AfterFailure = TimeSpan.FromSeconds(5);

    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;
    private readonly PromotionDesk _desk;
    private readonly ChangeFeed _feed;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Dictionary<string, DateTimeOffset> _deadlines = [];
    private readonly PriorityQueue<string, DateTimeOffset> _queue = new();
    private long? _seen;

    internal PromotionWatch(RegistryDb db, PolicyInForce policies, PromotionDesk desk, ChangeFeed feed, TimeProvider time, ILogger log) =>
        (_db, _policies, _desk, _feed, _time, _log) = (db, policies, desk, feed, time, log);

    /// <summary>Watches until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                var next = await PassAsync(cancel);
                var wait = next - _time.GetUtcNow() is { } until && until < Longest ? until : Longest;
                if (wait <= TimeSpan.Zero)
                    continue;
                using var early = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                await Task.WhenAny(_feed.WaitAsync(_seen!.Value, early.Token), Task.Delay(wait, _time, early.Token));
                await early.CancelAsync();
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                _log.LogError(e, "Promotions whose time is up could not be ended; it is tried again");
                _seen = null;
                await Task.Delay(AfterFailure, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Looks at what changed and ends what is over. Gives the next deadline; null when nothing is live.</summary>
    internal async Task<DateTimeOffset?> PassAsync(CancellationToken cancel)
    {
        await FollowAsync(cancel);
        while (_queue.TryPeek(out var id, out var deadline) && (_deadlines.GetValueOrDefault(id) != deadline || deadline <= _time.GetUtcNow()))
        {
            _queue.Dequeue();
            // An entry that a later look has replaced, or a promotion that is over.
            if (_deadlines.GetValueOrDefault(id) != deadline)
                continue;
            await LookAsync([id], cancel);
        }
        return _queue.TryPeek(out _, out var next) ? next : null;
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        if (_seen is null)
        {
            // The number before the look: what changes meanwhile is looked at twice.
            var last = await _feed.LastAsync(cancel);
            await LookAtAllAsync(cancel);
            _seen = last;
        }
        while (await _feed.AfterAsync(_seen.Value, Batch, cancel) is { Count: > 0 } changes)
        {
            // Another policy may be stricter with all of them.
            if (changes.Any(change => change.Kind == "policy"))
                await LookAtAllAsync(cancel);
            else
                await LookAsync(await ConcernedAsync(changes, cancel), cancel);
            _seen = changes[^1].Number;
        }
    }

    /// <summary>The promotions that changed, and those that a change of their model may have ended.</summary>
    private async Task<IReadOnlyList<string>> ConcernedAsync(IReadOnlyList<ChangeView> changes, CancellationToken cancel)
    {
        var ids = changes.Where(change => change.Kind == "promotion").Select(change => change.Reference).OfType<string>().ToHashSet();
        var models = changes.Where(change => change.Kind is "serving" or "version" or "model" or "model_list").Select(change => change.ModelId).OfType<string>().ToHashSet();
        if (models.Count > 0)
            await _db.ReadAsync(async session =>
            {
                foreach (var model in models)
                    ids.UnionWith((await session.LivePromotionsAsync(model)).Select(stored => stored.Promotion.Id));
                return ids;
            }, cancel);
        return [.. ids];
    }

    private async Task LookAtAllAsync(CancellationToken cancel)
    {
        _deadlines.Clear();
        _queue.Clear();
        var after = "";
        while (await _db.ReadAsync(session => session.LivePromotionIdsAsync(after, Batch), cancel) is { Count: > 0 } ids)
        {
            await LookAsync(ids, cancel);
            after = ids[^1];
        }
    }

    /// <summary>Ends those that are over, and keeps the deadlines of the others.</summary>
    private async Task LookAsync(IReadOnlyList<string> ids, CancellationToken cancel)
    {
        if (ids.Count == 0)
            return;
        var found = await _db.ReadAsync(async session =>
        {
            var found = new List<(string Id, DateTimeOffset? Deadline, bool Over)>();
            foreach (var id in ids)
                found.Add(await PromotionCase.OpenAsync(session, _policies, id) is { Promotion.IsLive: true } it ? (id, it.Promotion.DeadlineUnder(it.Effective), await it.IsOverAsync()) : (id, null, false));
            return found;
        }, cancel);
        foreach (var (id, deadline, over) in found)
            if (deadline is { } at && !(over && (await _desk.EndIfOverAsync(id, cancel)).Value))
            {
                _deadlines[id] = at;
                _queue.Enqueue(id, at);
            }
            else
            {
                _deadlines.Remove(id);
            }
    }
}
