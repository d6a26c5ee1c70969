using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>Where a change of the policy stands. All but the first are terminal.</summary>
public enum PolicyChangeState { Pending, Accepted, Rejected, Expired, Superseded }

/// <summary>One admin's yes to a change of the policy, with its evidence.</summary>
public sealed record PolicyConsent(string Id, ActorRef Person, Proof Proof, DateTimeOffset At);

/// <summary>
/// A policy that somebody wants in force, and the admins who agreed. Immutable: every step returns the next or says why
/// not. What it takes is what the policy in force asks, never what the new one would.
/// </summary>
public sealed record PolicyChange
{
    /// <summary>The words that a passkey signs.</summary>
    public const string AcceptWord = "accept_policy", RejectWord = "reject_policy";

    /// <summary>How long a change waits for its other admins.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromHours(24);

    public required string Id { get; init; }
    /// <summary>The policy it was held against; it replaces that one and no other.</summary>
    public required Digest Replaces { get; init; }
    public required Digest Digest { get; init; }
    public required string Name { get; init; }
    public required ActorRef Proposer { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset ProposedAt { get; init; }
    public required PolicyChangeState State { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>Why it ended as it did, in a sentence.</summary>
    public string Note { get; init; } = "";
    public IReadOnlyList<PolicyConsent> Consents { get; init; } = [];

    public DateTimeOffset Expires => ProposedAt + Patience;

    /// <summary>What is agreed to: which policy replaces which. Not who asks: several who want the same sign the same.</summary>
    public Digest Statement => StatementOf(Replaces, Digest);

    /// <summary>SHA-256 of the canonical JSON that a passkey's challenge names.</summary>
    public static Digest StatementOf(Digest replaces, Digest digest) => CanonicalJson.Digest(new JsonObject
    {
        ["type"] = "model-registry/policy-change/v1",
        ["replaces_sha256"] = replaces.Hex,
        ["policy_sha256"] = digest.Hex,
    });

    /// <summary>Ends it where time or another policy has: null while it can still be decided.</summary>
    public PolicyChange? Overtaken(Digest inForce, DateTimeOffset now) =>
        State != PolicyChangeState.Pending ? null
        : now >= Expires ? End(PolicyChangeState.Expired, now, "Not enough admins agreed in time.")
        : inForce != Replaces ? End(PolicyChangeState.Superseded, now, "Another policy came into force.") : null;

    /// <summary>Makes way for another proposal.</summary>
    public PolicyChange Supersede(ActorRef by, DateTimeOffset now) => End(PolicyChangeState.Superseded, now, $"{by.Name} proposed another policy.");

    /// <summary>Takes one admin's yes; with enough of them it is accepted.</summary>
    /// <param name="admin">The agreeing person as they are now.</param>
    /// <param name="rule">What the policy in force asks.</param>
    /// <param name="others">The persons of earlier consents as they are now: a role taken away counts no more.</param>
    public Outcome<PolicyChange> Accept(Actor by, Approver admin, PolicyConsent consent, PolicyChangeRule rule, IReadOnlyList<Approver> others, DateTimeOffset now)
    {
        if (Refuse(by, admin, consent.Person, consent.Proof, AcceptWord, rule, now) is { } no)
            return no;
        if (Consents.Any(c => c.Person.Id == admin.Person.Id))
            return Refusals.PolicyConsented(admin.Person.Name);
        var agreed = this with { Consents = [.. Consents, consent with { At = now }] };
        return agreed.Missing(rule, [admin, .. others]) == 0 ? agreed.End(PolicyChangeState.Accepted, now, "") : agreed;
    }

    /// <summary>Any admin may turn it down.</summary>
    public Outcome<PolicyChange> Reject(Actor by, Approver admin, Proof proof, DateTimeOffset now) =>
        // Saying no is never weaker than what was: it takes no signature.
        Refuse(by, admin, admin.Person, proof, RejectWord, PolicyChangeRule.Default, now) is { } no ? no : End(PolicyChangeState.Rejected, now, $"Turned down by {admin.Person.Name}.");

    /// <summary>How many admins still have to agree.</summary>
    /// <param name="persons">The agreeing persons as they are now.</param>
    public int Missing(PolicyChangeRule rule, IReadOnlyList<Approver> persons) => Math.Max(0, rule.Admins - Consents
        .Where(c => c.Proof.Assurance >= rule.Assurance && persons.Any(p => p.Person.Id == c.Person.Id && IsAdmin(p))).DistinctBy(c => c.Person.Id).Count());

    private Refusal? Refuse(Actor by, Approver admin, ActorRef person, Proof proof, string word, PolicyChangeRule rule, DateTimeOffset now)
    {
        if (!by.IsPerson || by.Id != admin.Person.Id || person.Id != admin.Person.Id)
            return Refusals.PersonRequired(Permission.Administer);
        if (State != PolicyChangeState.Pending || now >= Expires)
            return Refusals.PolicyChangeOver(State == PolicyChangeState.Pending ? PolicyChangeState.Expired : State);
        if (!IsAdmin(admin))
            return Refusals.RoleMissing(admin.Person.Name, [Permissions.Admin]);
        if (proof.Assurance < rule.Assurance)
            return Refusals.PolicyNeedsProof(rule.Assurance);
        if (proof.Method == ProofMethod.Passkey && proof.Signed != new SignedDecision(word, Statement))
            return Refusals.PolicyProofForAnother;
        return now - proof.ProvenAt > Proof.Freshness || proof.ProvenAt > now ? Refusals.ProofStale
            // Otherwise one admin could enrol the second one.
            : Consents.Count > 0 && (admin.Since > ProposedAt || proof.CredentialSince > ProposedAt) ? Refusals.PolicyEnrolledLater(admin.Person.Name) : null;
    }

    private PolicyChange End(PolicyChangeState state, DateTimeOffset now, string note) => this with { State = state, EndedAt = now, Note = note };

    private static bool IsAdmin(Approver person) => !person.Disabled && person.Roles.Contains(Permissions.Admin);
}
