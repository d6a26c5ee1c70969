using System.Globalization;
using System.Text;
using ModelRegistry.Catalog;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Answers as text: the facts of the structured content in compact lines, since some clients show only one of the two.</summary>
internal static partial class TextOf
{
    public static string Models(ModelsReply reply) => List(reply.Models.Count, "model", reply.NextCursor, reply.Models.Select(m =>
        $"- {m.Name}: serves {m.ServingVersion ?? "nothing"}, latest {m.LatestVersion ?? "none"} of {m.Versions}{Part(", ", Untrusted.Label(m.Task))}, updated {Day(m.UpdatedAt)}" +
        $"{Part(", owner ", Untrusted.Label(m.Owner))}{(m.IsActive == false ? ", inactive" : "")}{Part(", tags ", Tags(m.Tags))}{Part(" ", Untrusted.Line(m.Description, 2_100))}"));

    public static string Versions(VersionsReply reply) => $"{reply.ModelName}: " + List(reply.Versions.Count, "version", reply.NextCursor, reply.Versions.Select(v =>
        $"- {v.Version} (number {v.Number}): {v.Stage}, {v.Status}{(v.Serving ? ", serves" : "")}{(v.Deprecated ? ", deprecated" : "")}{Part("; ", Metrics(v.Metrics, v.MetricCount))}" +
        $"; {Untrusted.Label(v.Format)}, {v.SizeBytes} bytes{Part(", @", string.Join(" @", v.Aliases))}, {Day(v.CreatedAt)} by {Untrusted.Label(v.CreatedBy)}"));

    public static string History(HistoryReply reply) => $"{reply.ModelName}: " + List(reply.History.Count, "serving period", reply.NextCursor, reply.History.Select(p =>
        $"- {p.Stage}: {p.Version} (number {p.Number}, digest {p.Digest}) from {Time(p.From)} until {(p.Until is { } until ? Time(until) : "now")}; requested by {Untrusted.Label(p.RequestedBy)}, " +
        $"{(p.GlassBrokenBy is { } breaker ? $"{breaker} broke the glass ({p.Assurance}){Part(", approved by ", string.Join(", ", p.ApprovedBy))}" : p.ApprovedBy.Count == 0 ? "no approval asked" : $"approved by {string.Join(", ", p.ApprovedBy)} ({p.Assurance})")}{Part(", promotion ", p.PromotionId)}{Part("; reason ", Untrusted.Line(p.Reason, 200))}"));

    public static string Serving(ServingView v) => v.Serving
        ? $"{v.ModelName}: {v.Version} (number {v.Number}) serves {v.Stage} since {Time(v.Since!.Value)}.\nDigest: {v.Digest}\n" +
          $"Approved by: {(v.GlassBrokenBy is { } breaker ? $"{None(string.Join(", ", v.ApprovedBy))}; {breaker} broke the glass" : v.ApprovedBy.Count == 0 ? "nobody had to" : string.Join(", ", v.ApprovedBy))}{Part(", promotion ", v.PromotionId)}\nTargets: {None(string.Join(", ", v.Targets))}"
        : $"{v.ModelName}: nothing serves {v.Stage}.\nTargets: {None(string.Join(", ", v.Targets))}";

    public static string Comparison(ComparisonReply c)
    {
        var text = new StringBuilder($"{c.ModelName}: {string.Join(" against ", c.Versions.Select(v => $"{v.Version} (number {v.Number}, {v.Stage}, {v.Status}{(v.Serving ? ", serves" : "")})"))}. Serving production: {c.ServingVersion ?? "nothing"}.\n");
        foreach (var m in c.Metrics)
            text.Append(CultureInfo.InvariantCulture, $"- {m.Metric} ({m.Better} is better): ")
                .AppendJoin(", ", m.Values.Select((value, i) => $"{c.Versions[i].Version} {Number(value)}{(i > 0 && m.Deltas[i] is { } delta ? $" ({delta.ToString("+0.############;-0.############;0", CultureInfo.InvariantCulture)})" : "")}"))
                .Append(m.Best is null ? "" : $"; best {m.Best}")
                .AppendJoin("", (m.Significance ?? []).Select((s, i) => Part($"; {c.Versions[i].Version}: ", Chance(s)))).Append('\n');
        if (c.Metrics.Count == 0)
            text.Append("None of them reports a metric.\n");
        if (c.MetricCount > c.Metrics.Count)
            text.Append(CultureInfo.InvariantCulture, $"- and {c.MetricCount - c.Metrics.Count} more metrics (get_model_info has them)\n");
        foreach (var difference in c.Differences)
            text.Append("- differs: ").Append(Untrusted.Label(difference)).Append('\n');
        return text.ToString().TrimEnd();
    }

