using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Callers who mean harm: requests that end twice or never, memory, guesses, noise. Others are served meanwhile.</summary>
public sealed class SiegeTests
{
    public static TheoryData<string, string> Ambiguous { get; } = new()
    {
        { "a length and chunks", RawHttp.Post(RawHttp.Chunked, "1.1", $"Content-Length: {RawHttp.Chunked.Length}", "Transfer-Encoding: chunked") },
        { "a coding beside the chunks", RawHttp.Post(RawHttp.Chunked, "1.1", "Transfer-Encoding: identity, chunked") },
        { "chunks said twice", RawHttp.Post(RawHttp.Chunked, "1.1", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") },
        { "chunks in HTTP/1.0", RawHttp.Post(RawHttp.Chunked, "1.0", "Transfer-Encoding: chunked") },
        { "another coding", RawHttp.Post(RawHttp.Chunked, "1.1", "Transfer-Encoding: xchunked") },
        { "two lengths", RawHttp.Post(RawHttp.Call, "1.1", $"Content-Length: {RawHttp.Call.Length}", "Content-Length: 5") },
        { "a line that ends with LF alone", RawHttp.Post(RawHttp.Call, "1.1", $"Content-Length: {RawHttp.Call.Length}", "X-One: 1\nX-Two: 2") },
        { "two hosts", RawHttp.Post(RawHttp.Call, "1.1", $"Content-Length: {RawHttp.Call.Length}", "Host: localhost") },
    };

    [Theory]
    [MemberData(nameof(Ambiguous))]
    public async Task A_request_that_can_be_read_in_two_ways_is_refused_and_what_hides_behind_it_is_not_read(string what, string request)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        var answer = await RawHttp.AskAsync(server.Address, request + "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.True(answer.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.DoesNotContain("\"ok\"", answer);
        Assert.DoesNotContain("\"result\"", answer);
        Assert.DoesNotContain("error:", server.Errors);
    }

    [Theory]
    [InlineData("Authorization", "Bearer a", 401)]
    [InlineData("MCP-Protocol-Version", "2026-07-28", 400)]
    [InlineData("Mcp-Method", "tools/call", 400)]
    [InlineData("Mcp-Name", "list_models", 400)]
    [InlineData("Content-Type", "text/plain", 415)]
    public async Task A_header_that_counts_and_comes_twice_counts_for_nothing(string header, string value, int status)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        var answer = await RawHttp.AskAsync(server.Address, RawHttp.Post(RawHttp.Call, "1.1", $"Content-Length: {RawHttp.Call.Length}", "Connection: close", $"Authorization: Bearer {await registry.TokenAsync("planner")}", $"{header}: {value}"));
        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
    }

