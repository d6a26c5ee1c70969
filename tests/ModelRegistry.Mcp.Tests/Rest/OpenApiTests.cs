using Xunit;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>The description of the routes, as a server gives it.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task The_description_says_what_it_said_before()
    {
        await using var rest = await ServedRest.OpenAsync(churn: false);
        rest.Token = null;

        var answer = await rest.GetAsync("/openapi/v1.json");

        Assert.Equal((200, "application/json"), (answer.Status, answer.Response.Content.Headers.ContentType?.MediaType));
        Assert.Equal(304, (await rest.GetAsync("/openapi/v1.json", ("If-None-Match", answer.Response.Headers.ETag!.ToString()))).Status);
        await Snapshots.MatchAsync("openapi.json", answer.Json);
    }
}
