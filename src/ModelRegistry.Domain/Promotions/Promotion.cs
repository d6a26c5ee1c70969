namespace ModelRegistry.Domain;

/// <summary>A move to a stage, a move back to a version that served there before, or a deployment on a target, with the move to its stage where that is needed.</summary>
public enum PromotionKind { Promotion, Rollback, Deployment }

/// <summary>Where a promotion stands. All but the first two are terminal.</summary>
public enum PromotionState { Pending, Approved, Applied, Rejected, Withdrawn, Expired, Superseded, Revoked, Failed }

/// <summary>
/// A request to move a version to a governed stage, with its statement, gate report and decisions. Immutable: every
/// transition returns the next promotion or says why not. Who may decide is decided here, so that no face can forget it.
/// </summary>
public sealed partial record Promotion
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
    public DateTimeOffset Deadline => DeadlineUnder(Requirement);

    /// <summary>The <see cref="Deadline"/> under a requirement that may have become stricter.</summary>
    public DateTimeOffset DeadlineUnder(Requirement effective) => State == PromotionState.Approved
        ? ApprovedAt!.Value.AddHours(effective.ApplyHours)
        : Earlier(Statement.Expires, RequestedAt.AddHours(effective.PendingHours));

    /// <summary>Approvals that still count: of this revision, and of this very statement.</summary>
    public IEnumerable<Decision> Approvals
    {
        get
        {
            var digest = Statement.Digest;
            return Decisions.Where(d => d.Revision == Revision && d.StatementDigest == digest && d.Verdict == DecisionVerdict.Approve);
        }
    }

    /// <summary>Why nothing is left to decide; the same answer to whoever comes as it ends and to whoever comes later.</summary>
    public Refusal NotPending => State switch
    {
        PromotionState.Expired => Refusals.PromotionExpired(Id),
        PromotionState.Superseded => Refusals.PromotionSuperseded(Id, Note),
        _ => Refusals.PromotionNotPending(Id, State),
    };

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
            return NotPending;
        if (now >= DeadlineUnder(effective))
            return Refusals.PromotionExpired(Id);
        if (decision.Revision != Revision || decision.StatementDigest != Statement.Digest)
            return Refusals.StatementChanged(Id, Revision);
        if (!approver.MayDecide)
            return Refusals.RoleMissing(approver.Person.Name, [Permissions.Approver]);
        if (CheckProof(approver, decision, effective, now) is { } unproven)
            return unproven;
        if (decision.Verdict == DecisionVerdict.Approve && effective.FourEyes && Interested(approver.Person) is { } interest)
            return Refusals.FourEyes(approver.Person.Name, interest);
        if (Decisions.Any(d => d.Revision == Revision && d.Person.Id == approver.Person.Id))
            return Refusals.AlreadyDecided(Id, approver.Person.Name);

        var decided = this with { Decisions = [.. Decisions, decision with { At = now }] };
        if (decision.Verdict == DecisionVerdict.Reject)
            return decided.Move(PromotionState.Rejected, now, $"Rejected by {approver.Person.Name}.");
        return decided.QuorumMissing(effective, [approver, .. approvers]).Count == 0
            ? decided.Move(PromotionState.Approved, now, "")
            : decided;
    }

    /// <summary>Whether asking this person makes sense: a decision of theirs could count now. Their proof is seen when they decide.</summary>
    public bool MayBeDecidedBy(Approver approver, Requirement effective) =>
        State == PromotionState.Pending && approver.MayDecide && approver.Since <= RequestedAt
        && !(effective.FourEyes && Interested(approver.Person) is not null)
        && !Decisions.Any(d => d.Revision == Revision && d.Person.Id == approver.Person.Id);

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

    /// <summary>
    /// The proposer, its owner and any approver may withdraw what is pending. The owner is a person here; another agent
    /// of that person's is not.
    /// </summary>
    public Outcome<Promotion> Withdraw(Actor by, DateTimeOffset now) =>
        by.Id != Statement.Proposer.Id && !(by.IsPerson && (by.Id == Statement.Owner.Id || by.Roles.Contains(Permissions.Approver)))
            ? Refusals.NotYours(Id)
            : State == PromotionState.Pending ? Move(PromotionState.Withdrawn, now, $"Withdrawn by {by.Name}.") : NotPending;

    /// <summary>Any approver may take back an approval that has not been applied.</summary>
    public Outcome<Promotion> Revoke(Actor by, DateTimeOffset now) =>
        Permissions.Check(by, Permission.Decide) is { } no ? no
            : State == PromotionState.Approved ? Move(PromotionState.Revoked, now, $"Revoked by {by.Name}.") : Refusals.PromotionNotApproved(Id, State);

    /// <summary>
    /// A new revision with what is true now: every approval given so far is void. It is still the same request, so
    /// its deadline does not move.
    /// </summary>
    /// <exception cref="ArgumentException">The statement is another promotion's: other ids, another stage or proposer.</exception>
    public Outcome<Promotion> Revise(Statement statement, GateReport gates)
    {
        if (Identity(statement) != Identity(Statement))
            throw new ArgumentException("A revision is of the same promotion, version, stage and proposer.", nameof(statement));
        return State == PromotionState.Pending
            ? this with { Statement = statement with { Revision = Revision + 1, Expires = Earlier(statement.Expires, Statement.Expires) }, Gates = gates }
            : Refusals.PromotionNotPending(Id, State);

        static (string, PromotionKind, string, string, string, TargetWish?, string, string) Identity(Statement s) =>
            (s.PromotionId, s.Kind, s.ModelId, s.VersionId, s.ToStage, s.Deployment, s.Proposer.Id, s.Owner.Id);
    }

    /// <summary>
    /// Makes it serve. What was true at the approval is asked again: the deadline, the gates, and whether the approvals
    /// still fill the quorum with the roles their persons have now.
    /// </summary>
    /// <param name="effective">What it takes now: the requirement at request, made stricter by the policy in force.</param>
    /// <param name="approvers">The approving persons as they are now.</param>
    /// <param name="gates">The gates as they are now; the report kept is the one that was decided on.</param>
    public Outcome<Promotion> Apply(Requirement effective, IReadOnlyList<Approver> approvers, GateReport gates, DateTimeOffset now)
    {
        if (State != PromotionState.Approved)
            return Refusals.PromotionNotApproved(Id, State);
        if (now >= DeadlineUnder(effective))
            return Refusals.PromotionExpired(Id);
        if (now < Statement.NotBefore)
            return Refusals.PromotionTooEarly(Id, Statement.NotBefore);
        if (QuorumMissing(effective, approvers) is { Count: > 0 } missing)
            return Refusals.QuorumLost(Id, missing);
        return gates.Holds
            ? Move(PromotionState.Applied, now, "")
            : Refusals.GatesUnmet(Id, string.Join("; ", gates.Findings.Where(f => !f.Holds).Select(f => $"{f.Rule}: {f.Measured} (asked: {f.Threshold})")));
    }

    /// <summary>
    /// Ends it for a cause no person gave: <see cref="PromotionState.Expired"/>, <see cref="PromotionState.Superseded"/>
    /// or <see cref="PromotionState.Failed"/>. A terminal state is never left.
    /// </summary>
    /// <exception cref="ArgumentException">A state that is reached only by <see cref="Decide"/>, <see cref="Withdraw"/>, <see cref="Revoke"/> or <see cref="Apply"/>.</exception>
    public Outcome<Promotion> To(PromotionState next, DateTimeOffset now, string note) =>
        next is PromotionState.Expired or PromotionState.Superseded or PromotionState.Failed
            ? Move(next, now, note)
            : throw new ArgumentException($"{next} is not reached that way.", nameof(next));

    private Outcome<Promotion> Move(PromotionState next, DateTimeOffset now, string note)
    {
        if (!Ways.TryGetValue(State, out var ways) || !ways.Contains(next))
            return Refusals.PromotionOver(Id, State);
        return next == PromotionState.Approved
            ? this with { State = next, ApprovedAt = now, Note = note }
            : this with { State = next, EndedAt = now, Note = note };
    }

    /// <summary>The word for a verdict, as it is signed.</summary>
    public static string Word(DecisionVerdict verdict) => verdict.ToString().ToLowerInvariant();

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private Refusal? CheckProof(Approver approver, Decision decision, Requirement effective, DateTimeOffset now)
    {
        var proof = decision.Proof;
        if (proof.Method == ProofMethod.Passkey && proof.Signed != new SignedDecision(Word(decision.Verdict), decision.StatementDigest))
            return Refusals.ProofForAnother(Id);
        if (CheckAge(approver, proof, RequestedAt, now) is { } no)
            return no;
        return proof.Assurance < effective.Assurance ? Refusals.AssuranceTooLow(proof.Assurance, effective.Assurance) : null;
    }

    private static Refusal? CheckAge(Approver person, Proof proof, DateTimeOffset since, DateTimeOffset now)
    {
        if (now - proof.ProvenAt > Proof.Freshness || proof.ProvenAt > now)
            return Refusals.ProofStale;
        // Otherwise whoever can enrol a key could decide what is already waiting.
        return person.Since > since || proof.CredentialSince > since ? Refusals.EnrolledLater(person.Person.Name) : null;
    }

    /// <summary>Why four eyes does not count this person; null when it does.</summary>
    private string? Interested(ActorRef person) =>
        person.Id == Statement.Proposer.Id ? "proposed it"
        : person.Id == Statement.Owner.Id ? "owns the proposer"
        : person.Id == AnswerableAuthor.Id ? "answers for the version's author"
        : null;
}
