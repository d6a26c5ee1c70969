using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>What is wrong with a request is said, whatever it is.</summary>
public sealed class FormTests
{
    [Fact]
    public async Task Paths_and_methods_that_are_not_there_are_problems()
    {
        await using var rest = await OpenAsync();
        Problem(404, "path_not_found", await rest.GetAsync("/modls"));
        Problem(404, "path_not_found", await rest.GetAsync("/promotions/x/y/z"));
        foreach (var (method, path, allow) in new[] { ("PUT", "/promotions/x", "GET, HEAD"), ("GET", "/promotions/x/decisions", "POST"), ("DELETE", "/tokens/x/revoke", "POST"), ("PATCH", "/people", "GET, HEAD, POST") })
        {
            var answer = await rest.SendAsync(method, path, "{}");
            Problem(405, "method_not_allowed", answer);
            Assert.Equal(allow.Split(", "), answer.Response.Content.Headers.Allow.Order());
        }
        Assert.Equal(200, (await rest.SendAsync("HEAD", "/models", null)).Status);
    }

    [Fact]
    public async Task What_is_no_body_is_refused()
    {
        await using var rest = await OpenAsync();
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40);
        foreach (var body in new[] { "", "{", "[]", "null", "\"x\"", "{} {}", "{\"stage\":\"staging\",\"stage\":\"production\"}", "{\"stage\":\"\\ud800\"}", "{\"\\ud800\":1}", "{\"x\":{\"y\":[\"\\udc00\"]}}", deep, "{\"stage\":\"staging\",}", "{/**/}", "{\"stage\":NaN}" })
            Problem(400, "body_invalid", await rest.SendAsync("POST", "/models/churn/versions/v2/promotions", body));
        Problem(413, "body_too_large", await rest.SendAsync("POST", "/models/churn/versions/v2/promotions", $$"""{"reason":"{{new string('x', 1_100_000)}}"}"""));
        Problem(415, "content_type_not_taken", await rest.SendAsync("POST", "/models/churn/rollback", "{}", "application/json; charset=utf-16"));
        Assert.Equal(200, (await rest.GetAsync("/me")).Status);
    }

    [Fact]
    public async Task A_body_in_pieces_that_grows_too_large_and_one_that_is_no_utf8_are_refused_too()
    {
        await using var rest = await OpenAsync();
        var head = $"POST /models/churn/rollback HTTP/1.1\r\nHost: localhost:{rest.Address.Port}\r\nAuthorization: Bearer {rest.Token}\r\nContent-Type: application/json\r\nConnection: close\r\n";
        var piece = new string('x', 65_536);
        var chunks = new StringBuilder(head).Append("Transfer-Encoding: chunked\r\n\r\n");
        for (var i = 0; i < 20; i++)
            chunks.Append("10000\r\n").Append(piece).Append("\r\n");
        Assert.StartsWith("HTTP/1.1 413 ", await RawAsync(rest, Encoding.ASCII.GetBytes(chunks.Append("0\r\n\r\n").ToString())));
        byte[] bytes = [.. Encoding.ASCII.GetBytes(head + "Content-Length: 13\r\n\r\n{\"reason\":\""), 0xC3, (byte)'"', (byte)'}'];
        Assert.Contains("body_invalid", await RawAsync(rest, bytes));
    }

    [Fact]
    public async Task Every_misfit_is_named_at_once_with_what_was_probably_meant()
    {
        await using var rest = await OpenAsync();
        var answer = await rest.PostAsync("/models/churn/versions/v2/promotions", new JsonObject { ["stagee"] = "production", ["reason"] = new JsonArray(1), ["idempotency_key"] = "a\0b" });
        Problem(400, "invalid_arguments", answer);
        Assert.Equal(["idempotency_key", "reason", "stage", "stagee"], answer.Json["errors"]!.AsObject().Select(m => m.Key).Order());
        Assert.Contains("did you mean 'stage'", (string?)answer.Json["errors"]!["stagee"]);
        answer = await rest.DecideAsync("prm_x", new JsonObject { ["person"] = "ben", ["decision"] = "aprove", ["proof"] = new JsonObject { ["pasphrase"] = "x" } });
        Assert.Equal(["decision", "proof.pasphrase", "proof.passphrase"], answer.Json["errors"]!.AsObject().Select(m => m.Key).Order());
        Assert.Contains("did you mean 'passphrase'", (string?)answer.Json["errors"]!["proof.pasphrase"]);
        answer = await rest.GetAsync("/promotions?limt=3&status=live&status=all");
        Problem(400, "invalid_arguments", answer);
        answer = await rest.GetAsync("/promotions?limt=3");
        Assert.Contains("did you mean 'limit'", (string?)answer.Json["errors"]!["limt"]);
        foreach (var query in new[] { "limit=0", "limit=101", "limit=x", "limit=1e1", "cursor=abc", "status=waiting", "model=%00" })
            Assert.Equal(400, (await rest.GetAsync($"/promotions?{query}")).Status);
    }

    [Fact]
    public async Task No_secret_comes_back_and_nothing_is_kept_on_the_way()
    {
        await using var rest = await OpenAsync();
        var answer = await rest.PostAsync("/people", new JsonObject { ["name"] = "dora", ["passphrase"] = "a secret of hers", ["roles"] = "approver", ["by"] = By("ana", "a wrong secret of mine") });
        Problem(403, "proof_failed", answer);
        Assert.DoesNotContain("secret", answer.Body);
        Assert.True(answer.Response.Headers.CacheControl?.NoStore);
        Assert.DoesNotContain("secret", rest.Server.Errors);
    }

    private static async Task<string> RawAsync(ServedRest rest, byte[] request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", rest.Address.Port);
        await using var stream = socket.GetStream();
        var answer = new MemoryStream();
        var reading = stream.CopyToAsync(answer);
        try
        {
            await stream.WriteAsync(request);
            await reading.WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (IOException)
        {
            // The server has answered and reads no more.
            await reading.WaitAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
