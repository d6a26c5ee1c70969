using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ModelRegistry.Catalog;

/// <summary>What recording measurements came to.</summary>
/// <param name="Current">Whether gates look at them now.</param>
/// <param name="Revision">Of the version, as it is now; the next edit may name it.</param>
public sealed record MeasuredView(string ModelName, string Version, int Recorded, bool Current, string Revision = "") : IRevised;

/// <summary>One measurement of a version. What it was measured on is what its author says; what was not said is left out.</summary>
/// <param name="MadeCurrent">Whether it became the value that gates look at when it was recorded.</param>
/// <param name="Low">Of a 95 % interval, as <see cref="High"/>.</param>
/// <param name="RecordedBy">Empty where it was recorded before measurements were kept.</param>
public sealed record MeasurementView(
    string MeasurementId,
    string Metric,
    double Value,
    bool MadeCurrent,
    [property: UntrustedText(Label = true)] string Dataset,
    [property: UntrustedText(Label = true)] string Split,
    DateTimeOffset RecordedAt,
    [property: UntrustedText(Label = true)] string RecordedBy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? MeasuredAt = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Count = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? StandardError = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Low = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? High = null);

/// <summary>A model card as it was written and as it is read.</summary>
/// <param name="Version">Whose card was asked for; null: the model's own.</param>
/// <param name="From"><c>version</c>, <c>model</c> (which has it where the version has none) or <c>none</c>.</param>
/// <param name="FrontMatter">The fields before the Markdown; empty where they cannot be read, which <paramref name="Problems"/> then tells.</param>
/// <param name="Markdown">What stands behind the front matter.</param>
public sealed record CardView(
    string ModelName,
    string? Version,
    string From,
    string Sha256,
    [property: UntrustedText] string Text,
    [property: UntrustedText(Label = true)] JsonObject FrontMatter,
    [property: UntrustedText] string Markdown,
    IReadOnlyList<CardProblemView> Problems);

/// <param name="Line">Of the card, from 1; 0 when it is about no line.</param>
/// <param name="What">What is wrong with the field.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record CardProblemView(int Line, [property: UntrustedText(Label = true)] string Field, [property: UntrustedText] string What, string Remedy);

/// <summary>What a card said from one edit to the next.</summary>
/// <param name="By">Null where it was written before edits were kept, as is <paramref name="At"/>.</param>
public sealed record CardEditView(string EditId, string Sha256, long Characters, [property: UntrustedText(Label = true)] string? By, DateTimeOffset? At);

/// <summary>One edit of a card with its text, and what it changed.</summary>
/// <param name="Against">The edit it is compared with: the one before, or the one asked for; null: with nothing.</param>
/// <param name="Difference">Every line of both: a blank, <c>-</c> or <c>+</c>, and the line.</param>
public sealed record CardEditDetailView(string ModelName, string? Version, CardEditView Edit, string? Against, [property: UntrustedText] string Text, [property: UntrustedText] IReadOnlyList<string> Difference);

/// <summary>Where a version comes from, and what came of it.</summary>
/// <param name="Truncated">Whether there is more than is shown.</param>
public sealed record LineageView(string ModelName, string Version, IReadOnlyList<LineageStepView> ComesFrom, IReadOnlyList<LineageStepView> Derived, bool Truncated);

/// <summary>One step of a lineage.</summary>
/// <param name="Kind"><c>base_model</c>, <c>parent</c>, <c>dataset</c> or <c>code_commit</c>.</param>
/// <param name="Of">The version at the near end of the step, as <c>model version</c>.</param>
/// <param name="Text">What was written in the lineage of the version that comes from the other.</param>
/// <param name="ModelName">The model of this registry at the far end; null where it is from elsewhere.</param>
/// <param name="Version">Its version; null where only the model is named.</param>
/// <param name="Depth">1 for what the version itself is linked with.</param>
public sealed record LineageStepView(string Kind, string Of, [property: UntrustedText(Label = true)] string Text, string? ModelName, string? Version, string? Stage, bool Deleted, int Depth);

/// <summary>A version that was found by what it was made from.</summary>
public sealed record SourcedVersionView(
    string ModelName,
    string Version,
    long Number,
    string Stage,
    [property: UntrustedText] string Dataset,
    [property: UntrustedText(Label = true)] string CodeCommit,
    DateTimeOffset CreatedAt,
    [property: UntrustedText(Label = true)] string CreatedBy);
