namespace ModelRegistry.Domain;

public enum PromotionKind { Promotion, Rollback }

/// <summary>Where a promotion stands. All but the first two are terminal.</summary>
public enum PromotionState { Pending, Approved, Applied, Rejected, Withdrawn, Expired, Superseded, Revoked, Failed }

/// <summary>
/// A request to move a version to a governed stage, with its statement, gate report and decisions. Immutable: every
/// transition returns the next promotion or says why not. Who may decide is decided here, so that no face can forget it.
/// </summary>
public sealed record Promotion
{
    public required Statement Statement { get; init; }
    public required PromotionState State { get; init; }
    public required Requirement Requirement { get; init; }
    public required GateReport Gates { get; init; }
    public required string Reason { get; init; }
    /// <summary>Who answers for the version's author.</summary>
    public required ActorRef AnswerableAuthor { get; init; }
    public string? IdempotencyKey { get; init; }
    /// <summary>The client program that the proposer used, a claim.</summary>
    public string? Client { get; init; }
    public required DateTimeOffset RequestedAt { get; init; }
    public DateTimeOffset? ApprovedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>Why it ended as it did, in a sentence.</summary>
    public string Note { get; init; } = "";
    public IReadOnlyList<Decision> Decisions { get; init; } = [];
    public long RowVersion { get; init; } = 1;

    public string Id => Statement.PromotionId;
    public int Revision => Statement.Revision;
    public bool IsLive => State is PromotionState.Pending or PromotionState.Approved;

    /// <summary>The moment it stops being live by itself: the decision's deadline, or after approval the apply deadline.</summary>
    public DateTimeOffset Deadline => State == PromotionState.Approved ? ApprovedAt!.Value.AddHours(Requirement.ApplyHours) : Statement.Expires;

    /// <summary>Approvals that still count: of this revision.</summary>
    public IEnumerable<Decision> Approvals => Decisions.Where(d => d.Revision == Revision && d.Verdict == DecisionVerdict.Approve);

    private static readonly Dictionary<PromotionState, PromotionState[]> Ways = new()
    {
        [PromotionState.Pending] = [PromotionState.Approved, PromotionState.Rejected, PromotionState.Withdrawn, PromotionState.Expired, PromotionState.Superseded],
        [PromotionState.Approved] = [PromotionState.Applied, PromotionState.Failed, PromotionState.Revoked, PromotionState.Expired, PromotionState.Superseded],
    };

    /// <summary>Takes one decision. The order of the checks is the order of what a person can do about them.</summary>
    /// <param name="by">Whoever calls. Its kind is looked at first; a machine decides nothing, whatever it carries.</param>
    /// <param name="approver">The deciding person as they are now.</param>
    /// <param name="effective">What it takes now: the requirement at request, made stricter by the policy in force.</param>
    /// <param name="approvers">The persons of earlier approvals as they are now.</param>
    public Outcome<Promotion> Decide(Actor by, Approver approver, Decision decision, Requirement effective, IReadOnlyList<Approver> approvers, DateTimeOffset now)
    {
        if (!by.IsPerson || by.Id != decision.Person.Id || approver.Person.Id != decision.Person.Id)
            return Refusals.PersonRequired(Permission.Decide);
        if (State != PromotionState.Pending)
            return Refusals.PromotionNotPending(Id, State);
        if (now >= Deadline)
            return Refusals.PromotionExpired(Id);
        if (decision.Revision != Revision || decision.StatementDigest != Statement.Digest)
            return Refusals.StatementChanged(Id, Revision);
        if (!approver.MayDecide)
            return Refusals.RoleMissing(approver.Person.Name, [Permissions.Approver]);
        if (CheckProof(approver, decision.Proof, effective, now) is { } unproven)
            return unproven;
        if (decision.Verdict == DecisionVerdict.Approve && effective.FourEyes && Interested(approver.Person) is { } interest)
            return Refusals.FourEyes(approver.Person.Name, interest);
        if (Decisions.Any(d => d.Revision == Revision && d.Person.Id == approver.Person.Id))
            return Refusals.AlreadyDecided(Id, approver.Person.Name);

        var decided = this with { Decisions = [.. Decisions, decision] };
        if (decision.Verdict == DecisionVerdict.Reject)
            return decided.To(PromotionState.Rejected, now, $"Rejected by {approver.Person.Name}.");
        return decided.QuorumMissing(effective, [.. approvers, approver]).Count == 0
            ? decided.To(PromotionState.Approved, now, "")
            : decided;
    }

