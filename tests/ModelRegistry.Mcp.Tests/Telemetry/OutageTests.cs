using System.Net.Http.Headers;
using ModelRegistry.Tests.Storage;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Telemetry;

/// <summary>What a server says of itself while its database is away, and when that comes back.</summary>
public sealed class OutageTests(PostgresCluster cluster) : IClassFixture<PostgresCluster>
{
    [Fact]
    public async Task Readiness_follows_the_database_and_the_numbers_go_on()
    {
        var url = await cluster.NewDatabaseAsync();
        await using var registry = await SeededRegistry.OpenAsync("team", with: options => options with { Database = url });
        await registry.ChurnAsync();
        var (known, unknown) = (await registry.TokenAsync("prometheus", "viewer"), await registry.TokenAsync("another", "viewer"));
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, new Dictionary<string, string> { ["MODELREGISTRY_DATABASE"] = url });
        using var http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(60) };
        Assert.Equal((200, "{\"status\":\"ready\"}"), await AskAsync(http, "/health/ready"));
        var well = new Scrape((await AskAsync(http, "/metrics", known)).Body);
        Assert.Equal(1, well.Value("modelregistry_ready", ("part", "database")));
        Assert.Single(well.Of("modelregistry_serving_version", ("model", "churn"), ("stage", "production")));
        Assert.Empty(well.Of("modelregistry_db_wal_size_bytes"));

        await cluster.StopAsync();
        try
        {
            await UntilAsync(http, 503);
            Assert.Equal((503, "{\"status\":\"storage_unavailable\",\"database\":false,\"artifacts\":true}"), await AskAsync(http, "/health/ready"));
            Assert.Equal(200, (await AskAsync(http, "/health")).Status);
            // Who was let in lately is told what there is to tell; nobody else, since nobody else can be known.
            var (status, told) = await AskAsync(http, "/metrics", known);
            Assert.Equal(200, status);
            var ill = new Scrape(told);
            Assert.Equal((0, 1), (ill.Value("modelregistry_ready", ("part", "database")), ill.Value("modelregistry_ready", ("part", "artifacts"))));
            Assert.Empty(ill.Of("modelregistry_serving_version"));
            Assert.True(ill.Sum("http_server_request_duration_seconds_count", ("http_route", "/health/ready"), ("http_response_status_code", "503")) > 0);
            Assert.Equal(503, (await AskAsync(http, "/metrics", unknown)).Status);
            Assert.Equal(503, (await AskAsync(http, "/metrics")).Status);
        }
        finally
        {
            await cluster.StartAsync();
        }
        await UntilAsync(http, 200);
        Assert.Equal(200, (await AskAsync(http, "/metrics", unknown)).Status);
    }

    private static async Task UntilAsync(HttpClient http, int status)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((await AskAsync(http, "/health/ready")).Status != status)
            await Task.Delay(100, patience.Token);
    }

    private static async Task<(int Status, string Body)> AskAsync(HttpClient http, string path, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
