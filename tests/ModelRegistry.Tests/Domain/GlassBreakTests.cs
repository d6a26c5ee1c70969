using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

/// <summary>Who may go past a quorum in an emergency, past what, and who looks at it afterwards.</summary>
public sealed class GlassBreakTests
{
    private static readonly DateTimeOffset Later = Some.Noon.AddHours(1);

    private static readonly PromotionPolicy Policy = PolicyReader.Parse(PolicyProfiles.Find("regulated")!.Replace("\"policy_change\"", "\"break_glass\": {\"persons\": [\"Ann\"]}, \"policy_change\"", StringComparison.Ordinal)).Value;

    // Two who sign, four eyes: what is gone past.
    private static readonly Requirement Asked = Some.Requirement(2, Assurance.Signed);

    private sealed record Try
    {
        public Actor By { get; init; } = Some.Person("ann", Permissions.Approver);
        public Approver Breaker { get; init; } = Some.Approver("ann");
        public Promotion Promotion { get; init; } = Some.Promotion(Asked);
        public PromotionPolicy Policy { get; init; } = GlassBreakTests.Policy;
        public GateReport Gates { get; init; } = new([.. Some.Report.Findings, new GateFinding("freeze", Verdict.Fail, "2026-12-24", "outside 2026-12-20..2027-01-04")]);
        public string Reason { get; init; } = "fraud passes";
        public Proof Proof { get; init; } = Some.Proof(ProofMethod.Passkey, Later) with { Signed = new SignedDecision(GlassBreak.Word, Some.Statement.Digest) };
        public Digest Statement { get; init; } = Some.Statement.Digest;
        public DateTimeOffset Now { get; init; } = Later;

        public Outcome<Promotion> Do() => Promotion.BreakGlass(By, Breaker, new GlassBreak(Some.Ref("ann"), Reason, Proof, Statement, Now), Policy, Promotion.Requirement, Gates, Now);
    }

    private static Promotion Broken => new Try().Do().Value;

