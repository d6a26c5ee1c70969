using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>The GitHub action, its steps run as a runner runs them, against a real server under <c>team</c>.</summary>
public sealed class ActionTests(TeamServer team) : IClassFixture<TeamServer>, IDisposable
{
    private readonly string _workspace = Directory.CreateTempSubdirectory("workspace-").FullName;

    public void Dispose() => Directory.Delete(_workspace, recursive: true);

    private async Task<ActionRun> RunAsync(string model, string? token = null, params (string Name, string Value)[] inputs)
    {
        Directory.CreateDirectory(Path.Combine(_workspace, "out"));
        File.Copy(Repository.At("samples/digits/digits-v1.onnx"), Path.Combine(_workspace, "out", "model.onnx"), overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(_workspace, "out", "metrics.json"), """{"accuracy": 0.5, "log_loss": 0.3496}""");
        await File.WriteAllTextAsync(Path.Combine(_workspace, "out", "known.json"), new JsonObject(TeamServer.Known.Where(m => m.Key != "code_commit").Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()))).ToJsonString());
        var runner = await ActionRunner.ReadAsync("clients/github-action");
        var given = new Dictionary<string, string> { ["server"] = team.Rest.Address.AbsoluteUri, ["model"] = model, ["files"] = "out/*.onnx" };
        foreach (var (name, value) in inputs)
            given[name] = value;
        var run = await runner.RunAsync(_workspace, given, new Dictionary<string, string> { ["MODELREGISTRY_TOKEN"] = token ?? team.Rest.Token! });
        Assert.DoesNotContain(token ?? team.Rest.Token!, run.Log + run.Summary + string.Concat(run.Outputs.Values), StringComparison.Ordinal);
        return run;
    }

    private async Task ReadyAsync(string model)
    {
        var run = await RunAsync(model, null, ("metadata-file", "out/known.json"), ("stage", "staging"));
        Assert.True(run.Exit == 0, run.Log);
        Assert.Equal(("applied", "false", "v1", "1"), (run.Outputs["status"], run.Outputs["parked"], run.Outputs["version"], run.Outputs["number"]));
    }

    [Fact]
    public async Task No_input_becomes_a_part_of_a_script_and_the_token_is_no_input()
    {
        var runner = await ActionRunner.ReadAsync("clients/github-action");
        Assert.Equal("composite", (string?)runner.Action["runs"]!["using"]);
        Assert.All(runner.Steps, step => Assert.DoesNotContain("${{", (string)step["run"]!, StringComparison.Ordinal));
        Assert.DoesNotContain(runner.Action["inputs"]!.AsObject(), input => input.Key.Contains("token", StringComparison.OrdinalIgnoreCase));
        // The page of the action says what it has.
        var page = File.ReadAllText(Repository.At("clients/github-action/README.md")) + File.ReadAllText(Repository.At("docs/pipelines.md"));
        Assert.All(new[] { "server", "model", "files", "metrics-file", "stage", "reason", "wait-minutes", "if-parked" }, input => Assert.Contains(input, page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_registers_what_was_measured_and_leaves_the_promotion_parked()
    {
        var run = await RunAsync("parked", null, ("metadata-file", "out/known.json"), ("metrics-file", "out/metrics.json"), ("metrics", "accuracy=0.9278"), ("stage", "staging"));
        Assert.True(run.Exit == 0, run.Log);
        var version = await team.Rest.GetAsync("/models/parked/versions/v1");
        Assert.Equal((0.9278, 0.3496, "0123abc", "77-2", run.Outputs["digest"]), ((double)version.Json["metrics"]!["accuracy"]!, (double)version.Json["metrics"]!["log_loss"]!, version["code_commit"], version["run_id"], version["digest"]));

        run = await RunAsync("parked", null, ("metadata-file", "out/known.json"), ("stage", "production"), ("reason", "r"));
        Assert.Equal((65, "blocked", "v2"), (run.Exit, run.Outputs["status"], run.Outputs["version"]));
        Assert.Contains(run.Commands, line => line.StartsWith("::warning", StringComparison.Ordinal));

        // What staging has is proposed by whoever may; the action proposes what it registers, so staging is asked for first.
        await ParkAsync("parked");
    }

    /// <summary>team takes into production only what was in staging; a policy of its own lets what is registered ask at once.</summary>
    private async Task ParkAsync(string model)
    {
        var policy = JsonNode.Parse(ModelRegistry.Domain.PolicyProfiles.Find("team")!)!.AsObject();
        policy["promotions"]!["production"]!.AsObject().Remove("from");
        policy["name"] = "house";
        await team.Rest.Registry.AcceptPolicyAsync(policy.ToJsonString());
        var run = await RunAsync(model, null, ("metadata-file", "out/known.json"), ("stage", "production"), ("reason", "better"));
        Assert.True(run.Exit == 0, run.Log);
        Assert.Equal(("pending", "true"), (run.Outputs["status"], run.Outputs["parked"]));
        Assert.EndsWith(run.Outputs["promotion_id"], run.Outputs["approve_url"], StringComparison.Ordinal);
        Assert.Contains(run.Outputs["version"], run.Summary, StringComparison.Ordinal);
        Assert.Equal("pending", (await team.Rest.GetAsync($"/promotions/{run.Outputs["promotion_id"]}"))["status"]);

        run = await RunAsync("fails", null, ("metadata-file", "out/known.json"), ("stage", "production"), ("reason", "better"), ("if-parked", "fail"));
        Assert.Equal((8, "true"), (run.Exit, run.Outputs["parked"]));

        var waiting = RunAsync("waits", null, ("metadata-file", "out/known.json"), ("stage", "production"), ("reason", "better"), ("wait-minutes", "5"));
        await team.ApproveAsync(await team.WaitingAsync("waits"));
        run = await waiting;
        Assert.Equal((0, "applied", "false"), (run.Exit, run.Outputs["status"], run.Outputs["parked"]));

        waiting = RunAsync("waits", null, ("metadata-file", "out/known.json"), ("stage", "production"), ("reason", "better still"), ("wait-minutes", "5"));
        await team.Rest.DecideAsync(await team.WaitingAsync("waits"), Rest.ServedRest.Decision(decision: "reject"));
        run = await waiting;
        Assert.Equal((75, "rejected", "false"), (run.Exit, run.Outputs["status"], run.Outputs["parked"]));
    }

    [Fact]
    public async Task What_does_not_fit_is_told_before_anything_is_done()
    {
        await File.WriteAllTextAsync(Path.Combine(_workspace, "..", Path.GetFileName(_workspace) + ".secret"), "x");
        try
        {
            foreach (var (name, value) in new[]
            {
                ("files", "../*.secret"), ("files", "/etc/hostname"), ("files", "out/nothing-*"), ("files", ""), ("model", "a/../b"), ("model", "$(touch hacked)"), ("stage", "production; touch hacked"), ("metrics", "accuracy=nan"), ("metrics", "accuracy"),
                ("metadata-file", "out/model.onnx"), ("metadata-file", "../x.json"), ("wait-minutes", "999"), ("wait-minutes", "5"), ("if-parked", "maybe"), ("server", "ftp://x"), ("server", "http://registry.example.org"), ("version", "v1\nstatus=applied"), ("reason", "no stage"),
            })
            {
                var run = await RunAsync("misfit", null, (name, value));
                Assert.True(run.Exit == 64, $"{name}={value}: {run.Exit} {run.Log}");
                Assert.StartsWith("::error", Assert.Single(run.Commands), StringComparison.Ordinal);
                Assert.All(run.Outputs.Values, output => Assert.Equal("", output));
            }
            Assert.False(File.Exists(Path.Combine(_workspace, "hacked")));
            Assert.Equal(404, (await team.Rest.GetAsync("/models/misfit")).Status);
        }
        finally
        {
            File.Delete(Path.Combine(_workspace, "..", Path.GetFileName(_workspace) + ".secret"));
        }
    }

    [Fact]
    public async Task What_is_in_a_reason_becomes_no_command_of_the_runners_and_who_may_not_is_told_so()
    {
        await ReadyAsync("quoted");
        var run = await RunAsync("quoted", null, ("metadata-file", "out/known.json"), ("stage", "staging"), ("reason", "a'\"$(touch hacked)`\n::error::forged\nstatus=forged"));
        Assert.True(run.Exit == 0, run.Log);
        Assert.Equal("applied", run.Outputs["status"]);
        Assert.DoesNotContain(run.Commands, line => line.Contains("forged", StringComparison.Ordinal));
        Assert.False(File.Exists(Path.Combine(_workspace, "hacked")));

        run = await RunAsync("quoted", await team.Rest.Registry.TokenAsync("looker", "viewer"));
        Assert.Equal(77, run.Exit);
        Assert.Contains("role_missing", run.Log, StringComparison.Ordinal);
    }
}
