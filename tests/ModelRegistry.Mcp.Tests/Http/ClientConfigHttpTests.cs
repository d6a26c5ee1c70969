using System.Net;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Cli;
using ModelRegistry.Mcp.Tests.Cli;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>What <c>mcp-config</c> prints for HTTP, used by each client on a real server.</summary>
public class ClientConfigHttpTests
{
    [Fact]
    public async Task With_the_token_in_the_environment_each_client_gets_in_and_without_it_none_does()
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        var token = await registry.TokenAsync("planner");
        foreach (var client in ClientConfiguration.Clients)
        {
            var printed = await PrintAsync(server, client, token);
            Assert.Equal(14, await ToolsAsync(server, printed));
            Assert.Equal(9, await ToolsAsync(server, await PrintAsync(server, client, token, "--read-only")));
            Assert.Equal(15, await ToolsAsync(server, await PrintAsync(server, client, token, "--toolsets", "registrar")));
            Assert.Equal(2, await ToolsAsync(server, await PrintAsync(server, client, token, "--tools", "list_models,promote_model")));

            foreach (var useless in new[] { await PrintAsync(server, client, "mrt_wrong"), await PrintAsync(server, client, token, "--no-token") })
            {
                await using var stranger = await ConnectAsync(server, useless, Era.Stateless);
                using var refused = await stranger.PostAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = "tools/list", ["params"] = new JsonObject() });
                Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            }
        }
    }

    [Fact]
    public async Task Without_a_token_each_client_gets_in_where_one_user_has_one_machine()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        foreach (var client in ClientConfiguration.Clients)
            Assert.Equal(14, await ToolsAsync(server, await PrintAsync(server, client, "", "--no-token")));
    }

    private static async Task<PrintedConfiguration> PrintAsync(ServeProcess server, string client, string token, params string[] options)
    {
        using var desk = new CommandDesk();
        var ran = await desk.DoneAsync(["mcp-config", "--client", client, "--transport", "http", "--url", server.Address.ToString(), .. options]);
        return new PrintedConfiguration(client, ran.Out, new Dictionary<string, string> { ["MODELREGISTRY_TOKEN"] = token });
    }

    private static async Task<HttpRawClient> ConnectAsync(ServeProcess server, PrintedConfiguration printed, Era era)
    {
        Assert.Equal(new Uri(server.Address, "/mcp"), printed.Url);
        var client = await HttpRawClient.ConnectAsync(printed.Url, era, begin: false);
        foreach (var (name, value) in printed.Headers)
            client.Headers[name] = value;
        return client;
    }

    /// <summary>How many tools the client sees; the same number with a handshake and without.</summary>
    private static async Task<int> ToolsAsync(ServeProcess server, PrintedConfiguration printed)
    {
        var seen = new List<int>();
        foreach (var era in Enum.GetValues<Era>())
        {
            await using var client = await ConnectAsync(server, printed, era);
            if (era == Era.Handshake)
            {
                var welcome = await client.RequestAsync("initialize", new JsonObject
                {
                    ["protocolVersion"] = "2025-11-25", ["capabilities"] = new JsonObject(), ["clientInfo"] = new JsonObject { ["name"] = "configured", ["version"] = "1" },
                });
                Assert.Equal("modelregistry", (string?)welcome["result"]!["serverInfo"]!["name"]);
                await client.SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/initialized" });
            }
            seen.Add((await client.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().Count);
        }
        return Assert.Single(seen.Distinct());
    }
}