    [Fact]
    public async Task Many_large_messages_of_one_caller_find_room_or_are_told_to_wait_and_others_find_theirs()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry);
        client.Server.Process.Refresh();
        var before = client.Server.Process.WorkingSet64;
        var unfinished = RawHttp.Post(new string(' ', 4_100_000), "1.1", "Content-Length: 4194304");
        var connections = new List<RawHttp>();
        try
        {
            for (var i = 0; i < 40; i++)
            {
                connections.Add(await RawHttp.ConnectAsync(client.Address));
                await connections[^1].SendAsync(unfinished);
            }
            // Those that came at once may have filled the room in parts and been sent away together: what waits keeps its part, until there is none.
            string? refused = null;
            for (var i = 0; i < 40 && refused is null; i++)
            {
                connections.Add(await RawHttp.ConnectAsync(client.Address));
                await connections[^1].SendAsync(unfinished);
                refused = await connections[^1].AnswerAsync(TimeSpan.FromSeconds(1));
            }
            Assert.StartsWith("HTTP/1.1 429 ", refused);
            Assert.Contains("Retry-After", refused);
            Assert.False((await client.CallAsync("list_models")).IsError);
            await using var other = await HttpRawClient.ConnectAsync(client.Address, token: await registry.TokenAsync("planner"));
            using (var theirs = await other.PostCallAsync("list_models", Large()))
                Assert.Equal(HttpStatusCode.OK, theirs.StatusCode);
            client.Server.Process.Refresh();
            Assert.InRange(client.Server.Process.WorkingSet64 - before, long.MinValue, 300L << 20);
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }
        // What was held is given back with the connections.
        for (var attempt = 0; ; attempt++)
        {
            using var again = await client.PostCallAsync("list_models", Large());
            if (again.StatusCode == HttpStatusCode.OK)
                break;
            Assert.True(attempt < 100, "The room is not given back.");
            await Task.Delay(100);
        }
    }

    private static JsonObject Large() => new() { ["search"] = new string('x', 4_000_000) };

    [Fact]
    public async Task Guesses_at_tokens_are_not_looked_up_beyond_a_number_and_who_was_let_in_goes_on()
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        var known = await registry.TokenAsync("planner");
        await using var client = await HttpRawClient.StartAsync(registry, Era.Stateless, false, known, "--rate-limit", "1");
        Assert.False((await client.CallAsync("list_models")).IsError);
        await using var guesser = await HttpRawClient.ConnectAsync(client.Address, token: "mrt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        // Each second lets another guess be looked at; a newcomer who asks just then is let in, so the next one asks again.
        var refusedUnseen = false;
        for (var newcomers = 0; newcomers < 20 && !refusedUnseen; newcomers++)
        {
            await using var newcomer = await HttpRawClient.ConnectAsync(client.Address, token: await registry.TokenAsync($"newcomer-{newcomers}"));
            HttpStatusCode said;
            do
            {
                using var guess = await guesser.PostCallAsync("list_models");
                said = guess.StatusCode;
                Assert.Contains(said, (HttpStatusCode[])[HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests]);
            }
            while (said != HttpStatusCode.TooManyRequests);
            // Some of the next permit is there already, and some is none.
            await Task.Delay(TimeSpan.FromMilliseconds(250));
            // A token that nobody looked at could be a good one.
            using var first = await newcomer.PostCallAsync("list_models");
            refusedUnseen = first.StatusCode == HttpStatusCode.TooManyRequests;
        }
        Assert.True(refusedUnseen);
        Assert.False((await client.CallAsync("list_models")).IsError);
    }

    [Fact]
    public async Task What_clients_ask_for_in_vain_does_not_fill_the_log()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry, Era.Handshake);
        var said = client.Server.Errors.Length;
        const string forged = "x\n2026-01-01T00:00:00.000Z error: forged \u001b[31m";
        foreach (var method in (string[])[forged, string.Concat(Enumerable.Repeat(forged, 1_000)), "tools/call", "prompts/get", "resources/read"])
            await client.RequestAsync(method, new JsonObject { ["name"] = forged, ["uri"] = forged });
        foreach (var message in (string[])["{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/nothing\"}", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":{}}}"])
            await client.SendAsync(JsonNode.Parse(message)!.AsObject());
        await using var leaving = await HttpRawClient.ConnectAsync(client.Address);
        (await leaving.PostAsync(leaving.Message("subscriptions/listen", new JsonObject { ["notifications"] = new JsonObject { ["resourcesListChanged"] = true } }, 1))).Dispose();
        Assert.False((await client.CallAsync("list_models")).IsError);
        await client.Server.EndAsync();
        Assert.Equal("", client.Server.Errors[said..]);
    }

    [Fact]
    public async Task One_caller_listens_to_so_much_and_no_more_and_others_find_room()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        await using var client = await HttpRawClient.StartAsync(registry, Era.Stateless, false, null, "--rate-limit", "0");
        JsonObject Wish(int count) => new() { ["notifications"] = new JsonObject { ["resourceSubscriptions"] = new JsonArray([.. Enumerable.Range(1, count).Select(n => (JsonNode)$"registry://models/churn/versions/{n}/card")]) } };
        var streams = new List<HttpResponseMessage>();
        for (var i = 0; i < 25; i++)
        {
            streams.Add(await client.PostAsync(client.Message("subscriptions/listen", Wish(200), 7)));
            Assert.Equal("text/event-stream", streams[^1].Content.Headers.ContentType?.MediaType);
        }
        using (var more = await client.PostAsync(client.Message("subscriptions/listen", Wish(1), 7)))
            Assert.Contains("too_many_subscriptions", await more.Content.ReadAsStringAsync());
        await using var other = await HttpRawClient.ConnectAsync(client.Address, token: await registry.TokenAsync("planner"));
        using (var theirs = await other.PostAsync(other.Message("subscriptions/listen", Wish(1), 7)))
            Assert.Equal("text/event-stream", theirs.Content.Headers.ContentType?.MediaType);
        streams.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task A_message_that_does_not_arrive_keeps_no_server_from_ending()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await HttpRawClient.StartAsync(registry);
        using var slow = await RawHttp.ConnectAsync(client.Address);
        await slow.SendAsync(RawHttp.Post("{", "1.1", "Content-Length: 4000000"));
        using var over = new CancellationTokenSource();
        var trickling = Task.Run(async () =>
        {
            // Fast enough for a server that only looks at the speed.
            while (!over.IsCancellationRequested && await slow.SendAsync(new string(' ', 500)))
                await Task.Delay(300);
        });
        await Task.Delay(500);
        var began = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(0, await client.Server.EndAsync());
        Assert.InRange(began.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        await over.CancelAsync();
        await trickling;
        Assert.DoesNotContain("error:", client.Server.Errors);
    }

    [Fact]
    public async Task No_header_session_prompt_or_completion_lifts_what_the_operator_set()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, "--read-only");
        foreach (var era in Enum.GetValues<Era>())
        {
            await using var client = await HttpRawClient.ConnectAsync(server.Address, era);
            foreach (var headers in (Dictionary<string, string>[])[[], new() { ["X-MCP-Readonly"] = "false" }, new() { ["X-MCP-Toolsets"] = "default,registrar" }, new() { ["X-MCP-Tools"] = "promote_model,set_metadata", ["X-MCP-Readonly"] = "0" }])
            {
                client.Headers.Clear();
                foreach (var (name, value) in headers)
                    client.Headers[name] = value;
                foreach (var (tool, arguments) in ((string, JsonObject)[])[("promote_model", new() { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "x" }), ("set_metadata", new() { ["model_name"] = "churn", ["task"] = "x" }), ("PROMOTE_MODEL", [])])
                    Assert.Equal(-32602, (int?)(await client.SendCallAsync(tool, arguments))["error"]?["code"]);
                var prompts = (await client.RequestAsync("prompts/list"))["result"]!["prompts"]!.AsArray().Select(p => (string)p!["name"]!).ToList();
                Assert.DoesNotContain("promote-model", prompts);
                Assert.DoesNotContain("rollback-model", prompts);
            }
        }
        Assert.Equal("v1", await registry.ServingAsync());
        Assert.Empty(SeededRegistry.Ok(await registry.Services.Promotions.ListAsync(await registry.AgentAsync(), new ModelRegistry.Promotions.PromotionQuery("pending", null, 10, null))).Items);
    }

    [Fact]
    public async Task Health_takes_no_method_that_would_change_something()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        using var http = new HttpClient();
        foreach (var path in (string[])["/health", "/health/ready"])
        {
            using var response = await http.PostAsync(new Uri(server.Address, path), new StringContent("x", Encoding.UTF8));
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        }
    }
}
