using ModelRegistry.Domain;

namespace ModelRegistry.Policies;

/// <summary>An admin's wish to put a policy in force, as they were shown it.</summary>
/// <param name="Json">The whole text.</param>
/// <param name="ShownAgainst">Digest of the policy in force that the difference was shown against; another one in force meanwhile is refused.</param>
/// <param name="Reason">Why; kept where it can be erased.</param>
public sealed record PolicyAcceptance(string Json, string ShownAgainst, Proof Proof, string? Reason = null);

/// <summary>An admin's no to the change that waits.</summary>
public sealed record PolicyRejection(string ChangeId, Proof Proof, string? Reason = null);

/// <summary>Which policy to show: the one in force, one by its digest (or the beginning of it, at least 8 digits), or the one of a moment.</summary>
public sealed record PolicyQuery(string? Digest = null, DateTimeOffset? At = null);
