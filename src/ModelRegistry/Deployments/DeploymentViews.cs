using System.Text.Json.Nodes;

namespace ModelRegistry.Deployments;

/// <summary>A wish to serve a version from a target.</summary>
/// <param name="Target">A name that the policy declares.</param>
/// <param name="Configuration">A JSON object of at most 4 KiB; it is shown to whoever decides, and stays in the log: no place for secrets.</param>
/// <param name="DeployedBy">Recorded as a claim: who asks is told by the credential.</param>
public sealed record DeploymentRequest(string ModelName, string Version, string Target, JsonNode? Configuration = null, string? DeployedBy = null, string? Reason = null, string? IdempotencyKey = null);

/// <param name="Status">A status word; null: all.</param>
public sealed record DeploymentQuery(string? ModelName = null, string? Target = null, string? Status = null, int Limit = 20, string? Cursor = null);

/// <summary>What a service says it runs.</summary>
/// <param name="Status">starting, running, failed, stopped; null: running.</param>
public sealed record ObservationReport(string ModelName, string Target, string Version, string? Status = null, string? Message = null, string? Instance = null);

/// <summary>A place to serve from, as the policy in force declares it.</summary>
/// <param name="Stage">The stage that a version must have come to, at least, to be deployed there.</param>
/// <param name="Governed">Whether a deployment there waits for a person.</param>
public sealed record TargetView(string Name, string Stage, bool Governed);

/// <summary>What becomes of a target when a promotion is applied.</summary>
/// <param name="Stage">The stage that the target requires.</param>
/// <param name="Now">The version that stands there; null: none.</param>
/// <param name="Becomes">The version that would stand there; null: none.</param>
/// <param name="Change">deployed (the promotion asks for it), follows (what its stage serves), goes_back (with a rollback), stopped.</param>
/// <param name="Configuration">How it would be served; null where nothing would be.</param>
/// <param name="ConfigurationDecided">Whether a person decided on that configuration for this target, or does so now; null where there is none to decide on.</param>
/// <param name="Why">What the record will say of what stands there now.</param>
public sealed record TargetChangeView(string Target, string Stage, string? Now, string? Becomes, string Change, [property: UntrustedText] JsonObject? Configuration, bool? ConfigurationDecided, string Why);

/// <summary>A version on a target.</summary>
/// <param name="Status">pending, active, replaced, rolled_back, stopped, cancelled.</param>
/// <param name="Stage">The stage the target required when it was asked for.</param>
/// <param name="DeployedBy">Who deployed it, as the request said; nobody checked that.</param>
/// <param name="Met">Whether the version may stand there under the policy in force; null unless it is active.</param>
public sealed record DeploymentView(
    string DeploymentId,
    string ModelName,
    string Version,
    long Number,
    string Target,
    string Stage,
    string Status,
    [property: UntrustedText] JsonObject Configuration,
    string PromotionId,
    [property: UntrustedText(Label = true)] string RequestedBy,
    [property: UntrustedText(Label = true)] string? DeployedBy,
    DateTimeOffset RequestedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    DateTimeOffset? RollbackAt,
    [property: UntrustedText] string RollbackReason,
    string Note,
    bool? Met,
    ObservedView? Observed);

/// <summary>What was last said to run there. Saying the same again is written down once an hour.</summary>
/// <param name="Matches">Whether it is the version that is wanted.</param>
public sealed record ObservedView(
    string Version,
    string Status,
    bool Matches,
    [property: UntrustedText] string Message,
    [property: UntrustedText(Label = true)] string Instance,
    string ReportedBy,
    DateTimeOffset At);
