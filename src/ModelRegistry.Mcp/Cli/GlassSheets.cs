using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Cli;

/// <summary>How a broken glass and its review are shown.</summary>
internal static class GlassSheets
{
    public static Sheet One(GlassReviewView v) => new Sheet()
        .Line($"{VisibleText.Line(v.Glass.Person)} broke the glass: this was applied without its quorum.")
        .Facts(("promotion", v.PromotionId), ("review", v.Status), ("kind", v.Kind), ("model", v.ModelName), ("version", v.Version), ("stage", $"{v.FromStage} -> {v.ToStage}"), ("replaced", v.Replaced),
            ("broken", $"{Shown.Time(v.Glass.At)} by {v.Glass.Person}, {v.Glass.Assurance}"), ("would have taken", PromotionSheets.Required(v.Missing)), ("not to be reviewed by", Shown.List(v.NotBy)),
            ("reviewed", v.Glass.Review is { } r ? $"{Shown.Time(r.At)} by {r.Person}, {r.Assurance}" : null), ("review on", v.ReviewUrl), ("review with", v.ReviewCommand), ("statement sha256", v.StatementDigest))
        .Rows("gates that did not hold", ["RULE", "VERDICT", "MEASURED", "ASKED"], v.Unmet.Select(g => new[] { g.Rule, g.Verdict, g.Measured, g.Threshold }))
        .Words("why the glass was broken, in the words of who did (untrusted)", v.Glass.Reason)
        .Words("what the review says", v.Glass.Review?.Comment);

    /// <summary>A table of reviews that are owed; nothing where none is.</summary>
    public static Sheet Owed(Sheet sheet, IReadOnlyList<GlassReviewView> reviews) => sheet.Rows("broken glass, a review is owed", ["ID", "MODEL", "VERSION", "TO", "BROKEN BY", "BROKEN", "NOT BY", "REVIEW WITH"],
        reviews.Select(r => new[] { r.PromotionId, r.ModelName, r.Version, r.ToStage, r.Glass.Person, Shown.Time(r.Glass.At), Shown.List(r.NotBy), r.ReviewCommand }));

    /// <summary>What came of the review in a line; null where no glass was broken.</summary>
    public static string? Reviewed(GlassView? glass) => glass is null ? null : glass.Review is { } review ? $"{review.Verdict} {Shown.Time(review.At)} by {review.Person}, {review.Assurance}" : "owed by another approver";
}
