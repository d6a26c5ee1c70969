using System.Text.Json.Nodes;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>Persons, tokens, the policy and the record, over REST.</summary>
public sealed class PeopleTests
{
    [Fact]
    public async Task A_token_says_whom_it_stands_for_and_none_stands_for_a_person()
    {
        await using var rest = await OpenAsync(churn: false);
        var me = await rest.GetAsync("/me");
        Assert.Equal(("planner", "agent", "ana"), (me["name"], me["kind"], me["owner"]));
        rest.Token = null;
        Problem(401, "token_required", await rest.GetAsync("/me"));
        Problem(401, "token_invalid", await rest.GetAsync("/me", ("Authorization", "Bearer nothing")));
        Problem(401, "token_invalid", await rest.GetAsync("/me", ("Authorization", "Basic YW5hOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==")));
        Problem(401, "token_invalid", await rest.GetAsync("/me", ("Authorization", $"Bearer {SeededRegistry.Passphrase}")));
    }

    [Fact]
    public async Task Under_local_who_comes_without_a_token_is_the_agent_local_and_behind_a_proxy_nobody()
    {
        await using var rest = await OpenAsync("local", churn: false);
        rest.Token = null;
        Assert.Equal("local", (await rest.GetAsync("/me"))["name"]);
        Problem(401, "token_required", await rest.GetAsync("/me", ("X-Forwarded-For", "10.0.0.1")));
    }

    [Fact]
    public async Task Persons_are_added_and_disabled_by_an_admins_proof_and_by_nothing_else()
    {
        await using var rest = await OpenAsync(churn: false);
        JsonObject New(string name, JsonObject? by) => new() { ["name"] = name, ["roles"] = new JsonArray("approver"), ["passphrase"] = "a passphrase of hers", ["by"] = by };
        var made = await rest.PostAsync("/people", New("dora", By()));
        Assert.Equal((201, "dora"), (made.Status, made["name"]));
        Problem(409, "name_taken", await rest.PostAsync("/people", New("Dora", By())));
        Problem(403, "role_missing", await rest.PostAsync("/people", New("eve", By("ben"))));
        Problem(403, "person_required", await rest.PostAsync("/people", New("eve", null)));
        Problem(403, "proof_failed", await rest.PostAsync("/people", New("eve", By("ana", "guessed"))));
        rest.Token = null;
        Problem(403, "proof_required", await rest.PostAsync("/people", New("eve", null)));
        Problem(409, "last_admin", await rest.PostAsync("/people/ana/disable", new JsonObject { ["by"] = By() }));
        Assert.True((bool)(await rest.PostAsync("/people/dora/disable", new JsonObject { ["by"] = By() })).Json["disabled"]!);
        Problem(403, "proof_failed", await rest.PostAsync("/people/ben/disable", new JsonObject { ["by"] = By("dora", "a passphrase of hers") }));
        rest.Token = await rest.Registry.TokenAsync("reader", "viewer");
        Assert.Equal(["ana", "ben", "dora"], (await rest.GetAsync("/people")).Json["items"]!.AsArray().Select(p => (string?)p!["name"]).Order());
    }

    [Fact]
    public async Task Tokens_are_made_and_ended_by_a_persons_proof_and_by_nothing_else()
    {
        await using var rest = await OpenAsync(churn: false);
        JsonObject New(string agent, JsonObject? by, string role = "viewer") => new() { ["agent"] = agent, ["owner"] = "ana", ["roles"] = new JsonArray(role), ["models"] = new JsonArray("churn*"), ["expires_days"] = 7, ["by"] = by };
        var made = await rest.PostAsync("/tokens", New("courier", By()));
        Assert.Equal(201, made.Status);
        var bearer = ("Authorization", "Bearer " + made["secret"]);
        Assert.Equal("courier", (await rest.GetAsync("/me", bearer))["name"]);
        Problem(403, "role_not_for_machines", await rest.PostAsync("/tokens", New("mole", By(), "approver")));
        Problem(403, "person_required", await rest.PostAsync("/tokens", New("mole", null)));
        Problem(400, "invalid_arguments", await rest.PostAsync("/tokens", new JsonObject { ["owner"] = "ana", ["by"] = By() }));
        var list = await rest.GetAsync("/tokens");
        Assert.DoesNotContain(made["secret"]!, list.Body);
        Problem(403, "person_required", await rest.PostAsync($"/tokens/{made["id"]}/revoke", []));
        Assert.NotNull((await rest.PostAsync($"/tokens/{made["id"]}/revoke", new JsonObject { ["by"] = By() }))["revoked_at"]);
        Problem(401, "token_invalid", await rest.GetAsync("/me", bearer));
    }

