using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

/// <summary>What happens to a promotion beside decisions.</summary>
public sealed class PromotionTests
{
    private static readonly DateTimeOffset Later = Some.Noon.AddHours(1);

    private static Promotion Approved => Some.Promotion().Decide("ann", Later).Value;

    private static readonly Approver[] Ann = [Some.Approver("ann")];

    private static string? Refused(Outcome<Promotion> outcome) => outcome.Refusal?.Code;

    public static TheoryData<string, string?> Withdrawers => new()
    {
        { "proposer", null }, { "owner", null }, { "approver", null },
        { "another agent of the owner", "not_yours" }, { "an agent with the approver role", "not_yours" }, { "somebody", "not_yours" },
    };

    [Theory]
    [MemberData(nameof(Withdrawers))]
    public void Proposer_owner_and_approvers_withdraw(string who, string? code)
    {
        var by = who switch
        {
            "proposer" => Some.Machine("agent", "owner"),
            "owner" => Some.Person("owner"),
            "approver" => Some.Person("ann", Permissions.Approver),
            "another agent of the owner" => Some.Machine("other", "owner", ActorKind.Agent, Permissions.Proposer),
            "an agent with the approver role" => Some.Machine("other", "ann", ActorKind.Agent, Permissions.Approver),
            _ => Some.Person("guest", Permissions.Admin),
        };
        var outcome = Some.Promotion().Withdraw(by, Later);

        Assert.Equal(code, Refused(outcome));
        if (code is null)
            Assert.Equal((PromotionState.Withdrawn, (DateTimeOffset?)Later), (outcome.Value.State, outcome.Value.EndedAt));
    }

    [Fact]
    public void What_is_approved_is_revoked_and_not_withdrawn()
    {
        Assert.Equal("promotion_not_pending", Refused(Approved.Withdraw(Some.Person("owner"), Later)));
        Assert.Equal(PromotionState.Revoked, Approved.Revoke(Some.Person("bob", Permissions.Approver), Later).Value.State);
        Assert.Equal("promotion_not_approved", Refused(Some.Promotion().Revoke(Some.Person("bob", Permissions.Approver), Later)));
    }

    [Fact]
    public void Only_a_person_with_the_approver_role_revokes()
    {
        Assert.Equal("person_required", Refused(Approved.Revoke(Some.Machine("agent", "owner", ActorKind.Agent, Permissions.Approver), Later)));
        Assert.Equal("role_missing", Refused(Approved.Revoke(Some.Person("owner", Permissions.Admin), Later)));
    }

    [Fact]
    public void What_is_approved_is_applied_before_its_deadline_and_not_at_it()
    {
        Assert.Equal(PromotionState.Applied, Approved.Apply(Approved.Requirement, Ann, Some.Report, Later.AddHours(1).AddTicks(-1)).Value.State);
        Assert.Equal("promotion_expired", Refused(Approved.Apply(Approved.Requirement, Ann, Some.Report, Later.AddHours(1))));
    }

    [Fact]
    public void Nothing_is_applied_that_is_not_approved_or_past_a_gate_or_too_early()
    {
        var failing = new GateReport([new GateFinding("scan_clean", Verdict.Unknown, "not inspected", "clean")]);

        Assert.Equal("promotion_not_approved", Refused(Some.Promotion().Apply(Approved.Requirement, Ann, Some.Report, Later)));
        Assert.Equal("gates_unmet", Refused(Approved.Apply(Approved.Requirement, Ann, failing, Later)));
        Assert.Equal("promotion_too_early", Refused(Approved.Apply(Approved.Requirement, Ann, Some.Report, Some.Noon.AddTicks(-1))));
    }

    [Fact]
    public void A_requirement_that_became_stricter_asks_for_more_before_it_is_applied()
    {
        Assert.Equal("quorum_lost", Refused(Approved.Apply(Approved.Requirement.Stricter(Some.Requirement(2)), Ann, Some.Report, Later)));
        Assert.Equal("quorum_lost", Refused(Approved.Apply(Approved.Requirement.Stricter(Some.Requirement(1, Assurance.Signed)), Ann, Some.Report, Later)));
    }

