using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Resources, prompts and completions over HTTP: the same desks as on stdio, with the caller and the tools of each request.</summary>
public sealed class HttpResourceTests
{
    [Theory]
    [InlineData(Era.Handshake, -32002)]
    [InlineData(Era.Stateless, -32602)]
    public async Task They_are_listed_read_filled_and_completed(Era era, int notThere)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var client = await HttpRawClient.StartAsync(registry, era, token: await registry.TokenAsync("planner"));
        Assert.Equal(3, (await client.RequestAsync("resources/list"))["result"]!["resources"]!.AsArray().Count);
        var model = JsonNode.Parse((string)(await client.RequestAsync("resources/read", new JsonObject { ["uri"] = "registry://models/churn" }))["result"]!["contents"]![0]!["text"]!)!;
        Assert.Equal("v1", (string?)model["serving_version"]);
        var error = (await client.RequestAsync("resources/read", new JsonObject { ["uri"] = "registry://models/chrun" }))["error"]!;
        Assert.Equal((notThere, "registry://models/chrun"), ((int)error["code"]!, (string?)error["data"]!["uri"]));
        var prompt = (await client.RequestAsync("prompts/get", new JsonObject { ["name"] = "roll_back", ["arguments"] = new JsonObject { ["model_name"] = "churn" } }))["result"]!["messages"]!.AsArray();
        Assert.Contains("\"serving_version\":\"v1\"", (string?)prompt[1]!["content"]!["text"]);
        var completed = (await client.RequestAsync("completion/complete", new JsonObject { ["ref"] = new JsonObject { ["type"] = "ref/prompt", ["name"] = "roll_back" }, ["argument"] = new JsonObject { ["name"] = "model_name", ["value"] = "ch" } }))["result"]!;
        Assert.Equal("churn", (string?)completed["completion"]!["values"]![0]);
    }

    [Fact]
    public async Task A_request_that_asks_for_reading_only_is_offered_the_prompts_for_that()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry);
        Assert.Equal(6, (await client.RequestAsync("prompts/list"))["result"]!["prompts"]!.AsArray().Count);
        client.Headers["X-MCP-Readonly"] = "true";
        Assert.Equal(4, (await client.RequestAsync("prompts/list"))["result"]!["prompts"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_session_that_ended_left_nothing_behind_and_another_one_still_hears()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        await using var first = await HttpRawClient.StartAsync(registry, Era.Handshake);
        await using var second = await HttpRawClient.ConnectAsync(first.Address, Era.Handshake);
        foreach (var client in new[] { first, second })
        {
            await client.ListenAsync();
            Assert.NotNull((await client.RequestAsync("resources/subscribe", new JsonObject { ["uri"] = "registry://models/churn" }))["result"]);
        }
        using (var gone = await first.SendAsync(first.Request(HttpMethod.Delete)))
            Assert.Equal(204, (int)gone.StatusCode);
        await registry.RegisterAsync();
        await second.NotificationAsync("notifications/resources/updated");
        Assert.Empty(first.Others);
        Assert.Equal(0, await first.EndAsync());
    }
}
