using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>The rules of Streamable HTTP, request by request, against one real server.</summary>
public sealed class TransportTests(TransportTests.Running running) : IClassFixture<TransportTests.Running>
{
    public sealed class Running : IAsyncLifetime
    {
        internal SeededRegistry Registry { get; private set; } = null!;
        internal ServeProcess Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Registry = await SeededRegistry.OpenAsync();
            await Registry.RegisterAsync();
            Server = await ServeProcess.StartAsync(Registry.DataFolder, "--allowed-hosts", "models.example", "--allowed-origins", "http://localhost:6274");
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Assert.DoesNotContain("error:", Server.Errors);
            await Registry.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_single_answer_comes_as_one_json_object_in_both_eras()
    {
        foreach (var era in (Era[])[Era.Handshake, Era.Stateless])
        {
            await using var client = await HttpRawClient.ConnectAsync(running.Server.Address, era);
            using var response = await client.PostCallAsync("list_models");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
            Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Assert.Equal(7, (int?)answer["id"]);
            Assert.NotNull(answer["result"]);
        }
    }

    public static TheoryData<string, string, string, int, int> Headers { get; } = new()
    {
        // what is wrong, header, its value ("-": left out), HTTP status, JSON-RPC code
        { "no version", "MCP-Protocol-Version", "-", 400, -32020 },
        { "a version of the other era", "MCP-Protocol-Version", "2025-11-25", 400, -32020 },
        { "a version nobody speaks", "MCP-Protocol-Version", "2199-01-01", 400, -32022 },
        { "no method", "Mcp-Method", "-", 400, -32020 },
        { "another method", "Mcp-Method", "tools/list", 400, -32020 },
        { "no name", "Mcp-Name", "-", 400, -32020 },
        { "another name", "Mcp-Name", "get_promotion", 400, -32020 },
        { "a badly encoded name", "Mcp-Name", "=?base64?%%%?=", 400, -32020 },
        { "html alone is taken", "Accept", "text/html", 406, -32600 },
        { "no stream is taken", "Accept", "application/json", 406, -32600 },
        { "a form", "Content-Type", "application/x-www-form-urlencoded", 415, -32600 },
        { "text", "Content-Type", "text/plain", 415, -32600 },
        { "no type", "Content-Type", "-", 415, -32600 },
        { "another host", "Host", "evil.example", 403, -32600 },
        { "a host that only begins right", "Host", "localhost.evil.example", 403, -32600 },
        { "another site's page", "Origin", "http://evil.example", 403, -32600 },
        { "a page without origin", "Origin", "null", 403, -32600 },
        { "a page of another port", "Origin", "http://localhost:1", 403, -32600 },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    [Attack(22, "mcp-http")]
    public async Task A_request_whose_headers_are_wrong_is_refused_before_it_does_anything(string what, string header, string value, int status, int code)
    {
        await using var client = await HttpRawClient.ConnectAsync(running.Server.Address);
        using var request = client.Request(HttpMethod.Post);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(client.Message("tools/call", new JsonObject { ["name"] = "list_models" }, 7).ToJsonString()));
        request.Headers.Add("Mcp-Method", "tools/call");
        request.Headers.Add("Mcp-Name", "list_models");
        request.Content.Headers.Add("Content-Type", "application/json");
        System.Net.Http.Headers.HttpHeaders of = header == "Content-Type" ? request.Content.Headers : request.Headers;
        of.Remove(header);
        if (value != "-")
            of.TryAddWithoutValidation(header, value);
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{what}: {response.StatusCode} {body}");
        Assert.Equal(code, (int?)JsonNode.Parse(body)!["error"]!["code"]);
        if (code == -32022)
            Assert.Equal("2026-07-28", (string?)JsonNode.Parse(body)!["error"]!["data"]!["supported"]![0]);
    }

