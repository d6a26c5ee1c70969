using System.Net;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Who is let in over HTTP, and as whom.</summary>
public sealed class CallerTests
{
    [Theory]
    [InlineData("open")]
    [InlineData("local")]
    public async Task Over_loopback_without_a_token_the_caller_is_the_agent_local(string policy)
    {
        await using var registry = await SeededRegistry.OpenAsync(policy);
        await registry.RegisterAsync();
        await using var client = await HttpRawClient.StartAsync(registry);
        var answer = await client.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v1", ["stage"] = "staging" });
        Assert.Equal("local", (string?)answer.Structured!["requested_by"]);
        Assert.Equal("ana", (string?)answer.Structured["owner"]);
        Assert.Equal("applied", (string?)answer.Structured["status"]);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("X-Forwarded-Proto", "http")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("X-Real-IP", "127.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    public async Task Who_comes_through_a_proxy_needs_a_token(string header, string value)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry);
        client.Headers[header] = value;
        await DeniedAsync(client, "token_required");
        client.Token = await registry.TokenAsync("planner");
        Assert.False((await client.CallAsync("list_models")).IsError);
    }

    [Fact]
    public async Task Where_the_server_is_published_under_a_name_every_caller_needs_a_token()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry, options: ["--public-url", "https://models.example.org"]);
        await DeniedAsync(client, "token_required");
    }

    [Theory]
    [InlineData("team")]
    [InlineData("regulated")]
    public async Task Under_a_policy_for_many_every_caller_needs_a_token(string policy)
    {
        await using var registry = await SeededRegistry.OpenAsync(policy);
        await using var client = await HttpRawClient.StartAsync(registry);
        await DeniedAsync(client, "token_required", "Bearer realm=\"modelregistry\"");
    }

    [Fact]
    public async Task A_policy_accepted_while_the_server_runs_counts_at_once()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry);
        Assert.False((await client.CallAsync("list_models")).IsError);
        await registry.AcceptAsync("team");
        await DeniedAsync(client, "token_required");
    }

    [Theory]
    [InlineData("Bearer mrt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("Bearer ")]
    [InlineData("Bearer eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("Basic YW5hOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==")]
    [InlineData("TOKEN")]
    [Attack(23, "mcp-http")]
    public async Task What_is_no_token_of_this_registry_is_refused_even_where_none_is_needed(string authorization)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry);
        client.Headers["Authorization"] = authorization;
        await DeniedAsync(client, "token_invalid", "Bearer realm=\"modelregistry\", error=\"invalid_token\"");
    }

    [Fact]
    public async Task A_revoked_token_ends_its_calls_its_session_and_its_stream_is_not_opened_again()
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        var token = await registry.NewTokenAsync("planner");
        await using var client = await HttpRawClient.StartAsync(registry, Era.Handshake, token: token.Secret);
        Assert.False((await client.CallAsync("list_models")).IsError);
        await registry.RevokeAsync(token.Id);
        await DeniedAsync(client, "token_invalid");
        using var stream = await client.SendAsync(client.Request(HttpMethod.Get));
        Assert.Equal(HttpStatusCode.Unauthorized, stream.StatusCode);
    }

    [Fact]
    [Attack(23, "mcp-http")]
    public async Task A_stream_that_is_open_ends_when_its_token_does()
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        var token = await registry.NewTokenAsync("planner");
        await using var client = await HttpRawClient.StartAsync(registry, Era.Handshake, token: token.Secret);
        using var stream = await client.SendAsync(client.Request(HttpMethod.Get));
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        var heard = stream.Content.ReadAsStringAsync();
        await registry.RevokeAsync(token.Id);
        // Nothing else ends it: without the look at its credential it would stay.
        Assert.DoesNotContain("data:", await heard.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task A_token_carries_its_own_roles_and_models_and_nothing_of_its_owner()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var client = await HttpRawClient.StartAsync(registry, token: await registry.TokenAsync("reader", Permissions.Viewer), options: ["--toolsets", "registrar"]);
        Assert.False((await client.CallAsync("list_models")).IsError);
        var proposal = new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "better" };
        Assert.StartsWith("error: role_missing", (await client.CallAsync("promote_model", proposal)).Text);
        Assert.StartsWith("error: role_missing", (await client.CallAsync("set_metadata", new JsonObject { ["model_name"] = "churn", ["task"] = "x" })).Text);
        client.Token = await registry.TokenAsync("planner");
        var pending = await client.CallAsync("promote_model", proposal);
        Assert.Equal(("pending", "planner"), ((string?)pending.Structured!["status"], (string?)pending.Structured["requested_by"]));
        // The owner is an approver; through their agent they are not.
        var id = (string)pending.Structured["promotion_id"]!;
        await client.CallAsync("confirm_promotion", ConfirmationContract.Arguments(id));
        Assert.Equal("promotion.decide refused person_required", (await registry.VerbsAsync(id))[^1]);
        Assert.Equal("v1", await registry.ServingAsync());
    }

    [Fact]
    public async Task Another_caller_cannot_withdraw_what_it_did_not_propose()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var client = await HttpRawClient.StartAsync(registry, token: await registry.TokenAsync("planner"));
        var pending = await client.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "better" });
        var id = (string)pending.Structured!["promotion_id"]!;
        client.Token = await registry.TokenAsync("rival");
        Assert.StartsWith("error: not_yours", (await client.CallAsync("withdraw_promotion", new JsonObject { ["promotion_id"] = id })).Text);
        Assert.Equal("pending", (await registry.PromotionAsync(id)).Status);
    }

    [Theory]
    [InlineData("open")]
    [InlineData("local")]
    public async Task Under_a_policy_for_one_user_it_does_not_listen_to_others(string policy)
    {
        await using var registry = await SeededRegistry.OpenAsync(policy);
        var (code, errors) = await ServeProcess.RefusedAsync(registry.DataFolder, "--urls", "http://0.0.0.0:0");
        Assert.Equal(65, code);
        Assert.StartsWith("serve_exposed", errors);
        Assert.Contains("policy accept", errors);
    }

    private static async Task DeniedAsync(HttpRawClient client, string code, string? challenge = null)
    {
        using var response = await client.PostCallAsync("list_models");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.StartsWith("Bearer ", response.Headers.WwwAuthenticate.ToString());
        if (challenge is not null)
            Assert.Equal(challenge, response.Headers.WwwAuthenticate.ToString());
        Assert.Equal(code, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["data"]!["code"]);
    }
}
