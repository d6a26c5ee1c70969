using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Each tool's use and its main errors, through a real process.</summary>
public sealed class ToolTests
{
    [Fact]
    public async Task An_agent_looks_compares_proposes_and_follows()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        var tools = await OutputSchemasAsync(client);

        var models = await Good(client, tools, "list_models");
        Assert.Equal("v1", (string?)models["models"]![0]!["serving_version"]);
        Assert.Equal("v2", (string?)models["models"]![0]!["latest_version"]);
        await Good(client, tools, "list_models", ("detail", "full"), ("search", "CHU"), ("stage", "prod"));
        Assert.Equal(["v2", "v1"], (await Good(client, tools, "list_versions", ("model_name", "churn")))["versions"]!.AsArray().Select(v => (string)v!["version"]!));
        Assert.Equal("# Card", ((string)(await Good(client, tools, "get_model_info", ("model_name", "churn"), ("version", 2)))["version"]!["card"]!)[11..17]);
        await Good(client, tools, "get_model_info", ("model_name", "churn"), ("detail", "full"));
        var serving = await Good(client, tools, "get_serving_version", ("model_name", "churn"));
        Assert.True((bool)serving["serving"]!);
        Assert.Equal("ben", (string?)serving["approved_by"]![0]);
        Assert.False((bool)(await Good(client, tools, "get_serving_version", ("model_name", "churn"), ("at", "2020-01-01")))["serving"]!);
        var compared = await Good(client, tools, "compare_versions", ("model_name", "churn"), ("versions", new JsonArray("v1", "v2")));
        Assert.Equal("v2", (string?)compared["metrics"]![0]!["best"]);
        Assert.Equal(0.05, (double)compared["metrics"]![0]!["deltas"]![1]!);

        var promotion = await Good(client, tools, "promote_model", ("model_name", "churn"), ("version", "v2"), ("stage", "prod"), ("reason", "better"));
        Assert.Equal("pending", (string?)promotion["status"]);
        Assert.Equal("v1", (string?)promotion["replaces"]);
        // No server has pages here: this process opened its own.
        Assert.Matches($"^http://localhost:[0-9]+/ui/promotions/{promotion["promotion_id"]}$", (string?)promotion["approve_url"]);
        Assert.Contains($"approve {promotion["promotion_id"]}", (string?)promotion["approve_command"]);
        Assert.Equal("authenticated", (string?)promotion["required"]!["assurance"]);
        var id = (string)promotion["promotion_id"]!;
        Assert.Equal(id, (string?)(await Good(client, tools, "list_promotions", ("status", "live")))["promotions"]![0]!["promotion_id"]);
        Assert.Equal("pending", (string?)(await Good(client, tools, "get_promotion", ("promotion_id", id)))["status"]);
        SeededRegistry.Ok(await registry.DecideAsync(id, DecisionVerdict.Approve));
        Assert.Equal("applied", (string?)(await Good(client, tools, "get_promotion", ("promotion_id", id)))["status"]);
        Assert.Equal("v2", (string?)(await Good(client, tools, "get_serving_version", ("model_name", "churn")))["version"]);

