using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Demo;

/// <summary>The first steps: people, two real versions, the first one in production.</summary>
internal sealed partial class DemoStory
{
    /// <summary>What ships beside the executable: models, held-out rows, card.</summary>
    private static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "samples", "digits", name);

    private async Task FoundAsync()
    {
        _story.Begin("Two people and a policy");
        (await _prompt.RunAsync("init", "--person", _ana)).Ending(Replies.Exit.Done);
        _story.Tell(Role.Person, _ana, "init --person ana --policy team: she administers, and may approve");
        (await _prompt.RunAsync("person", "add", _ben, "--role", "approver")).Ending(Replies.Exit.Done);
        _story.Tell(Role.Person, _ana, $"person add {_ben} --role approver, proven with her passphrase");
        _story.Tell(Role.Registry, "registry", "policy 'team': into production only with a second person's approval, proven by their passphrase");
    }

    private async Task RegisterAsync()
    {
        _story.Begin("A training pipeline registers two versions");
        var rows = HeldOutRows.Read(Sample("test.csv"));
        foreach (var version in new[] { "v1", "v2" })
        {
            var file = Sample($"digits-{version}.onnx");
            var measured = rows.Measure(DigitClassifier.Read(file));
            var registered = await _prompt.ReadAsync("register", Model, "--file", await UnderOneNameAsync(file, version), "--metadata", await MetadataAsync(version, measured));
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, _cancel)));
            Hold((string?)registered["version"] == version && (string?)registered["files"]?[0]?["sha256"] == sha256, $"{version} with the file {sha256}", registered);
            var metrics = measured.ToMetrics();
            _story.Tell(Role.Pipeline, "pipeline", string.Create(CultureInfo.InvariantCulture,
                $"{version}: accuracy {metrics["accuracy"]:0.0000}, macro_f1 {metrics["macro_f1"]:0.0000}, log_loss {metrics["log_loss"]:0.0000}, measured on {measured.Rows} held-out rows"));
            _story.Tell(Role.Registry, "registry", $"{version} kept as sha256 {sha256[..16]}…");
        }
    }

    /// <summary>The file under the name it has in every version, so that a comparison sees one file that changed.</summary>
    private async Task<string> UnderOneNameAsync(string file, string version)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "training", version)).FullName;
        var path = Path.Combine(folder, "digits.onnx");
        await File.WriteAllBytesAsync(path, await File.ReadAllBytesAsync(file, _cancel), _cancel);
        return path;
    }

    private async Task<string> MetadataAsync(string version, Measured measured)
    {
        var metadata = new JsonObject
        {
            ["description"] = "Reads one handwritten digit of 8x8 pixels.",
            ["task"] = "image-classification",
            ["owner"] = _ana,
            ["format"] = "onnx",
            ["framework"] = "scikit-learn 1.2.1",
            ["metrics"] = new JsonObject(measured.ToMetrics().Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value))),
            ["dataset"] = $"scikit-learn digits (UCI); held out: test.csv sha256:{await HashAsync("test.csv")}",
            ["code_commit"] = $"samples/digits/train.py sha256:{await HashAsync("train.py")}",
            ["card"] = await File.ReadAllTextAsync(Sample("MODEL_CARD.md"), _cancel),
            ["release_notes"] = version == "v1" ? "Logistic regression on 300 rows." : "One hidden layer of 32 units, trained on 1,257 rows.",
        };
        var path = Path.Combine(_folder, "training", $"{version}.json");
        await File.WriteAllTextAsync(path, metadata.ToJsonString(), _cancel);
        return path;
    }

    private async Task<string> HashAsync(string sample) => Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Sample(sample), _cancel)));

    private async Task PutFirstIntoProductionAsync()
    {
        _story.Begin("v1 goes into production the proper way");
        (await _prompt.RunAsync("promote", Model, "v1", "staging")).Ending(Replies.Exit.Done);
        _story.Tell(Role.Pipeline, "pipeline", "promote digits v1 staging: applied at once, staging is not governed");
        var parked = (await _prompt.RunAsync("promote", Model, "v1", "production", "--reason", "first version to serve", "--output", "json")).Ending(Replies.Exit.Parked).Json;
        Hold((string?)parked["status"] == "pending" && await ServingAsync() is null, "a pending promotion and nothing in production", parked);
        _story.Tell(Role.Pipeline, "pipeline", "promote digits v1 production: parked, exit code 8");
        (await _prompt.RunAsync("approve", (string)parked["promotion_id"]!, "--as", _ben)).Ending(Replies.Exit.Done);
        await HoldServingAsync("v1");
        _story.Tell(Role.Person, _ben, "approve: reads what would change, types his passphrase");
        _story.Good("v1 serves production");
    }
}
