using ModelRegistry.Policies;

namespace ModelRegistry.Mcp.Cli;

/// <summary>How policies, their differences and the change that waits are shown.</summary>
internal static class PolicySheets
{
    public static Sheet One(PolicyView p)
    {
        var sheet = new Sheet()
            .Facts(("policy", p.Name), ("digest", p.Digest), ("accepted", $"{Shown.Time(p.AcceptedAt)} by {p.AcceptedBy}{(p.Assurance is null ? "" : $", {p.Assurance}")}"),
                ("until", p.Until is null ? null : Shown.Time(p.Until)), ("another takes", Taken(p.Change)))
            .Words("reason", p.Reason);
        return (p.Pending is { } pending ? Change(sheet, pending) : sheet).Words("text", p.Json);
    }

    public static Sheet Many(IReadOnlyList<PolicyView> policies) => new Sheet().Rows("", ["POLICY", "FROM", "UNTIL", "ACCEPTED BY", "PROOF", "REASON", "DIGEST"],
        policies.Select(p => new[] { p.Name, Shown.Time(p.AcceptedAt), p.Until is null ? "in force" : Shown.Time(p.Until), p.AcceptedBy, p.Assurance ?? "-", p.Reason ?? "-", p.Digest }));

    /// <summary>A policy against the one in force, or by itself where there is none.</summary>
    public static Sheet Compared(PolicyComparisonView v)
    {
        var sheet = new Sheet().Facts(("policy", v.Name), ("digest", v.Digest), ("stages", Shown.List(v.Stages)), ("governed", v.Governed.Count == 0 ? "none" : Shown.List(v.Governed)),
            ("in force", $"{v.InForce}, sha256 {v.InForceDigest}"), ("accepting takes", Taken(v.Required)));
        if (v.Changes.Count == 0)
            return sheet.Line(v.Digest == v.InForceDigest ? "It is the policy in force." : "It asks for the same as the policy in force, in other words.");
        sheet.Rows("what changes", ["WHAT", "CHANGE", "IS"], v.Changes.Select(c => new[] { c.Subject, c.Words, c.Bearing }))
            .Rows("what will happen", ["EFFECT"], v.Effects.Select(e => new[] { e }));
        if (v.Problem is { } problem)
            sheet.Line($"It cannot be accepted as things are. {problem}");
        return v.Pending is { } pending ? Change(sheet, pending) : sheet;
    }

    public static Sheet Change(PolicyChangeView change) => Change(new Sheet(), change);

    public static Sheet Change(Sheet sheet, PolicyChangeView c) => sheet
        .Facts(("policy change", c.ChangeId), ("status", c.Status), ("policy", c.Name), ("digest", c.Digest), ("replaces", c.Replaces), ("proposed", $"{Shown.Time(c.ProposedAt)} by {c.ProposedBy}"),
            ("expires", c.ExpiresAt is null ? null : Shown.Time(c.ExpiresAt)), ("takes", Taken(c.Required)), ("agreed", Shown.List(c.Agreed.Select(a => $"{a.Person} ({a.Assurance})"))),
            ("missing", c.MissingAdmins == 0 ? null : $"{c.MissingAdmins} more"), ("note", c.Note))
        .Words("reason", c.Reason);

    private static string? Taken(PolicyRuleView? rule) => rule is null ? null : $"{rule.Admins} admin{(rule.Admins == 1 ? "" : "s")}, {rule.Assurance}";
}
