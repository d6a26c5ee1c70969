using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>The TypeScript client: compiled, then in Node and in a browser against a real server.</summary>
public sealed class TypeScriptClientTests(TypeScriptClientTests.Compiled compiled, TeamServer team) : IClassFixture<TypeScriptClientTests.Compiled>, IClassFixture<TeamServer>
{
    private const string Packages = "tests/ModelRegistry.Mcp.Tests/Node/node_modules";

    /// <summary>Its modules and their types, in a folder that goes with the tests.</summary>
    public sealed class Compiled : IAsyncLifetime
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("typescript-").FullName;

        internal Finished Compiler { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Needs.That(File.Exists(Repository.At($"{Packages}/typescript/bin/tsc")), "the packages of Node are not installed here. Run 'npm ci' in tests/ModelRegistry.Mcp.Tests/Node.");
            Compiler = await ClientProcess.RunAsync(Node, [Repository.At($"{Packages}/typescript/bin/tsc"), "--project", Repository.At("clients/typescript"), "--outDir", Folder, "--typeRoots", Repository.At($"{Packages}/@types")]);
            await File.WriteAllTextAsync(Path.Combine(Folder, "package.json"), """{ "type": "module" }""");
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }

    // The system's own, from version 20 on.
    private static string Node => Needs.Program("node", "it runs the client");

    private static string Digits(int version) => Repository.At($"samples/digits/digits-v{version}.onnx");

    private async Task<ClientProcess> StartAsync(Uri? server = null, string? token = null)
    {
        var client = ClientProcess.Start(Node, [Repository.At("tests/ModelRegistry.Mcp.Tests/Node/client.mjs")]);
        await client.TellAsync(new JsonObject { ["modules"] = Path.Combine(compiled.Folder, "node.js"), ["url"] = (server ?? team.Rest.Address).AbsoluteUri, ["token"] = token ?? team.Rest.Token });
        return client;
    }

    private static async Task<JsonObject> CallAsync(ClientProcess client, string call, params JsonNode?[] args)
    {
        await client.TellAsync(new JsonObject { ["call"] = call, ["args"] = new JsonArray(args) });
        return await client.HearAsync();
    }

    private static async Task<JsonNode> GetAsync(ClientProcess client, string call, params JsonNode?[] args)
    {
        var said = await CallAsync(client, call, args);
        Assert.True(said["error"] is null, said.ToJsonString());
        return said["value"]!;
    }

    private static JsonObject Registration(string path, JsonObject? metadata = null) => new() { ["paths"] = new JsonArray(path), ["metadata"] = metadata, ["progress"] = true };

