namespace ModelRegistry.Exports;

/// <summary>What an export must be the proof of. What is null may be anything.</summary>
/// <param name="Outcome">The status of the promotion, such as <c>applied</c>.</param>
/// <param name="Stage">The stage that the version was moved to.</param>
public sealed record ExportAsked(string? Outcome, string? Stage, string? Model);

/// <summary>One point of an export that was verified.</summary>
/// <param name="Status">ok, failed, or claimed: the registry's word, which nobody else can check.</param>
public sealed record ExportPointView(string Point, string Status, string Found);

/// <summary>What verifying an export came to. <see cref="Verified"/> is false as soon as one point failed.</summary>
/// <param name="Outcome">What came of the promotion, in a sentence.</param>
/// <param name="ManifestDigest">Over every file, as the statement has it.</param>
/// <param name="NotProven">What an export cannot prove, in plain words.</param>
public sealed record ExportReportView(
    bool Verified,
    string? PromotionId,
    string? Status,
    string? Outcome,
    string? ModelName,
    string? Version,
    string? FromStage,
    string? ToStage,
    string? Replaced,
    string? ManifestDigest,
    string? Proposer,
    string? Owner,
    string? Log,
    string Key,
    IReadOnlyList<ExportPointView> Points,
    IReadOnlyList<string> NotProven);
