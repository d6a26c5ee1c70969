using System.Text.Json.Nodes;
using ModelRegistry.Deployments;

namespace ModelRegistry.Promotions;

public sealed record GateView(string Rule, string Verdict, string Measured, string Threshold);

public sealed record ApprovalsView(string Role, int Count);

/// <summary>What a stage takes; null where it is not governed.</summary>
public sealed record RequiredView(IReadOnlyList<ApprovalsView> Approvals, string Assurance, bool FourEyes);

/// <summary>One decision with what it proves.</summary>
public sealed record DecisionView(
    string Person,
    string Decision,
    string Assurance,
    string Channel,
    int Revision,
    bool Counts,
    [property: UntrustedText] string Comment,
    DateTimeOffset At);

/// <summary>A promotion as every face shows it: the whole pending envelope.</summary>
/// <param name="PromotionId">Null when it was blocked at once: nothing was parked.</param>
/// <param name="Status">applied, pending, blocked, approved, rejected, withdrawn, expired, superseded, revoked, failed.</param>
/// <param name="Replaces">The version that serves the stage now and would be (or was) replaced.</param>
/// <param name="Missing">Roles still to approve.</param>
/// <param name="ApproveUrl">The Decide page; null where no page can be reached.</param>
/// <param name="Next">What to do now, in a sentence.</param>
/// <param name="Targets">What becomes of the model's deployment targets when it is applied, as things stand; empty: nothing. Null in lists, and once it has ended.</param>
public sealed record PromotionView(
    string? PromotionId,
    string Status,
    string Kind,
    string ModelName,
    string Version,
    long Number,
    string FromStage,
    string ToStage,
    string? Replaces,
    int Revision,
    IReadOnlyList<GateView> Gates,
    RequiredView? Required,
    IReadOnlyList<string> Missing,
    IReadOnlyList<DecisionView> Decisions,
    [property: UntrustedText(Label = true)] string RequestedBy,
    string? Owner,
    [property: UntrustedText] string Reason,
    DateTimeOffset RequestedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? EndedAt,
    string Note,
    string? ApproveUrl,
    string? ApproveCommand,
    string Next,
    GlassView? BreakGlass = null,
    TargetWishView? Deployment = null,
    IReadOnlyList<TargetChangeView>? Targets = null);

/// <summary>Where a promotion deploys its version, and how.</summary>
/// <param name="Stage">The stage that the target requires.</param>
public sealed record TargetWishView(string Target, string Stage, [property: UntrustedText] JsonObject Configuration);

/// <summary>How a promotion came to serve without its quorum.</summary>
/// <param name="Review">Another approver's look at it; null while it is owed.</param>
public sealed record GlassView(string Person, [property: UntrustedText] string Reason, string Assurance, string Channel, DateTimeOffset At, GlassVerdictView? Review);

/// <param name="Verdict">upheld, objected.</param>
public sealed record GlassVerdictView(string Person, string Verdict, [property: UntrustedText] string Comment, string Assurance, string Channel, DateTimeOffset At);

/// <summary>A broken glass with what it did, for whoever reviews it.</summary>
/// <param name="Status">open, upheld, objected.</param>
/// <param name="Replaced">What served before it; null when nothing did.</param>
/// <param name="Missing">What the quorum would have taken.</param>
/// <param name="Unmet">Gates that did not hold when it was decided on.</param>
/// <param name="StatementDigest">What a passkey signs to review it.</param>
/// <param name="NotBy">Who cannot review it: the breaker, the proposer and its owner.</param>
public sealed record GlassReviewView(
    string PromotionId,
    string Status,
    string Kind,
    string ModelName,
    string Version,
    string FromStage,
    string ToStage,
    string? Replaced,
    RequiredView? Missing,
    IReadOnlyList<GateView> Unmet,
    GlassView Glass,
    string StatementDigest,
    IReadOnlyList<string> NotBy,
    string? ReviewUrl,
    string? ReviewCommand,
    string Next);

/// <summary>What a person is shown before deciding: the statement as it will be hashed, and what it means.</summary>
/// <param name="Statement">Canonical JSON; its SHA-256 is <paramref name="StatementDigest"/>.</param>
/// <param name="Metrics">Candidate against what serves now.</param>
/// <param name="Client">The client program of the proposer, as it calls itself.</param>
/// <param name="Obstacle">Why whoever looks could not approve it, however they prove it; null when they could, or are no person.</param>
/// <param name="MayBreakGlass">Whether the policy lists whoever looks for emergencies.</param>
public sealed record ReviewView(
    PromotionView Promotion,
    JsonObject Statement,
    string StatementDigest,
    IReadOnlyList<ModelRegistry.Catalog.MetricComparisonView> Metrics,
    IReadOnlyList<string> FilesChanged,
    [property: UntrustedText] string Card,
    [property: UntrustedText] string? Client,
    IReadOnlyList<string> MayDecide,
    [property: System.Text.Json.Serialization.JsonIgnore] ModelRegistry.Domain.Refusal? Obstacle = null,
    [property: System.Text.Json.Serialization.JsonIgnore] bool MayBreakGlass = false);
