using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>The pages of a client's own process: there when a promotion waits and no server has any.</summary>
public sealed class LocalPagesTests
{
    private static readonly HttpClient Http = new(new HttpClientHandler { AllowAutoRedirect = false });

    [Fact]
    public async Task Pages_open_when_the_first_promotion_is_parked_and_end_with_the_process()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        await client.CallAsync("list_models");
        Assert.False(File.Exists(Path.Combine(registry.DataFolder, "pages.url")));

        var page = new Uri(await ParkAsync(client));
        Assert.True(page.IsLoopback);
        using (var answer = await Http.GetAsync(page))
            Assert.Equal((HttpStatusCode.SeeOther, $"/ui/sign-in?next={Uri.EscapeDataString(page.AbsolutePath)}"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        // People's pages and nothing that an agent could use.
        using (var mcp = await Http.PostAsync(new Uri(page, "/mcp"), new StringContent("{}")))
            Assert.Equal(HttpStatusCode.NotFound, mcp.StatusCode);
        using (var rebound = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(page, "/ui/sign-in")) { Headers = { Host = "evil.example" } }))
            Assert.Equal(HttpStatusCode.Forbidden, rebound.StatusCode);

        Assert.Equal(0, await client.EndAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => Http.GetAsync(page));
    }

    [Fact]
    public async Task Where_a_server_has_pages_those_are_the_ones()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        Assert.StartsWith(server.Pages.AbsoluteUri, await ParkAsync(client));
    }

    /// <summary>What a killed server left behind is nobody's address.</summary>
    [Fact]
    public async Task An_address_that_a_killed_server_left_is_not_shown()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        Uri gone;
        await using (var server = await ServeProcess.StartAsync(registry.DataFolder))
        {
            gone = server.Pages;
            server.Process.Kill();
            await server.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Assert.Equal(gone.AbsoluteUri, await File.ReadAllTextAsync(Path.Combine(registry.DataFolder, "pages.url"), TestContext.Current.CancellationToken));
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        Assert.DoesNotContain(gone.AbsoluteUri, await ParkAsync(client), StringComparison.Ordinal);
    }

    private static async Task<string> ParkAsync(StdioClient client)
    {
        var parked = await client.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "better" });
        Assert.Equal("pending", (string?)parked.Structured!["status"]);
        return (string)parked.Structured["approve_url"]!;
    }
}