    [Fact]
    public void A_revision_voids_approvals_and_does_not_move_the_deadline()
    {
        var one = Some.Promotion(Some.Requirement(2)).Decide("ann", Later).Value;
        var revised = one.Revise(one.Statement with { MetadataDigest = Digest.Of("edited"), Expires = one.Statement.Expires.AddDays(9) }, Some.Report).Value;

        Assert.Equal((2, one.Deadline), (revised.Revision, revised.Deadline));
        Assert.Empty(revised.Approvals);
        Assert.Single(revised.Decisions);
        Assert.Equal(["approver", "approver"], revised.QuorumMissing(revised.Requirement, Ann));
    }

    [Fact]
    public void A_revision_is_of_the_same_request()
    {
        var promotion = Some.Promotion();

        Assert.Throws<ArgumentException>(() => promotion.Revise(promotion.Statement with { PromotionId = "prm_2" }, Some.Report));
        Assert.Throws<ArgumentException>(() => promotion.Revise(promotion.Statement with { VersionId = "ver_9" }, Some.Report));
        Assert.Throws<ArgumentException>(() => promotion.Revise(promotion.Statement with { Owner = Some.Ref("ann") }, Some.Report));
        Assert.Equal("promotion_not_pending", Refused(Approved.Revise(Approved.Statement, Some.Report)));
    }

    [Theory]
    [InlineData(PromotionState.Pending)]
    [InlineData(PromotionState.Approved)]
    [InlineData(PromotionState.Applied)]
    [InlineData(PromotionState.Rejected)]
    [InlineData(PromotionState.Withdrawn)]
    [InlineData(PromotionState.Revoked)]
    public void No_state_that_has_to_be_earned_is_given_away(PromotionState next)
    {
        Assert.Throws<ArgumentException>(() => Some.Promotion().To(next, Later, ""));
        Assert.Throws<ArgumentException>(() => Approved.To(next, Later, ""));
    }

    public static TheoryData<PromotionState> Terminal => [.. Enum.GetValues<PromotionState>().Except([PromotionState.Pending, PromotionState.Approved])];

    [Theory]
    [MemberData(nameof(Terminal))]
    public void A_terminal_state_is_never_left_by_any_act(PromotionState state)
    {
        var over = Approved with { State = state, EndedAt = Later };
        Outcome<Promotion>[] attempts =
        [
            over.Decide("bob", Later), over.Decide("bob", Later, DecisionVerdict.Reject), over.Withdraw(Some.Person("owner"), Later), over.Revoke(Some.Person("bob", Permissions.Approver), Later),
            over.Revise(over.Statement, Some.Report), over.Apply(over.Requirement, Ann, Some.Report, Later),
            over.To(PromotionState.Expired, Later, ""), over.To(PromotionState.Superseded, Later, ""), over.To(PromotionState.Failed, Later, ""),
        ];
        Assert.All(attempts, a => Assert.Equal(RefusalKind.Conflict, a.Refusal?.Kind));
        Assert.False(over.IsLive);
    }

    [Fact]
    public void Both_live_states_expire_and_are_superseded_but_only_an_approved_one_fails()
    {
        foreach (var live in new[] { Some.Promotion(), Approved })
        {
            Assert.Equal(PromotionState.Expired, live.To(PromotionState.Expired, Later, "late").Value.State);
            Assert.Equal("moved on", live.To(PromotionState.Superseded, Later, "moved on").Value.Note);
        }
        Assert.Equal(PromotionState.Failed, Approved.To(PromotionState.Failed, Later, "").Value.State);
        Assert.Equal("promotion_over", Refused(Some.Promotion().To(PromotionState.Failed, Later, "")));
    }
}
