using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ModelRegistry.Catalog;

/// <summary>A view that names the revision it shows, or led to.</summary>
public interface IRevised
{
    /// <summary>Null where there is none any more.</summary>
    string? Revision { get; }
}

/// <summary>A model in a list. Versions are given by label; null where there is none.</summary>
public sealed record ModelView(
    string Name,
    [property: UntrustedText] string Description,
    [property: UntrustedText(Label = true)] string Task,
    string? LatestVersion,
    string? ServingVersion,
    long Versions,
    [property: UntrustedText(Label = true)] string Owner,
    [property: UntrustedText] IReadOnlyDictionary<string, string> Tags,
    bool IsActive,
    DateTimeOffset UpdatedAt);

/// <summary>The first of the names asked for, and whether there are more.</summary>
public sealed record NamesView(IReadOnlyList<string> Names, bool More);

/// <summary>A version in a list.</summary>
public sealed record VersionView(
    string Version,
    long Number,
    string Stage,
    string Status,
    IReadOnlyDictionary<string, double> Metrics,
    [property: UntrustedText(Label = true)] string Format,
    bool Serving,
    bool Deprecated,
    IReadOnlyList<string> Aliases,
    string Digest,
    long SizeBytes,
    DateTimeOffset CreatedAt,
    [property: UntrustedText(Label = true)] string CreatedBy);

public sealed record FileView([property: UntrustedText(Label = true)] string Path, long SizeBytes, string Sha256);

/// <summary>A model with one of its versions in full; <see cref="Version"/> is null while it has none.</summary>
/// <param name="Revision">Changes with anything else here; an edit that names it is refused when somebody was faster.</param>
public sealed record ModelInfoView(
    string Name,
    string ModelId,
    [property: UntrustedText] string Description,
    [property: UntrustedText(Label = true)] string Task,
    [property: UntrustedText(Label = true)] string Owner,
    string Versioning,
    bool IsActive,
    [property: UntrustedText] IReadOnlyDictionary<string, string> Tags,
    IReadOnlyDictionary<string, string> Aliases,
    string? LatestVersion,
    string? ServingVersion,
    long Versions,
    VersionDetailView? Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string Revision = "") : IRevised;

/// <summary>Everything known about one version.</summary>
/// <param name="Revision">Changes with anything else here; an edit that names it is refused when somebody was faster.</param>
public sealed record VersionDetailView(
    string VersionId,
    string Version,
    long Number,
    string Stage,
    DateTimeOffset StageSince,
    string Status,
    bool Serving,
    bool Deprecated,
    bool ContentVerified,
    string Digest,
    long SizeBytes,
    int FileCount,
    IReadOnlyList<FileView> Files,
    IReadOnlyDictionary<string, double> Metrics,
    [property: UntrustedText(Label = true)] string Format,
    [property: UntrustedText(Label = true)] string Framework,
    [property: UntrustedText(Label = true)] JsonObject Hyperparameters,
    [property: UntrustedText] string Dataset,
    [property: UntrustedText(Label = true)] string CodeCommit,
    [property: UntrustedText(Label = true)] IReadOnlyList<string> Dependencies,
    [property: UntrustedText(Label = true)] JsonObject Signature,
    [property: UntrustedText(Label = true)] JsonObject Lineage,
    [property: UntrustedText] string ReleaseNotes,
    [property: UntrustedText] string Card,
    [property: UntrustedText] IReadOnlyDictionary<string, string> Tags,
    IReadOnlyList<string> Aliases,
    [property: UntrustedText] string Source,
    [property: UntrustedText(Label = true)] string RunId,
    [property: UntrustedText(Label = true)] string CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    InspectionView? Inspection = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] LineageView? Links = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, EvidenceView>? Evidence = null,
    string Revision = "") : IRevised;

/// <summary>What the current value of a metric was measured on, as its author says.</summary>
public sealed record EvidenceView(
    [property: UntrustedText(Label = true)] string Dataset,
    [property: UntrustedText(Label = true)] string Split,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? MeasuredAt = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Count = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? StandardError = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Low = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? High = null);

/// <summary>What looking inside the files of a version came to, without loading any of them.</summary>
/// <param name="Verdict"><c>clean</c>, <c>unknown</c>, <c>findings</c> or <c>unsafe</c>; the gate <c>scan_clean</c> takes the first only.</param>
/// <param name="ParameterCount">Elements of all constants together; null where that could not be told.</param>
/// <param name="TensorTypes">How many tensors there are of each type.</param>
/// <param name="Opsets">Operator sets of ONNX: domain and version, such as <c>ai.onnx 13</c>.</param>
/// <param name="Notes">What bears on no verdict: a chat template, a signature and the pinned key it is by.</param>
/// <param name="Details">What the format says beside all that: architecture, quantization, context length, licence.</param>
public sealed record InspectionView(
    string Verdict,
    IReadOnlyList<InspectionFindingView> Findings,
    int FindingCount,
    IReadOnlyList<InspectedFileView> Files,
    IReadOnlyList<string> Formats,
    long? ParameterCount,
    IReadOnlyDictionary<string, long> TensorTypes,
    [property: UntrustedText(Label = true)] IReadOnlyList<string> Opsets,
    long? IrVersion,
    [property: UntrustedText(Label = true)] string Producer,
    IReadOnlyList<InspectionFindingView> Notes,
    [property: UntrustedText(Label = true)] IReadOnlyDictionary<string, string> Details)
{
    /// <summary>Which pinned keys signatures were held against; for the registry itself.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string SigningKeys { get; init; } = "";
}

