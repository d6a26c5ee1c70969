using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>
/// What one promotion takes, worked out from the policy when it is requested and kept with it. A later policy can
/// only make it stricter (<see cref="Stricter"/>).
/// </summary>
public sealed record Requirement(
    IReadOnlyList<Approvals> Approvals,
    Assurance Assurance,
    bool FourEyes,
    double PendingHours,
    double ApplyHours,
    IReadOnlyList<Gate> Gates)
{
    /// <summary>Exceptions that may count for it. A later policy can take one away and adds none.</summary>
    public IReadOnlyList<Waiver> Waivers { get; init; } = [];

    /// <summary>
    /// For each metric that may not get worse, which way is better: as it was when it was requested, so that no later policy
    /// turns a gate round.
    /// </summary>
    public IReadOnlyDictionary<string, Better> Directions { get; init; } = new Dictionary<string, Better>();

    /// <summary>
    /// What a move takes under a policy; null when neither stage is governed. Leaving a governed stage needs that
    /// stage's quorum as well, so that nothing stops serving unseen; and a deployment needs what its target's stage
    /// takes even where the version is there already, since how it is served is decided anew.
    /// </summary>
    public static Requirement? For(PromotionPolicy policy, StageMove move)
    {
        var (from, to, kind, _) = move;
        var entered = policy.Promotions.GetValueOrDefault(move.Held);
        var left = from == to ? null : policy.Promotions.GetValueOrDefault(from);
        var enter = entered is null ? null : kind == PromotionKind.Rollback && policy.Rollbacks.TryGetValue(to, out var back)
            ? new Requirement(back.Approvals, back.Assurance, back.FourEyes, entered.PendingHours, entered.ApplyHours, [])
            // A deployment moves no stage here: where it came from, and how long it was tried there, is a question about moves.
            : Of(entered, kind == PromotionKind.Rollback ? [] : [.. GatesOf(entered).Where(gate => from != to || gate is not (Gate.FromStage or Gate.SoakHours))]);
        var leave = left is null ? null : Of(left, []);
        return (enter is null ? leave : leave is null ? enter : enter.Stricter(leave)) is { } asked ? asked with
        {
            Waivers = policy.Waivers,
            Directions = asked.Gates.OfType<Gate.NoRegression>().Select(g => g.Metric).Distinct().ToDictionary(metric => metric, policy.DirectionOf),
        } : null;
    }

    /// <summary>What it takes now that another policy may be in force: at least what it took, and at least what that policy asks of the same move.</summary>
    public Requirement Under(PromotionPolicy policy, StageMove move) => Stricter(For(policy, move)) with
    {
        // The one that ends first, in the words of the policy in force.
        Waivers = [.. Waivers.Select(w => policy.Waivers.Where(w.Covers).MaxBy(p => p.Expires) is { } still ? still with { Expires = still.Expires < w.Expires ? still.Expires : w.Expires } : null).OfType<Waiver>()],
    };

    /// <summary>At least as strict as both: the larger counts, the higher assurance, the shorter times, all gates.</summary>
    public Requirement Stricter(Requirement? other) => other is null ? this : new(
        [.. Approvals.Concat(other.Approvals).GroupBy(a => a.Role, StringComparer.Ordinal).Select(g => new Approvals(g.Key, g.Max(a => a.Count))).OrderBy(a => a.Role, StringComparer.Ordinal)],
        Assurance > other.Assurance ? Assurance : other.Assurance,
        FourEyes || other.FourEyes,
        Math.Min(PendingHours, other.PendingHours),
        Math.Min(ApplyHours, other.ApplyHours),
        [.. Gates.Concat(other.Gates).DistinctBy(g => g.Identity)])
    {
        Waivers = [.. Waivers.Where(w => other.Waivers.Any(w.Covers))],
        Directions = Directions.Concat(other.Directions.Where(d => !Directions.ContainsKey(d.Key))).ToDictionary(),
    };

    public JsonObject ToJson() => new()
    {
        ["approvals"] = new JsonArray([.. Approvals.Select(a => (JsonNode)new JsonObject { ["role"] = a.Role, ["count"] = a.Count })]),
        ["assurance"] = Assurance.ToString().ToLowerInvariant(),
        ["four_eyes"] = FourEyes,
        ["pending_hours"] = PendingHours,
        ["apply_hours"] = ApplyHours,
        ["gates"] = new JsonArray([.. Gates.Select(g => (JsonNode)g.ToJson())]),
        ["waivers"] = new JsonArray([.. Waivers.Select(w => (JsonNode)new JsonObject { ["rule"] = w.Rule, ["model"] = w.Model, ["version"] = w.Version, ["reason"] = w.Reason, ["expires"] = Times.Text(w.Expires) })]),
        ["better"] = new JsonObject(Directions.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value.ToString().ToLowerInvariant()))),
    };

    /// <summary>Reads what <see cref="ToJson"/> wrote; it is the registry's own record, so a fault in it is a bug.</summary>
    public static Requirement FromJson(JsonObject json) => new(
        [.. json["approvals"]!.AsArray().Select(a => new Approvals((string)a!["role"]!, (int)a["count"]!))],
        Enum.Parse<Assurance>((string)json["assurance"]!, ignoreCase: true),
        (bool)json["four_eyes"]!,
        (double)json["pending_hours"]!,
        (double)json["apply_hours"]!,
        [.. json["gates"]!.AsArray().Select(g => Gate.FromJson(g!.AsObject()))])
    {
        // What was kept before waivers were has none: it can only be stricter for it.
        Waivers = json["waivers"] is not JsonArray waivers ? [] : [.. waivers.Select(w => new Waiver((string)w!["rule"]!, (string)w["model"]!, (string)w["version"]!, (string)w["reason"]!, Times.Parse((string)w["expires"]!)))],
        Directions = json["better"] is not JsonObject better ? new() : better.ToDictionary(d => d.Key, d => Enum.Parse<Better>((string)d.Value!, ignoreCase: true)),
    };

    private static List<Gate> GatesOf(StageRule rule)
    {
        var gates = new List<Gate>();
        if (rule.From.Count > 0)
            gates.Add(new Gate.FromStage(rule.From));
        if (rule.ReasonRequired)
            gates.Add(new Gate.ReasonRequired());
        gates.AddRange(rule.Gates);
        return gates;
    }

    private static Requirement Of(StageRule rule, IReadOnlyList<Gate> gates) =>
        new(rule.Approvals, rule.Assurance, rule.FourEyes, rule.PendingHours, rule.ApplyHours, gates);
}
