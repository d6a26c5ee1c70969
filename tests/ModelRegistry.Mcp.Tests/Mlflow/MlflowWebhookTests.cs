using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Mcp.Tests.Web;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Mlflow;

/// <summary>Webhooks as MLflow's clients make them, before a real server that tells a real receiver.</summary>
public sealed class MlflowWebhookTests
{
    private const string Root = "/api/2.0/mlflow/", Secret = "chosen by the client", PrivateToo = "--allow-private-webhooks";

    private static readonly object[] Events = [new { entity = "REGISTERED_MODEL", action = "CREATED" }, new { entity = "MODEL_VERSION_TAG", action = "SET" }];

    private static Task<RestAnswer> AskAsync(ServedRest served, string method, string path, object? body = null) => served.SendAsync(method, Root + path, body is null ? null : JsonSerializer.Serialize(body));

    private static JsonNode Ok(RestAnswer answer)
    {
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Body}");
        return answer.Json;
    }

    [Fact]
    public async Task Where_nothing_is_governed_a_webhook_is_made_changed_tried_told_and_removed_at_once()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var served = await ServedRest.OpenAsync("open", true, PrivateToo);
        var made = Ok(await AskAsync(served, "POST", "webhooks", new { name = "ci", description = "Starts a build.", url = $"{receiver.Address}hook", events = Events, secret = Secret }))["webhook"]!;
        var id = (string)made["webhook_id"]!;
        Assert.Equal(("ci", "Starts a build.", $"{receiver.Address}hook", "ACTIVE"), ((string?)made["name"], (string?)made["description"], (string?)made["url"], (string?)made["status"]));
        Assert.Equal(JsonSerializer.Serialize(Events), made["events"]!.ToJsonString());
        Assert.InRange((long)made["creation_timestamp"]!, 1_700_000_000_000, (long)made["last_updated_timestamp"]!);
        Assert.Equal(id, (string?)Ok(await AskAsync(served, "GET", $"webhooks/{id}"))["webhook"]!["webhook_id"]);
        var listed = await AskAsync(served, "GET", "webhooks?max_results=10");
        Assert.Equal((id, ""), ((string?)Ok(listed)["webhooks"]![0]!["webhook_id"], listed["next_page_token"]));
        Assert.DoesNotContain(Secret, listed.Body, StringComparison.Ordinal);

        var tried = Ok(await AskAsync(served, "POST", $"webhooks/{id}/test", new { }))["result"]!;
        Assert.Equal((true, 204), ((bool)tried["success"]!, (int)tried["response_status"]!));
        receiver.AnswerWith(404);
        tried = Ok(await AskAsync(served, "POST", $"webhooks/{id}/test", new { @event = new { entity = "MODEL_VERSION_TAG", action = "SET" } }))["result"]!;
        Assert.Equal((false, 404, ""), ((bool)tried["success"]!, (int)tried["response_status"]!, (string?)tried["response_body"]));
        Assert.Equal(["registered_model.created", "model_version_tag.set"], receiver.All.Select(r => r.Type));

        receiver.AnswerWith(200);
        Ok(await AskAsync(served, "POST", "registered-models/create", new { name = "fresh" }));
        Ok(await AskAsync(served, "POST", "model-versions/set-tag", new { name = "churn", version = "1", key = "k", value = "ü" }));
        await receiver.WaitAsync(all => all.Count == 4);
        Assert.Equal(("fresh", "ü"), ((string?)receiver.All[2].Json["data"]!["name"], (string?)receiver.All[3].Json["data"]!["value"]));
        Assert.All(receiver.All, r => Assert.True(r.VerifiesAsMlflow(Secret)));

        Assert.Equal("DISABLED", (string?)Ok(await AskAsync(served, "PATCH", $"webhooks/{id}", new { status = "DISABLED", name = "paused" }))["webhook"]!["status"]);
        Ok(await AskAsync(served, "DELETE", $"webhooks/{id}"));
        Assert.Equal((404, "RESOURCE_DOES_NOT_EXIST"), ((await AskAsync(served, "GET", $"webhooks/{id}")).Status, (await AskAsync(served, "DELETE", $"webhooks/{id}", new { }))["error_code"]));
    }

    [Fact]
    [Attack(1, "mlflow")]
    public async Task Where_a_stage_is_governed_an_admin_confirms_it_first_over_rest_or_at_the_pages()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var served = await ServedRest.OpenAsync("team", true, PrivateToo);
        var wish = new { name = "ci", url = $"{receiver.Address}hook", events = Events };
        var waiting = await AskAsync(served, "POST", "webhooks", wish);
        Assert.Equal((403, "PERMISSION_DENIED", "webhook_unconfirmed"), (waiting.Status, waiting["error_code"], waiting.Code));
        var id = Regex.Match(waiting["message"]!, "whk_[0-9a-z]+").Value;
        Assert.Contains($"{served.Address}ui/webhooks", waiting["message"], StringComparison.Ordinal);
        Ok(await AskAsync(served, "POST", "registered-models/create", new { name = "untold" }));
        Assert.Equal("person_required", (await served.PostAsync($"/webhooks/{id}/confirm", new JsonObject { ["url"] = wish.url })).Code);
        Assert.Equal("role_missing", (await served.PostAsync($"/webhooks/{id}/confirm", new JsonObject { ["url"] = wish.url, ["by"] = ServedRest.By("ben") })).Code);
        Assert.Equal("webhook_leads_elsewhere", (await served.PostAsync($"/webhooks/{id}/confirm", new JsonObject { ["url"] = "https://example.org/", ["by"] = ServedRest.By() })).Code);
        Assert.Equal("active", (await served.PostAsync($"/webhooks/{id}/confirm", new JsonObject { ["url"] = wish.url, ["by"] = ServedRest.By() }))["state"]);
        Assert.Equal(id, (string?)Ok(await AskAsync(served, "POST", "webhooks", wish))["webhook"]!["webhook_id"]);

        // To lead elsewhere it waits again.
        Assert.Equal("webhook_unconfirmed", (await AskAsync(served, "PATCH", $"webhooks/{id}", new { url = $"{receiver.Address}other" })).Code);
        await using var ana = await SignedIn.AsAsync("ana", served.Server.Address);
        await using var ben = await SignedIn.AsAsync("ben", served.Server.Address);
        Assert.Contains("Confirm this webhook", await ana.PageAsync("/ui/webhooks"), StringComparison.Ordinal);
        Assert.DoesNotContain("Confirm this webhook", await ben.PageAsync("/ui/webhooks"), StringComparison.Ordinal);
        async Task ConfirmAsync(SignedIn who) => (await who.PostAsync($"/ui/webhooks/{id}/confirm", ("csrf", await who.CsrfAsync()), ("passphrase", SeededRegistry.Passphrase), ("url", $"{receiver.Address}other"))).Dispose();
        Assert.Contains($"{receiver.Address}other", await ana.PageAsync("/ui/webhooks"), StringComparison.Ordinal);
        await ConfirmAsync(ben);
        Assert.Equal("DISABLED", (string?)Ok(await AskAsync(served, "GET", $"webhooks/{id}"))["webhook"]!["status"]);
        await ConfirmAsync(ana);
        Ok(await AskAsync(served, "POST", "registered-models/create", new { name = "told" }));
        await receiver.WaitAsync(all => all.Count >= 1);
        Assert.Equal(("told", "/other", ""), ((string?)receiver.All[0].Json["data"]!["name"], receiver.All[0].Path, receiver.All[0].Signature));
    }

    [Fact]
    public async Task What_is_no_webhook_is_refused_in_the_words_of_mlflow()
    {
        await using var served = await ServedRest.OpenAsync("open");
        foreach (var body in (object[])
        [
            new { url = "https://example.org/", events = Events }, new { name = "x", events = Events }, new { name = "x", url = "https://example.org/" }, new { name = "x", url = "https://example.org/", events = "all" },
            new { name = "x", url = "https://example.org/", events = new[] { "model_version.exploded" } }, new { name = "x", url = "https://example.org/", events = new object[] { new { entity = "MODEL_VERSION", action = "SET" } } },
            new { name = "x", url = "https://example.org/", events = new object[] { 1 } }, new { name = "x", url = "ftp://example.org/", events = Events }, new { name = "no name", url = "https://example.org/", events = Events },
            new { name = "x", url = "https://example.org/", events = Events, status = "DELETED" },
        ])
        {
            var answer = await AskAsync(served, "POST", "webhooks", body);
            Assert.True(answer is { Status: 400 } && answer["error_code"] == "INVALID_PARAMETER_VALUE", $"{JsonSerializer.Serialize(body)}: {answer.Status} {answer.Body}");
        }
        Assert.Equal((403, "PERMISSION_DENIED"), ((await AskAsync(served, "POST", "webhooks", new { name = "x", url = "http://127.0.0.1:9/", events = Events })) is var no ? no.Status : 0, no["error_code"]));
        Assert.Equal(404, (await AskAsync(served, "PATCH", "webhooks/whk_none", new { name = "x" })).Status);
        Assert.Equal(404, (await AskAsync(served, "POST", "webhooks/whk_none/test", new { })).Status);
        Assert.Equal(400, (await AskAsync(served, "GET", "webhooks?page_token=%27")).Status);
    }
}
