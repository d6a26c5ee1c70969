using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>What a request is told that the server failed at: each address in its own shape.</summary>
public class FailureShapeTests
{
    [Theory]
    [InlineData("/health/ready")]
    [InlineData("/ui/inbox")]
    [InlineData("/")]
    public async Task Elsewhere_than_at_mcp_it_is_problem_details(string path)
    {
        foreach (var (failure, status, code) in Failures())
        {
            var (http, body) = await FailAsync(path, failure);
            Assert.Equal(status, http.Response.StatusCode);
            Assert.Equal("application/problem+json", http.Response.ContentType);
            Assert.Equal((status, code), ((int?)body["status"], (string?)body["code"]));
            Assert.NotEqual("", (string?)body["title"]);
            Assert.NotEqual("", (string?)body["remedy"]);
            Assert.DoesNotContain("inside", body.ToJsonString());
        }
    }

    [Fact]
    public async Task At_mcp_it_is_a_json_rpc_error()
    {
        foreach (var (failure, status, code) in Failures())
        {
            var (http, body) = await FailAsync("/mcp", failure);
            Assert.Equal((status, "application/json"), (http.Response.StatusCode, http.Response.ContentType));
            Assert.Equal(code, (string?)body["error"]!["data"]!["code"]);
            Assert.DoesNotContain("inside", body.ToJsonString());
        }
    }

    private static IEnumerable<(Exception Failure, int Status, string Code)> Failures() =>
    [
        (new InvalidOperationException("of the server's inside"), 500, "internal_error"),
        (new BadHttpRequestException("of the server's inside", 413), 413, "request_unreadable"),
        (StorageUnavailableException.While("Reading", new IOException("gone")), 503, "storage_unavailable"),
        (StorageUnavailableException.Moved("/srv/registry.db", "db.example.org:5432/registry", default), 503, "registry_moved"),
    ];

    private static async Task<(HttpContext Http, JsonNode Body)> FailAsync(string path, Exception failure)
    {
        var http = new DefaultHttpContext { Request = { Path = path }, Response = { Body = new MemoryStream() } };
        await Replies.SafelyAsync(http, NullLogger.Instance, () => Task.FromException(failure));
        http.Response.Body.Position = 0;
        return (http, (await JsonNode.ParseAsync(http.Response.Body))!);
    }
}
