using System.Globalization;
using ModelRegistry.Catalog;

namespace ModelRegistry.Mcp.Cli;

/// <summary>How cards, measurements and lineage are shown.</summary>
internal static class MetadataSheets
{
    public static Sheet Edited(MetadataView m) => new Sheet().Facts(("model", m.ModelName), ("version", m.Version), ("changed", m.Changed.Count == 0 ? "nothing" : Shown.List(m.Changed)))
        .Rows("look at", ["WHAT"], (m.Warnings ?? []).Select(w => new[] { w }));

    public static Sheet Measured(MeasuredView m) => new Sheet().Facts(("model", m.ModelName), ("version", m.Version), ("recorded", Shown.Count(m.Recorded)), ("current", m.Current ? "yes: gates look at these values now" : "no: history only"));

    public static Sheet Measurements(IReadOnlyList<MeasurementView> measured) => new Sheet().Rows("", ["METRIC", "VALUE", "COUNT", "ERROR", "95 % INTERVAL", "DATASET", "SPLIT", "MEASURED", "RECORDED", "BY", "CURRENT"],
        measured.Select(m => new[]
        {
            m.Metric, Shown.Number(m.Value), m.Count is { } count ? Shown.Count(count) : "-", Shown.Number(m.StandardError), m.Low is null ? "-" : $"{Shown.Number(m.Low)} to {Shown.Number(m.High)}",
            Or(m.Dataset), Or(m.Split), Shown.Time(m.MeasuredAt), Shown.Time(m.RecordedAt), Or(m.RecordedBy), m.MadeCurrent ? "then" : "-",
        }));

    public static Sheet Lineage(LineageView l)
    {
        var sheet = new Sheet().Facts(("model", l.ModelName), ("version", l.Version));
        if (l.ComesFrom.Count + l.Derived.Count == 0)
            sheet.Line("It names nothing that it comes from, and nothing names it.");
        sheet.Rows("comes from", ["DEPTH", "OF", "KIND", "WRITTEN", "HERE"], l.ComesFrom.Select(Step)).Rows("derived from it", ["DEPTH", "FROM", "KIND", "WRITTEN", "HERE"], l.Derived.Select(Step));
        return l.Truncated ? sheet.Line("There is more than is shown.") : sheet;
    }

    public static Sheet Sourced(IReadOnlyList<SourcedVersionView> found) => new Sheet().Rows("", ["MODEL", "VERSION", "NUMBER", "STAGE", "DATASET", "CODE COMMIT", "CREATED", "BY"],
        found.Select(f => new[] { f.ModelName, f.Version, Shown.Count(f.Number), f.Stage, Or(f.Dataset), Or(f.CodeCommit), Shown.Time(f.CreatedAt), f.CreatedBy }));

    public static Sheet Card(CardView c) => new Sheet()
        .Facts(("model", c.ModelName), ("version", c.Version), ("card of", c.From == "none" ? "nobody: there is none" : $"the {c.From}"), ("sha256", c.Sha256))
        .Rows("look at", ["LINE", "FIELD", "WHAT", "REMEDY"], c.Problems.Select(p => new[] { p.Line > 0 ? Shown.Count(p.Line) : "-", p.Field, p.What, p.Remedy }))
        .Words("card", c.Text);

    public static Sheet CardHistory(IReadOnlyList<CardEditView> edits) => new Sheet().Rows("", ["EDIT", "AT", "BY", "CHARACTERS", "SHA-256"],
        edits.Select(e => new[] { e.EditId, Shown.Time(e.At), e.By ?? "before edits were kept", Shown.Count(e.Characters), e.Sha256 }));

    public static Sheet CardEdit(CardEditDetailView e) => new Sheet().Facts(("model", e.ModelName), ("version", e.Version), ("edit", e.Edit.EditId), ("at", Shown.Time(e.Edit.At)), ("by", e.Edit.By), ("compared with", e.Against ?? "nothing"))
        .Words("difference", string.Join('\n', e.Difference));

    /// <summary>What a test came to, in a few words; null where there was none.</summary>
    public static string? Significance(SignificanceView? s) => s?.Verdict switch
    {
        null => null,
        "not_tested" => $"not tested: {s.Why}",
        var verdict => string.Create(CultureInfo.InvariantCulture, $"{(verdict == "significant" ? "significant at 0.05" : "not told apart")}, p = {s.PValue:0.####} ({s.Test})"),
    };

    private static string[] Step(LineageStepView s) =>
        [Shown.Count(s.Depth), s.Of, s.Kind, s.Text, s.ModelName is null ? "not in this registry" : $"{s.ModelName} {s.Version ?? "(no version named)"}{(s.Stage is null ? "" : $", {s.Stage}")}{(s.Deleted ? ", deleted" : "")}"];

    private static string Or(string? text) => string.IsNullOrEmpty(text) ? "-" : text;
}
