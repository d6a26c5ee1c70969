namespace ModelRegistry.Domain.Exports;

/// <summary>How a point of an export came out.</summary>
public enum PointStatus
{
    /// <summary>It was recomputed and holds.</summary>
    Ok,
    /// <summary>It does not hold, or cannot be read: the export proves nothing.</summary>
    Failed,
    /// <summary>It is the registry's word: nothing in the export contradicts it, and nothing proves it to others.</summary>
    Claimed,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Point">Its name, such as <c>signature</c>; with what it is about where there are several, such as <c>decision dec_…</c>.</param>
/// <param name="Sentence">What was found, for people.</param>
public sealed record ExportPoint(string Point, PointStatus Status, string Sentence);

/// <summary>What verifying an export came to.</summary>
/// <param name="Promotion">What it is about; null when that cannot be read.</param>
/// <param name="NotProven">What an export cannot prove, in plain words.</param>
public sealed record ExportReport(ExportedPromotion? Promotion, IReadOnlyList<ExportPoint> Points, IReadOnlyList<string> NotProven, Manifest? Files)
{
    /// <summary>Whether it was read whole and nothing failed.</summary>
    public bool Verified => Promotion is not null && Points.All(p => p.Status != PointStatus.Failed);
}

/// <summary>The promotion that an export is about.</summary>
/// <param name="Outcome">What came of it, in a sentence.</param>
/// <param name="Origin">The log it is in.</param>
public sealed record ExportedPromotion(string Id, string Status, string Outcome, string ModelName, string Version, string FromStage, string ToStage, string? Replaced, Digest ManifestDigest, string Proposer, string Owner, string Origin);