    public static string Info(ModelInfoView m)
    {
        var text = new StringBuilder($"{m.Name} ({m.ModelId}): serves {m.ServingVersion ?? "nothing"}, latest {m.LatestVersion ?? "none"} of {m.Versions}{(m.IsActive ? "" : ", inactive and read-only")}\n");
        Line(text, "Task", Untrusted.Label(m.Task));
        Line(text, "Owner", Untrusted.Label(m.Owner));
        Line(text, "Versioning", m.Versioning);
        Line(text, "Aliases", string.Join(", ", m.Aliases.Select(a => $"@{a.Key} = {a.Value}")));
        Line(text, "Tags", Tags(m.Tags));
        Line(text, "Created", $"{Time(m.CreatedAt)}, updated {Time(m.UpdatedAt)}, revision {m.Revision}{Part(" and of this version ", m.Version?.Revision)}");
        Line(text, "Description", Untrusted.Quote(m.Description));
        if (m.Version is { } v)
            Version(text, v);
        return text.ToString().TrimEnd();
    }

    public static string Registered(RegisteredView r) =>
        $"Registered {r.ModelName} {r.Version} (number {r.Number}, {r.VersionId}) in {r.Stage}{(r.ModelCreated ? "; the model is new" : "")}.\nDigest: {r.Digest}, {r.SizeBytes} bytes\n" +
        string.Join('\n', r.Files.Select(f => $"- {Untrusted.Label(f.Path)}: {f.SizeBytes} bytes, sha256 {f.Sha256}")) + Part("\nLook at: ", string.Join(" ", (r.Warnings ?? []).Select(Untrusted.Label))) + "\nNext: compare_versions, then promote_model.";

    public static string Edited(MetadataView m) =>
        $"{m.ModelName}{Part(" ", m.Version)}: {(m.Changed.Count == 0 ? "nothing changed; it was so already." : $"changed {string.Join(", ", m.Changed)}.")}{Part(" Its revision is ", m.Revision)}{Part("\nLook at: ", string.Join(" ", (m.Warnings ?? []).Select(Untrusted.Label)))}";

    private static string? Chance(SignificanceView? s) => s is null ? null
        : s.Verdict == "not_tested" ? $"not tested ({s.Why})"
        : string.Create(CultureInfo.InvariantCulture, $"{(s.Verdict == "significant" ? "significant at 0.05" : "not told apart")}, p = {s.PValue:0.####} ({s.Test} on the counts their authors gave)");

    private static void Version(StringBuilder text, VersionDetailView v)
    {
        text.Append(CultureInfo.InvariantCulture, $"\nVersion {v.Version} (number {v.Number}, {v.VersionId}): {v.Stage} since {Time(v.StageSince)}, {v.Status}{(v.Serving ? ", serves" : "")}{(v.Deprecated ? ", deprecated" : "")}\n");
        Line(text, "Digest", $"{v.Digest}, {v.SizeBytes} bytes in {v.FileCount} files, content {(v.ContentVerified ? "verified" : "not verified")}");
        Line(text, "Metrics", Metrics(v.Metrics, v.Metrics.Count));
        Line(text, "Format", Untrusted.Label(v.Format));
        Line(text, "Framework", Untrusted.Label(v.Framework));
        Line(text, "Hyperparameters", Document(v.Hyperparameters));
        Line(text, "Dataset", Untrusted.Quote(v.Dataset));
        Line(text, "Code commit", Untrusted.Label(v.CodeCommit));
        Line(text, "Dependencies", string.Join(", ", v.Dependencies.Select(Untrusted.Label)));
        Line(text, "Signature", Document(v.Signature));
        Line(text, "Lineage", Document(v.Lineage));
        foreach (var (lead, steps) in new[] { ("comes from", v.Links?.ComesFrom ?? []), ("derived", v.Links?.Derived ?? []) })
            foreach (var s in steps)
                text.Append(CultureInfo.InvariantCulture, $"- {lead} ({s.Kind}, of {s.Of}): {(s.ModelName is null ? Untrusted.Label(s.Text) + ", not in this registry" : $"{s.ModelName} {s.Version}{Part(", ", s.Stage)}{(s.Deleted ? ", deleted" : "")}")}\n");
        if (v.Links is { Truncated: true })
            text.Append("- and more of its lineage\n");
        Inspection(text, v.Inspection);
        Line(text, "Source", string.Join(", run ", new[] { Untrusted.Quote(v.Source), Untrusted.Label(v.RunId) }.Where(t => t.Length > 0)));
        Line(text, "Aliases", string.Join(", ", v.Aliases.Select(a => "@" + a)));
        Line(text, "Tags", Tags(v.Tags));
        Line(text, "Registered", $"{Time(v.CreatedAt)} by {Untrusted.Label(v.CreatedBy)}, updated {Time(v.UpdatedAt)}");
        foreach (var file in v.Files)
            text.Append(CultureInfo.InvariantCulture, $"- {Untrusted.Label(file.Path)}: {file.SizeBytes} bytes, sha256 {file.Sha256}\n");
        if (v.FileCount > v.Files.Count)
            text.Append(CultureInfo.InvariantCulture, $"- and {v.FileCount - v.Files.Count} more files (detail: full)\n");
        Line(text, "Release notes", Untrusted.Quote(v.ReleaseNotes));
        Line(text, "Card", Untrusted.Quote(v.Card));
    }

