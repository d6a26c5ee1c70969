using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>The official TypeScript clients on the real process: tools, over both doors and in both eras.</summary>
public sealed class RealClientTests
{
    public static TheoryData<Library, Door> Everybody { get; } = new MatrixTheoryData<Library, Door>(Enum.GetValues<Library>(), Enum.GetValues<Door>());

    [Theory]
    [MemberData(nameof(Everybody))]
    public async Task Every_default_tool_is_listed_and_its_answer_fits_its_schema(Library library, Door door)
    {
        await using var reached = await ReachedRegistry.OpenAsync(door);
        await reached.Registry.MoveAsync("v2", "production");
        await reached.Registry.RegisterAsync(accuracy: 0.97);
        await using var client = await reached.ConnectAsync(library, forms: false);
        Assert.Equal(library is Library.Sdk1 or Library.Sdk2 ? "2025-11-25" : "2026-07-28", (string?)client.About["version"]);
        Assert.Equal("modelregistry", (string?)client.About["server"]!["name"]);
        Assert.Contains("only a person can", (string?)client.About["instructions"]);

        // From here on the client validates what tools answer by the schemas it was given.
        var listed = (await client.InvokeAsync("listTools"))["tools"]!.AsArray().Select(t => (string)t!["name"]!).ToHashSet();
        var called = new HashSet<string>();
        async Task<JsonObject> Done(string tool, string arguments)
        {
            called.Add(tool);
            var answer = await client.CallAsync(tool, JsonNode.Parse(arguments)!.AsObject());
            Assert.False(answer.IsError, $"{tool}: {answer.Text}");
            Assert.NotNull(answer.Structured);
            return answer.Structured;
        }

        Assert.Equal("churn", (string?)(await Done("list_models", "{}"))["models"]![0]!["name"]);
        Assert.Equal(3, (await Done("list_versions", """{"model_name":"churn"}"""))["versions"]!.AsArray().Count);
        await Done("get_model_info", """{"model_name":"churn","version":"v1","detail":"full"}""");
        Assert.Equal("v2", (string?)(await Done("get_serving_version", """{"model_name":"churn"}"""))["version"]);
        await Done("compare_versions", """{"model_name":"churn","versions":["v1","v2","v3"]}""");
        Assert.Equal("applied", (string?)(await Done("promote_model", """{"model_name":"churn","version":"v3","stage":"staging","reason":"a try"}"""))["status"]);
        Assert.Equal("applied", (string?)(await Done("deploy_model", """{"model_name":"churn","version":"v3","deployment_target":"staging","reason":"a try"}"""))["status"]);
        Assert.Equal("staging", (string?)(await Done("list_deployments", """{"model_name":"churn"}"""))["deployments"]![0]!["target"]);
        var id = (string)(await Done("rollback_model", """{"model_name":"churn","reason":"complaints"}"""))["promotion_id"]!;
        await Done("list_promotions", """{"status":"live"}""");
        Assert.Equal("pending", (string?)(await Done("get_promotion", $$"""{"promotion_id":"{{id}}"}"""))["status"]);
        Assert.Equal("pending", (string?)(await Done("confirm_promotion", $$"""{"promotion_id":"{{id}}","decision":"approve"}"""))["status"]);
        Assert.Equal("withdrawn", (string?)(await Done("withdraw_promotion", $$"""{"promotion_id":"{{id}}"}"""))["status"]);
        await Done("get_history", """{"model_name":"churn"}""");
        Assert.Equal(listed.Order(), called.Order());
        Assert.Equal("v2", await reached.Registry.ServingAsync());
        await client.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(Everybody))]
    public async Task An_error_reaches_whoever_asked_with_its_remedy(Library library, Door door)
    {
        await using var reached = await ReachedRegistry.OpenAsync(door);
        await using var client = await reached.ConnectAsync(library);
        await client.InvokeAsync("listTools");
        var unknown = await client.CallAsync("get_model_info", new JsonObject { ["model_name"] = "chrun" });
        Assert.True(unknown.IsError);
        Assert.StartsWith("error: model_not_found", unknown.Text, StringComparison.Ordinal);
        Assert.Contains("churn", unknown.Text, StringComparison.Ordinal);
        var wrong = await client.CallAsync("list_versions", new JsonObject { ["model_name"] = "churn", ["limit"] = "many" });
        Assert.True(wrong.IsError);
        Assert.Contains("limit", wrong.Text, StringComparison.Ordinal);
        // Afterwards everything goes on as before.
        Assert.False((await client.CallAsync("list_models")).IsError);
    }

    [Theory]
    [MemberData(nameof(Everybody))]
    public async Task Pages_add_up_to_the_whole_list(Library library, Door door)
    {
        await using var reached = await ReachedRegistry.OpenAsync(door);
        foreach (var accuracy in new[] { 0.5, 0.6, 0.7 })
            await reached.Registry.RegisterAsync(accuracy: accuracy);
        await using var client = await reached.ConnectAsync(library);
        await client.InvokeAsync("listTools");
        var (versions, sizes, cursor) = (new List<string>(), new List<int>(), (string?)null);
        do
        {
            var asked = new JsonObject { ["model_name"] = "churn", ["limit"] = 2 };
            if (cursor is not null)
                asked["cursor"] = cursor;
            var page = (await client.CallAsync("list_versions", asked)).Structured!;
            sizes.Add(page["versions"]!.AsArray().Count);
            versions.AddRange(page["versions"]!.AsArray().Select(v => (string)v!["version"]!));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);
        Assert.Equal([2, 2, 1], sizes);
        Assert.Equal(["v5", "v4", "v3", "v2", "v1"], versions);
    }
}
