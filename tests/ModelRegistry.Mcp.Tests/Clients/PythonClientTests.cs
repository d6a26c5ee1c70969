using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>The Python client against a real server under <c>team</c>, in the system's own Python.</summary>
public sealed class PythonClientTests(TeamServer team) : IClassFixture<TeamServer>
{
    private static string Digits(int version) => Repository.At($"samples/digits/digits-v{version}.onnx");

    private ClientProcess Start(Uri? server = null, string? token = null) =>
        ClientProcess.Start(ClientProcess.Python, [Repository.At("tests/ModelRegistry.Mcp.Tests/Clients/client.py")], ClientProcess.Reaching(server ?? team.Rest.Address, token ?? team.Rest.Token));

    private static async Task<JsonObject> CallAsync(ClientProcess client, string call, JsonArray args, JsonObject? named = null)
    {
        await client.TellAsync(new JsonObject { ["call"] = call, ["args"] = args, ["named"] = named?.DeepClone() ?? new JsonObject() });
        return await client.HearAsync();
    }

    private static async Task<JsonNode> GetAsync(ClientProcess client, string call, JsonArray args, JsonObject? named = null)
    {
        var said = await CallAsync(client, call, args, named);
        Assert.True(said["error"] is null, said.ToJsonString());
        return said["value"]!;
    }

    private static JsonObject With(JsonObject known, params (string Name, JsonNode? Value)[] more)
    {
        foreach (var (name, value) in more)
            known[name] = value;
        return known;
    }

    [Fact]
    public async Task What_it_does_by_itself_holds()
    {
        var run = await ClientProcess.RunAsync(ClientProcess.Python, ["-W", "error", "-m", "unittest", "discover", "-s", Repository.At("clients/python/tests")]);
        Assert.True(run.Exit == 0, run.All);
        Assert.Matches(@"Ran [1-9]\d+ tests", run.Err);
    }