    [Fact]
    public async Task A_passkey_administers_as_well_as_a_passphrase_and_once()
    {
        await using var rest = await OpenAsync(churn: false);
        using var key = await rest.EnrolAsync("ana");
        rest.Token = null;
        var by = new JsonObject { ["person"] = "ana", ["proof"] = Passkey(key.Sign(await rest.ChallengeAsync("/challenges", new JsonObject { ["use"] = "confirm" }))) };
        Assert.Equal(201, (await rest.PostAsync("/tokens", new JsonObject { ["service"] = "fetcher", ["owner"] = "ana", ["by"] = by })).Status);
        var again = await rest.PostAsync("/tokens", new JsonObject { ["service"] = "mole", ["owner"] = "ana", ["by"] = by.DeepClone() });
        Assert.Equal((403, "passkey_failed"), (again.Status, again.Code));
        // What signs somebody in is asked for at the pages and nowhere else.
        Problem(400, "invalid_arguments", await rest.PostAsync("/challenges", new JsonObject { ["use"] = "sign_in" }));
    }

    [Fact]
    public async Task A_policy_is_accepted_by_an_admins_proof_by_name_or_in_full_and_never_from_a_file()
    {
        await using var rest = await OpenAsync(churn: false);
        Assert.Equal("team", (await rest.GetAsync("/policy"))["name"]);
        var against = await rest.PolicyInForceAsync();
        Problem(403, "person_required", await rest.PostAsync("/policy/accept", new JsonObject { ["policy"] = "open", ["shown_against"] = against }));
        Problem(403, "role_missing", await rest.PostAsync("/policy/accept", new JsonObject { ["policy"] = "open", ["shown_against"] = against, ["by"] = By("ben") }));
        Problem(400, "invalid_arguments", await rest.PostAsync("/policy/accept", new JsonObject { ["policy"] = rest.Registry.File("{}"), ["shown_against"] = against, ["by"] = By() }));
        Problem(400, "policy_invalid", await rest.PostAsync("/policy/accept", new JsonObject { ["policy"] = new JsonObject { ["name"] = "x", ["unknown"] = 1 }, ["shown_against"] = against, ["by"] = By() }));
        var own = JsonNode.Parse(ModelRegistry.Domain.PolicyProfiles.Find("team")!)!.AsObject();
        own["name"] = "ours";
        own["promotions"]!["production"]!["approvals"] = 2;
        var compared = await rest.PostAsync("/policy/compare", new JsonObject { ["policy"] = own.DeepClone() });
        Assert.Contains("stricter", compared.Body, StringComparison.Ordinal);
        Assert.Equal("accepted", (await rest.PostAsync("/policy/accept", new JsonObject { ["policy"] = own, ["shown_against"] = against, ["by"] = By() }))["status"]);
        // What was shown is not in force any more.
        Problem(409, "policy_moved", await rest.PostAsync("/policy/accept", new JsonObject { ["policy"] = "regulated", ["shown_against"] = against, ["by"] = By() }));
        Assert.Equal("accepted", (await rest.PostAsync("/policy/accept", new JsonObject { ["policy"] = "regulated", ["shown_against"] = await rest.PolicyInForceAsync(), ["by"] = By() }))["status"]);
        Assert.Equal("regulated", (await rest.GetAsync("/policy"))["name"]);
    }

    [Fact]
    public async Task The_record_is_read_page_by_page_and_its_checkpoint_verifies()
    {
        await using var rest = await OpenAsync();
        var first = await rest.GetAsync("/audit?model=churn&limit=2");
        Assert.Equal(2, first.Json["items"]!.AsArray().Count);
        var second = await rest.GetAsync($"/audit?model=churn&limit=2&cursor={first["next_cursor"]}");
        Assert.True((long)second.Json["items"]![0]!["position"]! < (long)first.Json["items"]![1]!["position"]!);
        Assert.All((await rest.GetAsync("/audit?verb=promotion.apply")).Json["items"]!.AsArray(), e => Assert.Equal("promotion.apply", (string?)e!["verb"]));
        Assert.NotEmpty((await rest.GetAsync("/audit?verb=promotion.apply")).Json["items"]!.AsArray());
        Problem(404, "model_not_found", await rest.GetAsync("/audit?model=none"));
        var note = await rest.GetAsync("/audit/checkpoint");
        Assert.Equal("text/plain", note.Response.Content.Headers.ContentType?.MediaType);
        Assert.True(SeededRegistry.Ok(await rest.Registry.Services.Audit.VerifyAsync(await rest.Registry.AgentAsync(), note.Body)).Verified);
    }
}
