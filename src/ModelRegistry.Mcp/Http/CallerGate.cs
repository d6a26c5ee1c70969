using System.Threading.RateLimiting;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Http;

/// <summary>A caller that was let in, counted until it is disposed of.</summary>
internal sealed record Entry(Actor Caller, RateLimitLease Lease) : IDisposable
{
    public void Dispose() => Lease.Dispose();
}

/// <summary>Who may come in, and how often: one way for every face that takes tokens.</summary>
internal sealed class CallerGate(Callers callers, CallerLimits limits)
{
    /// <param name="door">The face, for the record.</param>
    public async Task<Outcome<Entry>> EnterAsync(HttpContext http, string door)
    {
        var from = http.Connection.RemoteIpAddress;
        // Guessing costs a look into the database. Who was let in lately goes on, though others behind the same address guess.
        if (http.Request.Headers.Authorization.Count > 0 && limits.Barred(from) && !callers.Knows(http, door))
            return Refusals.RateLimited(1);
        var caller = await callers.IdentifyAsync(http, door, http.RequestAborted);
        if (caller.Refusal is { } stranger)
            return limits.Fail(from) ? stranger : Refusals.RateLimited(1);
        return Counted(caller.Value);
    }

    /// <summary>The same for an address that is a credential by itself.</summary>
    /// <param name="bearer">Whose it is.</param>
    public async Task<Outcome<Entry>> EnterAsync(HttpContext http, Func<Task<Outcome<Actor>>> bearer)
    {
        var from = http.Connection.RemoteIpAddress;
        if (limits.Barred(from))
            return Refusals.RateLimited(1);
        var caller = await bearer();
        if (caller.Refusal is { } stranger)
            return limits.Fail(from) ? stranger : Refusals.RateLimited(1);
        return Counted(caller.Value);
    }

    private Outcome<Entry> Counted(Actor caller)
    {
        var lease = limits.Enter(caller.Id);
        if (lease.IsAcquired)
            return new Entry(caller, lease);
        lease.Dispose();
        return Refusals.RateLimited(1);
    }

    /// <summary>Why whoever was let in would not be any more; null when they would.</summary>
    public async Task<Refusal?> LeftAsync(HttpContext http, string door, Actor caller, CancellationToken cancel) =>
        await callers.IdentifyAsync(http, door, cancel) is var now && now.Refusal is { } no ? no : now.Value.Id == caller.Id ? null : Refusals.TokenInvalid;
}
