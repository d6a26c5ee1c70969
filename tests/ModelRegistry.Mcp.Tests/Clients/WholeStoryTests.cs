using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>
/// The story that must always work, by processes of its own each: a pipeline that registers, an agent that proposes, a person who
/// decides at a terminal, and a service that follows. Each holds a token of its own, and no more than it needs.
/// </summary>
public sealed class WholeStoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("story-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    public void Dispose()
    {
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // What a training job runs at its end; it may register, and do nothing else.
    private const string Pipeline = """
        import sys
        from modelregistry import Registry
        registry = Registry()
        for path, accuracy in zip(sys.argv[1::2], sys.argv[2::2]):
            made = registry.register_model("digits", None, path, {"accuracy": float(accuracy)}, format="onnx", dataset="digits@1",
                                           code_commit="0123abc", card="# Digits\n\n## Intended use\n\nReading digits.\n")
            print(made["version"], made["stage"])
        """;

    private static async Task<string> TokenAsync(ProgramProcess person, params string[] line)
    {
        var (made, _) = await person.AtTerminalAsync([SeededRegistry.Passphrase], ["token", "create", "--owner", "ana", .. line]);
        Assert.True(made.Exit == 0, made.Err);
        return made.Out.Trim();
    }

    /// <summary>ben reads what it is about and types his passphrase; gives what stood on the screen.</summary>
    private static async Task<string> ApproveAsync(ProgramProcess person, string id)
    {
        var (approved, screen) = await person.AtTerminalAsync([SeededRegistry.Passphrase], "approve", id, "--as", "ben", "--output", "json");
        Assert.True(approved.Exit == 0, approved.Err);
        Assert.Equal("applied", (string?)approved.Json["status"]);
        return screen;
    }

    private static async Task<JsonObject> DoneAsync(RealClient agent, string tool, JsonObject arguments)
    {
        var answer = await agent.CallAsync(tool, arguments);
        Assert.False(answer.IsError, answer.Text);
        return answer.Structured!;
    }

    private async Task ServesAsync(ClientProcess service, Uri at, string version)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            if ((string?)JsonNode.Parse(await (await _http.GetAsync(new Uri(at, "health"), patience.Token)).Content.ReadAsStringAsync(patience.Token))!["version"] == version)
                break;
            await Task.Delay(50, patience.Token);
        }
        await service.SaysAsync($"serving {version} (");
    }

    [Fact]
    public async Task A_pipeline_registers_an_agent_proposes_a_person_approves_and_the_service_swaps()
    {
        await using var rest = await ServedRest.OpenAsync("team", churn: false);
        using var person = new ProgramProcess { Environment = { ["MODELREGISTRY_DATA"] = rest.Registry.DataFolder, ["NO_COLOR"] = "1" } };
        var pipelines = await TokenAsync(person, "--service", "trainer", "--role", "registrar");
        var agents = await TokenAsync(person, "--agent", "planner", "--role", "viewer", "--role", "proposer");
        var services = await TokenAsync(person, "--service", "digits-service", "--role", "viewer");

        var script = Path.Combine(_folder, "pipeline.py");
        await File.WriteAllTextAsync(script, Pipeline, TestContext.Current.CancellationToken);
        var trained = await ClientProcess.RunAsync(ClientProcess.Python, [script, Repository.At("samples/digits/digits-v1.onnx"), "0.9278", Repository.At("samples/digits/digits-v2.onnx"), "0.9815"], ClientProcess.Reaching(rest.Address, pipelines));
        Assert.True(trained.Exit == 0, trained.All);
        Assert.Equal("v1 development\nv2 development\n", trained.Out);
        ServedRest.Problem(403, "role_missing", await rest.PostAsync("/models/digits/versions/v1/promotions", new JsonObject { ["stage"] = "staging" }, ("Authorization", $"Bearer {pipelines}")));

        await using var agent = await RealClient.OverHttpAsync(Library.Sdk2Modern, new Uri(rest.Address, "mcp"), agents, forms: false);
        Task<JsonObject> PromoteAsync(string version, string stage) => DoneAsync(agent, "promote_model", new JsonObject { ["model_name"] = "digits", ["version"] = version, ["stage"] = stage, ["reason"] = $"{version} is ready" });
        foreach (var version in new[] { "v1", "v2" })
            Assert.Equal("applied", (string?)(await PromoteAsync(version, "staging"))["status"]);
        var first = await DoneAsync(agent, "deploy_model", new JsonObject { ["model_name"] = "digits", ["version"] = "v1", ["deployment_target"] = "production", ["deployment_config"] = """{"replicas": 2}""", ["reason"] = "the first one" });
        Assert.Equal("pending", (string?)first["status"]);
        Assert.Contains("replicas", await ApproveAsync(person, (string)first["promotion_id"]!), StringComparison.Ordinal);

        using var service = ClientProcess.Start(ClientProcess.Python, [Repository.At("samples/serving/service.py"), "--model", "digits", "--folder", _folder, "--port", "0", "--target", "production", "--instance", "one"], ClientProcess.Reaching(rest.Address, services));
        var at = new Uri((await service.SaysAsync("listening on")).Split(' ')[^1]);
        await ServesAsync(service, at, "v1");

        var compared = await DoneAsync(agent, "compare_versions", new JsonObject { ["model_name"] = "digits", ["versions"] = new JsonArray("v1", "v2") });
        Assert.Equal("v2", (string?)compared["metrics"]!.AsArray().Single(m => (string?)m!["metric"] == "accuracy")!["best"]);
        var second = await PromoteAsync("v2", "production");
        var id = (string)second["promotion_id"]!;
        Assert.Equal(("pending", "v1", "v2", "follows"), ((string?)second["status"], (string?)second["targets"]![0]!["now"], (string?)second["targets"]![0]!["becomes"], (string?)second["targets"]![0]!["change"]));
        Assert.Equal("pending", (string?)(await DoneAsync(agent, "confirm_promotion", new JsonObject { ["promotion_id"] = id, ["decision"] = "approve" }))["status"]);
        await ServesAsync(service, at, "v1");

        var screen = await ApproveAsync(person, id);

        Assert.Matches(@"production\s+production\s+v1\s+v2\s+follows\s+decided on", screen);
        await ServesAsync(service, at, "v2");
        Assert.Contains("approved by ben", await service.SaysAsync("serving v2 ("), StringComparison.Ordinal);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        JsonNode? observed;
        while ((string?)(observed = (await DoneAsync(agent, "list_deployments", new JsonObject { ["model_name"] = "digits", ["status"] = "active" }))["deployments"]![0]!["observed"])?["version"] != "v2")
            await Task.Delay(100, patience.Token);
        Assert.Equal(("running", true), ((string?)observed!["status"], (bool)observed["matches"]!));
        var decided = await DoneAsync(agent, "get_promotion", new JsonObject { ["promotion_id"] = id });
        Assert.Equal(("applied", "ben", "authenticated"), ((string?)decided["status"], (string?)decided["decisions"]![0]!["person"], (string?)decided["decisions"]![0]!["assurance"]));
        Assert.Contains("planner", (string?)decided["requested_by"], StringComparison.Ordinal);

        await agent.CloseAsync();
        Assert.Equal(0, (await service.TerminateAsync()).Exit);
        var verified = await person.RunAsync(["audit", "verify"]);
        Assert.True(verified.Exit == 0, verified.Err);
        foreach (var token in new[] { pipelines, agents, services })
            Assert.DoesNotContain(token, rest.Server.Errors + service.Errors, StringComparison.Ordinal);
    }
}
