using System.Text.Json.Serialization;
using ModelRegistry.Catalog;
using ModelRegistry.Deployments;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Tools;

/// <summary>A model in a tool's list: short texts, and the last three only with <c>detail: full</c>.</summary>
internal sealed record ModelItem(
    string Name,
    [property: UntrustedText] string Description,
    [property: UntrustedText(Label = true)] string Task,
    string? LatestVersion,
    string? ServingVersion,
    long Versions,
    DateTimeOffset UpdatedAt,
    [property: UntrustedText(Label = true), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Owner = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? IsActive = null,
    [property: UntrustedText, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Tags = null);

internal sealed record ModelsReply(IReadOnlyList<ModelItem> Models, string? NextCursor);

/// <param name="MetricCount">How many metrics there are; the first few are given.</param>
internal sealed record VersionItem(
    string Version,
    long Number,
    string Stage,
    string Status,
    bool Serving,
    bool Deprecated,
    IReadOnlyDictionary<string, double> Metrics,
    int MetricCount,
    [property: UntrustedText(Label = true)] string Format,
    IReadOnlyList<string> Aliases,
    long SizeBytes,
    DateTimeOffset CreatedAt,
    [property: UntrustedText(Label = true)] string CreatedBy);

internal sealed record VersionsReply(string ModelName, IReadOnlyList<VersionItem> Versions, string? NextCursor);

/// <summary>A promotion in a list; get_promotion has the rest.</summary>
internal sealed record PromotionItem(
    string PromotionId,
    string Status,
    string Kind,
    string ModelName,
    string Version,
    string FromStage,
    string ToStage,
    string? Replaces,
    IReadOnlyList<string> Missing,
    [property: UntrustedText(Label = true)] string RequestedBy,
    [property: UntrustedText] string Reason,
    DateTimeOffset RequestedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? EndedAt);

internal sealed record PromotionsReply(IReadOnlyList<PromotionItem> Promotions, string? NextCursor);

internal sealed record DeploymentsReply(IReadOnlyList<DeploymentView> Deployments, string? NextCursor);

internal sealed record HistoryReply(string ModelName, IReadOnlyList<ServingPeriodView> History, string? NextCursor);

internal sealed record ComparedVersion(string Version, long Number, string Stage, string Status, bool Serving);

/// <param name="MetricCount">How many metrics there are; at most 50 are given.</param>
internal sealed record ComparisonReply(
    string ModelName,
    IReadOnlyList<ComparedVersion> Versions,
    IReadOnlyList<MetricComparisonView> Metrics,
    int MetricCount,
    [property: UntrustedText(Label = true)] IReadOnlyList<string> Differences,
    string? ServingVersion);

/// <summary>How a use case's views are cut to what an answer has room for. What is left out is always counted.</summary>
internal static class Shortened
{
    private const int LineInList = 80, MetricsInList = 6;

    public static ModelItem Item(ModelView m, bool full) => new(
        m.Name, Untrusted.Cut(m.Description, full ? 2_000 : LineInList), full ? m.Task : Untrusted.Cut(m.Task, 40), m.LatestVersion, m.ServingVersion, m.Versions, m.UpdatedAt,
        full ? m.Owner : null, full ? m.IsActive : null, full ? Tags(m.Tags, 20) : null);

    public static VersionItem Item(VersionView v) => new(
        v.Version, v.Number, v.Stage, v.Status, v.Serving, v.Deprecated, Metrics(v.Metrics, MetricsInList), v.Metrics.Count, v.Format, [.. v.Aliases.Take(5)], v.SizeBytes, v.CreatedAt, v.CreatedBy);

    public static PromotionItem Item(PromotionView p) => new(
        p.PromotionId ?? "", p.Status, p.Kind, p.ModelName, p.Version, p.FromStage, p.ToStage, p.Replaces, p.Missing, p.RequestedBy, Untrusted.Cut(p.Reason, LineInList), p.RequestedAt, p.ExpiresAt, p.EndedAt);

    public static DeploymentView Item(DeploymentView d) => d with { Configuration = Document(d.Configuration, full: false), RollbackReason = Untrusted.Cut(d.RollbackReason, LineInList), Observed = d.Observed is { } o ? o with { Message = Untrusted.Cut(o.Message, LineInList) } : null };

    public static ServingPeriodView Item(ServingPeriodView p) => p with { Reason = Untrusted.Cut(p.Reason, LineInList) };

    public static ComparisonReply Compared(ComparisonView c) => new(
        c.ModelName, [.. c.Versions.Select(v => new ComparedVersion(v.Version, v.Number, v.Stage, v.Status, v.Serving))], [.. c.Metrics.Take(50)], c.Metrics.Count, c.Differences, c.ServingVersion);

    /// <summary>One model and version: texts of a page's length, or nearly everything.</summary>
    public static ModelInfoView Info(ModelInfoView m, bool full) => m with
    {
        Description = Untrusted.Cut(m.Description, full ? Untrusted.Most : 600),
        Tags = Tags(m.Tags, full ? 100 : 10),
        Version = m.Version is not { } v ? null : v with
        {
            Files = [.. v.Files.Take(full ? 500 : 10)],
            Metrics = Metrics(v.Metrics, full ? 500 : 30),
            Hyperparameters = Document(v.Hyperparameters, full),
            Signature = Document(v.Signature, full),
            Lineage = Document(v.Lineage, full),
            Dependencies = [.. v.Dependencies.Take(full ? 500 : 10)],
            ReleaseNotes = Untrusted.Cut(v.ReleaseNotes, full ? Untrusted.Most : 600),
            Card = Untrusted.Cut(v.Card, full ? Untrusted.Most : 1_200),
            Tags = Tags(v.Tags, full ? 100 : 10),
            // Every finding is counted; a page of them is enough to see what is wrong.
            Inspection = v.Inspection is not { } i ? null : i with { Findings = [.. i.Findings.Take(full ? 50 : 10)], Files = [.. i.Files.Take(full ? 200 : 10)] },
        },
    };

    /// <summary>The steps next to the version, which are the ones that matter.</summary>
    public static LineageView Links(LineageView l) => l with { ComesFrom = [.. l.ComesFrom.Take(40)], Derived = [.. l.Derived.Take(40)], Truncated = l.Truncated || l.ComesFrom.Count > 40 || l.Derived.Count > 40 };

    public static PromotionView Whole(PromotionView p) => p with
    {
        Reason = Untrusted.Cut(p.Reason, 2_000),
        Targets = p.Targets is null ? null : [.. p.Targets.Select(t => t with { Configuration = t.Configuration is { } c ? Document(c, full: false) : null })],
    };

    private static Dictionary<string, double> Metrics(IReadOnlyDictionary<string, double> metrics, int most) =>
        metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Take(most).ToDictionary(m => m.Key, m => m.Value);

    private static Dictionary<string, string> Tags(IReadOnlyDictionary<string, string> tags, int most) =>
        tags.OrderBy(t => t.Key, StringComparer.Ordinal).Take(most).ToDictionary(t => t.Key, t => Untrusted.Cut(t.Value, 200));

    // Whole members up to the room there is; "…" counts the others.
    private static System.Text.Json.Nodes.JsonObject Document(System.Text.Json.Nodes.JsonObject document, bool full)
    {
        var (room, kept) = (full ? Untrusted.Most : 600, new System.Text.Json.Nodes.JsonObject());
        foreach (var (name, value) in document)
        {
            room -= name.Length + (value?.ToJsonString().Length ?? 4);
            if (room < 0)
            {
                kept["…"] = $"{document.Count - kept.Count} of {document.Count} left out";
                break;
            }
            kept[name] = value?.DeepClone();
        }
        return kept;
    }
}
