using ModelRegistry.Domain;
using ModelRegistry.Identity;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Identity;

/// <summary>Tokens of agents and services, and who calls where there is none.</summary>
[OnBothDatabases]
public sealed class TokenTests
{
    private static NewToken Agent(string name, string owner = "ana", string[]? roles = null, string[]? models = null, int? days = null) => new(name, null, owner, roles ?? [], models ?? [], days);

    private static Task<Outcome<Actor>> UseAsync(TestRegistry it, string secret) => it.Services.Tokens.AuthenticateAsync(secret, "http", "client");

    [Fact]
    public async Task A_token_stands_for_its_agent_with_its_roles_until_it_expires()
    {
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;
        var token = Ok(await it.Services.Tokens.CreateAsync(ana, Agent("trainer", roles: ["registrar", "registrar"], models: ["fraud-*"], days: 2)));

        var actor = Ok(await UseAsync(it, token.Secret));
        Assert.Equal((ActorKind.Agent, "trainer", "ana", token.Id, "http", "client"), (actor.Kind, actor.Name, actor.Owner!.Name, actor.CredentialId, actor.Door, actor.Client));
        Assert.Equal("registrar", Assert.Single(actor.Roles));
        Assert.Equal("fraud-*", Assert.Single(actor.Models));
        Ok(await it.Services.Metadata.CreateModelAsync(actor, new("Fraud-eu")));
        Assert.Equal("model_out_of_scope", No(await it.Services.Metadata.CreateModelAsync(actor, new("digits"))));

        it.Clock.Advance(TimeSpan.FromDays(2) - TimeSpan.FromSeconds(1));
        Ok(await UseAsync(it, token.Secret));
        it.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("token_invalid", No(await UseAsync(it, token.Secret)));
    }

    [Fact]
    public async Task Defaults_are_modest()
    {
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;

        var agent = Ok(await UseAsync(it, Ok(await it.Services.Tokens.CreateAsync(ana, Agent("a"))).Secret));
        var made = Ok(await it.Services.Tokens.CreateAsync(ana, new NewToken(null, "ci", "ben", [], [], null)));
        var service = Ok(await UseAsync(it, made.Secret));

        Assert.Equal([Permissions.Viewer, Permissions.Proposer], agent.Roles);
        Assert.Equal([Permissions.Viewer, Permissions.Registrar], service.Roles);
        Assert.Equal((ActorKind.Service, "ben"), (service.Kind, service.Owner!.Name));
        Assert.Equal(90, (made.ExpiresAt!.Value - it.Clock.GetUtcNow()).TotalDays, 0.001);
    }

    [Fact]
    public async Task Revoked_owner_disabled_or_tampered_with_it_is_worth_nothing()
    {
        await using var it = await OpenAsync();
        var (ana, ben) = ((await it.PersonAsync("ana")).Actor, (await it.PersonAsync("ben")).Actor);
        var one = Ok(await it.Services.Tokens.CreateAsync(ana, Agent("one")));
        var two = Ok(await it.Services.Tokens.CreateAsync(ana, Agent("two", "ben")));

        foreach (var odd in new[] { "", "mrt_", one.Secret + "x", one.Secret[..^1], one.Secret.ToUpperInvariant(), one.Id, "mrt_' or 1=1 --", "mrt_\0", "mrt_\ud800", "mrt_" + new string('a', 100_000) })
            Assert.Equal("token_invalid", No(await UseAsync(it, odd)));
        Assert.Equal("role_missing", No(await it.Services.Tokens.RevokeAsync(ben, one.Id)));
        Assert.Equal("person_required", No(await it.Services.Tokens.RevokeAsync(Ok(await UseAsync(it, one.Secret)), one.Id)));
        Assert.Equal("token_not_found", No(await it.Services.Tokens.RevokeAsync(ana, "tok_x' --")));
        Assert.NotNull(Ok(await it.Services.Tokens.RevokeAsync(ana, one.Id)).RevokedAt);
        Assert.NotNull(Ok(await it.Services.Tokens.RevokeAsync(ana, one.Id)).RevokedAt);
        Assert.Equal("token_invalid", No(await UseAsync(it, one.Secret)));
        Assert.Single(await it.VerbsAsync(one.Id), "token.revoke");

        Ok(await UseAsync(it, two.Secret));
        Ok(await it.Services.People.DisableAsync(ana, "ben"));
        Assert.Equal("token_invalid", No(await UseAsync(it, two.Secret)));
        Assert.Equal([(one.Id, true), (two.Id, false)], Ok(await it.Services.Tokens.ListAsync(Robot)).Select(t => (t.Id, t.RevokedAt is not null)));
    }