        var back = await Good(client, tools, "rollback_model", ("model_name", "churn"), ("reason", "it drifts"));
        Assert.Equal("v1", (string?)back["version"]);
        Assert.Equal("withdrawn", (string?)(await Good(client, tools, "withdraw_promotion", ("promotion_id", (string)back["promotion_id"]!), ("reason", "false alarm")))["status"]);
        var history = (await Good(client, tools, "get_history", ("model_name", "churn")))["history"]!.AsArray();
        Assert.Equal(["v2", "v1"], history.Where(p => (string?)p!["stage"] == "production").Select(p => (string)p!["version"]!));
        Assert.Equal("authenticated", (string?)history[0]!["assurance"]);
    }

    [Fact]
    public async Task A_promotion_that_fails_a_gate_is_blocked_and_no_error()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await registry.RegisterAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        var blocked = await Good(client, await OutputSchemasAsync(client), "promote_model", ("model_name", "churn"), ("version", "v3"), ("stage", "production"), ("reason", "r"));
        Assert.Equal("blocked", (string?)blocked["status"]);
        Assert.Null(blocked["promotion_id"]);
        Assert.Contains(blocked["gates"]!.AsArray(), g => (string?)g!["verdict"] == "fail");
    }

    [Fact]
    public async Task The_same_key_gives_the_same_promotion()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        var wish = new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["idempotency_key"] = "k1" };
        Assert.Equal((string?)(await client.CallAsync("promote_model", wish)).Structured!["promotion_id"], (string?)(await client.CallAsync("promote_model", wish)).Structured!["promotion_id"]);
        wish["version"] = "v1";
        Assert.Contains("error: idempotency_key_reused", (await client.CallAsync("promote_model", wish)).Text);
    }

    [Fact]
    public async Task A_registrar_registers_files_and_edits_metadata()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, options: ["--toolsets", "registrar"]);
        var tools = await OutputSchemasAsync(client);
        var registered = await Good(client, tools, "register_version", ("model_name", "digits"), ("files", new JsonArray(registry.File("weights"))), ("metrics", new JsonArray("accuracy=0.97")),
            ("tags", new JsonArray("team=vision")), ("format", "onnx"), ("metadata", """{"hyperparameters":{"lr":0.1},"description":"Reads digits."}"""));
        Assert.Equal("v1", (string?)registered["version"]);
        Assert.True((bool)registered["model_created"]!);
        var info = await Good(client, tools, "get_model_info", ("model_name", "digits"));
        Assert.Equal(0.97, (double)info["version"]!["metrics"]!["accuracy"]!);
        Assert.Equal(0.1, (double)info["version"]!["hyperparameters"]!["lr"]!);
        Assert.Equal(["metrics.f1"], (await Good(client, tools, "set_metadata", ("model_name", "digits"), ("version", "v1"), ("metrics", new JsonArray("f1=0.9"))))["changed"]!.AsArray().Select(c => (string)c!));
        Assert.Equal(["description"], (await Good(client, tools, "set_metadata", ("model_name", "digits"), ("description", "")))["changed"]!.AsArray().Select(c => (string)c!));
        await Good(client, tools, "set_metadata", ("model_name", "digits"), ("version", "v1"), ("alias", "candidate"));
        Assert.Equal(["aliases.candidate"], (await Good(client, tools, "set_metadata", ("model_name", "digits"), ("remove_aliases", new JsonArray("candidate", "nobody"))))["changed"]!.AsArray().Select(c => (string)c!));
        Assert.Empty((await Good(client, tools, "get_model_info", ("model_name", "digits")))["aliases"]!.AsObject());
        await Bad(client, "register_version", "source_missing", ("model_name", "digits"), ("files", new JsonArray("/no/such/file")));
        await Bad(client, "register_version", "invalid_arguments", ("model_name", "digits"), ("files", new JsonArray(registry.File("w"))), ("metrics", new JsonArray("accuracy")));
        await Bad(client, "set_metadata", "alias_governed", ("model_name", "digits"), ("version", "v1"), ("alias", "champion"));
        await Bad(client, "set_metadata", "alias_governed", ("model_name", "digits"), ("remove_aliases", new JsonArray("champion")));
    }

    [Fact]
    public async Task Errors_name_the_code_every_bad_field_the_nearest_match_and_the_next_step()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        var several = await Bad(client, "list_models", "invalid_arguments", ("limt", 5), ("detail", "ful"), ("cursor", 7.5), ("limit", 1_000), ("search", new JsonObject()));
        Assert.Contains("- limt: is not an argument of this tool; did you mean 'limit'?", several);
        Assert.Contains("- detail: must be one of concise, full; 'ful' is none of them, did you mean 'full'?", several);
        Assert.Contains("- limit: must be a whole number from 1 to 100, not 1000.", several);
        Assert.Contains("- search: must be a text of at most 256 characters, not an object.", several);
        Assert.Contains("- model_name: is missing", await Bad(client, "list_versions", "invalid_arguments"));
        Assert.Contains("- limit: must be a whole number from 1 to 100, not this text.", await Bad(client, "list_versions", "invalid_arguments", ("model_name", "churn"), ("limit", "five")));
        Assert.Contains("'churn'", await Bad(client, "list_versions", "model_not_found", ("model_name", "chrn")));
        await Bad(client, "get_model_info", "version_not_found", ("model_name", "churn"), ("version", "v9"));
        Assert.Contains("staging", await Bad(client, "get_serving_version", "stage_unknown", ("model_name", "churn"), ("stage", "prodd")));
        Assert.Contains("- at: must be a time such as", await Bad(client, "get_serving_version", "invalid_arguments", ("model_name", "churn"), ("at", "yesterday")));
        await Bad(client, "compare_versions", "too_few_versions", ("model_name", "churn"), ("versions", new JsonArray("v1")));
        await Bad(client, "compare_versions", "invalid_arguments", ("model_name", "churn"), ("versions", new JsonArray(1, true)));
        await Bad(client, "promote_model", "invalid_arguments", ("model_name", "churn"), ("stage", "production"));
        await Bad(client, "promote_model", "already_in_stage", ("model_name", "churn"), ("version", "v1"), ("stage", "production"));
        await Bad(client, "rollback_model", "nothing_to_roll_back_to", ("model_name", "churn"));
        await Bad(client, "list_promotions", "invalid_arguments", ("status", "pendin"));
        await Bad(client, "list_promotions", "cursor_invalid", ("cursor", "abc"));
        await Bad(client, "get_promotion", "promotion_not_found", ("promotion_id", "prm_none"));
        await Bad(client, "confirm_promotion", "promotion_not_found", ("promotion_id", "prm_none"), ("decision", "approve"));
        await Bad(client, "confirm_promotion", "invalid_arguments", ("promotion_id", "prm_none"), ("decision", "yes"));
        await Bad(client, "withdraw_promotion", "promotion_not_found", ("promotion_id", "prm_none"));
        await Bad(client, "get_history", "model_not_found", ("model_name", "none"));
    }

    [Fact]
    public async Task A_default_list_of_hundreds_of_long_winded_models_takes_at_most_2000_tokens()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        var file = registry.File("weights");
        for (var i = 0; i < 150; i++)
            SeededRegistry.Ok(await registry.Services.Intake.RegisterAsync(await registry.AgentAsync(), new ModelRegistry.Catalog.Registration(
                $"model {new string('m', 100)} {i:000}", null, null, [file], new VersionMetadata { Metrics = Enumerable.Range(0, 60).ToDictionary(m => $"metric_{new string('x', 100)}_{m}", m => m / 7.0) }, new string('d', 4_000), new string('t', 100), new string('o', 200))));
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        var first = await client.CallAsync("list_models");
        AssertFits(first);
        var seen = new HashSet<string>();
        for (var page = first; ; page = await client.CallAsync("list_models", new JsonObject { ["cursor"] = (string)page.Structured!["next_cursor"]! }))
        {
            AssertFits(page);
            Assert.All(page.Structured!["models"]!.AsArray(), m => Assert.True(seen.Add((string)m!["name"]!)));
            if (page.Structured["next_cursor"] is null)
                break;
        }
        Assert.Equal(150, seen.Count);
        AssertFits(await client.CallAsync("list_versions", new JsonObject { ["model_name"] = seen.First() }));
        Assert.Equal(40, (await client.CallAsync("list_models", new JsonObject { ["limit"] = 40 })).Structured!["models"]!.AsArray().Count);
    }

    private static void AssertFits(ToolAnswer answer) => Assert.InRange(answer.Text.Length + answer.Structured!.ToJsonString(Replies.Json).Length, 1, 4 * 2_000);

    private static async Task<Dictionary<string, JsonNode>> OutputSchemasAsync(StdioClient client) =>
        (await client.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().ToDictionary(t => (string)t!["name"]!, t => t!["outputSchema"]!);

    private static async Task<JsonObject> Good(StdioClient client, Dictionary<string, JsonNode> schemas, string tool, params (string Name, JsonNode Value)[] arguments)
    {
        var answer = await client.CallAsync(tool, new JsonObject(arguments.Select(a => KeyValuePair.Create(a.Name, (JsonNode?)a.Value))));
        Assert.False(answer.IsError, answer.Text);
        Assert.Empty(SchemaCheck.Problems(answer.Structured, schemas[tool]));
        Assert.Null(answer.Raw["_meta"]);
        AssertSameFacts(answer);
        return answer.Structured!;
    }

    /// <summary>Whatever names or counts something in the structured content stands in the text too.</summary>
    private static void AssertSameFacts(ToolAnswer answer)
    {
        foreach (var (name, value) in Leaves(answer.Structured!))
            if (value.GetValueKind() == System.Text.Json.JsonValueKind.String && !name.EndsWith("_at", StringComparison.Ordinal) && name is not ("at" or "since" or "from" or "until" or "stage_since"))
                Assert.Contains((string)value!, answer.Text, StringComparison.OrdinalIgnoreCase);
            else if (value.GetValueKind() == System.Text.Json.JsonValueKind.Number && name != "metric_count")
                Assert.Contains(value.ToJsonString(), answer.Text);
    }

    private static IEnumerable<(string Name, JsonNode Value)> Leaves(JsonNode node, string name = "") => node switch
    {
        JsonObject o => o.Where(m => m.Value is not null).SelectMany(m => Leaves(m.Value!, m.Key)),
        JsonArray a => a.Where(m => m is not null).SelectMany(m => Leaves(m!, name)),
        _ => [(name, node)],
    };

    private static async Task<string> Bad(StdioClient client, string tool, string code, params (string Name, JsonNode Value)[] arguments)
    {
        var answer = await client.CallAsync(tool, new JsonObject(arguments.Select(a => KeyValuePair.Create(a.Name, (JsonNode?)a.Value))));
        Assert.True(answer.IsError, answer.Text);
        Assert.Null(answer.Structured);
        Assert.StartsWith($"error: {code}", answer.Text);
        Assert.Contains("\nNext: ", answer.Text);
        return answer.Text;
    }
}
