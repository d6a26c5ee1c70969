using ModelRegistry.Catalog;

namespace ModelRegistry.Mcp.Cli;

/// <summary>How models and versions are shown.</summary>
internal static class CatalogSheets
{
    public static Sheet Models(IReadOnlyList<ModelView> models) => new Sheet().Rows("", ["NAME", "TASK", "LATEST", "SERVING", "VERSIONS", "OWNER", "UPDATED", "DESCRIPTION"],
        models.Select(m => new[] { m.IsActive ? m.Name : $"{m.Name} (inactive)", Or(m.Task), Or(m.LatestVersion), Or(m.ServingVersion), Shown.Count(m.Versions), Or(m.Owner), Shown.Time(m.UpdatedAt), Clip(m.Description, 60) }));

    public static Sheet Versions(IReadOnlyList<VersionView> versions) => new Sheet().Rows("", ["VERSION", "NUMBER", "STAGE", "STATUS", "SERVING", "FORMAT", "SIZE", "ALIASES", "CREATED", "BY", "METRICS"],
        versions.Select(v => new[]
        {
            v.Deprecated ? $"{v.Version} (deprecated)" : v.Version, Shown.Count(v.Number), v.Stage, v.Status, Shown.YesNo(v.Serving), v.Format, Shown.Size(v.SizeBytes),
            Or(Shown.List(v.Aliases)), Shown.Time(v.CreatedAt), v.CreatedBy, Shown.Metrics(v.Metrics, 3),
        }));

    public static Sheet Model(ModelInfoView m)
    {
        var sheet = new Sheet().Facts(
            ("model", m.Name), ("task", m.Task), ("owner", m.Owner), ("active", Shown.YesNo(m.IsActive)), ("versions", Shown.Count(m.Versions)), ("latest", m.LatestVersion), ("serving", m.ServingVersion),
            ("versioning", m.Versioning), ("aliases", Shown.Pairs(m.Aliases)), ("tags", Shown.Pairs(m.Tags)), ("created", Shown.Time(m.CreatedAt)), ("updated", Shown.Time(m.UpdatedAt)), ("id", m.ModelId))
            .Words("description", m.Description);
        return m.Version is { } version ? Version(sheet, version) : sheet.Line("It has no versions yet.");
    }

    private static string Inspection(InspectionView i) =>
        i.Verdict + (i.Formats.Count > 0 ? $", {string.Join(" and ", i.Formats)}" : "") + (i.FindingCount > 0 ? $", {i.FindingCount} finding{(i.FindingCount == 1 ? "" : "s")}" : "");

