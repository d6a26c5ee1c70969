namespace ModelRegistry.Policies;

/// <summary>A policy that is, or was, in force.</summary>
/// <param name="AcceptedBy">Names of those who accepted it.</param>
/// <param name="Assurance">What each of them proved; null for the policy of the first start.</param>
/// <param name="Until">When the next one came into force; null while it is in force.</param>
/// <param name="Change">What it takes to put another in its place.</param>
/// <param name="Pending">The change that waits; null when none does, and for a policy that is in force no more.</param>
public sealed record PolicyView(
    string Name,
    string Digest,
    string Json,
    string AcceptedBy,
    DateTimeOffset AcceptedAt,
    [property: UntrustedText] string? Reason = null,
    string? Assurance = null,
    DateTimeOffset? Until = null,
    PolicyRuleView? Change = null,
    PolicyChangeView? Pending = null);

/// <summary>What accepting a policy takes: so many distinct admins, each with a proof of this assurance.</summary>
public sealed record PolicyRuleView(int Admins, string Assurance);

/// <summary>One change between two policies.</summary>
/// <param name="Bearing">stricter, looser, neutral.</param>
public sealed record PolicyLineView(string Subject, string Words, string Bearing);

/// <summary>A policy held against the one in force.</summary>
/// <param name="InForceDigest">To be given back when it is accepted: what is accepted is what was shown.</param>
/// <param name="Changes">In the order of the document; empty when it is the one in force.</param>
/// <param name="Looser">Whether anything is asked less.</param>
/// <param name="Effects">What will happen to what is there, in sentences.</param>
/// <param name="Problem">Why it cannot be accepted as things are; null when it can.</param>
/// <param name="StatementDigest">What a passkey signs to accept it.</param>
/// <param name="Pending">Another change, or this one, that waits already.</param>
public sealed record PolicyComparisonView(
    string InForce,
    string InForceDigest,
    string Name,
    string Digest,
    IReadOnlyList<string> Stages,
    IReadOnlyList<string> Governed,
    IReadOnlyList<PolicyLineView> Changes,
    bool Looser,
    IReadOnlyList<string> Effects,
    string? Problem,
    PolicyRuleView Required,
    string StatementDigest,
    PolicyChangeView? Pending);

/// <summary>One admin's yes.</summary>
public sealed record PolicyConsentView(string Person, string Assurance, string Channel, DateTimeOffset At);

/// <summary>A change of the policy: who wants it, who agreed, and what is missing.</summary>
/// <param name="Status">pending, accepted, rejected, expired, superseded.</param>
/// <param name="MissingAdmins">How many still have to agree.</param>
/// <param name="StatementDigest">What a passkey signs to agree.</param>
/// <param name="Json">The text that is to be in force.</param>
public sealed record PolicyChangeView(
    string ChangeId,
    string Status,
    string Name,
    string Digest,
    string Replaces,
    string StatementDigest,
    string ProposedBy,
    [property: UntrustedText] string Reason,
    DateTimeOffset ProposedAt,
    DateTimeOffset? ExpiresAt,
    IReadOnlyList<PolicyConsentView> Agreed,
    int MissingAdmins,
    PolicyRuleView Required,
    DateTimeOffset? EndedAt,
    string Note,
    string Json,
    string Next);
