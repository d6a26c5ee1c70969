using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>docs/pipelines.md: every block of it that is a program is run as it stands, on the port that it names where that is free.</summary>
public sealed partial class PipelineDocumentTests : IDisposable
{
    private const string Shared = "\n## A shared registry";

    private readonly string _folder = Directory.CreateTempSubdirectory("pipelines-").FullName;

    public PipelineDocumentTests()
    {
        foreach (var version in new[] { 1, 2 })
            File.Copy(Repository.At($"samples/digits/digits-v{version}.onnx"), Path.Combine(_folder, $"digits-v{version}.onnx"));
        File.Copy(Repository.At("samples/digits/digits-v2.onnx"), Path.Combine(_folder, "model.onnx"));
        File.WriteAllBytes(Path.Combine(_folder, "model.zip"), System.Security.Cryptography.RandomNumberGenerator.GetBytes(200_000));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IEnumerable<(string Language, string Code)> Blocks(bool shared)
    {
        var page = File.ReadAllText(Repository.At("docs/pipelines.md"));
        return Fences().Matches(page).Where(fence => fence.Index > page.IndexOf(Shared, StringComparison.Ordinal) == shared).Select(fence => (fence.Groups[1].Value, fence.Groups[2].Value));
    }

    /// <summary>A server on port 8003, as the page says; on another one where something listens there, and the output says which.</summary>
    private static async Task<ServedRest> ServeAsync(string policy)
    {
        var rest = await ServedRest.TryOpenAtAsync("http://localhost:8003", policy) ?? await ServedRest.OpenAsync(policy, churn: false);
        TestContext.Current.TestOutputHelper?.WriteLine(rest.Address.Port == 8003 ? "The examples run to the letter, against http://localhost:8003."
            : $"Something else listens on port 8003 here: the examples run against port {rest.Address.Port}, which stands in their text instead.");
        return rest;
    }

    private async Task<Finished> RunAsync(string language, string code, ServedRest rest)
    {
        // The same text where the server is on the port that the page names.
        code = code.Replace("http://localhost:8003", rest.Address.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal);
        var environment = ClientProcess.Reaching(rest.Address, rest.Token);
        var file = Path.Combine(_folder, language == "javascript" ? "block.mjs" : "block");
        // A no fails the block, as it would fail a pipeline that looks.
        await File.WriteAllTextAsync(file, language == "sh" ? "set -euo pipefail\ncurl() { command curl --silent --show-error --fail-with-body \"$@\"; }\n" + code : code);
        return language switch
        {
            "sh" => await ClientProcess.RunAsync("bash", [file], environment, _folder),
            "python" => await ClientProcess.RunAsync(ClientProcess.Python, [file], environment, _folder),
            "javascript" => await ClientProcess.RunAsync(Needs.Program("node", "it runs examples"), [file], environment, _folder),
            _ => throw new NotSupportedException($"Blocks of {language} are not run; say here how."),
        };
    }

    private async Task<int> AllAsync(bool shared, ServedRest rest)
    {
        var ran = 0;
        foreach (var (language, code) in Blocks(shared).Where(block => block.Language != "yaml"))
        {
            var run = await RunAsync(language, code, rest);
            Assert.True(run.Exit == 0, $"{code}\n{run.All}");
            ran++;
        }
        return ran;
    }

    [Fact]
    public async Task The_examples_for_one_machine_run_without_a_token()
    {
        Needs.Program("curl", "examples run it");
        await using var rest = await ServeAsync("local");
        rest.Token = null;

        Assert.Equal(7, await AllAsync(shared: false, rest));

        // What they are said to come to.
        Assert.Equal((0.95, "[1,3,224,224]"), ((double)(await rest.GetAsync("/models/image_classifier/versions/v2")).Json["metrics"]!["accuracy"]!, (await rest.GetAsync("/models/image_classifier/versions/v2")).Json["signature"]!["input_shape"]!.ToJsonString()));
        var waits = (await rest.GetAsync("/deployments?model=image_classifier")).Json["items"]!.AsArray().Single()!;
        Assert.Equal(("pending", "admin", "production"), ((string?)waits["status"], (string?)waits["deployed_by"], (string?)waits["target"]));
        Assert.Equal("active", (string?)(await rest.GetAsync("/deployments?model=fraud&target=staging")).Json["items"]!.AsArray().Single()!["status"]);
        Assert.Equal(("MobileNet V3", "v1"), ((await rest.GetAsync("/models/mobilenet_v3"))["description"], (await rest.GetAsync("/models/mobilenet_v3"))["latest_version"]));
    }

    [Fact]
    public async Task The_examples_for_a_shared_registry_run_with_a_token_and_a_person_who_decides()
    {
        Needs.Program("curl", "examples run it");
        await using var rest = await ServeAsync("team");
        using var enough = new CancellationTokenSource();
        var person = DecideAsync(rest, enough.Token);

        Assert.Equal(5, await AllAsync(shared: true, rest));

        await enough.CancelAsync();
        Assert.Equal(2, await person);
        var second = (await rest.GetAsync("/models/digits/versions/v2")).Json;
        Assert.Equal(("Better sevens.", "yes", "v1"), ((string?)second["release_notes"], (string?)second["tags"]!["reviewed"], (string?)second["lineage"]!["parents"]![0]));
        Assert.Contains("## Limitations", (string?)second["card"], StringComparison.Ordinal);
        Assert.Equal(("v2", "ben"), ((await rest.GetAsync("/models/digits/serving"))["version"], (string?)(await rest.GetAsync("/models/digits/serving")).Json["approved_by"]![0]));
    }

    [Fact]
    public async Task What_the_page_says_of_refusals_is_so()
    {
        await using var rest = await ServedRest.OpenAsync("team", churn: true);
        var deploy = new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["deployment_target"] = "production", ["deployed_by"] = "admin" };
        ServedRest.Problem(422, "blocked", await rest.PostAsync("/deploy", deploy));
        deploy["reason"] = "better";
        Assert.Equal((202, "pending"), ((await rest.PostAsync("/deploy", deploy)).Status, (await rest.PostAsync("/deploy", deploy))["status"]));
        deploy["deployment_target"] = "moon";
        ServedRest.Problem(404, "target_unknown", await rest.PostAsync("/deploy", deploy));
        rest.Token = null;
        ServedRest.Problem(401, "token_required", await rest.GetAsync("/models"));
    }

    /// <summary>ben approves whatever waits, until it is enough; gives how many.</summary>
    private static async Task<int> DecideAsync(ServedRest rest, CancellationToken enough)
    {
        for (var decided = 0; ;)
        {
            foreach (var waits in (await rest.GetAsync("/promotions?status=pending")).Json["items"]!.AsArray())
                decided += (await rest.DecideAsync((string)waits!["promotion_id"]!, ServedRest.Decision()))["status"] == "applied" ? 1 : 0;
            if (enough.IsCancellationRequested)
                return decided;
            await Task.Delay(200, enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [GeneratedRegex("^```([a-z]+)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();
}
