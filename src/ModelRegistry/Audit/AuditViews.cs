using System.Text.Json.Nodes;

namespace ModelRegistry.Audit;

/// <summary>One audit entry, with what is kept beside its leaf.</summary>
public sealed record AuditEntryView(long Position, DateTimeOffset At, string Verb, string Outcome, string Actor, string SubjectType, string SubjectId, JsonObject Entry);

public sealed record AuditFindingView(string Kind, long Position, string Message);

/// <summary>What verification came to. <see cref="Verified"/> is false as soon as there is one finding.</summary>
/// <param name="Clock">Where the log is dated after this machine's clock; null where it is not. The log may be whole all the same.</param>
public sealed record AuditReportView(bool Verified, long Entries, string Root, string? Checkpoint, IReadOnlyList<AuditFindingView> Findings, string? Clock = null);