    private static void Inspection(StringBuilder text, InspectionView? i)
    {
        if (i is null)
        {
            Line(text, "Inspection", "not inspected");
            return;
        }
        Line(text, "Inspection", $"{i.Verdict}{Part(", ", string.Join(" and ", i.Formats))}{(i.ParameterCount is { } count ? string.Create(CultureInfo.InvariantCulture, $", {count} parameters") : "")}" +
            $"{Part(", tensors ", string.Join(", ", i.TensorTypes.Select(t => $"{t.Key} {t.Value}")))}{Part(", opsets ", string.Join(", ", i.Opsets.Select(Untrusted.Label)))}{Part(", made by ", Untrusted.Label(i.Producer))}{Part(", ", string.Join(", ", i.Details.Select(d => $"{Untrusted.Label(d.Key)} {Untrusted.Label(d.Value)}")))}");
        foreach (var f in i.Findings.Take(10))
            text.Append("- found: ").Append(f.Code).Append(Part(" in ", Untrusted.Label(f.Path))).Append(": ").Append(Untrusted.Line(f.Words, 300)).Append('\n');
        if (i.FindingCount > Math.Min(10, i.Findings.Count))
            text.Append(CultureInfo.InvariantCulture, $"- and {i.FindingCount - Math.Min(10, i.Findings.Count)} more findings\n");
        foreach (var note in i.Notes)
            text.Append("- note: ").Append(note.Code).Append(Part(" in ", Untrusted.Label(note.Path))).Append(": ").Append(Untrusted.Line(note.Words, 300)).Append('\n');
    }

    private static string List(int count, string noun, string? next, IEnumerable<string> lines) =>
        $"{(count == 0 ? "no" : count)} {noun}{(count == 1 ? "" : "s")}{(next is null ? "" : "; there are more")}\n{string.Join('\n', lines)}{(next is null ? "" : $"\nnext_cursor: {next}")}".TrimEnd();

    private static void Line(StringBuilder text, string label, string value)
    {
        if (value.Length > 0)
            text.Append(label).Append(": ").Append(value).Append('\n');
    }

    private static string Part(string lead, string? value) => string.IsNullOrEmpty(value) ? "" : lead + value;

    private static string None(string text) => text.Length == 0 ? "none" : text;

    private static string Tags(IReadOnlyDictionary<string, string>? tags) => tags is null ? "" : string.Join(", ", tags.Select(t => $"{t.Key}={Untrusted.Quote(t.Value)}"));

    private static string Metrics(IReadOnlyDictionary<string, double> metrics, int count) =>
        string.Join(", ", metrics.Select(m => $"{m.Key} {Number(m.Value)}")) + (count > metrics.Count ? $" and {count - metrics.Count} more metrics" : "");

    private static string Document(System.Text.Json.Nodes.JsonObject document) => document.Count == 0 ? "" : Untrusted.Document(document)!.ToJsonString(Replies.Json);

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "none";

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
