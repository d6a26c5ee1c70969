using System.Globalization;

namespace ModelRegistry.Domain;

/// <summary>Which way a change of the policy goes.</summary>
public enum Bearing
{
    /// <summary>More is asked than before.</summary>
    Stricter,
    /// <summary>Less is asked than before, or it cannot be told that it is not less.</summary>
    Looser,
    /// <summary>Neither.</summary>
    Neutral,
}

/// <summary>One change between two policies.</summary>
/// <param name="Subject">What of the policy: <c>production</c>, <c>rollback production</c>, <c>alias champion</c>, …</param>
/// <param name="Words">What changes, as a person reads it.</param>
public sealed record PolicyLine(string Subject, string Words, Bearing Bearing);

/// <summary>
/// What changes between two policies, in words, in the order of the document. A policy of which no line is
/// <see cref="Bearing.Looser"/> asks of every move at least what the other did.
/// </summary>
public sealed partial class PolicyDifference
{
    private readonly PromotionPolicy _before, _after;
    private readonly List<PolicyLine> _lines = [];

    private PolicyDifference(PromotionPolicy before, PromotionPolicy after) => (_before, _after) = (before, after);

    public static IReadOnlyList<PolicyLine> Between(PromotionPolicy before, PromotionPolicy after)
    {
        var difference = new PolicyDifference(before, after);
        difference.Frame();
        foreach (var stage in before.StageNames.Union(after.StageNames))
            difference.Stage(stage);
        difference.Exceptions();
        return difference._lines;
    }

    private void Frame()
    {
        if (_before.Name != _after.Name)
            // Under these two names, and no others, callers on this machine need no token.
            Say("name", $"is '{_after.Name}', was '{_before.Name}'{Doors(_before, _after)}", NeedsToken(_before).CompareTo(NeedsToken(_after)) switch { < 0 => Bearing.Stricter, > 0 => Bearing.Looser, _ => Bearing.Neutral });
        foreach (var stage in _after.StageNames.Except(_before.StageNames))
            Say("stages", $"'{stage}' is added", Bearing.Neutral);
        foreach (var stage in _before.StageNames.Except(_after.StageNames))
            Say("stages", $"'{stage}' is removed", Bearing.Neutral);
        if (_before.FirstStage != _after.FirstStage)
            Say("stages", $"new versions start in {_after.FirstStage}, not in {_before.FirstStage}", Bearing.Neutral);
        else if (!_before.StageNames.Intersect(_after.StageNames).SequenceEqual(_after.StageNames.Intersect(_before.StageNames)))
            Say("stages", $"the order is {string.Join(", ", _after.StageNames)}", Bearing.Neutral);
        foreach (var (alias, stage) in Ordered(_after.GovernedAliases).Where(a => !_before.GovernedAliases.ContainsKey(a.Key)))
            Say($"alias {alias}", $"is governed: it follows what serves {stage}, and nobody moves it by hand", Bearing.Stricter);
        foreach (var (alias, stage) in Ordered(_before.GovernedAliases))
            if (!_after.GovernedAliases.TryGetValue(alias, out var now))
                Say($"alias {alias}", $"is free: it stays where it is, and whoever registers may move it (it followed {stage})", Bearing.Looser);
            else if (now != stage)
                Say($"alias {alias}", $"follows {now}, not {stage}", _before.Governs(stage) && !_after.Governs(now) ? Bearing.Looser : Bearing.Neutral);
        foreach (var metric in _before.Directions.Keys.Union(_after.Directions.Keys).Order(StringComparer.Ordinal).Where(m => _before.DirectionOf(m) != _after.DirectionOf(m)))
            // A comparison turned round lets pass what it held back.
            Say($"metric {metric}", $"is better when {Word(_after.DirectionOf(metric))}, not when {Word(_before.DirectionOf(metric))}",
                _before.Promotions.Values.Any(r => r.Gates.OfType<Gate.NoRegression>().Any(g => g.Metric == metric)) ? Bearing.Looser : Bearing.Neutral);
        Targets();
    }

