using System.Diagnostics;
using System.Globalization;

namespace ModelRegistry.Faults.Races;

/// <summary>What a client of a race does.</summary>
public enum RaceVerb { Propose, Rollback, Approve, Reject, Withdraw, Revoke, Expire, LookAtServing, LookAtPromotion }

/// <param name="Version">The label it is about, of a proposal and of a rollback.</param>
/// <param name="Promotion">Its id; null: the one that the same client asked for before, and nothing where that came to none.</param>
/// <param name="Person">Who decides, revokes or takes back; null: the proposer.</param>
public sealed record RaceWish(RaceVerb Verb, string? Version = null, string? Promotion = null, string? Person = null);

/// <summary>An operation that was answered.</summary>
/// <param name="Invoked">On the monotonic clock that all processes of a machine share, in its ticks.</param>
/// <param name="Said">The status that it came to, the code of its refusal, or the version that serves (<c>none</c>).</param>
/// <param name="Came">The promotion that a proposal or rollback came to.</param>
public sealed record RaceOperation(string Client, RaceWish Wish, long Invoked, long Answered, string Said, string? Came = null)
{
    /// <summary>The promotion that it is about.</summary>
    public string? Promotion => Came ?? Wish.Promotion;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Micros(Invoked)}..{Micros(Answered)} {Client}: {Wish.Verb} {Wish.Version ?? Promotion}{(Wish.Person is null ? "" : $" by {Wish.Person}")} → {Said}{(Came is null ? "" : $" {Came}")}");

    private static long Micros(long ticks) => (long)(ticks * 1e6 / Stopwatch.Frequency);
}

/// <summary>What another process is told to do in one round: its clients, each one wish after another, all clients at once.</summary>
/// <param name="At">When they begin, on the monotonic clock.</param>
/// <param name="AheadHours">How far the clock of who expires is ahead.</param>
/// <param name="Prove">Whether persons type their passphrases anew.</param>
public sealed record RaceOrder(string Model, long At, double AheadHours, bool Prove, IReadOnlyList<IReadOnlyList<RaceWish>> Clients);
