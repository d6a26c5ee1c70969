namespace ModelRegistry.Domain;

public sealed partial record Promotion
{
    /// <summary>How it came to serve without its quorum; null for what was decided.</summary>
    public GlassBreak? Glass { get; init; }

    /// <summary>
    /// Applies a pending promotion at once on one person's signature. It goes past quorum, four eyes and the gates of the
    /// policy, and past nothing else.
    /// </summary>
    /// <param name="by">Whoever calls. Its kind is looked at first: no machine breaks the glass, whatever it carries.</param>
    /// <param name="breaker">The person as they are now.</param>
    /// <param name="policy">The policy in force, which lists who may.</param>
    /// <param name="effective">What it takes now; only its deadline counts here.</param>
    /// <param name="gates">The gates as they are now; only verified content counts here.</param>
    public Outcome<Promotion> BreakGlass(Actor by, Approver breaker, GlassBreak glass, PromotionPolicy policy, Requirement effective, GateReport gates, DateTimeOffset now)
    {
        if (!by.IsPerson || by.Id != glass.Person.Id || breaker.Person.Id != glass.Person.Id)
            return Refusals.GlassNeedsPerson;
        if (State != PromotionState.Pending)
            return NotPending;
        if (now >= DeadlineUnder(effective))
            return Refusals.PromotionExpired(Id);
        if (glass.StatementDigest != Statement.Digest)
            return Refusals.StatementChanged(Id, Revision);
        if (!breaker.MayDecide)
            return Refusals.RoleMissing(breaker.Person.Name, [Permissions.Approver]);
        if (!policy.Trusts(breaker.Person))
            return Refusals.GlassNotTrusted(breaker.Person.Name);
        if (glass.Reason.Trim().Length == 0)
            return Refusals.GlassReasonMissing;
        if (glass.Proof.Assurance < Assurance.Signed)
            return Refusals.GlassNeedsSignature;
        if (glass.Proof.Signed != new SignedDecision(GlassBreak.Word, Statement.Digest))
            return Refusals.ProofForAnother(Id);
        if (CheckAge(breaker, glass.Proof, RequestedAt, now) is { } no)
            return no;
        if (!gates.ContentHolds)
            return Refusals.GlassContent(Id, "not every file was hashed by the registry.");
        return this with { State = PromotionState.Applied, EndedAt = now, Note = $"The glass was broken by {breaker.Person.Name}.", Glass = glass with { At = now, Review = null } };
    }

    /// <summary>Takes the look that another approver owes a broken glass. It is taken once and changes nothing of what serves.</summary>
    /// <param name="reviewer">The person as they are now.</param>
    public Outcome<Promotion> ReviewGlass(Actor by, Approver reviewer, GlassReview review, DateTimeOffset now)
    {
        if (!by.IsPerson || by.Id != review.Person.Id || reviewer.Person.Id != review.Person.Id)
            return Refusals.PersonRequired(Permission.Decide);
        if (Glass is not { } glass)
            return Refusals.GlassNotBroken(Id);
        if (glass.Review is { } earlier)
            return Refusals.GlassReviewed(Id, earlier.Person.Name);
        if (!reviewer.MayDecide)
            return Refusals.RoleMissing(reviewer.Person.Name, [Permissions.Approver]);
        if (reviewer.Person.Id == glass.Person.Id)
            return Refusals.GlassReviewNeedsAnother(reviewer.Person.Name, "broke the glass");
        if (reviewer.Person.Id == Statement.Owner.Id || reviewer.Person.Id == Statement.Proposer.Id)
            return Refusals.GlassReviewNeedsAnother(reviewer.Person.Name, reviewer.Person.Id == Statement.Proposer.Id ? "proposed it" : "owns the proposer");
        if (review.Verdict == GlassVerdict.Objected && review.Comment.Trim().Length == 0)
            return Refusals.GlassObjectionMissing;
        if (review.Proof.Assurance < Assurance.Authenticated)
            return Refusals.GlassReviewUnproven;
        if (review.Proof.Method == ProofMethod.Passkey && review.Proof.Signed != new SignedDecision(GlassBreak.ReviewWord(review.Verdict), Statement.Digest))
            return Refusals.ProofForAnother(Id);
        // Otherwise whoever broke it could enrol their own reviewer.
        return CheckAge(reviewer, review.Proof, glass.At, now) is { } no ? no : this with { Glass = glass with { Review = review with { At = now } } };
    }
}