    private void Targets()
    {
        var (was, now) = (_before.Targets.ToDictionary(t => t.Name, t => t.Stage), _after.Targets.ToDictionary(t => t.Name, t => t.Stage));
        foreach (var (name, stage) in Ordered(now).Where(t => !was.ContainsKey(t.Key)))
            Say($"target {name}", $"is added; it takes versions in {stage}", Bearing.Neutral);
        foreach (var (name, stage) in Ordered(was))
            if (!now.TryGetValue(name, out var other))
                Say($"target {name}", "is removed", Bearing.Neutral);
            else if (other != stage)
                Say($"target {name}", $"takes versions in {other}, not in {stage}", (_before.Governs(stage), _after.Governs(other)) switch { (true, false) => Bearing.Looser, (false, true) => Bearing.Stricter, _ => Bearing.Neutral });
    }

    private void Stage(string stage)
    {
        var (was, now) = (_before.Promotions.GetValueOrDefault(stage), _after.Promotions.GetValueOrDefault(stage));
        if (was is null && now is not null)
            Say(stage, $"becomes governed: {Asked(now.Approvals, now.Assurance, now.FourEyes)}{(now.Gates.Count > 0 ? $", and {string.Join("; ", now.Gates.Select(Words))}" : "")}", Bearing.Stricter);
        else if (was is not null && now is null)
            Say(stage, $"is governed no more: a promotion into it applies at once (it took {Asked(was.Approvals, was.Assurance, was.FourEyes)})", Bearing.Looser);
        if (was is null || now is null)
            return;
        Quorum(stage, was.Approvals, now.Approvals);
        Level(stage, "the proof of a decision is", was.Assurance, now.Assurance);
        Switch(stage, was.FourEyes, now.FourEyes, "four eyes: no approver may be who proposed it, owns the proposer or answers for the author", "four eyes are not asked for any more");
        Switch(stage, was.ReasonRequired, now.ReasonRequired, "a reason is required", "no reason is required any more");
        Allowed(stage, "from", was.From, now.From);
        Amount(stage, "a promotion waits for its decision at most", "h", was.PendingHours, now.PendingHours, lessIsStricter: true);
        Amount(stage, "an approval waits to be applied at most", "h", was.ApplyHours, now.ApplyHours, lessIsStricter: true);
        Amount(stage, "what served it is kept afterwards for at least", "days", was.RetentionDays, now.RetentionDays, lessIsStricter: false);
        if (was.OnReplace != now.OnReplace)
            Say(stage, $"what is replaced goes to {now.OnReplace}, not to {was.OnReplace}", Bearing.Neutral);
        Gates(stage, was.Gates, now.Gates);
        var (back, forth) = (Rollback(_before, stage, was), Rollback(_after, stage, now));
        Quorum($"rollback {stage}", back.Approvals, forth.Approvals);
        Level($"rollback {stage}", "the proof of a decision is", back.Assurance, forth.Assurance);
        Switch($"rollback {stage}", back.FourEyes, forth.FourEyes, "four eyes", "four eyes are not asked for any more");
    }

    private void Exceptions()
    {
        var (was, now) = (Lasting(_before.Waivers), Lasting(_after.Waivers));
        foreach (var waiver in now.Where(w => !was.Any(w.Covers)))
            Say(Name(waiver), $"is waived until {Day(waiver.Expires)}: {waiver.Reason}", Bearing.Looser);
        foreach (var waiver in was)
            if (now.FirstOrDefault(waiver.Covers) is not { } still)
                Say(Name(waiver), "is waived no more", Bearing.Stricter);
            else if (still.Expires != waiver.Expires)
                Say(Name(waiver), $"is waived until {Day(still.Expires)}, not {Day(waiver.Expires)}", still.Expires > waiver.Expires ? Bearing.Looser : Bearing.Stricter);
            else if (still.Reason != waiver.Reason)
                Say(Name(waiver), $"is waived for another reason: {still.Reason}", Bearing.Neutral);
        foreach (var person in _after.BreakGlass.Except(_before.BreakGlass, StringComparer.OrdinalIgnoreCase))
            Say("break_glass", $"{person} may break the glass", Bearing.Looser);
        foreach (var person in _before.BreakGlass.Except(_after.BreakGlass, StringComparer.OrdinalIgnoreCase))
            Say("break_glass", $"{person} may not break the glass any more", Bearing.Stricter);
        Quorum("policy_change", [new Approvals(Permissions.Admin, _before.Change.Admins)], [new Approvals(Permissions.Admin, _after.Change.Admins)]);
        Level("policy_change", "the proof of accepting a policy is", _before.Change.Assurance, _after.Change.Assurance);
    }