    [Fact]
    public void A_listed_approver_who_signs_goes_past_quorum_four_eyes_and_gates_and_the_record_says_so()
    {
        var broken = Broken;
        Assert.Equal((PromotionState.Applied, (DateTimeOffset?)Later), (broken.State, broken.EndedAt));
        Assert.Equal(("ann", "fraud passes", null, Assurance.Signed), (broken.Glass!.Person.Name, broken.Glass.Reason, broken.Glass.Review, broken.Glass.Proof.Assurance));
        // Also the proposer's owner may: it is what four eyes would have refused.
        var owner = Policy with { BreakGlass = ["owner"] };
        var own = Some.Promotion(Asked).BreakGlass(Some.Person("owner", Permissions.Approver), Some.Approver("owner"), new GlassBreak(Some.Ref("owner"), "r", new Try().Proof, Some.Statement.Digest, Later), owner, Asked, Some.Report, Later);
        Assert.Equal(PromotionState.Applied, own.Value.State);
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "an agent with everything", "glass_needs_person" }, { "a service", "glass_needs_person" }, { "another person", "glass_needs_person" }, { "not an approver", "role_missing" }, { "disabled", "role_missing" },
        { "not listed", "glass_not_trusted" }, { "nobody is listed", "glass_not_trusted" }, { "no reason", "glass_reason_missing" }, { "blank reason", "glass_reason_missing" },
        { "passphrase", "glass_needs_signature" }, { "elicitation", "glass_needs_signature" }, { "signed in with a passkey", "glass_needs_signature" }, { "signed approve", "proof_for_another" },
        { "signed another statement", "proof_for_another" }, { "shown another statement", "statement_changed" }, { "stale", "proof_stale" }, { "from the future", "proof_stale" }, { "enrolled later", "enrolled_later" },
        { "key enrolled later", "enrolled_later" }, { "expired", "promotion_expired" }, { "rejected", "promotion_not_pending" }, { "broken already", "promotion_not_pending" }, { "unverified content", "glass_content_unverified" }, { "no report", "glass_content_unverified" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void And_nobody_else_nor_past_anything_else(string how, string code)
    {
        var good = new Try();
        var tried = how switch
        {
            "an agent with everything" => good with { By = Some.Machine("ann", "ann", ActorKind.Agent, [.. Permissions.Roles]) },
            "a service" => good with { By = Some.Machine("ann", "ann", ActorKind.Service, [.. Permissions.Roles]) },
            "another person" => good with { By = Some.Person("bob", Permissions.Approver) },
            "not an approver" => good with { Breaker = good.Breaker with { Roles = [Permissions.Admin] } },
            "disabled" => good with { Breaker = good.Breaker with { Disabled = true } },
            "not listed" => good with { Policy = Policy with { BreakGlass = ["bob", "an", "ann2"] } },
            "nobody is listed" => good with { Policy = Policy with { BreakGlass = [] } },
            "no reason" => good with { Reason = "" },
            "blank reason" => good with { Reason = " \n" },
            "passphrase" => good with { Proof = Some.Proof(ProofMethod.Passphrase, Later) },
            "elicitation" => good with { Proof = Some.Proof(ProofMethod.Elicitation, Later) },
            "signed in with a passkey" => good with { Proof = good.Proof with { Signed = null } },
            "signed approve" => good with { Proof = good.Proof with { Signed = new SignedDecision("approve", Some.Statement.Digest) } },
            "signed another statement" => good with { Proof = good.Proof with { Signed = new SignedDecision(GlassBreak.Word, Digest.Of("another")) } },
            "shown another statement" => good with { Statement = Digest.Of("another") },
            "stale" => good with { Proof = good.Proof with { ProvenAt = Later.AddMinutes(-6) } },
            "from the future" => good with { Proof = good.Proof with { ProvenAt = Later.AddSeconds(1) } },
            "enrolled later" => good with { Breaker = good.Breaker with { Since = Some.Noon.AddSeconds(1) } },
            "key enrolled later" => good with { Proof = good.Proof with { CredentialSince = Some.Noon.AddSeconds(1) } },
            "expired" => good with { Now = Some.Noon.AddHours(24), Proof = good.Proof with { ProvenAt = Some.Noon.AddHours(24) } },
            "rejected" => good with { Promotion = good.Promotion.Decide("bob", Later, DecisionVerdict.Reject, ProofMethod.Passphrase) is { Refusal: null } rejected ? rejected.Value : Some.Promotion().Decide("bob", Later, DecisionVerdict.Reject).Value },
            "broken already" => good with { Promotion = Broken },
            "unverified content" => good with { Gates = new GateReport([new GateFinding(Judge.ContentVerified, Verdict.Fail, "no", "every file hashed")]) },
            _ => good with { Gates = new GateReport([]) },
        };
        Assert.Equal(code, tried.Do().Refusal?.Code);
    }

    [Fact]
    public void Whatever_comes_together_only_a_signature_on_this_statement_by_a_listed_approver_breaks_it() =>
        Prop.ForAll(Gen.ArrayOf(Gen.Choose(0, 3), 7).ToArbitrary(), pick =>
        {
            var good = new Try();
            var tried = good with
            {
                By = pick[0] == 0 ? Some.Machine("ann", "ann", ActorKind.Agent, [.. Permissions.Roles]) : good.By,
                Breaker = pick[1] == 0 ? good.Breaker with { Roles = [Permissions.Admin] } : good.Breaker,
                Policy = pick[2] == 0 ? Policy with { BreakGlass = ["bob"] } : Policy,
                Reason = pick[3] == 0 ? " " : "r",
                Proof = pick[4] switch { 0 => Some.Proof(ProofMethod.Passphrase, Later), 1 => good.Proof with { Signed = new SignedDecision("approve", Some.Statement.Digest) }, _ => good.Proof },
                Statement = pick[5] == 0 ? Digest.Of("another") : good.Statement,
                Gates = pick[6] == 0 ? new GateReport([]) : good.Gates,
            };
            return (tried.Do().Refusal is null) == (pick[0] > 0 && pick[1] > 0 && pick[2] > 0 && pick[3] > 0 && pick[4] > 1 && pick[5] > 0 && pick[6] > 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static Outcome<Promotion> Review(Promotion promotion, string name = "bob", GlassVerdict verdict = GlassVerdict.Upheld, string comment = "", Proof? proof = null, Approver? reviewer = null, Actor? by = null) =>
        promotion.ReviewGlass(by ?? Some.Person(name, Permissions.Approver), reviewer ?? Some.Approver(name), new GlassReview(Some.Ref(name), verdict, comment, proof ?? Some.Proof(ProofMethod.Passphrase, Later), Later), Later);

    [Fact]
    public void Another_approver_reviews_it_once_and_nothing_moves()
    {
        var reviewed = Review(Broken, verdict: GlassVerdict.Objected, comment: "a rollback would have done").Value;
        Assert.Equal((PromotionState.Applied, "bob", GlassVerdict.Objected), (reviewed.State, reviewed.Glass!.Review!.Person.Name, reviewed.Glass.Review.Verdict));
        Assert.Equal("glass_reviewed", Review(reviewed, "cora").Refusal?.Code);
        var signed = Some.Proof(ProofMethod.Passkey, Later) with { Signed = new SignedDecision(GlassBreak.ReviewWord(GlassVerdict.Upheld), Some.Statement.Digest) };
        Assert.Equal(Assurance.Signed, Review(Broken, proof: signed).Value.Glass!.Review!.Proof.Assurance);
        Assert.Equal("proof_for_another", Review(Broken, verdict: GlassVerdict.Objected, comment: "no", proof: signed).Refusal?.Code);
    }

    [Fact]
    public void Neither_the_breaker_nor_the_proposers_owner_nor_a_machine_reviews_it()
    {
        Assert.Equal("glass_review_needs_another", Review(Broken, "ann").Refusal?.Code);
        Assert.Equal("glass_review_needs_another", Review(Broken, "owner").Refusal?.Code);
        Assert.Equal("person_required", Review(Broken, by: Some.Machine("bob", "bob", ActorKind.Agent, [.. Permissions.Roles])).Refusal?.Code);
        Assert.Equal("role_missing", Review(Broken, reviewer: Some.Approver("bob") with { Disabled = true }).Refusal?.Code);
        Assert.Equal("enrolled_later", Review(Broken, reviewer: Some.Approver("bob") with { Since = Later.AddSeconds(1) }).Refusal?.Code);
        Assert.Equal("glass_review_unproven", Review(Broken, proof: Some.Proof(ProofMethod.Elicitation, Later)).Refusal?.Code);
        Assert.Equal("proof_stale", Review(Broken, proof: Some.Proof(ProofMethod.Passphrase, Later.AddMinutes(-6))).Refusal?.Code);
        Assert.Equal("glass_objection_missing", Review(Broken, verdict: GlassVerdict.Objected, comment: " ").Refusal?.Code);
        Assert.Equal("glass_not_broken", Review(Some.Promotion()).Refusal?.Code);
    }
}
