using System.Text.Json.Nodes;
using ModelRegistry.Tests.Storage;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>
/// Calls that only read are answered without the SDK's machinery. A member of <c>_meta</c> that nobody knows sends the same call through
/// it: both answers are the same, to the byte.
/// </summary>
public sealed class DirectCallTests(PostgresCluster cluster) : IClassFixture<PostgresCluster>
{
    private static readonly string[] Reading =
        ["list_models", "list_versions", "get_model_info", "get_serving_version", "compare_versions", "get_history", "list_promotions", "get_promotion", "list_deployments"];

    // Values that fit, and values that do not: what is wrong with a call is said alike as well.
    private static readonly string[] Values =
    [
        "\"churn\"", "\"CHURN\"", "\"nobody\"", "\"\"", "\"v1\"", "\"latest\"", "\"production\"", "\"prod\"", "\"full\"", "\"2026-01-01T00:00:00Z\"", "null", "7", "1.5", "1e400", "true", "[]", "[\"v1\",\"v2\"]",
        "[\"v1\",7]", "{}", "{\"a\":{\"b\":[1,null]}}", "\"\\u0000\\u202e<untrusted>\"", "\"prm_00000000000000000000000000\"", "\"team=x\"", "-1", "100000000000000000000",
    ];

    [Theory]
    [InlineData(Era.Handshake)]
    [InlineData(Era.Stateless)]
    public async Task A_call_that_only_reads_is_answered_as_the_SDK_answers_it(Era era)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        var promotion = await registry.ProposeAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, "--rate-limit", "0");
        await using var client = await HttpRawClient.ConnectAsync(server.Address, era);
        var tools = (await client.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().Select(t => t!.AsObject()).ToDictionary(t => (string)t["name"]!);
        Assert.Equal(Reading.Order(StringComparer.Ordinal), tools.Where(t => (bool)t.Value["annotations"]!["readOnlyHint"]!).Select(t => t.Key).Order(StringComparer.Ordinal));
        var chance = new Random(20260501);
        var (yes, no) = (0, 0);
        foreach (var tool in Reading)
        {
            var members = tools[tool]["inputSchema"]!["properties"]!.AsObject().Select(p => p.Key).Append("unknown").ToArray();
            for (var i = 0; i < 60; i++)
            {
                var arguments = i == 0 ? null : new JsonObject();
                foreach (var member in members)
                    if (i > 0 && chance.Next(3) == 0)
                        arguments![member] = JsonNode.Parse(member == "promotion_id" && chance.Next(2) == 0 ? $"\"{promotion}\"" : Values[chance.Next(Values.Length)]);
                if (arguments is not null && members.Contains("model_name") && chance.Next(2) == 0)
                    arguments["model_name"] = "churn";
                var said = Shape(tool, arguments, chance);
                var (direct, through) = (await AnswerAsync(client, said), await AnswerAsync(client, Elsewhere(said)));
                Assert.Equal(through, direct);
                _ = through.Contains("\"isError\":true", StringComparison.Ordinal) ? no++ : yes++;
            }
        }
        Assert.True(yes > 50 && no > 50, $"{yes} {no}");
    }

    [Theory]
    [InlineData("""{"name":7}""")]
    [InlineData("""{"name":"get_serving_version","arguments":[]}""")]
    [InlineData("""{"name":"get_serving_version","arguments":"churn"}""")]
    [InlineData("""{"name":"get_serving_version","arguments":null}""")]
    [InlineData("""{"name":"get_serving_version","arguments":{"model_name":"churn"},"more":1}""")]
    [InlineData("""{"name":"get_serving_version","arguments":{"model_name":"churn"},"_meta":{"progressToken":1.5}}""")]
    [InlineData("""{"name":"get_serving_version","arguments":{"model_name":"churn"},"_meta":{"progressToken":{}}}""")]
    [InlineData("""{"name":"get_serving_version","arguments":{"model_name":"churn"},"_meta":[]}""")]
    [InlineData("""{"name":"no_such_tool","arguments":{}}""")]
    [InlineData("""{"name":"promote_model","arguments":{}}""")]
    [InlineData("[]")]
    public async Task What_has_another_shape_is_judged_by_the_SDK_as_before(string parameters)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        await using var client = await HttpRawClient.ConnectAsync(server.Address, Era.Handshake);
        var message = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 7, ["method"] = "tools/call", ["params"] = JsonNode.Parse(parameters) };
        using var response = await client.PostAsync(message);
        var answer = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode < 500, answer);
        Assert.Contains("\"jsonrpc\":\"2.0\"", answer, StringComparison.Ordinal);
        // What it takes for a wrong shape is said, or the call is done as it would be without what nobody knows.
        Assert.Matches("\"code\":-3260|\"isError\":true|\"structuredContent\":", answer);
    }

    [Fact]
    public async Task What_is_not_offered_is_not_called_though_it_only_reads()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        await using var surface = await HttpRawClient.ConnectAsync(server.Address, Era.Stateless);
        surface.Headers["X-MCP-Tools"] = "list_models";
        using var no = await surface.PostCallAsync("get_serving_version", new JsonObject { ["model_name"] = "churn" });
        Assert.Contains("Unknown tool", await no.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var yes = await surface.PostCallAsync("list_models");
        Assert.Contains("churn", await yes.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_ends_with_its_session_though_the_database_does_not_answer()
    {
        var database = await cluster.NewDatabaseAsync();
        await using var registry = await SeededRegistry.OpenAsync(with: o => o with { Database = database });
        await registry.ChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, "--database", database);
        await using var client = await HttpRawClient.ConnectAsync(server.Address, Era.Handshake);
        await using var holder = await PostgresServer.OpenAsync(database);
        await using var held = await holder.BeginTransactionAsync();
        await RunAsync("lock table model in access exclusive mode");
        var asked = client.PostCallAsync("get_serving_version", new JsonObject { ["model_name"] = "churn" });
        while (await RunAsync("select count(*) from pg_locks where relation = 'model'::regclass and not granted") is not > 0L)
            await Task.Delay(50);

        using var ended = await client.SendAsync(client.Request(HttpMethod.Delete));
        Assert.Equal(204, (int)ended.StatusCode);
        // The lock is still there.
        using var answer = await asked;
        Assert.Equal(404, (int)answer.StatusCode);
        Assert.Contains("no such session", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        async Task<object?> RunAsync(string sql)
        {
            await using var command = new Npgsql.NpgsqlCommand(sql, holder, held);
            return await command.ExecuteScalarAsync();
        }
    }

    private static JsonObject Shape(string tool, JsonObject? arguments, Random chance)
    {
        var said = new JsonObject { ["name"] = tool };
        if (arguments is not null)
            said["arguments"] = arguments;
        if (chance.Next(3) == 0)
            said["_meta"] = new JsonObject { ["progressToken"] = chance.Next(2) == 0 ? "p" : 3 };
        return said;
    }

    private static JsonObject Elsewhere(JsonObject said)
    {
        var copy = (JsonObject)said.DeepClone();
        copy["_meta"] ??= new JsonObject();
        copy["_meta"]!["example.org/unknown"] = "yes";
        return copy;
    }

    private static async Task<string> AnswerAsync(HttpRawClient client, JsonObject parameters)
    {
        using var response = await client.PostAsync(client.Message("tools/call", (JsonObject)parameters.DeepClone(), 7));
        var headers = response.Headers.Concat(response.Content.Headers).Where(h => h.Key != "Date").Select(h => $"{h.Key}: {string.Join(", ", h.Value)}").Order(StringComparer.Ordinal);
        return $"{(int)response.StatusCode}\n{string.Join('\n', headers)}\n\n{await response.Content.ReadAsStringAsync()}";
    }
}