    /// <summary>Without an entry of its own going back takes what the stage takes.</summary>
    private static RollbackRule Rollback(PromotionPolicy policy, string stage, StageRule rule) =>
        policy.Rollbacks.GetValueOrDefault(stage) ?? new RollbackRule(rule.Approvals, rule.Assurance, rule.FourEyes);

    private void Quorum(string subject, IReadOnlyList<Approvals> was, IReadOnlyList<Approvals> now)
    {
        foreach (var role in was.Concat(now).Select(a => a.Role).Distinct().Order(StringComparer.Ordinal))
        {
            var (before, after) = (Count(was, role), Count(now, role));
            if (before != after)
                Say(subject, $"takes {after} {role}{(after == 1 ? "" : "s")}, not {before}", after > before ? Bearing.Stricter : Bearing.Looser);
        }
        static int Count(IReadOnlyList<Approvals> approvals, string role) => approvals.Where(a => a.Role == role).Sum(a => a.Count);
    }

    private void Level(string subject, string what, Assurance was, Assurance now)
    {
        if (was != now)
            Say(subject, $"{what} '{Word(now)}', not '{Word(was)}'", now > was ? Bearing.Stricter : Bearing.Looser);
    }

    private void Switch(string subject, bool was, bool now, string on, string off)
    {
        if (was != now)
            Say(subject, now ? on : off, now ? Bearing.Stricter : Bearing.Looser);
    }

    private void Amount(string subject, string what, string unit, double was, double now, bool lessIsStricter)
    {
        if (was != now)
            Say(subject, $"{what} {Text(now)}{(unit.Length > 0 ? " " + unit : "")}, not {Text(was)}", now < was == lessIsStricter ? Bearing.Stricter : Bearing.Looser);
    }

    /// <summary>A list of what is let in, where an empty one lets in all.</summary>
    private void Allowed(string subject, string what, IReadOnlyList<string> was, IReadOnlyList<string> now)
    {
        if (was.Count == 0 && now.Count > 0)
            Say(subject, $"{what} {string.Join(", ", now)} only", Bearing.Stricter);
        else if (was.Count > 0 && now.Count == 0)
            Say(subject, $"{what} anywhere, not only {string.Join(", ", was)}", Bearing.Looser);
        else
        {
            if (now.Except(was).ToList() is { Count: > 0 } more)
                Say(subject, $"{what} {string.Join(", ", more)} too", Bearing.Looser);
            if (was.Except(now).ToList() is { Count: > 0 } fewer)
                Say(subject, $"{what} {string.Join(", ", fewer)} no more", Bearing.Stricter);
        }
    }

    private void Say(string subject, string words, Bearing bearing) => _lines.Add(new PolicyLine(subject, words, bearing));

    private static bool NeedsToken(PromotionPolicy policy) => policy.Name is not (PolicyProfiles.Open or PolicyProfiles.Local);

    private static string Doors(PromotionPolicy was, PromotionPolicy now) => (NeedsToken(was), NeedsToken(now)) switch
    {
        (true, false) => ": callers on this machine need no token any more",
        (false, true) => ": every caller over HTTP needs a token",
        _ => "",
    };

    private static string Asked(IReadOnlyList<Approvals> approvals, Assurance assurance, bool fourEyes) =>
        $"{string.Join(" and ", approvals.Select(a => $"{a.Count} {a.Role}{(a.Count == 1 ? "" : "s")}"))}, '{Word(assurance)}'{(fourEyes ? ", four eyes" : "")}";

    // Of several waivers for the same thing the one that ends last is what counts.
    private static List<Waiver> Lasting(IReadOnlyList<Waiver> waivers) => [.. waivers.Where((w, i) => !waivers.Where((o, j) => o.Covers(w) && (o.Expires > w.Expires || (o.Expires == w.Expires && j < i))).Any())];

    private static string Name(Waiver w) => $"waiver {w.Rule} of {w.Model} {w.Version}";

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString(time.UtcDateTime.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    private static IEnumerable<KeyValuePair<string, string>> Ordered(IReadOnlyDictionary<string, string> map) => map.OrderBy(p => p.Key, StringComparer.Ordinal);

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
