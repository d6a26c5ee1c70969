namespace ModelRegistry.Domain;

/// <summary>What a person says to a promotion; there is no abstaining.</summary>
public enum DecisionVerdict { Approve, Reject }

/// <summary>How a person showed that it was them. The assurance follows from it and from nothing else.</summary>
public enum ProofMethod
{
    /// <summary>A client program answered a form elicitation.</summary>
    Elicitation,
    /// <summary>A passphrase typed for this promotion, where no agent has a credential.</summary>
    Passphrase,
    /// <summary>A passkey with user verification over the statement's challenge.</summary>
    Passkey,
}

/// <summary>The proof that came with a decision.</summary>
/// <param name="Channel">Where it was given: <c>terminal</c>, <c>page</c>, <c>rest</c>, <c>mcp</c>.</param>
/// <param name="CredentialId">Which of the person's credentials; empty for an elicitation.</param>
/// <param name="CredentialSince">When that credential was enrolled.</param>
/// <param name="ProvenAt">When it was checked.</param>
/// <param name="Client">The client program, a claim.</param>
/// <param name="Agent">The agent whose connection carried it, for an elicitation.</param>
public sealed record Proof(
    ProofMethod Method,
    string Channel,
    string CredentialId,
    DateTimeOffset CredentialSince,
    DateTimeOffset ProvenAt,
    string? Client = null,
    string? Agent = null)
{
    /// <summary>What a passkey signed. Without it a passkey has shown only that its person is there, not that they decided.</summary>
    public SignedDecision? Signed { get; init; }

    /// <summary>What was checked, for whoever wants to check it again: a passkey's assertion and the nonce, as JSON.</summary>
    public string? Evidence { get; init; }

    /// <summary>A proof is fresh for five minutes.</summary>
    public static TimeSpan Freshness { get; } = TimeSpan.FromMinutes(5);

    public Assurance Assurance => Method switch
    {
        ProofMethod.Passphrase => Assurance.Authenticated,
        ProofMethod.Passkey when Signed is not null => Assurance.Signed,
        ProofMethod.Passkey => Assurance.Authenticated,
        _ => Assurance.Attested,
    };
}

/// <summary>A person as the rules see them when they decide, with the roles and state they have at that moment.</summary>
public sealed record Approver(ActorRef Person, IReadOnlyList<string> Roles, DateTimeOffset Since, bool Disabled = false)
{
    public bool MayDecide => !Disabled && Roles.Contains(Permissions.Approver);
}

/// <summary>One person's decision on one revision, with its evidence.</summary>
public sealed record Decision(
    string Id,
    int Revision,
    ActorRef Person,
    DecisionVerdict Verdict,
    string Comment,
    Proof Proof,
    Digest StatementDigest,
    DateTimeOffset At);
