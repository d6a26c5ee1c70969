namespace ModelRegistry.Domain;

/// <summary>How a version stands, in one word: derived from where it is and what became of it, never stored.</summary>
public static class VersionStatus
{
    private const string PendingReview = "pending_review", Approved = "approved", Rejected = "rejected", Deployed = "deployed", Archived = "archived",
        Deprecated = "deprecated", Training = "training", Testing = "testing";

    /// <summary>
    /// The words that lists are narrowed by: every status; <c>deprecated</c>, which people set beside it; <c>training</c> and
    /// <c>testing</c>, which are <c>pending_review</c> in the stages development and validation.
    /// </summary>
    public static IReadOnlyList<string> Words { get; } = [PendingReview, Approved, Rejected, Deployed, Archived, Deprecated, Training, Testing];

    /// <summary>Deployed serves production or stands on a target; approved is past the first stages; rejected had its last promotion rejected.</summary>
    /// <param name="serves">Production, or a target.</param>
    public static string Of(string stage, bool serves, bool rejected) =>
        serves ? Deployed
        : stage == Stages.Archived ? Archived
        : rejected ? Rejected
        : stage is Stages.Staging or Stages.Production ? Approved
        : PendingReview;

    /// <summary>One of <see cref="Words"/> in any case; null when it is none of them.</summary>
    public static string? Find(string word) => Words.FirstOrDefault(known => known.Equals(word.Trim(), StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a version is meant by one of <see cref="Words"/>.</summary>
    public static bool Fits(string word, string status, string stage, bool deprecated) => word switch
    {
        Deprecated => deprecated,
        Training => status == PendingReview && stage == Stages.Development,
        Testing => status == PendingReview && stage == Stages.Validation,
        _ => status == word,
    };
}