    public static TheoryData<string, int, int> Bodies { get; } = new()
    {
        { "", 400, -32700 }, { "{", 400, -32700 }, { "null", 400, -32600 }, { "7", 400, -32600 }, { "{}", 400, -32600 }, { "[]", 400, -32600 },
        { """[{"jsonrpc":"2.0","id":1,"method":"ping"}]""", 400, -32600 },
        { """{"jsonrpc":"1.0","id":1,"method":"tools/list"}""", 400, -32600 },
        { """{"jsonrpc":"2.0","id":1,"method":"tools/list"} {}""", 400, -32700 },
        { """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":5}}""", 400, -32602 },
        { """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""", 400, -32600 },
        { """{"jsonrpc":"2.0","id":1,"result":{}}""", 400, -32600 },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_that_is_no_message_of_this_place_is_refused(string body, int status, int code)
    {
        await using var client = await HttpRawClient.ConnectAsync(running.Server.Address, Era.Handshake, begin: false);
        using var request = client.Request(HttpMethod.Post);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{body}: {response.StatusCode} {text}");
        Assert.Equal(code, (int?)JsonNode.Parse(text)!["error"]!["code"]);
        Assert.False(response.Headers.Contains("Mcp-Session-Id"));
    }

    [Fact]
    [Attack(21, "mcp-http")]
    public async Task A_body_beyond_the_limit_is_refused_and_the_server_goes_on()
    {
        await using var client = await HttpRawClient.ConnectAsync(running.Server.Address);
        try
        {
            using var response = await client.PostCallAsync("list_models", new JsonObject { ["search"] = new string('x', 5_000_000) });
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
            Assert.Equal("body_too_large", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["data"]!["code"]);
        }
        catch (HttpRequestException)
        {
            // The connection is closed on what is still being sent.
        }
        Assert.False((await client.CallAsync("list_models")).IsError);
    }

    [Fact]
    public async Task An_unknown_method_is_not_found_and_what_ended_with_sessions_neither()
    {
        await using var client = await HttpRawClient.ConnectAsync(running.Server.Address);
        foreach (var method in (string[])["no/such", "ping", "initialize", "logging/setLevel", "resources/subscribe"])
        {
            using var response = await client.PostAsync(client.Message(method, null, 7));
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.Equal(-32601, (int?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]);
        }
        using var put = await client.SendAsync(client.Request(HttpMethod.Put));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, put.StatusCode);
        Assert.Equal(["DELETE", "GET", "POST"], put.Content.Headers.Allow.Order());
        using var get = await client.SendAsync(client.Request(HttpMethod.Get));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
    }

    [Fact]
    public async Task Health_answers_whoever_asks_by_whatever_name()
    {
        using var http = new HttpClient();
        foreach (var path in (string[])["/health", "/health/ready"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(running.Server.Address, path));
            request.Headers.Host = "10.0.0.7";
            using var response = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        using var elsewhere = await http.GetAsync(new Uri(running.Server.Address, "/elsewhere"));
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        Assert.Equal("application/problem+json", elsewhere.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    [Attack(22, "mcp-http")]
    public async Task A_page_of_an_origin_the_operator_named_may_call_and_no_other_is_even_told()
    {
        await using var client = await HttpRawClient.ConnectAsync(running.Server.Address);
        using var ask = client.Request(HttpMethod.Options);
        ask.Headers.Add("Origin", "http://localhost:6274");
        ask.Headers.Add("Access-Control-Request-Method", "POST");
        using var told = await client.SendAsync(ask);
        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);
        Assert.Equal("http://localhost:6274", Assert.Single(told.Headers.GetValues("Access-Control-Allow-Origin")));
        client.Headers["Origin"] = "http://localhost:6274";
        Assert.False((await client.CallAsync("list_models")).IsError);
        client.Headers["Origin"] = "http://localhost:6275";
        using var refused = await client.PostCallAsync("list_models");
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.False(refused.Headers.Contains("Access-Control-Allow-Origin"));
        client.Headers["Origin"] = running.Server.Address.GetLeftPart(UriPartial.Authority);
        Assert.False((await client.CallAsync("list_models")).IsError);
    }

    [Fact]
    public async Task A_host_name_the_operator_named_is_taken()
    {
        await using var client = await HttpRawClient.ConnectAsync(running.Server.Address);
        client.Headers["Host"] = "models.example";
        // By a name of its own the server is reached from elsewhere, and from there with a token.
        using (var stranger = await client.PostCallAsync("list_models"))
            Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        client.Token = await running.Registry.TokenAsync("planner");
        Assert.False((await client.CallAsync("list_models")).IsError);
    }

    [Fact]
    public async Task Each_request_may_choose_its_tools_by_headers()
    {
        await using var client = await HttpRawClient.ConnectAsync(running.Server.Address);
        Assert.DoesNotContain("set_metadata", await NamesAsync(client));
        client.Headers["X-MCP-Toolsets"] = "registrar";
        Assert.Contains("set_metadata", await NamesAsync(client));
        Assert.DoesNotContain("register_version", await NamesAsync(client));
        client.Headers["X-MCP-Readonly"] = "true";
        Assert.DoesNotContain("set_metadata", await NamesAsync(client));
        Assert.DoesNotContain("promote_model", await NamesAsync(client));
        client.Headers.Remove("X-MCP-Toolsets");
        client.Headers["X-MCP-Tools"] = "promote_model, get_serving_version";
        Assert.Equal(["get_serving_version"], await NamesAsync(client));
        client.Headers["X-MCP-Readonly"] = "false";
        Assert.Equal(["get_serving_version", "promote_model"], (await NamesAsync(client)).Order());
        client.Headers["X-MCP-Tools"] = "get_servin_version";
        using var unknown = await client.PostCallAsync("list_models");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
        Assert.Contains("did you mean 'get_serving_version'", await unknown.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    private async Task<IReadOnlyList<string>> NamesAsync(HttpRawClient client) =>
        [.. ((await client.RequestAsync("tools/list")) is var answer && answer["result"] is { } result ? result : throw new InvalidOperationException(answer.ToJsonString() + running.Server.Errors))["tools"]!.AsArray().Select(t => (string)t!["name"]!)];
}
