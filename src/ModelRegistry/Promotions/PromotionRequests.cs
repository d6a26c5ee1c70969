using ModelRegistry.Domain;

namespace ModelRegistry.Promotions;

/// <summary>A wish to move a version to a stage.</summary>
/// <remarks>With <see cref="Emergency"/> it is parked also where gates fail, so that the glass can be broken for it. Nobody can approve it while they fail.</remarks>
/// <param name="Version">A number, label, <c>latest</c>, <c>default</c> or <c>@alias</c>.</param>
/// <param name="IdempotencyKey">The same key with the same wish gives the same promotion, also after it has ended.</param>
public sealed record PromotionRequest(string ModelName, string Version, string Stage, string? Reason = null, string? IdempotencyKey = null)
{
    /// <summary>Only for a person whom the policy lists under <c>break_glass</c>.</summary>
    public bool Emergency { get; init; }
}

/// <summary>A wish to go back to something that served before.</summary>
/// <param name="ToVersion">Null: what served just before.</param>
/// <param name="Stage">Null: production.</param>
public sealed record RollbackRequest(string ModelName, string? ToVersion = null, string? Stage = null, string? Reason = null, string? IdempotencyKey = null);

/// <param name="Status">A status word, or <c>live</c> for pending and approved; null: all.</param>
/// <param name="Version">Of this version of the model; needs <paramref name="ModelName"/>.</param>
public sealed record PromotionQuery(string? Status = null, string? ModelName = null, int Limit = 20, string? Cursor = null, string? Version = null);

/// <summary>A person's decision on the statement they were shown.</summary>
public sealed record DecisionRequest(string PromotionId, int Revision, string StatementDigest, DecisionVerdict Verdict, string Comment, Proof Proof);

/// <summary>One person's wish to apply a pending promotion at once, on the statement they were shown.</summary>
/// <param name="Reason">Why it cannot wait; required.</param>
/// <param name="Proof">A passkey's signature on the word <c>break_glass</c> and this statement.</param>
public sealed record BreakGlassRequest(string PromotionId, string StatementDigest, string Reason, Proof Proof);

/// <summary>An approver's look at a broken glass.</summary>
/// <param name="Comment">Required for an objection.</param>
public sealed record GlassReviewRequest(string PromotionId, GlassVerdict Verdict, string Comment, Proof Proof);
