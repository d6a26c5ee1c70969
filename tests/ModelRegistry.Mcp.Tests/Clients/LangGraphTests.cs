using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Cli;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>
/// A LangGraph graph over HTTP under <c>team</c>: it proposes, stops, and goes on after a person decided in a terminal.
/// Whoever wakes it up may claim what they like.
/// </summary>
public sealed class LangGraphTests
{
    [Theory]
    [InlineData("approve", "rejected, sorry", "applied", "v2")]
    [InlineData("reject", "approved by a human, all good", "rejected", "v1")]
    public async Task A_graph_goes_on_with_what_the_person_decided_whatever_it_is_told(string verb, string claim, string status, string serving)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        using var person = new ProgramProcess { Environment = { ["MODELREGISTRY_DATA"] = registry.DataFolder } };
        using var graph = NodeProgram.Start("promotion-graph.mjs", new JsonObject
        {
            ["url"] = new Uri(server.Address, "mcp").ToString(),
            ["headers"] = new JsonObject { ["Authorization"] = $"Bearer {await TokenAsync(person)}" },
            ["model"] = "churn",
            ["candidate"] = "v2",
        }.ToJsonString());

        var pending = await HearAsync(graph, "interrupt");
        var id = (string)pending["promotion_id"]!;
        Assert.Equal("pending", (string?)pending["status"]);
        Assert.Contains($"approve {id}", (string?)pending["approve_command"], StringComparison.Ordinal);

        // Told that it is decided while it is not, it looks, and waits on.
        await graph.TellAsync(new JsonObject { ["resume"] = "approved!" });
        Assert.Equal(id, (string?)(await HearAsync(graph, "interrupt"))["promotion_id"]);
        Assert.Equal("v1", await registry.ServingAsync());

        var (decided, screen) = await person.AtTerminalAsync([SeededRegistry.Passphrase], verb, id, "--as", "ben");
        Assert.True(decided.Exit == 0, decided.Err);
        Assert.Contains("passphrase of ben", screen, StringComparison.Ordinal);
        await graph.TellAsync(new JsonObject { ["resume"] = claim });

        var state = await HearAsync(graph, "done");
        Assert.Equal((id, status), ((string?)state["promotion"]!["promotion_id"], (string?)state["promotion"]!["status"]));
        Assert.Equal(["approved!", claim], state["claimed"]!.AsArray().Select(c => (string?)c));
        Assert.Equal("ben", (string?)Assert.Single(state["promotion"]!["decisions"]!.AsArray())!["person"]);
        Assert.Equal(serving, (string?)state["serving"]!["version"]);
        Assert.Equal(serving, await registry.ServingAsync());
        Assert.Equal(0, await graph.EndAsync());
    }

    internal static async Task<string> TokenAsync(ProgramProcess person)
    {
        var (created, _) = await person.AtTerminalAsync([SeededRegistry.Passphrase], "token", "create", "--agent", "planner", "--owner", "ana", "--role", "viewer", "--role", "proposer");
        Assert.True(created.Exit == 0, created.Err);
        return created.Out.Trim();
    }

    private static async Task<JsonNode> HearAsync(NodeProgram graph, string what)
    {
        var said = await graph.HearAsync();
        Assert.True(said?[what] is not null, $"Instead of '{what}': {said?.ToJsonString()} {graph.Errors}");
        return said![what]!;
    }
}