    [Fact]
    public void It_compiles_strictly_and_emits_its_types()
    {
        Assert.True(compiled.Compiler.Exit == 0, compiled.Compiler.All);
        Assert.All(new[] { "index.js", "index.d.ts", "node.js", "node.d.ts" }, file => Assert.True(File.Exists(Path.Combine(compiled.Folder, file)), file));
        // A browser loads what the first entry needs, and nothing of Node's.
        foreach (var file in Directory.GetFiles(compiled.Folder, "*.js").Where(f => Path.GetFileName(f) != "node.js"))
            Assert.DoesNotContain("node:", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipeline_registers_proposes_waits_for_a_person_and_fetches()
    {
        using var client = await StartAsync();
        var made = await GetAsync(client, "registerModel", "ts", Registration(Digits(1), TeamServer.Known));
        Assert.Equal(("v1", 1), ((string?)made["version"], (int)made["number"]!));
        Assert.Contains((await GetAsync(client, "models", new JsonObject { ["search"] = "t" })).AsArray(), m => (string?)m!["name"] == "ts");
        await GetAsync(client, "promote", "ts", 1, "staging");
        Assert.Equal(["v1"], (await GetAsync(client, "versions", "ts", new JsonObject { ["status"] = "approved", ["is_default"] = true })).AsArray().Select(v => (string?)v!["version"]));
        var asked = await GetAsync(client, "promote", "ts", "v1", "production", new JsonObject { ["reason"] = "the first one" });
        Assert.Equal("pending", (string?)asked["status"]);
        var id = (string)asked["promotion_id"]!;

        await client.TellAsync(new JsonObject { ["call"] = "waitForDecision", ["args"] = new JsonArray(id) });
        await team.ApproveAsync(id);
        Assert.Equal("applied", (string?)(await client.HearAsync())["value"]!["status"]);

        var serving = await GetAsync(client, "serving", "ts", new JsonObject { ["stage"] = "production" });
        Assert.Equal(("v1", "ben"), ((string?)serving["version"], (string?)serving["approved_by"]![0]));
        var known = serving.DeepClone();
        Assert.Equal("v1", (string?)(await GetAsync(client, "serving", "ts", new JsonObject { ["known"] = known, ["wait"] = 1 }))["version"]);
        var folder = Path.Combine(compiled.Folder, "fetched");
        await GetAsync(client, "downloadTo", folder, "ts", 1, new JsonObject { ["digest"] = (string?)serving["digest"] });
        Assert.Equal(await File.ReadAllBytesAsync(Digits(1)), await File.ReadAllBytesAsync(Path.Combine(folder, "digits-v1.onnx")));
        Assert.Equal("folder_not_empty", (string?)(await CallAsync(client, "downloadTo", folder, "ts", 1))["error"]!["code"]);
        Assert.Equal("digest_mismatch", (string?)(await CallAsync(client, "downloadTo", folder + "2", "ts", 1, new JsonObject { ["digest"] = new string('0', 64) }))["error"]!["code"]);

        Assert.Equal("pending", (string?)(await GetAsync(client, "deploy", "ts", 1, "production", new JsonObject { ["config"] = new JsonObject { ["replicas"] = 1 }, ["reason"] = "as it is" }))["status"]);
        Assert.Single((await GetAsync(client, "history", "ts")).AsArray(), p => (string?)p!["stage"] == "production");
        Assert.Equal(["production", "staging"], (await GetAsync(client, "targets")).AsArray().Select(t => (string?)t!["name"]));

        foreach (var (code, status, no) in new (string, int, JsonNode)[]
        {
            ("model_not_found", 404, (await CallAsync(client, "getModel", "nothing"))["error"]!),
            ("invalid_arguments", 0, (await CallAsync(client, "getModel", ".."))["error"]!),
            ("version_exists", 409, (await CallAsync(client, "registerModel", "ts", new JsonObject { ["paths"] = new JsonArray(Digits(1)), ["version"] = "v1" }))["error"]!),
        })
            Assert.Equal((code, status), ((string?)no["code"], (int)no["status"]!));
        using var reader = await StartAsync(token: await team.Rest.Registry.TokenAsync("ts-reader", "viewer"));
        Assert.Equal("role_missing", (string?)(await CallAsync(reader, "registerModel", "ts", Registration(Repository.At("samples/digits/train.py"))))["error"]!["code"]);

        // Aborted, it ends with the signal's own reason.
        var waiting = await GetAsync(client, "promotions", new JsonObject { ["status"] = "live", ["model"] = "ts" });
        Assert.Equal("TimeoutError", (string?)(await CallAsync(client, "waitForDecision", (string)waiting[0]!["promotion_id"]!, new JsonObject { ["timeoutMs"] = 300 }))["error"]!["code"]);
        var ended = await client.EndAsync();
        Assert.Equal((0, ""), (ended.Exit, ended.Err));
    }

    [Fact]
    public async Task What_is_known_is_found_measured_edited_in_turn_and_deleted()
    {
        using var client = await StartAsync();
        async Task<IEnumerable<string?>> NamesAsync(JsonObject filter) => (await GetAsync(client, "models", filter)).AsArray().Select(m => (string?)m!["name"]);
        foreach (var (name, accuracy, region) in new[] { ("ts-a", 0.91, "eu"), ("ts-b", 0.95, "eu"), ("ts-c", 0.97, "us") })
            await GetAsync(client, "registerModel", name, new JsonObject { ["paths"] = new JsonArray(Digits(1)), ["metrics"] = new JsonObject { ["accuracy"] = accuracy, ["latency_ms"] = accuracy * 20 }, ["tags"] = new JsonObject { ["kind"] = "ts-know", ["region"] = region } });
        Assert.Equal(["ts-b"], await NamesAsync(new JsonObject { ["tag"] = new JsonArray("kind:ts-know", "region:eu"), ["atLeast"] = new JsonObject { ["accuracy"] = 0.93 } }));
        Assert.Equal(["ts-a", "ts-b"], await NamesAsync(new JsonObject { ["tag"] = "kind:ts-know", ["atMost"] = new JsonObject { ["latency_ms"] = 19.2 } }));
        Assert.Empty((await GetAsync(client, "versions", "ts-a", new JsonObject { ["atLeast"] = new JsonObject { ["accuracy"] = 0.92 } })).AsArray());

        var first = (string)(await GetAsync(client, "getModel", "ts-a", 1))["version"]!["revision"]!;
        var edited = await GetAsync(client, "setMetadata", "ts-a", new JsonObject { ["release_notes"] = "one" }, new JsonObject { ["version"] = 1, ["revision"] = first });
        await GetAsync(client, "setMetadata", "ts-a", new JsonObject { ["release_notes"] = "two" }, new JsonObject { ["version"] = 1, ["revision"] = (string?)edited["revision"] });
        var late = (await CallAsync(client, "setMetadata", "ts-a", new JsonObject { ["release_notes"] = "three" }, new JsonObject { ["version"] = 1, ["revision"] = first }))["error"]!;
        Assert.Equal(("RevisionChanged", "revision_changed", 412), ((string?)late["type"], (string?)late["code"], (int)late["status"]!));

        await GetAsync(client, "setMetadata", "ts-a", new JsonObject { ["alias"] = "shadow" }, new JsonObject { ["version"] = 1 });
        Assert.Equal("v1", (string?)(await GetAsync(client, "getModel", "ts-a"))["aliases"]!["shadow"]);
        await GetAsync(client, "setMetadata", "ts-a", new JsonObject { ["remove_aliases"] = new JsonArray("shadow") });
        Assert.Empty((await GetAsync(client, "getModel", "ts-a"))["aliases"]!.AsObject());

        await GetAsync(client, "measure", "ts-a", 1, new JsonArray(new JsonObject { ["metric"] = "auc", ["value"] = 0.88, ["count"] = 540 }), new JsonObject { ["current"] = true });
        await GetAsync(client, "measure", "ts-a", 1, new JsonObject { ["metric"] = "auc", ["value"] = 0.9 });
        Assert.Equal([0.9, 0.88], (await GetAsync(client, "measurements", "ts-a", 1, new JsonObject { ["metric"] = "auc" })).AsArray().Select(m => (double)m!["value"]!));

        await GetAsync(client, "setCard", "ts-a", "# A\n", new JsonObject { ["version"] = 1 });
        await GetAsync(client, "setCard", "ts-a", "# B\n", new JsonObject { ["version"] = 1 });
        var edits = (await GetAsync(client, "cardHistory", "ts-a", new JsonObject { ["version"] = 1 })).AsArray();
        Assert.Equal("# B\n", (string?)(await GetAsync(client, "cardEdit", "ts-a", (string?)edits[0]!["edit_id"], new JsonObject { ["version"] = 1 }))["text"]);
        await GetAsync(client, "setCard", "ts-a", new JsonObject { ["edit"] = (string?)edits[1]!["edit_id"] }, new JsonObject { ["version"] = 1 });
        Assert.Equal("# A\n", (string?)(await GetAsync(client, "card", "ts-a", new JsonObject { ["version"] = 1 }))["text"]);

        await GetAsync(client, "addLineage", "ts-b", 1, new JsonObject { ["base_model"] = "ts-a:1", ["datasets"] = new JsonArray("digits@1") });
        await GetAsync(client, "addLineage", "ts-b", 1, new JsonObject { ["datasets"] = new JsonArray("digits@1", "digits@2") });
        var document = (await GetAsync(client, "getModel", "ts-b", 1))["version"]!["lineage"]!;
        Assert.Equal(("ts-a:1", "digits@1,digits@2"), ((string?)document["base_model"], string.Join(',', document["datasets"]!.AsArray().Select(d => (string?)d))));
        Assert.Equal("ts-b", (string?)(await GetAsync(client, "lineage", "ts-a", 1))["derived"]![0]!["model_name"]);

        await GetAsync(client, "deploy", "ts-c", 1, "staging");
        var running = (await GetAsync(client, "deployments", new JsonObject { ["model"] = "ts-c", ["status"] = "active" })).AsArray().Single()!;
        Assert.Equal("stopped", (string?)(await GetAsync(client, "stopDeployment", (string?)running["deployment_id"], new JsonObject { ["reason"] = "not needed" }))["status"]);

        Assert.Equal("RevisionChanged", (string?)(await CallAsync(client, "deleteVersion", "ts-a", 1, new JsonObject { ["revision"] = first }))["error"]!["type"]);
        await GetAsync(client, "deleteVersion", "ts-a", 1, new JsonObject { ["reason"] = "a trial" });
        await GetAsync(client, "deleteModel", "ts-a", new JsonObject { ["revision"] = (string?)(await GetAsync(client, "getModel", "ts-a"))["revision"] });
        Assert.Equal("model_not_found", (string?)(await CallAsync(client, "getModel", "ts-a"))["error"]!["code"]);
    }

    [Fact]
    public async Task An_upload_and_a_download_that_are_cut_go_on_and_arrive_whole()
    {
        await using var proxy = new CuttingProxy(team.Rest.Address);
        var content = RandomNumberGenerator.GetBytes(12_000_000);
        var file = Path.Combine(compiled.Folder, "w.bin");
        await File.WriteAllBytesAsync(file, content);
        using var client = await StartAsync(proxy.Address);
        proxy.Cut(2, requestBytes: 5_000_000);
        var said = await CallAsync(client, "registerModel", "ts-cut", Registration(file));
        Assert.True(said["error"] is null, said.ToJsonString());
        Assert.Equal((2, Convert.ToHexStringLower(SHA256.HashData(content))), (proxy.Cuts, (string?)said["value"]!["files"]![0]!["sha256"]));
        Assert.Equal(content.Length, (long)said["progress"]!.AsArray()[^1]![1]!);

        proxy.Cut(2, answerBytes: 4_000_000);
        var folder = Path.Combine(compiled.Folder, "cut");
        await GetAsync(client, "downloadTo", folder, "ts-cut", "latest");
        Assert.Equal(4, proxy.Cuts);
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(folder, "w.bin")));
    }

