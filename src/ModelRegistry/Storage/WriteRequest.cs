using System.Diagnostics;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>What was decided: the acts and changes to write down, or the refusal that undoes everything.</summary>
internal readonly record struct Settled(Refusal? Refusal, IReadOnlyList<AuditAct> Acts, IReadOnlyList<FeedChange> Changes);

/// <summary>Somebody waiting in front of the write door.</summary>
internal abstract class WriteRequest(Actor by, AuditAct attempt)
{
    private const int Waiting = 0, Started = 1, GivenUp = 2;
    private int _state;

    public Actor By => by;

    public AuditAct Attempt => attempt;

    /// <summary>The trace it came with, to find it in other logs.</summary>
    public string? RequestId { get; } = Activity.Current?.TraceId.ToHexString();

    /// <summary>What it came to, once that is decided; it lasts when its group is committed.</summary>
    public Settled? Settled { get; set; }

    /// <summary>False when the caller has given up waiting. From now on it cannot.</summary>
    public bool TryStart() => Interlocked.CompareExchange(ref _state, Started, Waiting) == Waiting;

    protected bool TryGiveUp() => Interlocked.CompareExchange(ref _state, GivenUp, Waiting) == Waiting;

    public abstract ValueTask<Settled> DecideAsync(RegistrySession session);

    /// <summary>Tells the caller what was decided; only after the commit.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception e);
}

/// <inheritdoc/>
internal sealed class WriteRequest<T>(Actor by, AuditAct attempt, Func<RegistrySession, ValueTask<Outcome<Written<T>>>> decide)
    : WriteRequest(by, attempt)
{
    // The writer must not run its callers' code.
    private readonly TaskCompletionSource<Outcome<T>> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Outcome<T> _decided;

    public async Task<Outcome<T>> ReplyAsync(CancellationToken ct)
    {
        if (!ct.CanBeCanceled)
            return await _reply.Task.ConfigureAwait(false);
        await using var registration = ct.Register(() =>
        {
            if (TryGiveUp())
                _reply.TrySetCanceled(ct);
        }).ConfigureAwait(false);
        return await _reply.Task.ConfigureAwait(false);
    }

    public override async ValueTask<Settled> DecideAsync(RegistrySession session)
    {
        if (By.Once is { } key && await RepeatedAsync(session, key).ConfigureAwait(false) is { } repeated)
            return repeated;
        var outcome = await decide(session).ConfigureAwait(false);
        if (outcome.Refusal is { } refusal)
        {
            _decided = refusal;
            return new Settled(refusal, [], []);
        }
        var written = outcome.Value;
        if (written.Acts.Count == 0 && (session.HasWritten || written.Changes.Count > 0))
            throw new InvalidOperationException($"'{Attempt.Verb}' wrote without an act that tells of it.");
        _decided = written.Reply;
        if (By.Once is { } once && written.Acts.Count > 0 && written.Reply.Refusal is null)
            await session.KeepReplyAsync(By.Id, once, Attempt.Verb, written.Reply.Value).ConfigureAwait(false);
        return new Settled(null, written.Acts, written.Changes);
    }

    /// <summary>What the same request came to before, in the same transaction that would do it now; null when it is new.</summary>
    private async ValueTask<Settled?> RepeatedAsync(RegistrySession session, RequestKey key)
    {
        var earlier = await session.RepliesAsync(By.Id, key).ConfigureAwait(false);
        if (earlier.Exists(e => e.Request != key.Request.Hex))
        {
            _decided = Refusals.IdempotencyKeyReused(key.Key);
            return new Settled(_decided.Refusal, [], []);
        }
        if (earlier.Find(e => e.Verb == Attempt.Verb) is not { Reply: { } reply })
            return null;
        _decided = RegistrySession.ReadReply<T>(reply);
        return new Settled(null, [], []);
    }

    public override void Complete() => _reply.TrySetResult(_decided);

    public override void Fail(Exception e) => _reply.TrySetException(e);
}