    [Fact]
    public async Task A_pipeline_registers_proposes_waits_for_a_person_and_goes_back()
    {
        using var client = Start();
        var made = await GetAsync(client, "register_model", ["story", null, Digits(1), new JsonObject { ["accuracy"] = 0.9278 }], With(TeamServer.Known, ("model_type", "classification"), ("tags", new JsonArray("vision", "team:ocr")), ("progress", true)));
        Assert.Equal(("v1", 1, true), ((string?)made["version"], (int)made["number"]!, (bool)made["model_created"]!));
        Assert.Equal("story", (string?)(await GetAsync(client, "list_models", [], new JsonObject { ["model_type"] = "classification" })).AsArray().Single(m => (string?)m!["name"] == "story")!["name"]);
        Assert.Equal("ocr", (string?)(await GetAsync(client, "get_model", ["story", "v1"]))["version"]!["tags"]!["team"]);

        Assert.Equal("applied", (string?)(await GetAsync(client, "promote", ["story", 1, "staging"]))["status"]);
        var asked = await GetAsync(client, "promote_model", ["story", "v1", "production", "john.smith@example.com", "the first one"]);
        Assert.Equal(("pending", "the first one john.smith@example.com is said to have approved it."), ((string?)asked["status"], (string?)asked["reason"]));
        var id = (string)asked["promotion_id"]!;
        Assert.EndsWith(id, (string?)asked["approve_url"], StringComparison.Ordinal);
        Assert.False((bool)(await GetAsync(client, "serving", ["story"]))["serving"]!);
        Assert.Equal("pending", (string?)(await GetAsync(client, "wait_for_decision", [id], new JsonObject { ["timeout"] = 1 }))["status"]);

        await client.TellAsync(new JsonObject { ["call"] = "wait_for_decision", ["args"] = new JsonArray(id) });
        await team.ApproveAsync(id);
        var decided = (await client.HearAsync())["value"]!;
        Assert.Equal(("applied", "ben"), ((string?)decided["status"], (string?)decided["decisions"]![0]!["person"]));
        var serving = await GetAsync(client, "serving", ["story"]);
        Assert.Equal(("v1", "ben"), ((string?)serving["version"], (string?)serving["approved_by"]![0]));

        await GetAsync(client, "register_model", ["story", "v2", Digits(2), new JsonObject { ["accuracy"] = 0.9815 }], TeamServer.Known);
        Assert.Equal("v2", (string?)(await GetAsync(client, "compare", ["story", "v1", "v2"]))["metrics"]![0]!["best"]);
        Assert.Equal(["v2"], (await GetAsync(client, "list_versions", ["story"], new JsonObject { ["status"] = "training" })).AsArray().Select(v => (string?)v!["version"]));
        Assert.Equal(["v1"], (await GetAsync(client, "list_versions", ["story"], new JsonObject { ["is_default"] = true })).AsArray().Select(v => (string?)v!["version"]));
        await GetAsync(client, "promote", ["story", "v2", "staging"]);
        var second = (string)(await GetAsync(client, "promote", ["story", "v2", "production", "better"]))["promotion_id"]!;
        Assert.Equal("withdrawn", (string?)(await GetAsync(client, "withdraw", [second, "not yet"]))["status"]);
        second = (string)(await GetAsync(client, "deploy", ["story", "v2", "production", "pipeline 7", new JsonObject { ["replicas"] = 2 }], new JsonObject { ["reason"] = "better" }))["promotion_id"]!;
        Assert.Equal(("pending", "deployment"), ((string?)(await GetAsync(client, "promotion", [second]))["status"], (string?)(await GetAsync(client, "promotion", [second]))["kind"]));
        await team.ApproveAsync(second);
        var active = (await GetAsync(client, "deployments", [], new JsonObject { ["model"] = "story", ["status"] = "active" })).AsArray().Single()!;
        Assert.Equal(("v2", "pipeline 7", 2), ((string?)active["version"], (string?)active["deployed_by"], (int)active["configuration"]!["replicas"]!));
        Assert.True((bool)(await GetAsync(client, "observed", ["story", "production", 2]))["observed"]!["matches"]!);

        var back = await GetAsync(client, "rollback", ["story", "v1", "v2 is slow"]);
        Assert.Equal("pending", (string?)back["status"]);
        await team.ApproveAsync((string)back["promotion_id"]!);
        Assert.Equal(["v1", "v2", "v1"], (await GetAsync(client, "history", ["story"])).AsArray().Where(p => (string?)p!["stage"] == "production").Select(p => (string?)p!["version"]));
        Assert.Equal("rolled_back", (string?)(await GetAsync(client, "deployments", [], new JsonObject { ["model"] = "story", ["status"] = "rolled_back" })).AsArray().Single()!["status"]);
        await GetAsync(client, "set_metadata", ["story", "v2"], new JsonObject { ["release_notes"] = "slow", ["deprecated"] = true });
        Assert.Equal(["v2"], (await GetAsync(client, "list_versions", ["story"], new JsonObject { ["status"] = "deprecated" })).AsArray().Select(v => (string?)v!["version"]));

        var ended = await client.EndAsync();
        Assert.Equal(0, ended.Exit);
        Assert.DoesNotContain(team.Rest.Token!, ended.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_known_is_found_measured_edited_in_turn_and_deleted()
    {
        using var client = Start();
        async Task<IEnumerable<string?>> NamesAsync(JsonObject filter) => (await GetAsync(client, "list_models", [], filter)).AsArray().Select(m => (string?)m!["name"]);
        foreach (var (name, accuracy, region) in new[] { ("know-a", 0.91, "eu"), ("know-b", 0.95, "eu"), ("know-c", 0.97, "us") })
            await GetAsync(client, "register_model", [name, null, Digits(1), new JsonObject { ["accuracy"] = accuracy, ["latency_ms"] = accuracy * 20 }], new JsonObject { ["tags"] = new JsonArray("kind:know", $"region:{region}") });
        Assert.Equal(["know-a", "know-b"], await NamesAsync(new JsonObject { ["tag"] = new JsonArray("kind:know", "region:eu") }));
        Assert.Equal(["know-b"], await NamesAsync(new JsonObject { ["tag"] = new JsonArray("kind:know", "region:eu"), ["at_least"] = new JsonObject { ["accuracy"] = 0.93 } }));
        Assert.Equal(["know-b"], await NamesAsync(new JsonObject { ["tag"] = "kind:know", ["at_least"] = new JsonObject { ["accuracy"] = 0.93 }, ["at_most"] = new JsonObject { ["latency_ms"] = 19.2 } }));
        Assert.Empty((await GetAsync(client, "list_versions", ["know-a"], new JsonObject { ["at_least"] = new JsonObject { ["accuracy"] = 0.92 } })).AsArray());

        // Edits in turn: each answer is what the next one builds on, and who comes late is told.
        var first = (string)(await GetAsync(client, "get_model", ["know-a", 1]))["version"]!["revision"]!;
        var edited = await GetAsync(client, "set_metadata", ["know-a", 1], new JsonObject { ["release_notes"] = "one", ["revision"] = first });
        await GetAsync(client, "set_metadata", ["know-a", 1], new JsonObject { ["release_notes"] = "two", ["revision"] = (string?)edited["revision"] });
        var late = (await CallAsync(client, "set_metadata", ["know-a", 1], new JsonObject { ["release_notes"] = "three", ["revision"] = first }))["error"]!;
        Assert.Equal(("RevisionChanged", "revision_changed", 412), ((string?)late["type"], (string?)late["code"], (int)late["status"]!));
        Assert.Equal("two", (string?)(await GetAsync(client, "get_model_metadata", ["know-a", 1]))["release_notes"]);

        await GetAsync(client, "set_metadata", ["know-a", 1], new JsonObject { ["alias"] = "shadow" });
        Assert.Equal("v1", (string?)(await GetAsync(client, "get_model", ["know-a"]))["aliases"]!["shadow"]);
        await GetAsync(client, "set_metadata", ["know-a"], new JsonObject { ["remove_aliases"] = new JsonArray("shadow") });
        Assert.Empty((await GetAsync(client, "get_model", ["know-a"]))["aliases"]!.AsObject());

        var measured = await GetAsync(client, "measure", ["know-a", 1, "auc", 0.88], new JsonObject { ["dataset"] = "digits@2", ["count"] = 540, ["current"] = true });
        Assert.Equal((1, true), ((int)measured["recorded"]!, (bool)measured["current"]!));
        await GetAsync(client, "measure", ["know-a", 1, new JsonArray(new JsonObject { ["metric"] = "auc", ["value"] = 0.9 }, new JsonObject { ["metric"] = "f1", ["value"] = 0.7, ["split"] = "test" })]);
        Assert.Equal([0.9, 0.88], (await GetAsync(client, "measurements", ["know-a", 1, "auc"])).AsArray().Select(m => (double)m!["value"]!));
        Assert.Equal(0.88, (double)(await GetAsync(client, "get_model_metadata", ["know-a", 1]))["metrics"]!["auc"]!);

        var card = await GetAsync(client, "set_card", ["know-a", "---\nlicence: mit\n---\n# A\n", 1]);
        Assert.NotEmpty(card["warnings"]!.AsArray());
        await GetAsync(client, "set_card", ["know-a", "# B\n", 1], new JsonObject { ["revision"] = (string?)card["revision"] });
        Assert.Equal(("# B\n", "version"), ((string?)(await GetAsync(client, "card", ["know-a", 1]))["text"], (string?)(await GetAsync(client, "card", ["know-a", 1]))["from"]));
        var edits = (await GetAsync(client, "card_history", ["know-a", 1])).AsArray();
        Assert.Contains("+# B", (await GetAsync(client, "card_edit", ["know-a", (string?)edits[0]!["edit_id"], 1]))["difference"]!.AsArray().Select(line => ((string)line!).Replace("+ ", "+", StringComparison.Ordinal)));
        await GetAsync(client, "set_card", ["know-a"], new JsonObject { ["version"] = 1, ["edit"] = (string?)edits[1]!["edit_id"] });
        Assert.StartsWith("---", (string?)(await GetAsync(client, "card", ["know-a", 1]))["text"], StringComparison.Ordinal);

        await GetAsync(client, "add_lineage", ["know-b", 1], new JsonObject { ["base_model"] = "know-a:1", ["datasets"] = new JsonArray("digits@1") });
        await GetAsync(client, "add_lineage", ["know-b", 1], new JsonObject { ["datasets"] = new JsonArray("digits@1", "digits@2"), ["note"] = "distilled" });
        var document = (await GetAsync(client, "get_model_metadata", ["know-b", 1]))["lineage"]!;
        Assert.Equal(("know-a:1", "digits@1,digits@2", "distilled"), ((string?)document["base_model"], string.Join(',', document["datasets"]!.AsArray().Select(d => (string?)d)), (string?)document["note"]));
        Assert.Equal("know-b", (string?)(await GetAsync(client, "lineage", ["know-a", 1]))["derived"]![0]!["model_name"]);

        // Staging is not governed here: deployed at once, and taken off again.
        await GetAsync(client, "deploy", ["know-c", 1, "staging"]);
        var running = (await GetAsync(client, "deployments", [], new JsonObject { ["model"] = "know-c", ["status"] = "active" })).AsArray().Single()!;
        Assert.Equal("stopped", (string?)(await GetAsync(client, "stop_deployment", [(string?)running["deployment_id"], "not needed"]))["status"]);

        Assert.Equal("RevisionChanged", (string?)(await CallAsync(client, "delete_version", ["know-a", 1], new JsonObject { ["revision"] = first }))["error"]!["type"]);
        Assert.Equal(["deleted"], (await GetAsync(client, "delete_version", ["know-a", 1, "a trial"]))["changed"]!.AsArray().Select(c => (string?)c));
        Assert.Equal("version_not_found", (string?)(await CallAsync(client, "get_model", ["know-a", 1]))["error"]!["code"]);
        await GetAsync(client, "delete_model", ["know-a", "a trial"], new JsonObject { ["revision"] = (string?)(await GetAsync(client, "get_model", ["know-a"]))["revision"] });
        Assert.Equal("model_not_found", (string?)(await CallAsync(client, "get_model", ["know-a"]))["error"]!["code"]);
        Assert.Equal(0, (await client.EndAsync()).Exit);
    }

    [Fact]
    public async Task A_no_of_the_servers_is_one_exception_with_code_remedy_and_status()
    {
        using var client = Start();
        using var reader = Start(token: await team.Rest.Registry.TokenAsync("reader", "viewer"));
        using var stranger = Start(token: "mrt_nobody");
        await GetAsync(client, "register_model", ["bare", null, Digits(1)]);
        await GetAsync(client, "promote", ["bare", 1, "staging"]);
        var blocked = (await CallAsync(client, "promote", ["bare", 1, "production", "in a hurry"]))["error"]!;
        Assert.Equal(("blocked", 422), ((string?)blocked["code"], (int)blocked["status"]!));
        Assert.Contains(blocked["promotion"]!["gates"]!.AsArray(), gate => (string?)gate!["verdict"] == "fail");
        async Task No(ClientProcess by, string code, int status, string call, JsonArray args, JsonObject? named = null)
        {
            var error = (await CallAsync(by, call, args, named))["error"];
            Assert.Equal((code, status), ((string?)error?["code"], (int?)error?["status"] ?? 0));
            Assert.NotEqual("", (string?)error!["remedy"]);
        }

        await No(client, "model_not_found", 404, "get_model", ["nothing"]);
        await No(client, "invalid_arguments", 400, "register_model", ["bare", null, Digits(1)], new JsonObject { ["datset"] = "typo" });
        await No(client, "version_exists", 409, "register_model", ["bare", "v1", Digits(1)]);
        await No(client, "target_unknown", 404, "deploy", ["bare", 1, "moon"]);
        // Known contents are not sent; others are refused before the version is.
        await No(reader, "role_missing", 403, "register_model", ["bare", null, Digits(1)]);
        await No(reader, "role_missing", 403, "register_model", ["bare", null, Repository.At("samples/digits/test.csv")]);
        await No(reader, "role_missing", 403, "promote", ["bare", 1, "staging"]);
        await No(stranger, "token_invalid", 401, "list_models", []);
    }

    [Fact]
    public async Task An_upload_and_a_download_that_are_cut_go_on_and_arrive_whole()
    {
        await using var proxy = new CuttingProxy(team.Rest.Address);
        var folder = Directory.CreateTempSubdirectory("cut-").FullName;
        try
        {
            var content = RandomNumberGenerator.GetBytes(12_000_000);
            Directory.CreateDirectory(Path.Combine(folder, "in", "weights"));
            await File.WriteAllBytesAsync(Path.Combine(folder, "in", "weights", "w.bin"), content);
            await File.WriteAllTextAsync(Path.Combine(folder, "in", "labels.txt"), "0123456789\n");
            using var client = Start(proxy.Address);

            proxy.Cut(2, requestBytes: 5_000_000);
            var said = await CallAsync(client, "register_model", ["cut", null, Path.Combine(folder, "in")], new JsonObject { ["progress"] = true });
            Assert.True(said["error"] is null, said.ToJsonString());
            Assert.Equal(2, proxy.Cuts);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), (string?)said["value"]!["files"]!.AsArray().Single(f => (string?)f!["path"] == "weights/w.bin")!["sha256"]);
            // Each attempt went on where the one before was cut: further from the beginning each time.
            var sent = said["progress"]!.AsArray().Where(p => (string?)p![0] == "weights/w.bin").Select(p => (long)p![1]!).ToList();
            var begun = sent.Where((bytes, i) => i > 0 && bytes <= sent[i - 1] && bytes < content.Length).ToList();
            Assert.True(begun.All(bytes => bytes > 1_048_576), string.Join(' ', sent));
            Assert.Equal(content.Length, sent[^1]);

            proxy.Cut(2, answerBytes: 4_000_000);
            var got = await GetAsync(client, "download", ["cut", "latest", Path.Combine(folder, "out")], new JsonObject { ["digest"] = (string?)said["value"]!["digest"] });
            Assert.Equal(4, proxy.Cuts);
            Assert.Equal((string?)said["value"]!["digest"], (string?)got["digest"]);
            Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(folder, "out", "weights", "w.bin")));
            Assert.True((bool)await GetAsync(client, "verify", ["cut", 1, Path.Combine(folder, "out")]));
            await File.AppendAllTextAsync(Path.Combine(folder, "out", "labels.txt"), "x");
            Assert.False((bool)await GetAsync(client, "verify", ["cut", 1, Path.Combine(folder, "out")]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