/// <summary>One thing found; <see cref="Path"/> is empty when it is about the version as a whole.</summary>
public sealed record InspectionFindingView(string Code, [property: UntrustedText(Label = true)] string Path, [property: UntrustedText(Label = true)] string Words);

/// <summary>What one file is, by its bytes.</summary>
public sealed record InspectedFileView([property: UntrustedText(Label = true)] string Path, string Kind, string Verdict);

/// <summary>What serves a stage. <see cref="Serving"/> is false, and the rest null, when nothing does.</summary>
/// <param name="Targets">The targets that require this stage, whether or not anything of the model is deployed there.</param>
/// <param name="GlassBrokenBy">Who let it serve alone in an emergency, past approvals that were missing; null when nobody did.</param>
public sealed record ServingView(
    string ModelName,
    bool Serving,
    string? Version,
    long? Number,
    string Stage,
    string? Digest,
    DateTimeOffset? Since,
    string? PromotionId,
    IReadOnlyList<string> ApprovedBy,
    IReadOnlyList<string> Targets,
    string? GlassBrokenBy = null);

/// <summary>One metric over the compared versions, in their order; null where a version does not report it.</summary>
/// <param name="Better"><c>higher</c> or <c>lower</c>.</param>
/// <param name="Deltas">Difference of each to the first version.</param>
/// <param name="Best">Label of the best version; null when all are equal.</param>
/// <param name="Significance">Of each version against the first, whether they differ by more than chance; null where no sample counts or errors are given.</param>
public sealed record MetricComparisonView(string Metric, string Better, IReadOnlyList<double?> Values, IReadOnlyList<double?> Deltas, string? Best,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<SignificanceView?>? Significance = null);

/// <summary>Whether two values of a metric differ by more than chance, by the sample counts that their authors gave.</summary>
/// <param name="Verdict"><c>significant</c> (at 0.05), <c>not_told_apart</c> or <c>not_tested</c>.</param>
/// <param name="PValue">Two-sided; null where no test was made.</param>
/// <param name="Test">The name of the test; null where none was made.</param>
/// <param name="Counts">Samples before and after, as their authors say.</param>
/// <param name="Why">Why no test was made; empty where one was.</param>
public sealed record SignificanceView(string Verdict, double? PValue, string? Test, IReadOnlyList<long?> Counts, string Why);

/// <summary>Versions side by side. Deltas are against the first one named.</summary>
public sealed record ComparisonView(
    string ModelName,
    IReadOnlyList<VersionView> Versions,
    IReadOnlyList<MetricComparisonView> Metrics,
    [property: UntrustedText(Label = true)] IReadOnlyList<string> Differences,
    string? ServingVersion);

/// <summary>A comparison with everything known about each version, in the same order.</summary>
public sealed record SideBySideView(ComparisonView Comparison, IReadOnlyList<VersionDetailView> Versions);

/// <summary>A time during which one version served a stage.</summary>
/// <param name="Until">Null while it still serves.</param>
/// <param name="Assurance">The weakest proof among those who approved it, or broke the glass.</param>
/// <param name="GlassBrokenBy">Who let it serve alone in an emergency; null when nobody did.</param>
public sealed record ServingPeriodView(
    string Stage,
    string Version,
    long Number,
    string Digest,
    DateTimeOffset From,
    DateTimeOffset? Until,
    string? PromotionId,
    [property: UntrustedText(Label = true)] string RequestedBy,
    IReadOnlyList<string> ApprovedBy,
    string? Assurance,
    [property: UntrustedText] string Reason,
    string? GlassBrokenBy = null);

/// <summary>What a registration came to.</summary>
/// <param name="Warnings">What its author should look at in the card; null when there is nothing.</param>
public sealed record RegisteredView(string ModelName, bool ModelCreated, string VersionId, string Version, long Number, string Stage, string Digest, long SizeBytes, IReadOnlyList<FileView> Files,
    [property: UntrustedText, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings = null);

/// <summary>What an edit of metadata came to.</summary>
/// <param name="Warnings">What its author should look at in the card; null when there is nothing.</param>
/// <param name="Revision">Of what was edited, as it is now; the next edit may name it. Null when it was deleted.</param>
public sealed record MetadataView(string ModelName, string? Version, IReadOnlyList<string> Changed,
    [property: UntrustedText, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Revision = null) : IRevised;

/// <summary>Files written by a download, each verified against its digest.</summary>
public sealed record DownloadView(string ModelName, string Version, string Digest, IReadOnlyList<string> Files);
