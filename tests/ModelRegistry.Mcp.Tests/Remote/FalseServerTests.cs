using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Remote;

/// <summary>At the address is something else than a registry: nothing is given to it that is not its, and whoever asked is told what to do.</summary>
public sealed class FalseServerTests
{
    private const string Token = "mrt_a-token-that-nobody-else-may-see-0123456789";

    public static TheoryData<string, string, string> Answers => new()
    {
        { "no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "server_unreadable" },
        { "nothing", "", "server_lost" },
        { "half of it", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"items\":", "server_lost" },
        { "a page", FalseServer.Of("<html>Welcome</html>", "text/html"), "server_unreadable" },
        { "no JSON", FalseServer.Of("{\"items\": oops"), "server_unreadable" },
        { "JSON of something else", FalseServer.Of("{\"items\": null, \"jsonrpc\": \"1.0\"}"), "server_unreadable" },
        { "a list", FalseServer.Of("[1, 2, 3]"), "server_unreadable" },
        { "null", FalseServer.Of("null"), "server_unreadable" },
        { "a failing proxy", FalseServer.Of("<html>Bad gateway</html>", "text/html", "502 Bad Gateway"), "server_failed" },
        { "a redirect", FalseServer.Of("", "text/html", "307 Temporary Redirect", "Location: https://models.example.org/\r\n"), "server_redirects" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task The_command_line_says_what_is_wrong_and_ends_with_70(string what, string answer, string code)
    {
        await using var server = new FalseServer(answer);
        using var desk = new CommandDesk();
        var ran = await desk.RunAsync("list-models", "--server", server.Address.GetLeftPart(UriPartial.Authority), "--token", Token);
        Assert.True(ran is { Exit: 70, Out: "" } && ran.Err.StartsWith(code + ": ", StringComparison.Ordinal), $"{what}: {ran.Exit} {ran.Err}");
        Assert.Equal(2, ran.Err.TrimEnd().Split('\n').Length);
        Assert.DoesNotContain(Token, ran.Err, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Stdio_answers_each_request_with_what_is_wrong_and_stays_protocol(string what, string answer, string code)
    {
        await using var server = new FalseServer(answer);
        foreach (var era in new[] { Era.Handshake, Era.Stateless })
        {
            await using var client = StdioClient.Before(server.Address, Token, era, "--log-level", "trace");
            var error = (await client.RequestAsync(era == Era.Handshake ? "initialize" : "tools/list"))["error"]!;
            Assert.True((string?)error["data"]!["code"] == code, $"{what}: {error}");
            Assert.NotEqual("", (string?)error["data"]!["remedy"]);
            Assert.StartsWith(code + ": ", (string)error["message"]!, StringComparison.Ordinal);
            Assert.Equal(0, await client.EndAsync());
            Assert.DoesNotContain(Token, client.Errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("application/json", "{\"a\": \"", "aaaaaaaa")]
    [InlineData("text/event-stream", "data: ", "aaaaaaaa")]
    [InlineData("text/event-stream", "data: 1", "\ndata: aaaaaaaaaaaaaaaaaaaaaaaa")]
    [Attack(21, "mcp-relay")]
    public async Task An_answer_without_an_end_is_given_up(string type, string begins, string goesOn)
    {
        await using var server = FalseServer.Endless(type, begins, goesOn);
        await using var client = StdioClient.Before(server.Address, Token, Era.Stateless);
        Assert.Equal("server_unreadable", (string?)(await client.RequestAsync("tools/list"))["error"]!["data"]!["code"]);
        Assert.Equal(0, await client.EndAsync());
        using var desk = new CommandDesk();
        Assert.Equal(70, (await desk.RunAsync("list-models", "--server", server.Address.GetLeftPart(UriPartial.Authority))).Exit);
    }

    [Fact]
    public async Task Answers_to_what_was_not_asked_do_not_get_out()
    {
        const string other = """{"jsonrpc":"2.0","id":99,"result":{}}""", question = """{"jsonrpc":"2.0","id":5,"method":"elicitation/create","params":{"message":"Approve?"}}""";
        await using var server = new FalseServer(FalseServer.Of($"data: {question}\n\ndata: {other}\n\n", "text/event-stream"));
        await using var client = StdioClient.Before(server.Address, Token, Era.Stateless);
        Assert.Equal("server_unreadable", (string?)(await client.RequestAsync("tools/list"))["error"]!["data"]!["code"]);
        // In this era a server asks nothing.
        Assert.Empty(client.Questions);
        Assert.Empty(client.Others);
    }

    [Fact]
    public async Task A_redirect_takes_the_token_nowhere()
    {
        await using var elsewhere = new FalseServer(FalseServer.Of("""{"items":[],"next_cursor":null}"""));
        await using var server = new FalseServer(FalseServer.Of("", "text/plain", "302 Found", $"Location: {elsewhere.Address}\r\nSet-Cookie: a=b\r\n"));
        using var desk = new CommandDesk();
        var ran = await desk.RunAsync("list-models", "--server", server.Address.GetLeftPart(UriPartial.Authority), "--token", Token);
        Assert.Equal(70, ran.Exit);
        Assert.Contains(elsewhere.Address.GetLeftPart(UriPartial.Authority), ran.Err, StringComparison.Ordinal);
        await using var client = StdioClient.Before(server.Address, Token, Era.Stateless);
        Assert.Equal("server_redirects", (string?)(await client.RequestAsync("tools/list"))["error"]!["data"]!["code"]);
        Assert.Equal(2, server.Heard.Count(request => request.Contains($"Authorization: Bearer {Token}", StringComparison.Ordinal)));
        Assert.Empty(elsewhere.Heard);
    }

    /// <summary>Plain http stays on this machine: not by name, nor through a proxy.</summary>
    [Theory]
    [InlineData("http://models.example.org")]
    [InlineData("http://localhost.example.org:8003")]
    [InlineData("http://192.0.2.1")]
    [InlineData("http://[2001:db8::1]")]
    public async Task Plain_http_to_another_machine_is_refused_before_anything_is_sent(string address)
    {
        await using var proxy = new FalseServer(FalseServer.Of("""{"items":[],"next_cursor":null}"""));
        using var program = new ProgramProcess();
        foreach (var name in new[] { "http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy" })
            program.Environment[name] = proxy.Address.AbsoluteUri;
        program.Environment["MODELREGISTRY_SERVER"] = address;
        program.Environment["MODELREGISTRY_TOKEN"] = Token;
        foreach (var verb in new[] { "list-models", "stdio", "doctor" })
        {
            var ran = await program.RunAsync([verb]);
            Assert.Equal((64, ""), (ran.Exit, ran.Out));
            Assert.StartsWith("server_not_secure: ", ran.Err, StringComparison.Ordinal);
            Assert.DoesNotContain(Token, ran.Err, StringComparison.Ordinal);
        }
        Assert.Empty(proxy.Heard);
        // Nor does what is for this machine go by a proxy.
        program.Environment["MODELREGISTRY_SERVER"] = "http://localhost:1";
        Assert.StartsWith("server_unreachable: ", (await program.RunAsync(["list-models"])).Err, StringComparison.Ordinal);
        Assert.Empty(proxy.Heard);
    }
}
