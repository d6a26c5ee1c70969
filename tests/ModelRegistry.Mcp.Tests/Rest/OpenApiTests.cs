using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Clients;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>The description of the routes, as a server gives it.</summary>
public sealed class OpenApiTests
{
    private static async Task<JsonObject> ServedAsync()
    {
        await using var rest = await ServedRest.OpenAsync(churn: false);
        rest.Token = null;
        var answer = await rest.GetAsync("/openapi/v1.json");
        Assert.Equal((200, "application/json"), (answer.Status, answer.Response.Content.Headers.ContentType?.MediaType));
        Assert.Equal(304, (await rest.GetAsync("/openapi/v1.json", ("If-None-Match", answer.Response.Headers.ETag!.ToString()))).Status);
        return answer.Json;
    }

    private static async Task<JsonObject> ValidatedAsync(JsonObject document)
    {
        using var validator = NodeProgram.Start("openapi.mjs");
        await validator.TellAsync(document);
        return JsonNode.Parse(await validator.OutputAsync())!.AsObject();
    }

    [Fact]
    public async Task The_description_says_what_it_said_before() => await Snapshots.MatchAsync("openapi.json", await ServedAsync());

    [Fact]
    public async Task A_validator_of_others_finds_no_fault_in_it()
    {
        var document = await ServedAsync();

        var found = await ValidatedAsync(document);

        Assert.True((bool)found["valid"]!, found.ToJsonString());
        Assert.Equal("3.1", (string?)found["version"]);
        // And it would find one.
        document["paths"]!["/models"]!["get"]!["parameters"]![0]!["in"] = "nowhere";
        Assert.False((bool)(await ValidatedAsync(document))["valid"]!);
    }

    [Fact]
    public async Task Programs_can_be_made_from_it()
    {
        var document = await ServedAsync();
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => (Path: path.Key, Method: operation.Key, Said: operation.Value!.AsObject()))).ToList();

        Assert.Equal(operations.Count, operations.Select(o => (string?)o.Said["operationId"]).Distinct().Count());
        JsonObject Parameter(string path, string name) => operations.Single(o => (o.Path, o.Method) == (path, "get")).Said["parameters"]!.AsArray().Single(p => (string?)p!["name"] == name)!.AsObject();
        foreach (var path in new[] { "/models", "/models/{model}/versions" })
        {
            // ?tag=a&tag=b and ?min_accuracy=0.9&max_latency_ms=50.
            Assert.Equal(("array", "form", true), ((string?)Parameter(path, "tag")["schema"]!["type"], (string?)Parameter(path, "tag")["style"], (bool)Parameter(path, "tag")["explode"]!));
            Assert.Equal(("object", true), ((string?)Parameter(path, "bounds")["schema"]!["type"], (bool)Parameter(path, "bounds")["explode"]!));
            var (pattern, schema) = Parameter(path, "bounds")["schema"]!["patternProperties"]!.AsObject().Single();
            Assert.Equal("number", (string?)schema!["type"]);
            Assert.All(["min_accuracy", "max_latency_ms"], name => Assert.Matches(pattern, name));
            Assert.DoesNotMatch(pattern, "search");
        }
        Assert.Equal("boolean", (string?)Parameter("/models/{model}/versions/{version}/files/{path}", "presigned")["schema"]!["type"]);
        // Every way to say no is one that is described, and whoever may be told to wait is told how long.
        Assert.All(operations, o => Assert.All(["400", "429", "503", "default"], status => Assert.True(o.Said["responses"]![status] is not null, $"{o.Method} {o.Path} {status}")));
        Assert.All(document["components"]!["responses"]!.AsObject().Where(r => r.Key is "Limited" or "Unavailable"), r => Assert.NotNull(r.Value!["headers"]!["Retry-After"]));
    }
}
