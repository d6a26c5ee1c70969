using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

/// <summary>Whose yes a change of the policy takes.</summary>
public sealed class PolicyChangeTests
{
    private static readonly DateTimeOffset Later = Some.Noon.AddHours(1);
    private static readonly PolicyChangeRule Two = new(2, Assurance.Authenticated), TwoWhoSign = new(2, Assurance.Signed);

    private static PolicyChange Fresh { get; } = new()
    {
        Id = "pch_1", Replaces = Digest.Of("old"), Digest = Digest.Of("new"), Name = "new", Proposer = Some.Ref("ann"), Reason = "", ProposedAt = Some.Noon, State = PolicyChangeState.Pending,
    };

    private static Approver Admin(string name) => new(Some.Ref(name), [Permissions.Admin], Some.Noon.AddDays(-30));

    private static Proof Passkey(string word = PolicyChange.AcceptWord, PolicyChange? of = null) => Some.Proof(ProofMethod.Passkey, Later) with { Signed = new SignedDecision(word, (of ?? Fresh).Statement) };

    private static Outcome<PolicyChange> Accept(PolicyChange change, Approver admin, PolicyChangeRule rule, Proof? proof = null, DateTimeOffset? at = null, Actor? by = null, params Approver[] others) =>
        change.Accept(by ?? Some.Person(admin.Person.Name, [.. admin.Roles]), admin, new PolicyConsent("pcs_" + admin.Person.Name, admin.Person, proof ?? Some.Proof(ProofMethod.Passphrase, Later), Later), rule, others, at ?? Later);

    private static string? No(Outcome<PolicyChange> outcome) => outcome.Refusal?.Code;

    [Fact]
    public void One_admin_is_enough_where_one_is_asked_for() =>
        Assert.Equal(PolicyChangeState.Accepted, Accept(Fresh, Admin("ann"), PolicyChangeRule.Default).Value.State);

    [Fact]
    public void Two_are_two_distinct_persons_and_both_still_admins()
    {
        var once = Accept(Fresh, Admin("ann"), Two).Value;
        Assert.Equal((PolicyChangeState.Pending, 1), (once.State, once.Missing(Two, [Admin("ann")])));
        Assert.Equal("policy_already_agreed", No(Accept(once, Admin("ann"), Two, others: Admin("ann"))));
        Assert.Equal(PolicyChangeState.Accepted, Accept(once, Admin("bob"), Two, others: Admin("ann")).Value.State);
        Assert.Equal(PolicyChangeState.Pending, Accept(once, Admin("bob"), Two, others: Admin("ann") with { Disabled = true }).Value.State);
        Assert.Equal(PolicyChangeState.Pending, Accept(once, Admin("bob"), Two, others: Admin("ann") with { Roles = [Permissions.Approver] }).Value.State);
    }

    [Fact]
    public void A_machine_an_approver_and_a_disabled_admin_say_nothing()
    {
        Assert.Equal("person_required", No(Accept(Fresh, Admin("ann"), Two, by: Some.Machine("ann", "ann", ActorKind.Agent, Permissions.Admin))));
        Assert.Equal("person_required", No(Accept(Fresh, Admin("ann"), Two, by: Some.Person("bob", Permissions.Admin))));
        Assert.Equal("role_missing", No(Accept(Fresh, Some.Approver("ann"), Two)));
        Assert.Equal("role_missing", No(Accept(Fresh, Admin("ann") with { Disabled = true }, Two)));
    }

    [Fact]
    public void Where_signatures_are_asked_for_a_passphrase_is_not_one_and_a_signature_is_of_this_change()
    {
        Assert.Equal("policy_proof_too_low", No(Accept(Fresh, Admin("ann"), TwoWhoSign)));
        Assert.Equal("policy_proof_too_low", No(Accept(Fresh, Admin("ann"), PolicyChangeRule.Default, Some.Proof(ProofMethod.Elicitation, Later))));
        // A passkey that only signed in has signed nothing.
        Assert.Equal("policy_proof_too_low", No(Accept(Fresh, Admin("ann"), TwoWhoSign, Some.Proof(ProofMethod.Passkey, Later))));
        Assert.Equal("policy_proof_for_another", No(Accept(Fresh, Admin("ann"), TwoWhoSign, Passkey(of: Fresh with { Digest = Digest.Of("another") }))));
        Assert.Equal("policy_proof_for_another", No(Accept(Fresh, Admin("ann"), TwoWhoSign, Passkey(PolicyChange.RejectWord))));
        var once = Accept(Fresh, Admin("ann"), TwoWhoSign, Passkey()).Value;
        Assert.Equal(PolicyChangeState.Accepted, Accept(once, Admin("bob"), TwoWhoSign, Passkey(), others: Admin("ann")).Value.State);
    }

    [Fact]
    public void A_proof_is_fresh_and_the_second_admin_was_there_before_the_proposal()
    {
        Assert.Equal("proof_stale", No(Accept(Fresh, Admin("ann"), Two, Some.Proof(ProofMethod.Passphrase, Later.AddMinutes(-6)))));
        Assert.Equal("proof_stale", No(Accept(Fresh, Admin("ann"), Two, Some.Proof(ProofMethod.Passphrase, Later.AddSeconds(1)))));
        var once = Accept(Fresh, Admin("ann"), Two).Value;
        Assert.Equal("policy_enrolled_later", No(Accept(once, Admin("eve") with { Since = Some.Noon.AddSeconds(1) }, Two, others: Admin("ann"))));
        Assert.Equal("policy_enrolled_later", No(Accept(once, Admin("bob"), Two, Some.Proof(ProofMethod.Passphrase, Later) with { CredentialSince = Some.Noon.AddSeconds(1) }, others: Admin("ann"))));
    }

    [Fact]
    public void It_waits_a_day_and_no_end_is_left()
    {
        var end = Some.Noon + PolicyChange.Patience;
        Assert.Null(Fresh.Overtaken(Fresh.Replaces, end.AddTicks(-1)));
        Assert.Equal(PolicyChangeState.Expired, Fresh.Overtaken(Fresh.Replaces, end)!.State);
        Assert.Equal(PolicyChangeState.Superseded, Fresh.Overtaken(Digest.Of("other"), Later)!.State);
        Assert.Equal("policy_change_over", No(Accept(Fresh, Admin("ann"), PolicyChangeRule.Default, Some.Proof(ProofMethod.Passphrase, end), end)));
        var rejected = Fresh.Reject(Some.Person("bob", Permissions.Admin), Admin("bob"), Some.Proof(ProofMethod.Passphrase, Later), Later).Value;
        Assert.Equal((PolicyChangeState.Rejected, null), (rejected.State, rejected.Overtaken(Digest.Of("other"), end)));
        Assert.Equal("policy_change_over", No(Accept(rejected, Admin("ann"), PolicyChangeRule.Default)));
        Assert.Equal("policy_change_over", No(rejected.Reject(Some.Person("bob", Permissions.Admin), Admin("bob"), Some.Proof(ProofMethod.Passphrase, Later), Later)));
    }
}
