using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests;

public sealed class PermissionsTests
{
    private static Actor Someone(ActorKind kind, params string[] roles) =>
        new("act_1", "someone", kind, roles, [], kind == ActorKind.Person ? null : new ActorRef("act_0", "owner"));

    /// <summary>The table "who may do what", cell by cell.</summary>
    [Theory]
    [InlineData("viewer", Permission.Read, true)]
    [InlineData("viewer", Permission.Propose, false)]
    [InlineData("viewer", Permission.Register, false)]
    [InlineData("viewer", Permission.Decide, false)]
    [InlineData("viewer", Permission.Administer, false)]
    [InlineData("proposer", Permission.Read, true)]
    [InlineData("proposer", Permission.Propose, true)]
    [InlineData("proposer", Permission.Register, false)]
    [InlineData("proposer", Permission.Decide, false)]
    [InlineData("proposer", Permission.Administer, false)]
    [InlineData("registrar", Permission.Read, true)]
    [InlineData("registrar", Permission.Propose, false)]
    [InlineData("registrar", Permission.Register, true)]
    [InlineData("registrar", Permission.Decide, false)]
    [InlineData("registrar", Permission.Administer, false)]
    [InlineData("approver", Permission.Read, true)]
    [InlineData("approver", Permission.Propose, true)]
    [InlineData("approver", Permission.Register, false)]
    [InlineData("approver", Permission.Decide, true)]
    [InlineData("approver", Permission.Administer, false)]
    [InlineData("admin", Permission.Read, true)]
    [InlineData("admin", Permission.Propose, false)]
    [InlineData("admin", Permission.Register, false)]
    [InlineData("admin", Permission.Decide, false)]
    [InlineData("admin", Permission.Administer, true)]
    public void A_person_may_what_their_role_says(string role, Permission permission, bool allowed) =>
        Assert.Equal(allowed, Permissions.Check(Someone(ActorKind.Person, role), permission) is null);

    [Theory]
    [InlineData(ActorKind.Agent)]
    [InlineData(ActorKind.Service)]
    public void A_machine_never_decides_or_administers_whatever_roles_it_carries(ActorKind kind)
    {
        var machine = Someone(kind, [.. Permissions.Roles]);

        Assert.Equal("person_required", Permissions.Check(machine, Permission.Decide)?.Code);
        Assert.Equal("person_required", Permissions.Check(machine, Permission.Administer)?.Code);
    }

    [Fact]
    public void A_machine_gains_nothing_from_a_persons_role() =>
        Assert.Equal("role_missing", Permissions.Check(Someone(ActorKind.Agent, "approver", "admin"), Permission.Propose)?.Code);

    [Fact]
    public void Model_patterns_narrow_writes_of_a_machine_but_not_its_reads()
    {
        var agent = Someone(ActorKind.Agent, "proposer") with { Models = ["fraud-*"] };

        Assert.Null(Permissions.Check(agent, Permission.Propose, "Fraud-eu"));
        Assert.Equal("model_out_of_scope", Permissions.Check(agent, Permission.Propose, "digits")?.Code);
        Assert.Null(Permissions.Check(agent, Permission.Read, "digits"));
    }
}
