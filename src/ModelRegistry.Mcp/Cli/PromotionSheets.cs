using ModelRegistry.Catalog;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Cli;

/// <summary>How promotions are shown, and the statement a person decides on.</summary>
internal static class PromotionSheets
{
    public static Sheet List(IReadOnlyList<PromotionView> promotions) => new Sheet().Rows("", ["ID", "STATUS", "KIND", "MODEL", "VERSION", "FROM", "TO", "REPLACES", "REQUESTED BY", "REQUESTED", "EXPIRES", "MISSING"],
        promotions.Select(p => new[]
        {
            p.PromotionId, p.Status, p.Kind, p.ModelName, p.Version, p.FromStage, p.ToStage, p.Replaces ?? "-", p.RequestedBy, Shown.Time(p.RequestedAt), Shown.Time(p.ExpiresAt),
            p.Missing.Count == 0 ? "-" : Shown.List(p.Missing),
        }));

    public static Sheet One(PromotionView p) => Decisions(Gates(Targets(new Sheet()
        .Facts(("promotion", p.PromotionId), ("status", p.Status), ("kind", p.Kind), ("model", p.ModelName), ("version", $"{p.Version} (number {p.Number})"), ("from", p.FromStage), ("to", p.ToStage),
            ("target", p.Deployment?.Target), ("replaces", p.Replaces), ("requires", Required(p.Required)), ("missing", Shown.List(p.Missing)), ("requested", $"{Shown.Time(p.RequestedAt)} by {p.RequestedBy}{Owned(p)}"),
            ("expires", p.ExpiresAt is null ? null : Shown.Time(p.ExpiresAt)), ("ended", p.EndedAt is null ? null : Shown.Time(p.EndedAt)), ("note", p.Note),
            ("glass broken", p.BreakGlass is { } g ? $"{Shown.Time(g.At)} by {g.Person}, {g.Assurance}" : null), ("review", GlassSheets.Reviewed(p.BreakGlass)), ("approve on", p.ApproveUrl), ("approve with", p.ApproveCommand))
        .Words("configuration", Configuration(p))
        .Words("reason", p.Reason)
        .Words("why the glass was broken", p.BreakGlass?.Reason)
        .Words("what the review says", p.BreakGlass?.Review?.Comment), p), p), p);

    /// <summary>Everything a person needs to decide, in human terms; what others wrote is marked as theirs.</summary>
    /// <param name="assurance">What a decision on this channel is worth.</param>
    public static Sheet Statement(ReviewView review, string assurance)
    {
        var p = review.Promotion;
        var kind = (string?)review.Statement["proposer"]?["kind"];
        var sheet = new Sheet()
            .Line(p.Kind switch { "rollback" => "You are asked to decide on going back to an earlier version.", "deployment" => "You are asked to decide on a deployment.", _ => "You are asked to decide on a promotion." })
            .Facts(("promotion", p.PromotionId), ("status", p.Status), ("model", p.ModelName), ("version", $"{p.Version} (number {p.Number})"), ("stage", p.FromStage == p.ToStage ? $"stays in {p.ToStage}" : $"{p.FromStage} -> {p.ToStage}"), ("target", p.Deployment?.Target),
                ("replaces", p.Replaces ?? $"nothing serves {p.ToStage} now"), ("asked by", $"{p.RequestedBy}{(kind is null ? "" : $" ({kind})")}{Owned(p)}"), ("client, as it says", review.Client),
                ("asked at", Shown.Time(p.RequestedAt)), ("expires", Shown.Time(p.ExpiresAt)), ("revision", Shown.Count(p.Revision)), ("requires", Required(p.Required)), ("still missing", Shown.List(p.Missing)))
            .Rows("metrics", p.Replaces is null ? ["METRIC", p.Version, "BETTER IS"] : ["METRIC", $"{p.Replaces} (serves)", p.Version, "CHANGE", "BETTER IS", "VERDICT"], review.Metrics.Select(m => Metric(m, p.Replaces is not null)));
        Gates(Targets(sheet, p), p)
            .Rows("files, against what serves now", ["FILE"], review.FilesChanged.Select(f => new[] { f }))
            .Words("how it is to be served, as asked for (untrusted)", Configuration(p), mostLines: 40)
            .Words("why, in the words of who asked (untrusted)", p.Reason.Length > 0 ? p.Reason : "(no reason given)")
            .Words("model card, as registered (untrusted; beginning)", review.Card, mostLines: 15);
        return Decisions(sheet, p).Facts(("your decision will be", $"{assurance}{(p.Required is { } r ? $" ({p.ToStage} asks for {r.Assurance})" : "")}"), ("statement sha256", review.StatementDigest));
    }

    private static string[] Metric(MetricComparisonView m, bool against) => !against
        ? [m.Metric, Shown.Number(m.Values[0]), m.Better]
        : [m.Metric, Shown.Number(m.Values[0]), Shown.Number(m.Values[1]), Shown.Delta(m.Deltas[1]), m.Better, Judged(m)];

    private static string Judged(MetricComparisonView m) => m.Deltas[1] switch
    {
        null => "not comparable",
        0 => "same",
        > 0 => m.Better == "higher" ? "better" : "worse",
        _ => m.Better == "higher" ? "worse" : "better",
    };

    // What it does to targets; nothing where it does nothing, or is over.
    private static Sheet Targets(Sheet sheet, PromotionView p) => p.Targets is not { Count: > 0 } targets ? sheet
        : sheet.Rows("deployment targets, when it is applied", ["TARGET", "REQUIRES", "NOW", "THEN", "CHANGE", "CONFIGURATION"], targets.Select(t => new[]
        {
            t.Target, t.Stage, t.Now ?? "-", t.Becomes ?? "-", t.Change.Replace('_', ' '), t.ConfigurationDecided switch { null => "-", true => "decided on", false => "nobody decided on it" },
        }));

    private static Sheet Gates(Sheet sheet, PromotionView p) =>
        sheet.Rows("gates", ["RULE", "VERDICT", "MEASURED", "ASKED"], p.Gates.Select(g => new[] { g.Rule, g.Verdict, g.Measured, g.Threshold }));

    private static Sheet Decisions(Sheet sheet, PromotionView p)
    {
        sheet.Rows("decisions", ["PERSON", "DECISION", "ASSURANCE", "WHERE", "WHEN", "COUNTS"], p.Decisions.Select(d => new[] { d.Person, d.Decision, d.Assurance, d.Channel, Shown.Time(d.At), d.Counts ? "yes" : $"no, revision {d.Revision}" }));
        foreach (var decision in p.Decisions)
            sheet.Words($"comment of {VisibleText.Line(decision.Person)}", decision.Comment);
        return sheet;
    }

    internal static string? Required(RequiredView? r) => r is null ? null
        : $"{Shown.List(r.Approvals.Select(a => $"{a.Count} {a.Role}"))}, {r.Assurance}{(r.FourEyes ? ", four eyes" : "")}";

    private static string? Configuration(PromotionView p) => p.Deployment is { } d ? Replies.Text(d.Configuration) : null;

    private static string Owned(PromotionView p) => p.Owner is { } owner && owner != p.RequestedBy ? $", owned by {owner}" : "";
}
