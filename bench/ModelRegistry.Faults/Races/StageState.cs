using System.Collections.Immutable;

namespace ModelRegistry.Faults.Races;

/// <summary>A promotion in the specification.</summary>
/// <param name="State">As the registry calls it: <c>pending</c>, <c>approved</c>, <c>applied</c>, …</param>
public sealed record SpecifiedPromotion(string Version, bool IsRollback, string State)
{
    public bool IsLive => State is "pending" or "approved";
}

/// <summary>
/// The specification that races are held against: one governed stage of one model, with one approval asked for. What serves, what
/// has served, and where each promotion stands.
/// </summary>
/// <param name="Serving">The label of the version that serves; null: none.</param>
/// <param name="Jumped">Whether the registry's time has jumped ahead, so that proofs of before are stale.</param>
public sealed record StageState(string? Serving, ImmutableSortedSet<string> Served, ImmutableSortedDictionary<string, SpecifiedPromotion> Promotions, bool Jumped = false)
{
    public static StageState Of(string? serving, IEnumerable<string> served) => new(serving, [.. served], ImmutableSortedDictionary<string, SpecifiedPromotion>.Empty);

    public bool Equals(StageState? other) => other is not null && Serving == other.Serving && Jumped == other.Jumped && Served.SetEquals(other.Served) && Promotions.SequenceEqual(other.Promotions);

    public override int GetHashCode() => Promotions.Aggregate(HashCode.Combine(Serving, Jumped, Served.Count), (sum, p) => HashCode.Combine(sum, p.Key, p.Value));

    /// <summary>Of how many steps an operation is made: an approval is kept, and then applied once the files were hashed again; others see it in between.</summary>
    public static int Steps(RaceOperation operation) => operation is { Wish.Verb: RaceVerb.Approve } ? 2 : 1;

    /// <summary>The state after a step of an operation; null where it could not have come to what it came to.</summary>
    public StageState? After(RaceOperation operation, int step)
    {
        ArgumentNullException.ThrowIfNull(operation);
        var said = operation.Said;
        return operation.Wish.Verb switch
        {
            RaceVerb.LookAtServing => said == (Serving ?? "none") ? this : null,
            RaceVerb.LookAtPromotion => Find(operation)?.State == said ? this : null,
            RaceVerb.Propose => Asked(operation, isRollback: false),
            RaceVerb.Rollback => Asked(operation, isRollback: true),
            RaceVerb.Approve => step == 0 ? Approved(operation) : Applied(operation),
            RaceVerb.Reject => said == "rejected" ? Move(operation, "pending", "rejected") : Undecided(operation),
            RaceVerb.Withdraw => said == "withdrawn" ? Move(operation, "pending", "withdrawn") : Undecided(operation),
            RaceVerb.Revoke => said == "revoked" ? Move(operation, "approved", "revoked") : said == "promotion_not_approved" && Find(operation) is { State: not "approved" } ? this : null,
            RaceVerb.Expire => Expired(operation),
            _ => null,
        };
    }

    private SpecifiedPromotion? Live => Promotions.Values.FirstOrDefault(p => p.IsLive);

    private SpecifiedPromotion? Find(RaceOperation operation) => operation.Promotion is { } id ? Promotions.GetValueOrDefault(id) : null;

    private StageState? Move(RaceOperation operation, string from, string to) =>
        Find(operation) is { } promotion && promotion.State == from ? this with { Promotions = Promotions.SetItem(operation.Promotion!, promotion with { State = to }) } : null;

    private StageState? Asked(RaceOperation operation, bool isRollback)
    {
        var version = operation.Wish.Version!;
        var same = Live is { } live && live.Version == version && live.IsRollback == isRollback;
        switch (operation.Said)
        {
            case "already_in_stage":
                return Serving == version ? this : null;
            case "never_served":
                return isRollback && Serving != version && !Served.Contains(version) ? this : null;
            case "promotion_already_live":
                return Serving != version && !same && (isRollback ? Live is { State: "approved" } : Live is not null) ? this : null;
            case "pending" or "approved" when Find(operation) is { } known:
                // It was asked for before, and is live.
                return same && known.State == operation.Said && known == Live ? this : null;
            case "pending" when Serving != version && !same && (isRollback ? Served.Contains(version) && Live is not { State: "approved" } : Live is null):
                var superseded = Promotions.Select(p => KeyValuePair.Create(p.Key, p.Value.IsLive ? p.Value with { State = "superseded" } : p.Value));
                return this with { Promotions = superseded.ToImmutableSortedDictionary().Add(operation.Came!, new SpecifiedPromotion(version, isRollback, "pending")) };
            default:
                return null;
        }
    }

    /// <summary>A decision that came too late, or with a proof of before the registry's time jumped.</summary>
    private StageState? Undecided(RaceOperation operation) => (operation.Said, Find(operation)?.State) switch
    {
        ("promotion_expired", "expired") => this,
        ("promotion_superseded", "superseded") => this,
        ("promotion_not_pending", not (null or "pending" or "expired" or "superseded")) => this,
        ("proof_stale", "pending") when Jumped && operation.Wish.Verb != RaceVerb.Withdraw => this,
        _ => null,
    };

    private static bool IsRefused(RaceOperation approval) => approval.Said is "promotion_expired" or "promotion_superseded" or "promotion_not_pending" or "proof_stale";

    private StageState? Approved(RaceOperation operation) => IsRefused(operation) ? Undecided(operation) : Move(operation, "pending", "approved");

    private StageState? Applied(RaceOperation operation)
    {
        if (IsRefused(operation))
            return this;
        // Somebody took it back, or its time ran out, between the two.
        if (operation.Said is "revoked" or "expired")
            return Find(operation)?.State == operation.Said ? this : null;
        return operation.Said == "applied" && Move(operation, "approved", "applied") is { } moved && Find(operation) is { Version: var version }
            ? moved with { Serving = version, Served = Served.Add(version) } : null;
    }

    private StageState? Expired(RaceOperation operation) => Find(operation) switch
    {
        { IsLive: true } => operation.Said == "expired" ? (Move(operation, "pending", "expired") ?? Move(operation, "approved", "expired"))! with { Jumped = true } : null,
        { State: var state } => state == operation.Said ? this : null,
        null => null,
    };
}
