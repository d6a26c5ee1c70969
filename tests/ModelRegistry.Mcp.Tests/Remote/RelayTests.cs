using System.Diagnostics;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Remote;

/// <summary>stdio through a server: how it begins and ends, and what becomes of it when the server does.</summary>
public sealed class RelayTests
{
    [Theory]
    [InlineData(Era.Handshake)]
    [InlineData(Era.Stateless)]
    public async Task What_the_server_says_of_itself_gets_through_word_for_word(Era era)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var client = await StdioClient.ThroughServerAsync(registry, era);
        await using var direct = await HttpRawClient.ConnectAsync(client.Server!.Address, era, token: client.Token);
        Assert.Equal(direct.Welcome?.ToJsonString(), client.Welcome?.ToJsonString());
        foreach (var (method, parameters) in new (string, string)[] { ("tools/list", "{}"), ("prompts/list", "{}"), ("resources/templates/list", "{}"), ("resources/read", """{"uri":"registry://models/churn"}"""), ("tools/call", """{"name":"get_serving_version","arguments":{"model_name":"churn"}}"""), ("nothing/such", "{}") })
        {
            var (mine, theirs) = (await client.RequestAsync(method, JsonNode.Parse(parameters)!.AsObject()), await direct.RequestAsync(method, JsonNode.Parse(parameters)!.AsObject()));
            mine.Remove("id");
            theirs.Remove("id");
            Assert.True(JsonNode.DeepEquals(mine, theirs), $"{method}: {mine} is not {theirs}");
        }
        // A name that is no header as it stands is encoded, and so the server knows which tool there is none of.
        Assert.Equal(-32602, (int)(await client.RequestAsync("tools/call", new JsonObject { ["name"] = "g\u0119t \u4e2d" }))["error"]!["code"]!);
        // It has no registry of its own to have pages for.
        Assert.DoesNotContain("/ui", client.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_come_at_once_are_answered_each_and_rubbish_is_told_what_it_is()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.ThroughServerAsync(registry);
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => client.RequestAsync("tools/list")));
        Assert.All(answers, answer => Assert.NotNull(answer["result"]));
        await client.SendLineAsync("this is no message");
        Assert.Equal(-32700, (int)(await client.OtherAsync(m => m["error"] is not null))["error"]!["code"]!);
        await client.SendLineAsync("""{"jsonrpc":"2.0","id":"big","method":"tools/call","params":{"name":"NAME"}}""".Replace("NAME", new string('x', 5_000_000), StringComparison.Ordinal));
        Assert.Equal("body_too_large", (string?)(await client.OtherAsync(m => m["id"]?.ToString() == "big"))["error"]!["data"]!["code"]);
        Assert.NotNull((await client.RequestAsync("ping"))["result"]);
    }

    [Fact]
    public async Task The_options_that_choose_tools_go_along()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        await using var reader = StdioClient.Before(server.Address, null, Era.Stateless, "--read-only");
        Assert.DoesNotContain((await reader.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray(), t => (string?)t!["name"] == "promote_model");
        await using var few = StdioClient.Before(server.Address, null, Era.Stateless, "--tools", "list_models,get_model_info");
        Assert.Equal(["get_model_info", "list_models"], (await few.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().Select(t => (string)t!["name"]!).Order(StringComparer.Ordinal));
        await using var registrar = StdioClient.Before(server.Address, null, Era.Stateless, "--toolsets", "registrar");
        Assert.Contains("set_metadata", (await registrar.RequestAsync("tools/list")).ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Era.Handshake)]
    [InlineData(Era.Stateless)]
    public async Task A_token_that_does_not_count_is_said_to_every_request(Era era)
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        foreach (var (token, code) in new[] { ("mrt_" + new string('a', 43), "token_invalid"), (null, "token_required") })
        {
            await using var client = StdioClient.Before(server.Address, token, era);
            var error = (await client.RequestAsync(era == Era.Handshake ? "initialize" : "tools/list"))["error"]!;
            Assert.Equal(code, (string?)error["data"]!["code"]);
            Assert.Equal(0, await client.EndAsync());
        }
    }

    [Fact]
    public async Task A_polite_kill_and_the_end_of_input_end_it_in_good_order_and_its_session_with_it()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, "--max-sessions", "2");
        for (var i = 0; i < 4; i++)
        {
            await using var client = await StdioClient.ConnectAsync(server, null);
            client.Server = null;
            await client.RequestAsync("initialize", new JsonObject { ["protocolVersion"] = "2025-11-25", ["capabilities"] = new JsonObject(), ["clientInfo"] = new JsonObject { ["name"] = "c", ["version"] = "1" } });
            await client.SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/initialized" });
            Assert.NotNull((await client.RequestAsync("tools/list"))["result"]);
            if (i % 2 == 0)
            {
                using var kill = Process.Start("kill", ["-TERM", $"{client.Process.Id}"]);
                await client.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
                Assert.Equal(0, client.Process.ExitCode);
            }
            else
                Assert.Equal(0, await client.EndAsync());
        }
    }

    [Theory]
    [InlineData(Era.Handshake)]
    [InlineData(Era.Stateless)]
    public async Task A_server_that_is_killed_fails_what_waits_and_is_spoken_to_again_when_it_is_back(Era era)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        var token = await registry.TokenAsync("planner");
        var server = await ServeProcess.StartAsync(registry.DataFolder);
        await using var client = StdioClient.Before(server.Address, token, era, "--log-level", "trace");
        await GreetAsync(client, era);
        if (era == Era.Handshake)
            Assert.NotNull((await client.RequestAsync("resources/subscribe", new JsonObject { ["uri"] = "registry://models/churn" }))["result"]);
        await client.BeginRequestAsync(700, era == Era.Handshake ? "tools/call" : "subscriptions/listen", era == Era.Handshake
            ? new JsonObject { ["name"] = "confirm_promotion", ["arguments"] = new JsonObject { ["promotion_id"] = await registry.ProposeAsync(), ["decision"] = "approve" } }
            : new JsonObject { ["notifications"] = new JsonObject { ["resourceSubscriptions"] = new JsonArray("registry://models/churn") } });
        if (era == Era.Handshake)
            await client.OtherAsync(m => m["id"]?.ToString() == "700");
        else
            await client.NotificationAsync("notifications/subscriptions/acknowledged");
        server.Process.Kill();
        await server.DisposeAsync();
        if (era == Era.Stateless)
            Assert.Equal("server_lost", (string?)(await client.OtherAsync(m => m["id"]?.ToString() == "700"))["error"]!["data"]!["code"]);
        Assert.Equal("server_unreachable", (string?)(await client.RequestAsync("tools/list"))["error"]!["data"]!["code"]);

        await using var again = await ServeProcess.StartAtAsync(server.Address.GetLeftPart(UriPartial.Authority), registry.DataFolder);
        Assert.False((await client.CallAsync("get_serving_version", new JsonObject { ["model_name"] = "churn" })).IsError);
        if (era == Era.Handshake)
        {
            // It was told that it may have missed something, and goes on hearing of what it had subscribed to.
            Assert.Equal("registry://models/churn", (string?)(await client.NotificationAsync("notifications/resources/updated"))["params"]!["uri"]);
            await registry.RegisterAsync();
            Assert.Equal("registry://models/churn", (string?)(await client.NotificationAsync("notifications/resources/updated"))["params"]!["uri"]);
        }
        Assert.Equal(0, await client.EndAsync());
        Assert.DoesNotContain(token, client.Errors, StringComparison.Ordinal);
    }

    /// <summary>Sessions count their questions from one. The answer to a question of a session that is lost is none to a later one's.</summary>
    [Fact]
    [Attack(24, "mcp-relay")]
    public async Task An_answer_to_a_question_of_a_lost_session_decides_nothing_in_the_next()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        var server = await ServeProcess.StartAsync(registry.DataFolder);
        await using var client = StdioClient.Before(server.Address, null, Era.Handshake);
        client.Person = _ => null;
        await GreetAsync(client, Era.Handshake, forms: true);
        var first = await registry.ProposeAsync();
        await client.BeginRequestAsync(701, "tools/call", new JsonObject { ["name"] = "confirm_promotion", ["arguments"] = ConfirmationContract.Arguments(first) });
        await client.AskedAsync(1);
        server.Process.Kill();
        await server.DisposeAsync();
        Assert.Equal("server_lost", (string?)(await client.OtherAsync(m => m["id"]?.ToString() == "701"))["error"]!["data"]!["code"]);

        await using var again = await ServeProcess.StartAtAsync(server.Address.GetLeftPart(UriPartial.Authority), registry.DataFolder);
        await client.RequestAsync("ping");
        // The next session's first question has the same number; the client, which still has the old one, does not see it.
        await client.BeginRequestAsync(702, "tools/call", new JsonObject { ["name"] = "confirm_promotion", ["arguments"] = ConfirmationContract.Arguments(first) });
        await client.OtherAsync(m => m["id"]?.ToString() == "702");
        await client.SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = client.QuestionIds[0]!.DeepClone(), ["result"] = ConfirmationContract.Accept("approve") });
        await client.RequestAsync("ping");
        Assert.Equal("pending", (await registry.PromotionAsync(first)).Status);
        Assert.Equal("v1", await registry.ServingAsync());
        // Now that it is answered, numbers are free again: the person is asked, and decides.
        client.Person = _ => ConfirmationContract.Accept("approve");
        Assert.Equal("applied", (string?)(await client.CallAsync("confirm_promotion", ConfirmationContract.Arguments(first))).Structured!["status"]);
    }

    private static async Task GreetAsync(StdioClient client, Era era, bool forms = false)
    {
        if (era == Era.Stateless)
            return;
        await client.RequestAsync("initialize", new JsonObject
        {
            ["protocolVersion"] = "2025-11-25", ["clientInfo"] = new JsonObject { ["name"] = "test-client", ["version"] = "1" },
            ["capabilities"] = forms ? new JsonObject { ["elicitation"] = new JsonObject { ["form"] = new JsonObject() } } : new JsonObject(),
        });
        await client.SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/initialized" });
    }
}
