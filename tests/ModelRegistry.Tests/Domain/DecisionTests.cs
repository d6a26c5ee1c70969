using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class DecisionTests
{
    private static readonly DateTimeOffset Later = Some.Noon.AddHours(1);

    private static string? Refused(Outcome<Promotion> outcome) => outcome.Refusal?.Code;

    private static Outcome<Promotion> Decide(Promotion promotion, Func<Decision, Decision>? decision = null, Func<Approver, Approver>? approver = null, Actor? by = null, DateTimeOffset? now = null) =>
        promotion.Decide(by ?? Some.Person("ann", Permissions.Approver), (approver ?? (a => a))(Some.Approver("ann")),
            (decision ?? (d => d))(Some.Decision(promotion, "ann", now ?? Later)), promotion.Requirement, [], now ?? Later);

    [Fact]
    public void One_eligible_person_approves_where_one_is_asked()
    {
        var approved = Decide(Some.Promotion()).Value;

        Assert.Equal((PromotionState.Approved, Later, (DateTimeOffset?)null), (approved.State, approved.ApprovedAt, approved.EndedAt));
        Assert.Equal("act_ann", Assert.Single(approved.Decisions).Person.Id);
        Assert.Equal(Later.AddHours(1), approved.Deadline);
    }

    [Theory]
    [InlineData(ActorKind.Agent)]
    [InlineData(ActorKind.Service)]
    public void A_machine_decides_nothing_even_with_its_owners_roles_and_proof(ActorKind kind)
    {
        var machine = Some.Machine("ann", "ann", kind, Permissions.Approver, Permissions.Admin) with { Id = "act_ann" };

        Assert.Equal("person_required", Refused(Decide(Some.Promotion(), by: machine)));
        Assert.Equal("person_required", Refused(Decide(Some.Promotion(), d => d with { Verdict = DecisionVerdict.Reject }, by: machine)));
    }

    [Fact]
    public void A_person_decides_only_in_their_own_name()
    {
        Assert.Equal("person_required", Refused(Decide(Some.Promotion(), by: Some.Person("bob", Permissions.Approver))));
        Assert.Equal("person_required", Refused(Decide(Some.Promotion(), d => d with { Person = Some.Ref("bob") })));
        Assert.Equal("person_required", Refused(Decide(Some.Promotion(), approver: a => a with { Person = Some.Ref("bob") })));
    }

    [Fact]
    public void At_the_deadline_it_is_too_late_and_a_moment_before_it_is_not()
    {
        var deadline = Some.Noon.AddHours(24);

        Assert.Null(Refused(Decide(Some.Promotion(), now: deadline.AddTicks(-1))));
        Assert.Equal("promotion_expired", Refused(Decide(Some.Promotion(), now: deadline)));
        Assert.Equal("promotion_expired", Refused(Decide(Some.Promotion(), d => d with { Verdict = DecisionVerdict.Reject }, now: deadline.AddMilliseconds(1))));
    }

    [Fact]
    public void A_deadline_that_the_policy_tightened_meanwhile_counts()
    {
        var promotion = Some.Promotion();
        var tightened = promotion.Requirement with { PendingHours = 1, ApplyHours = 0.5 };
        var decision = Some.Decision(promotion, "ann", Later);

        Assert.Equal("promotion_expired", Refused(promotion.Decide(Some.Person("ann", Permissions.Approver), Some.Approver("ann"), decision, tightened, [], Later)));
        Assert.Equal("promotion_expired", Refused(Decide(promotion).Value.Apply(tightened, [Some.Approver("ann")], Some.Report, Later.AddMinutes(30))));
    }

    [Fact]
    public void A_decision_on_another_revision_or_statement_is_refused()
    {
        Assert.Equal("statement_changed", Refused(Decide(Some.Promotion(), d => d with { Revision = 2 })));
        Assert.Equal("statement_changed", Refused(Decide(Some.Promotion(), d => d with { StatementDigest = Digest.Of("other") })));
        Assert.Equal("statement_changed", Refused(Decide(Some.Promotion(), d => d with { StatementDigest = default })));
    }

    [Fact]
    public void Persons_who_are_disabled_or_lost_the_role_cannot_decide_whatever_their_session_says()
    {
        Assert.Equal("role_missing", Refused(Decide(Some.Promotion(), approver: a => a with { Disabled = true })));
        Assert.Equal("role_missing", Refused(Decide(Some.Promotion(), approver: a => a with { Roles = [Permissions.Admin, "risk"] })));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(300_000, null)]
    [InlineData(300_001, "proof_stale")]
    [InlineData(-1, "proof_stale")]
    public void A_proof_is_good_for_five_minutes_and_never_from_the_future(int ageInMilliseconds, string? code) =>
        Assert.Equal(code, Refused(Decide(Some.Promotion(), d => d with { Proof = d.Proof with { ProvenAt = Later.AddMilliseconds(-ageInMilliseconds) } })));

    [Fact]
    public void A_person_or_a_credential_enrolled_after_the_request_is_refused()
    {
        Assert.Equal("enrolled_later", Refused(Decide(Some.Promotion(), approver: a => a with { Since = Some.Noon.AddTicks(1) })));
        Assert.Equal("enrolled_later", Refused(Decide(Some.Promotion(), d => d with { Proof = d.Proof with { CredentialSince = Some.Noon.AddTicks(1) } })));
        Assert.Null(Refused(Decide(Some.Promotion(), d => d with { Proof = d.Proof with { CredentialSince = Some.Noon } }, a => a with { Since = Some.Noon })));
    }

    [Theory]
    [InlineData(ProofMethod.Elicitation, Assurance.Attested, null)]
    [InlineData(ProofMethod.Elicitation, Assurance.Authenticated, "assurance_too_low")]
    [InlineData(ProofMethod.Passphrase, Assurance.Authenticated, null)]
    [InlineData(ProofMethod.Passphrase, Assurance.Signed, "assurance_too_low")]
    [InlineData(ProofMethod.Passkey, Assurance.Signed, null)]
    [InlineData((ProofMethod)99, Assurance.Authenticated, "assurance_too_low")]
    public void Approving_and_rejecting_take_the_same_proof(ProofMethod method, Assurance asked, string? code)
    {
        var promotion = Some.Promotion(Some.Requirement(1, asked));

        Assert.Equal(code, Refused(promotion.Decide("ann", Later, DecisionVerdict.Approve, method)));
        Assert.Equal(code, Refused(promotion.Decide("ann", Later, DecisionVerdict.Reject, method)));
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("author")]
    [InlineData("agent")] // where a person proposed: the proposer
    public void Four_eyes_excludes_the_proposer_its_owner_and_who_answers_for_the_author_from_approving_but_not_from_rejecting(string person)
    {
        Assert.Equal("four_eyes", Refused(Some.Promotion().Decide(person, Later)));
        Assert.Equal(PromotionState.Rejected, Some.Promotion().Decide(person, Later, DecisionVerdict.Reject).Value.State);
        Assert.Equal(PromotionState.Approved, Some.Promotion(Some.Requirement(fourEyes: false)).Decide(person, Later).Value.State);
    }

    [Fact]
    public void Four_eyes_that_came_later_does_not_count_the_approvals_of_the_interested()
    {
        var lax = Some.Requirement(2, fourEyes: false);
        var promotion = Some.Promotion(lax).Decide("owner", Later).Value;
        Approver[] approvers = [Some.Approver("owner"), Some.Approver("ann")];
        var two = promotion.Decide(Some.Person("ann", Permissions.Approver), Some.Approver("ann"), Some.Decision(promotion, "ann", Later), lax with { FourEyes = true }, approvers, Later).Value;

        Assert.Equal(PromotionState.Pending, two.State);
        Assert.Equal(["approver"], two.QuorumMissing(lax with { FourEyes = true }, approvers));
        Assert.Empty(two.QuorumMissing(lax, approvers));
    }

    [Fact]
    public void A_person_decides_once_on_each_revision()
    {
        var once = Some.Promotion(Some.Requirement(2)).Decide("ann", Later).Value;
        Assert.Equal("already_decided", Refused(once.Decide("ann", Later)));
        Assert.Equal("already_decided", Refused(once.Decide("ann", Later, DecisionVerdict.Reject)));

        var revised = once.Revise(once.Statement with { MetadataDigest = Digest.Of("edited") }, Some.Report).Value;
        Assert.Null(Refused(revised.Decide("ann", Later)));
    }

    [Fact]
    public void Two_persons_make_a_quorum_of_two_and_a_later_loss_of_a_role_breaks_it()
    {
        var two = Some.Promotion(Some.Requirement(2)).Decide("ann", Later).Value.Decide("bob", Later).Value;

        Assert.Equal(PromotionState.Approved, two.State);
        Assert.Equal("quorum_lost", Refused(two.Apply(two.Requirement, [Some.Approver("ann"), Some.Approver("bob") with { Disabled = true }], Some.Report, Later)));
        Assert.Equal("quorum_lost", Refused(two.Apply(two.Requirement, [Some.Approver("ann")], Some.Report, Later)));
        Assert.Equal(PromotionState.Applied, two.Apply(two.Requirement, [Some.Approver("ann"), Some.Approver("bob")], Some.Report, Later).Value.State);
    }

    [Fact]
    public void An_approval_of_a_statement_that_was_altered_in_place_does_not_count()
    {
        var one = Some.Promotion(Some.Requirement(2)).Decide("ann", Later).Value;
        var altered = one with { Statement = one.Statement with { ManifestDigest = Digest.Of("swapped") } };

        Assert.Single(one.Approvals);
        Assert.Empty(altered.Approvals);
    }
}
