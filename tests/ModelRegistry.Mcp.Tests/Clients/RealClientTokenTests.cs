using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Cli;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>Official clients over HTTP under <c>team</c>: with a bearer token that a person made in a terminal, and without.</summary>
public sealed class RealClientTokenTests
{
    [Theory]
    [MemberData(nameof(RealClientFlowTests.Libraries), MemberType = typeof(RealClientFlowTests))]
    public async Task A_token_says_who_the_agent_is_and_without_one_there_is_no_way_in(Library library)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        var mcp = new Uri(server.Address, "mcp");
        using var person = new ProgramProcess { Environment = { ["MODELREGISTRY_DATA"] = registry.DataFolder } };
        var token = await LangGraphTests.TokenAsync(person);

        // When it negotiates, the newer library keeps the server's words to itself.
        var negotiates = library is Library.Sdk2Auto or Library.Sdk2Modern;
        var refused = await Assert.ThrowsAsync<ClientException>(() => RealClient.OverHttpAsync(library, mcp));
        Assert.Contains(negotiates ? "CLIENT_HTTP_AUTHENTICATION" : "token_required", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<ClientException>(() => RealClient.OverHttpAsync(library, mcp, token + "x"));
        Assert.Contains(negotiates ? "CLIENT_HTTP_AUTHENTICATION" : "token_invalid", refused.Message, StringComparison.Ordinal);

        await using (var client = await RealClient.OverHttpAsync(library, mcp, token))
        {
            await client.InvokeAsync("listTools");
            var promotion = (await client.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "better" })).Structured!;
            Assert.Equal("pending", (string?)promotion["status"]);
            var seen = await registry.PromotionAsync((string)promotion["promotion_id"]!);
            Assert.Contains("planner", seen.RequestedBy, StringComparison.Ordinal);
            await client.CloseAsync();
        }
        Assert.DoesNotContain(token, server.Errors, StringComparison.Ordinal);
    }
}