    /// <summary>The roles still to be filled by approvals of this revision, four eyes and assurance considered.</summary>
    /// <param name="approvers">The approving persons as they are now.</param>
    public IReadOnlyList<string> QuorumMissing(Requirement effective, IReadOnlyList<Approver> approvers)
    {
        var counted = Approvals
            .Where(d => d.Proof.Assurance >= effective.Assurance && !(effective.FourEyes && Interested(d.Person) is not null))
            .Select(d => approvers.FirstOrDefault(a => a.Person.Id == d.Person.Id))
            .OfType<Approver>();
        return Quorum.Missing(effective.Approvals, counted);
    }

    /// <summary>The proposer, its owner and any approver may withdraw what is pending.</summary>
    public Outcome<Promotion> Withdraw(Actor by, DateTimeOffset now) =>
        by.Id != Statement.Proposer.Id && by.Answerable?.Id != Statement.Owner.Id && !(by.IsPerson && by.Roles.Contains(Permissions.Approver))
            ? Refusals.NotYours(Id)
            : State == PromotionState.Pending ? To(PromotionState.Withdrawn, now, $"Withdrawn by {by.Name}.") : Refusals.PromotionNotPending(Id, State);

    /// <summary>Any approver may take back an approval that has not been applied.</summary>
    public Outcome<Promotion> Revoke(Actor by, DateTimeOffset now) =>
        Permissions.Check(by, Permission.Decide) is { } no ? no
            : State == PromotionState.Approved ? To(PromotionState.Revoked, now, $"Revoked by {by.Name}.") : Refusals.PromotionNotApproved(Id, State);

    /// <summary>A new revision with what is true now: every approval given so far is void.</summary>
    public Outcome<Promotion> Revise(Statement statement, GateReport gates) => State == PromotionState.Pending
        ? this with { Statement = statement with { Revision = Revision + 1 }, Gates = gates }
        : Refusals.PromotionNotPending(Id, State);

    /// <summary>Moves along the state machine; a terminal state is never left.</summary>
    public Outcome<Promotion> To(PromotionState next, DateTimeOffset now, string note)
    {
        if (!Ways.TryGetValue(State, out var ways) || !ways.Contains(next))
            return Refusals.PromotionOver(Id, State);
        return next == PromotionState.Approved
            ? this with { State = next, ApprovedAt = now, Note = note }
            : this with { State = next, EndedAt = now, Note = note };
    }

    private Refusal? CheckProof(Approver approver, Proof proof, Requirement effective, DateTimeOffset now)
    {
        if (now - proof.ProvenAt > Proof.Freshness || proof.ProvenAt > now)
            return Refusals.ProofStale;
        // Otherwise whoever can enrol a key could decide what is already waiting.
        if (approver.Since > RequestedAt || proof.CredentialSince > RequestedAt)
            return Refusals.EnrolledLater(approver.Person.Name);
        return proof.Assurance < effective.Assurance ? Refusals.AssuranceTooLow(proof.Assurance, effective.Assurance) : null;
    }

    /// <summary>Why four eyes does not count this person; null when it does.</summary>
    private string? Interested(ActorRef person) =>
        person.Id == Statement.Proposer.Id ? "proposed it"
        : person.Id == Statement.Owner.Id ? "owns the proposer"
        : person.Id == AnswerableAuthor.Id ? "answers for the version's author"
        : null;
}
