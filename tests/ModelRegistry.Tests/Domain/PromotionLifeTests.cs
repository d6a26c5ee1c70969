using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

/// <summary>Random sequences of acts; what must never happen is written in <see cref="PromotionWalk"/>.</summary>
public sealed class PromotionLifeTests
{
    private static readonly Requirement Team = Some.Requirement(1, Assurance.Authenticated, fourEyes: true);
    private static readonly Requirement Regulated = Some.Requirement(2, Assurance.Signed, fourEyes: true);
    private static readonly Requirement Local = Some.Requirement(1, Assurance.Attested, fourEyes: false);

    public static TheoryData<string> Houses => ["team", "regulated", "local"];

    private static Requirement House(string name) => name switch { "team" => Team, "regulated" => Regulated, _ => Local };

    private static Promotion Walk(Requirement requirement, IEnumerable<Act> acts)
    {
        var walk = new PromotionWalk(requirement);
        foreach (var act in acts)
            walk.Take(act);
        return walk.Promotion;
    }

    [Theory]
    [MemberData(nameof(Houses))]
    public void Whatever_is_done_the_rules_hold(string house)
    {
        var reached = new HashSet<PromotionState>();
        Prop.ForAll(PromotionWalk.Anything.ListOf(15).Or(PromotionWalk.Anything.ListOf(40)).ToArbitrary(), acts =>
        {
            reached.Add(Walk(House(house), acts).State);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1200));

        // Otherwise the rules held because nothing happened. (Revoked and Failed come up too, but seldom where much is asked.)
        Assert.Subset(reached, new HashSet<PromotionState> { PromotionState.Applied, PromotionState.Rejected, PromotionState.Withdrawn, PromotionState.Expired, PromotionState.Superseded });
    }

    private static readonly Gen<Act> Around = Gen.Frequency(
        (3, Gen.Constant<Act>(new Act.Apply(true))),
        (1, Gen.Choose(0, 3).Select(c => (Act)new Act.Revise(c))),
        (1, Gen.Choose(1, 30).Select(m => (Act)new Act.Wait(m))));

    private static void NeverApproved(Requirement requirement, Gen<Act> act) =>
        Prop.ForAll(Gen.Frequency((6, act), (1, Around)).ListOf(30).ToArbitrary(), acts =>
        {
            var walk = new PromotionWalk(requirement);
            foreach (var next in acts)
            {
                walk.Take(next);
                if (walk.Promotion.State is PromotionState.Approved or PromotionState.Applied)
                    return false;
            }
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));

    [Theory]
    [MemberData(nameof(Houses))]
    public void No_sequence_of_acts_of_machines_approves_or_applies(string house) =>
        NeverApproved(House(house), Gen.Frequency(
            (8, PromotionWalk.Decisions(PromotionWalk.Machines, ProofMethod.Elicitation, ProofMethod.Passphrase, ProofMethod.Passkey)),
            (1, Gen.Elements(PromotionWalk.Machines).Select(n => (Act)new Act.Revoke(n)))));

    [Theory]
    [InlineData("team")]
    [InlineData("regulated")]
    public void No_sequence_of_elicitation_answers_approves_or_applies_where_more_is_asked(string house) =>
        NeverApproved(House(house), PromotionWalk.Decisions([.. PromotionWalk.Persons, .. PromotionWalk.Machines], ProofMethod.Elicitation, (ProofMethod)99));

    [Fact]
    public void No_sequence_of_passphrases_approves_where_signatures_are_asked() =>
        NeverApproved(Regulated, PromotionWalk.Decisions([.. PromotionWalk.Persons], ProofMethod.Passphrase));

    [Fact]
    public void No_sequence_of_acts_of_the_interested_approves_under_four_eyes() =>
        NeverApproved(Team, PromotionWalk.Decisions(["owner", "author", "late", "guest", "agent"], ProofMethod.Passphrase, ProofMethod.Passkey));

    [Fact]
    public void One_person_alone_never_makes_two() => NeverApproved(Regulated, PromotionWalk.Decisions(["ann"], ProofMethod.Passkey));

    [Fact]
    public void A_sequence_in_good_order_is_applied()
    {
        Act Passkey(string person) => new Act.Decide(person, person, DecisionVerdict.Approve, ProofMethod.Passkey, 10, 0, false, false);

        Assert.Equal(PromotionState.Applied, Walk(Regulated, [Passkey("ann"), Passkey("bob"), new Act.Apply(true)]).State);
        Assert.Equal(PromotionState.Applied, Walk(Regulated, [Passkey("ann"), new Act.Revise(1), Passkey("bob"), Passkey("ann"), new Act.Apply(true)]).State);
        Assert.Equal(PromotionState.Pending, Walk(Regulated, [Passkey("ann"), new Act.Revise(1), Passkey("bob"), new Act.Apply(true)]).State);
        Assert.Equal(PromotionState.Approved, Walk(Regulated, [Passkey("ann"), Passkey("bob"), new Act.Demote("bob", true), new Act.Apply(true)]).State);
    }
}
