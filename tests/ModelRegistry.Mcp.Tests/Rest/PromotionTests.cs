using System.Text.Json.Nodes;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>From a proposal to what serves, over REST.</summary>
public sealed class PromotionTests
{
    [Fact]
    public async Task A_pipeline_proposes_a_person_decides_and_it_serves()
    {
        await using var rest = await OpenAsync();
        var asked = await rest.PostAsync("/models/churn/versions/2/promotions", new JsonObject { ["stage"] = "prod", ["reason"] = "better", ["idempotency_key"] = "run-1" });
        Assert.Equal((202, "pending", "v1"), (asked.Status, asked["status"], asked["replaces"]));
        var id = asked["promotion_id"]!;
        Assert.Equal($"/promotions/{id}", asked.Response.Headers.Location?.OriginalString);
        Assert.Equal(id, (await rest.PostAsync("/models/churn/versions/v2/promotions", new JsonObject { ["stage"] = "production", ["reason"] = "better", ["idempotency_key"] = "run-1" }))["promotion_id"]);

        Assert.Equal(id, (string?)(await rest.GetAsync("/promotions?status=live&model=churn")).Json["items"]![0]!["promotion_id"]);
        var statement = await rest.GetAsync($"/promotions/{id}/statement");
        Assert.Equal(64, statement["statement_digest"]!.Length);

        var seen = await rest.GetAsync(asked.Response.Headers.Location!.OriginalString);
        var tag = seen.Response.Headers.ETag!.Tag;
        Assert.Equal(304, (await rest.GetAsync($"/promotions/{id}", ("If-None-Match", tag))).Status);
        var waiting = rest.GetAsync($"/promotions/{id}?wait=50");

        // A person's own; no token comes along.
        rest.Token = null;
        var decided = await rest.DecideAsync(id, new JsonObject(Decision().Append(KeyValuePair.Create("statement_sha256", (JsonNode?)statement["statement_digest"])).Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()))));
        Assert.Equal((200, "applied"), (decided.Status, decided["status"]));
        var decision = decided.Json["decisions"]![0]!;
        Assert.Equal(("ben", "authenticated", "rest"), ((string?)decision["person"], (string?)decision["assurance"], (string?)decision["channel"]));
        Assert.Equal("applied", (await waiting.WaitAsync(TimeSpan.FromSeconds(40)))["status"]);

        rest.Token = await rest.Registry.TokenAsync("fetcher");
        Assert.Equal(200, (await rest.GetAsync($"/promotions/{id}", ("If-None-Match", tag))).Status);
        var serving = await rest.GetAsync("/models/churn/serving");
        Assert.Equal(("v2", "ben"), (serving["version"], (string?)serving.Json["approved_by"]![0]));
        Assert.Equal(304, (await rest.GetAsync("/models/churn/serving", ("If-None-Match", serving.Response.Headers.ETag!.Tag))).Status);
    }

    [Fact]
    public async Task What_is_not_governed_is_done_at_once_and_what_a_gate_stops_is_a_problem_with_the_report()
    {
        await using var rest = await OpenAsync();
        await rest.Registry.RegisterAsync("bare", metadata: new ModelRegistry.Domain.VersionMetadata());
        var moved = await rest.PostAsync("/models/bare/versions/latest/promotions", new JsonObject { ["stage"] = "staging" });
        Assert.Equal((200, "applied"), (moved.Status, moved["status"]));
        var stopped = await rest.PostAsync("/models/bare/versions/v1/promotions", new JsonObject { ["stage"] = "production", ["reason"] = "r" });
        Problem(422, "blocked", stopped);
        Assert.Contains(stopped.Json["promotion"]!["gates"]!.AsArray(), gate => (string?)gate!["verdict"] == "fail");
    }

    [Fact]
    public async Task What_the_same_key_brought_about_and_was_refused_is_not_taken_for_done()
    {
        await using var rest = await OpenAsync();
        var wish = new JsonObject { ["stage"] = "production", ["reason"] = "better", ["idempotency_key"] = "k" };
        var id = (await rest.PostAsync("/models/churn/versions/v2/promotions", wish))["promotion_id"]!;
        Assert.Equal("rejected", (await rest.DecideAsync(id, Decision(decision: "reject")))["status"]);
        Problem(409, "promotion_over", await rest.PostAsync("/models/churn/versions/v2/promotions", wish));
    }

    [Fact]
    public async Task Back_to_what_served_before_is_a_promotion_too()
    {
        await using var rest = await OpenAsync();
        await rest.Registry.MoveAsync("v2", "production");
        var back = await rest.PostAsync("/models/churn/rollback", new JsonObject { ["to_version"] = 1, ["reason"] = "v2 is slow" });
        Assert.Equal((202, "rollback"), (back.Status, back["kind"]));
        Assert.Equal("applied", (await rest.DecideAsync(back["promotion_id"]!, Decision("ana")))["status"]);
        Assert.Equal("v1", (await rest.GetAsync("/models/churn/serving"))["version"]);
        Assert.Equal(["v1", "v2", "v1"], (await rest.GetAsync("/models/churn/history")).Json["items"]!.AsArray().Where(p => (string?)p!["stage"] == "production").Select(p => (string?)p!["version"]));
    }

    [Fact]
    public async Task What_is_pending_is_withdrawn_by_its_proposer_or_a_person_and_by_nobody_else()
    {
        await using var rest = await OpenAsync();
        var path = $"/promotions/{await rest.ProposeAsync()}/withdraw";
        var rival = ("Authorization", "Bearer " + await rest.Registry.TokenAsync("rival"));
        Problem(403, "not_yours", await rest.PostAsync(path, new JsonObject { ["reason"] = "r" }, rival));
        // With a proof that is none, the proposer's token is not looked at either.
        Problem(403, "proof_failed", await rest.PostAsync(path, new JsonObject { ["person"] = "ben", ["proof"] = Passphrase("wrong") }));
        Assert.Equal("withdrawn", (await rest.PostAsync(path, new JsonObject { ["reason"] = "mine" }))["status"]);
        path = $"/promotions/{await rest.ProposeAsync()}/withdraw";
        Assert.Equal("withdrawn", (await rest.PostAsync(path, new JsonObject { ["person"] = "ben", ["proof"] = Passphrase() }, rival))["status"]);
        Problem(409, "promotion_not_pending", await rest.PostAsync(path, []));
    }

    [Fact]
    public async Task Only_an_approver_revokes_and_only_what_is_approved()
    {
        await using var rest = await OpenAsync();
        var path = $"/promotions/{await rest.ProposeAsync()}/revoke";
        Problem(409, "promotion_not_approved", await rest.PostAsync(path, new JsonObject { ["person"] = "ben", ["proof"] = Passphrase(), ["reason"] = "r" }));
        Problem(403, "person_required", await rest.PostAsync(path, new JsonObject { ["reason"] = "r" }));
        rest.Token = null;
        Problem(403, "proof_required", await rest.PostAsync(path, new JsonObject { ["reason"] = "r" }));
    }

    [Fact]
    public async Task A_passkey_signs_a_decision_and_the_record_says_so()
    {
        await using var rest = await OpenAsync();
        using var key = await rest.EnrolAsync("ben");
        var id = await rest.ProposeAsync();
        rest.Token = null;
        var asked = await rest.ChallengeAsync(id, "approve");
        var decided = await rest.DecideAsync(id, Decision(proof: Passkey(key.Sign(asked))));
        Assert.True(decided.Status == 200, decided.Body);
        Assert.Equal(("applied", "signed"), (decided["status"], (string?)decided.Json["decisions"]![0]!["assurance"]));
        // Taking back takes a proof that is for nothing else.
        var confirm = await rest.ChallengeAsync("/challenges", new JsonObject { ["use"] = "confirm" });
        Problem(409, "promotion_not_approved", await rest.PostAsync($"/promotions/{id}/revoke", new JsonObject { ["person"] = "ben", ["proof"] = Passkey(key.Sign(confirm)) }));
    }

    [Fact]
    public async Task A_wait_ends_with_its_time_and_with_the_token()
    {
        await using var rest = await OpenAsync();
        var id = await rest.ProposeAsync();
        Assert.Equal("pending", (await rest.GetAsync($"/promotions/{id}?wait=1"))["status"]);
        Problem(400, "invalid_arguments", await rest.GetAsync($"/promotions/{id}?wait=51"));
        var token = await rest.Registry.NewTokenAsync("watcher");
        var waiting = rest.GetAsync($"/promotions/{id}?wait=50", ("Authorization", "Bearer " + token.Secret));
        await rest.Registry.RevokeAsync(token.Id);
        await rest.DecideAsync(id, Decision());
        Problem(401, "token_invalid", await waiting.WaitAsync(TimeSpan.FromSeconds(40)));
    }

    [Fact]
    public async Task A_server_that_ends_says_how_it_stands_to_whoever_waits()
    {
        await using var rest = await OpenAsync();
        var id = await rest.ProposeAsync();
        var waiting = rest.GetAsync($"/promotions/{id}?wait=50");
        // Begun, as the next one's answer shows.
        Assert.Equal(200, (await rest.GetAsync("/me")).Status);
        var ended = rest.Server.EndAsync();
        Assert.Equal("pending", (await waiting.WaitAsync(TimeSpan.FromSeconds(30)))["status"]);
        Assert.Equal(0, await ended);
    }

    [Fact]
    public async Task Models_versions_and_their_comparison_are_read()
    {
        await using var rest = await OpenAsync();
        Assert.Equal("churn", (string?)(await rest.GetAsync("/models?search=chu&limit=1")).Json["items"]![0]!["name"]);
        Assert.Empty((await rest.GetAsync("/models?is_active=false")).Json["items"]!.AsArray());
        Assert.Equal("v1", (await rest.GetAsync("/models/churn"))["serving_version"]);
        var page = await rest.GetAsync("/models/churn/versions?limit=1");
        Assert.Equal("v1", (string?)(await rest.GetAsync($"/models/churn/versions?limit=1&cursor={page["next_cursor"]}")).Json["items"]![0]!["version"]);
        Assert.Equal("production", (await rest.GetAsync("/models/churn/versions/@champion"))["stage"]);
        Assert.Equal("v2", (string?)(await rest.GetAsync("/models/churn/compare?versions=v1,v2")).Json["metrics"]![0]!["best"]);
        Problem(404, "model_not_found", await rest.GetAsync("/models/chrn"));
        Problem(404, "version_not_found", await rest.GetAsync("/models/churn/versions/9"));
        Problem(400, "too_few_versions", await rest.GetAsync("/models/churn/compare?versions=v1"));
        Problem(400, "stage_unknown", await rest.GetAsync("/models/churn/serving?stage=moon"));
    }
}