    private static Sheet Version(Sheet sheet, VersionDetailView v) => sheet
        .Facts(
            ("version", v.Version), ("number", Shown.Count(v.Number)), ("stage", $"{v.Stage} since {Shown.Time(v.StageSince)}"), ("status", v.Status), ("serving", Shown.YesNo(v.Serving)),
            ("deprecated", v.Deprecated ? "yes" : null), ("content verified", Shown.YesNo(v.ContentVerified)), ("digest", v.Digest), ("size", $"{Shown.Size(v.SizeBytes)} in {v.FileCount} files"),
            ("format", v.Format), ("framework", v.Framework), ("dataset", v.Dataset), ("code commit", v.CodeCommit), ("dependencies", Shown.List(v.Dependencies)),
            ("hyperparameters", v.Hyperparameters.Count > 0 ? v.Hyperparameters.ToJsonString() : null), ("signature", v.Signature.Count > 0 ? v.Signature.ToJsonString() : null),
            ("lineage", v.Lineage.Count > 0 ? v.Lineage.ToJsonString() : null), ("source", v.Source), ("run", v.RunId), ("aliases", Shown.List(v.Aliases)), ("tags", Shown.Pairs(v.Tags)),
            ("registered", $"{Shown.Time(v.CreatedAt)} by {v.CreatedBy}"), ("id", v.VersionId),
            ("inspection", v.Inspection is { } i ? Inspection(i) : "not inspected"), ("parameters", v.Inspection?.ParameterCount is { } count ? Shown.Count(count) : null),
            ("tensors", v.Inspection is { TensorTypes.Count: > 0 } t ? string.Join(", ", t.TensorTypes.Select(n => $"{n.Key} {n.Value}")) : null),
            ("opsets", Shown.List(v.Inspection?.Opsets ?? [])), ("made by", v.Inspection?.Producer), ("said of itself", v.Inspection is { Details.Count: > 0 } d ? string.Join(", ", d.Details.Select(n => $"{n.Key} {n.Value}")) : null))
        .Rows("inspection", ["FOUND", "IN", "WHAT"], (v.Inspection?.Findings ?? []).Select(f => new[] { f.Code, f.Path, f.Words }))
        .Rows("notes", ["NOTE", "IN", "WHAT"], (v.Inspection?.Notes ?? []).Select(f => new[] { f.Code, f.Path, f.Words }))
        .Rows("metrics", ["METRIC", "VALUE"], v.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new[] { m.Key, Shown.Number(m.Value) }))
        .Rows("files", ["PATH", "SIZE", "SHA-256"], v.Files.Select(f => new[] { f.Path, Shown.Size(f.SizeBytes), f.Sha256 }))
        .Words("release notes", v.ReleaseNotes)
        .Words("card", v.Card);

    public static Sheet Comparison(ComparisonView c)
    {
        var labels = c.Versions.Select(v => v.Version == c.ServingVersion ? $"{v.Version} (serves)" : v.Version).ToList();
        return new Sheet()
            .Rows("", ["METRIC", .. labels, "BETTER", "BEST"], c.Metrics.Select(m => (string[])
            [
                m.Metric, .. m.Values.Select((v, i) => i == 0 || m.Deltas[i] is null ? Shown.Number(v) : $"{Shown.Number(v)} ({Shown.Delta(m.Deltas[i])})"), m.Better, Or(m.Best),
            ]))
            .Rows("by chance?", ["METRIC", "AGAINST THE FIRST", "FINDING"], c.Metrics.SelectMany(m => (m.Significance ?? []).Select((s, i) => (m.Metric, Label: labels[i], Finding: MetadataSheets.Significance(s)))).Where(f => f.Finding is not null)
                .Select(f => new[] { f.Metric, f.Label, f.Finding }))
            .Rows("other differences", ["WHAT"], c.Differences.Select(d => new[] { d }));
    }

    public static Sheet Serving(ServingView s) => s.Serving
        ? new Sheet().Facts(("model", s.ModelName), ("stage", s.Stage), ("version", s.Version), ("number", Shown.Count(s.Number ?? 0)), ("digest", s.Digest), ("since", Shown.Time(s.Since)),
            ("promotion", s.PromotionId), ("approved by", Shown.List(s.ApprovedBy)), ("glass broken by", s.GlassBrokenBy), ("targets", Shown.List(s.Targets)))
        : new Sheet().Line($"Nothing of {s.ModelName} serves {s.Stage}.");

    public static Sheet History(IReadOnlyList<ServingPeriodView> periods) => new Sheet().Rows("", ["STAGE", "VERSION", "FROM", "UNTIL", "REQUESTED BY", "APPROVED BY", "ASSURANCE", "PROMOTION", "REASON"],
        periods.Select(p => new[] { p.Stage, p.Version, Shown.Time(p.From), p.Until is null ? "now" : Shown.Time(p.Until), Or(p.RequestedBy), Or(p.GlassBrokenBy is { } breaker ? $"{Shown.List([.. p.ApprovedBy, breaker])} (glass)" : Shown.List(p.ApprovedBy)), Or(p.Assurance), Or(p.PromotionId), Clip(p.Reason, 60) }));

    public static Sheet Registered(RegisteredView r) => new Sheet()
        .Facts(("model", r.ModelCreated ? $"{r.ModelName} (new)" : r.ModelName), ("version", r.Version), ("number", Shown.Count(r.Number)), ("stage", r.Stage), ("digest", r.Digest), ("size", Shown.Size(r.SizeBytes)), ("id", r.VersionId))
        .Rows("files", ["PATH", "SIZE", "SHA-256"], r.Files.Select(f => new[] { f.Path, Shown.Size(f.SizeBytes), f.Sha256 }))
        .Rows("look at", ["WHAT"], (r.Warnings ?? []).Select(w => new[] { w }));

    private static string Or(string? text) => string.IsNullOrEmpty(text) ? "-" : text;

    private static string Clip(string text, int most) => text.Length <= most ? text : text[..most] + "…";
}
