using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using ModelRegistry.Tests.Storage;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary><c>move</c> as a process, while a server runs on the registry.</summary>
public sealed class MoveVerbTests(PostgresCluster cluster) : IClassFixture<PostgresCluster>
{
    [Fact]
    public async Task A_server_that_runs_is_told_where_its_registry_went_and_works_again_when_it_comes_back()
    {
        var url = new Uri(await cluster.NewDatabaseAsync());
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        var token = await registry.TokenAsync("reader", "viewer");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        using var http = new HttpClient { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Assert.Equal(200, (await AskAsync(http)).Status);

        using var program = new ProgramProcess();
        // The password is in the environment, as for PostgreSQL's own programs, and is shown nowhere.
        var password = program.Environment["PGPASSWORD"] = url.UserInfo.Split(':')[1];
        var place = $"127.0.0.1:{url.Port}{url.AbsolutePath}";
        string[] here = ["--data", registry.DataFolder], to = ["--to", $"postgres://registry@{place}?sslmode=prefer"];
        var moved = await program.RunAsync(["move", .. here, .. to, "--output", "json"]);
        Assert.True(moved.Exit == 0, moved.Err);
        Assert.Equal((place, $"--data {registry.DataFolder} --database 'postgres://registry@{place}?sslmode=prefer'"), ((string?)moved.Json["database"], (string?)moved.Json["options"]));

        var refused = await UntilAsync(http, 503);
        Assert.Equal("registry_moved", (string?)refused["code"]);
        Assert.Contains(place, (string?)refused["title"], StringComparison.Ordinal);
        var late = await program.RunAsync(["list-models", .. here]);
        Assert.Equal(70, late.Exit);
        Assert.StartsWith("registry_moved: ", late.Err, StringComparison.Ordinal);
        var there = await program.RunAsync(["list-models", .. here, "--database", $"postgres://registry@{place}", "--output", "json"]);
        Assert.Contains((there.Json["items"] ?? throw new Xunit.Sdk.XunitException(there.Err)).AsArray(), m => (string?)m!["name"] == "churn");
        Assert.DoesNotContain(password, moved.Out + refused + program.AllErr, StringComparison.Ordinal);

        Assert.Equal(64, (await program.RunAsync(["move", .. here, .. to, "--to-artifacts", "ftp://store"])).Exit);
        var back = await program.RunAsync(["move", "--undo", .. here, .. to]);
        Assert.True(back.Exit == 0, back.Err);
        await UntilAsync(http, 200);
    }

    private static async Task<JsonNode> UntilAsync(HttpClient http, int status)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var (now, body) = await AskAsync(http);
            if (now == status)
                return JsonNode.Parse(body)!;
            await Task.Delay(100, patience.Token);
        }
    }

    private static async Task<(int Status, string Body)> AskAsync(HttpClient http)
    {
        using var answer = await http.GetAsync(new Uri("/models", UriKind.Relative));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
