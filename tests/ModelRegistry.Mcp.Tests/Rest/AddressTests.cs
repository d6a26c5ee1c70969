using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>A part of an address that has nothing but blanks.</summary>
public sealed class AddressTests
{
    [Fact]
    public async Task A_version_that_is_not_named_is_not_the_one_that_serves()
    {
        await using var rest = await ServedRest.OpenAsync();
        rest.Token = await rest.Registry.TokenAsync("pipeline");
        await rest.PostAsync("/models", new JsonObject { ["name"] = "empty" });
        foreach (var blank in (string[])["%20", "%C2%85", "%20%20%E3%80%80"])
            foreach (var (method, path, body) in ((string, string, JsonObject?)[])
            [
                ("GET", $"/models/empty/versions/{blank}", null),
                ("GET", $"/models/churn/versions/{blank}", null),
                ("GET", $"/models/{blank}", null),
                ("GET", $"/models/churn/versions/{blank}/files", null),
                ("GET", $"/models/churn/versions/{blank}/archive", null),
                ("PATCH", $"/models/churn/versions/{blank}", new JsonObject { ["tags"] = new JsonObject { ["who"] = "nobody" } }),
                ("DELETE", $"/models/churn/versions/{blank}", new JsonObject { ["reason"] = "by mistake" }),
                ("POST", $"/models/churn/versions/{blank}/promotions", new JsonObject { ["stage"] = "production", ["reason"] = "by mistake" }),
            ])
            {
                var answer = await rest.SendAsync(method, path, body?.ToJsonString());
                Assert.True(answer is { Status: 400, Code: "invalid_arguments" }, $"{method} {path}: {answer.Status} {answer.Body}");
            }
        Assert.Equal("v1", (await rest.GetAsync("/models/churn/serving"))["version"]);
        Assert.Equal(200, (await rest.GetAsync("/models/churn/versions/v2")).Status);
    }
}