    [Fact]
    public async Task A_page_of_an_allowed_origin_registers_and_fetches_and_another_one_cannot()
    {
        await using var pages = await ModulePages.StartAsync(compiled.Folder);
        await using var stranger = await ModulePages.StartAsync(compiled.Folder);
        await using var rest = await Rest.ServedRest.OpenAsync("team", false, "--allowed-origins", pages.Origin.GetLeftPart(UriPartial.Authority));
        await using var browser = Web.Browser.Start();
        var script = $$"""
            (async () => {
              const { Registry, RegistryError, Sha256 } = await import('/index.js');
              const registry = new Registry({ url: {{JsonValue.Create(rest.Address.AbsoluteUri).ToJsonString()}}, token: '{{rest.Token}}', retries: 1 });
              const bytes = new Uint8Array(40_000_000).map((_, i) => i * 31 >> 3);
              const steps = [];
              try {
                const made = await registry.registerModel('page', { files: [new File([bytes], 'w.bin')], metrics: { accuracy: 0.5 }, progress: (...step) => steps.push(step[1]) });
                const digest = new Sha256();
                for await (const { stream } of registry.download('page', made.number, { digest: made.digest })) {
                  const reader = stream.getReader();
                  for (let next = await reader.read(); !next.done; next = await reader.read()) digest.update(next.value);
                }
                await registry.setMetadata('page', { description: 'from a page' });
                return { sha256: made.files[0].sha256, fetched: digest.hex(), steps };
              } catch (e) {
                return { code: e instanceof RegistryError ? e.code : String(e) };
              }
            })()
            """;
        var page = await browser.OpenAsync("page", pages.Origin);
        await page.GoAsync("/");
        var done = (await page.RunAsync(script))!;
        var sha = Convert.ToHexStringLower(SHA256.HashData([.. Enumerable.Range(0, 40_000_000).Select(i => (byte)((i * 31) >> 3))]));
        Assert.True((sha, sha) == ((string?)done["sha256"], (string?)done["fetched"]), done.ToJsonString());
        Assert.Equal([16_777_216, 40_000_000], done["steps"]!.AsArray().Select(step => (long)step!));
        Assert.Equal("from a page", (await rest.GetAsync("/models/page"))["description"]);

        var other = await browser.OpenAsync("stranger", stranger.Origin);
        await other.GoAsync("/");
        Assert.Equal("connection_lost", (string?)(await other.RunAsync(script))!["code"]);
    }
}
