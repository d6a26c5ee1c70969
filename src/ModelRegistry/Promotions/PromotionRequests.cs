using ModelRegistry.Domain;

namespace ModelRegistry.Promotions;

/// <summary>A wish to move a version to a stage.</summary>
/// <param name="Version">A number, label, <c>latest</c>, <c>default</c> or <c>@alias</c>.</param>
/// <param name="IdempotencyKey">The same key with the same wish gives the same promotion, also after it has ended.</param>
public sealed record PromotionRequest(string ModelName, string Version, string Stage, string? Reason = null, string? IdempotencyKey = null);

/// <summary>A wish to go back to something that served before.</summary>
/// <param name="ToVersion">Null: what served just before.</param>
/// <param name="Stage">Null: production.</param>
public sealed record RollbackRequest(string ModelName, string? ToVersion = null, string? Stage = null, string? Reason = null, string? IdempotencyKey = null);

/// <param name="Status">A status word, or <c>live</c> for pending and approved; null: all.</param>
/// <param name="Version">Of this version of the model; needs <paramref name="ModelName"/>.</param>
public sealed record PromotionQuery(string? Status = null, string? ModelName = null, int Limit = 20, string? Cursor = null, string? Version = null);

/// <summary>A person's decision on the statement they were shown.</summary>
public sealed record DecisionRequest(string PromotionId, int Revision, string StatementDigest, DecisionVerdict Verdict, string Comment, Proof Proof);