    [Fact]
    public async Task A_persons_powers_are_never_in_a_token()
    {
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;

        foreach (var role in new[] { "approver", "admin", "Registrar", "risk", "" })
            Assert.Equal("role_not_for_machines", No(await it.Services.Tokens.CreateAsync(ana, Agent("a", roles: [role]))));
        // Not even when a row says so.
        var token = Ok(await it.Services.Tokens.CreateAsync(ana, Agent("a")));
        await it.ChangeRowsAsync($"""update credential set roles = '["approver","admin"]' where id = '{token.Id}'""");
        var actor = Ok(await UseAsync(it, token.Secret));
        Assert.Equal("person_required", No(await it.Services.People.AddAsync(actor, "eve", Passphrase, [])));
        Assert.Equal("role_missing", No(await it.Services.Catalog.ListModelsAsync(actor, new())));
    }

    [Fact]
    public async Task An_admin_makes_any_token_an_owner_those_of_their_own_agents()
    {
        await using var it = await OpenAsync();
        var (ana, ben) = ((await it.PersonAsync("ana")).Actor, (await it.PersonAsync("ben")).Actor);

        Ok(await it.Services.Tokens.CreateAsync(ben, Agent("bens", "ben")));
        Assert.Equal("role_missing", No(await it.Services.Tokens.CreateAsync(ben, Agent("anas", "ana"))));
        Assert.Equal("role_missing", No(await it.Services.Tokens.CreateAsync(ben, new NewToken(null, "ci", "ben", [], [], null))));
        Assert.Equal("person_required", No(await it.Services.Tokens.CreateAsync(Robot, Agent("mine"))));
        Assert.Equal("name_taken", No(await it.Services.Tokens.CreateAsync(ana, Agent("bens", "ana"))));
        Assert.Equal("name_taken", No(await it.Services.Tokens.CreateAsync(ana, Agent("CORA"))));
        Assert.Equal("person_not_found", No(await it.Services.Tokens.CreateAsync(ana, Agent("x", "bens"))));
        Assert.Equal("invalid_arguments", No(await it.Services.Tokens.CreateAsync(ana, new NewToken("x", "y", "ana", [], [], null))));
        Assert.Equal("invalid_arguments", No(await it.Services.Tokens.CreateAsync(ana, new NewToken(null, null, "ana", [], [], null))));
        Assert.Equal("name_invalid", No(await it.Services.Tokens.CreateAsync(ana, Agent("registry"))));
        foreach (var models in new[] { [""], ["a'--"], [new string('x', 129)], Enumerable.Repeat("x", 101).ToArray() })
            Assert.Equal("invalid_arguments", No(await it.Services.Tokens.CreateAsync(ana, Agent("x", models: models))));
        foreach (var days in new[] { 0, -1, 3651, int.MaxValue, int.MinValue })
            Assert.Equal("invalid_arguments", No(await it.Services.Tokens.CreateAsync(ana, Agent("x", days: days))));
        // A second token of the same agent is the same agent.
        Ok(await it.Services.Tokens.CreateAsync(ben, Agent("Bens", "BEN")));
        Assert.Equal(2, Ok(await it.Services.Tokens.ListAsync(Robot)).Count);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Local_callers_are_agents_of_the_person_named_like_the_system_user_else_of_the_first()
    {
        await using var empty = await EmptyAsync("team");
        Assert.Null((await empty.Services.Actors.CliAsync("root")).Answerable);
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;

        Assert.Equal(("cli", "ben", "cli"), Shown(await it.Services.Actors.CliAsync("BEN")));
        Assert.Equal(("cli", "ana", "cli"), Shown(await it.Services.Actors.CliAsync("root'--")));
        Assert.Equal(("Claude Code 2.1", "ana", "mcp-stdio"), Shown(await it.Services.Actors.StdioAsync("ana", "Claude Code 2.1")));
        Assert.Equal(("mcp-client", "ana", "mcp-stdio"), Shown(await it.Services.Actors.StdioAsync("ana", "\u202e\0")));
        Assert.Equal(40, (await it.Services.Actors.StdioAsync("ana", new string('x', 100_000))).Name.Length);
        // A client may call itself like somebody who is known; it is not taken for them.
        Assert.Equal("mcp-client", (await it.Services.Actors.StdioAsync("ana", "ben")).Name);
        Assert.Equal("mcp-client", (await it.Services.Actors.StdioAsync("ana", "registry")).Name);

        Ok(await it.Services.People.AddAsync(ana, "dora", Passphrase, [Permissions.Admin]));
        Ok(await it.Services.People.DisableAsync(Ok(await it.Services.People.ProveAsync("dora", Passphrase, "terminal")).Actor, "ana"));
        // Whose person was disabled does not go on as somebody else's agent; who matches nobody is the first person's that is left.
        Assert.Equal(("cli", null, "cli"), Shown(await it.Services.Actors.CliAsync("ana")));
        Assert.Equal(("cli", "ben", "cli"), Shown(await it.Services.Actors.CliAsync("nobody here")));

        static (string, string?, string) Shown(Actor actor)
        {
            Assert.Equal(ActorKind.Agent, actor.Kind);
            Assert.Equal(Permissions.MachineRoles, actor.Roles);
            return (actor.Name, actor.Owner?.Name, actor.Door);
        }
    }
}
