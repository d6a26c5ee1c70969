using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>Registries that have something to look at.</summary>
internal static class Gallery
{
    /// <summary>Markup, script, characters that turn or hide text, and a line without an end.</summary>
    public const string Hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202Egnp.exe\u200B\u0007 \"'&lt; {{x}} ";

    /// <summary>A model with a story: versions of which three served, metrics of both directions, tags, aliases, a proposal.</summary>
    public static async Task<SeededRegistry> StoryAsync()
    {
        var it = await OpenAsync("local");
        var robot = await it.AgentAsync();
        double[] accuracies = [0.86, 0.89, 0.885, 0.91, 0.934, 0.929, 0.951];
        for (var i = 0; i < accuracies.Length; i++)
            Ok(await it.Services.Intake.RegisterAsync(robot, new Registration("fraud-detector", null, null, [it.File($"weights {i}"), it.File($"vocabulary {i / 3}", "vocabulary.txt")], Full(accuracies[i], i),
                "Scores card transactions while they are authorised.", "classification", "risk team", Alias: i == 6 ? "candidate" : null)));
        Ok(await it.Services.Metadata.SetAsync(robot, new MetadataEdit("fraud-detector") { Tags = new Dictionary<string, string> { ["team"] = "risk", ["tier"] = "1", ["pii"] = "no" } }));
        foreach (var version in new[] { "v2", "v4", "v5" })
            await it.MoveAsync(version, "production", "fraud-detector");
        await it.MoveAsync("v7", "staging", "fraud-detector");
        Ok(await it.Services.Promotions.RequestAsync(robot, new PromotionRequest("fraud-detector", "v7", "production", "Two points better at the same latency.")));
        foreach (var (name, task) in new[] { ("churn", "classification"), ("demand forecast", "regression"), ("digits", "classification"), ("support-summariser", "text_generation") })
            await it.RegisterAsync(name, 0.8, new VersionMetadata { Format = "onnx", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.8 } }, $"What {name} does, for {task}.");
        Ok(await it.Services.Metadata.CreateModelAsync(robot, new NewModel("empty-yet", "A model that is to come.")));
        return it;
    }

    /// <summary>A model with cards that were edited and with measurements over time; a second one whose cards and measurements are hostile. Gives an edit of each card.</summary>
    public static async Task<(string Edit, string Hostile)> CardsAsync(SeededRegistry it)
    {
        var robot = await it.AgentAsync();
        async Task<string> KeptAsync(string model, string number, params string[] cards)
        {
            foreach (var card in cards)
                Ok(await it.Services.Metadata.SetAsync(robot, new MetadataEdit(model) { Version = number, Card = card }));
            return Ok(await it.Services.Catalog.CardHistoryAsync(robot, new CardQuery(model, number))).Items[0].EditId;
        }
        Task MeasureAsync(string model, bool current, params NewMeasurement[] values) => Measured(it.Services.Metadata.MeasureAsync(robot, new MeasurementWish(model, "1", values, current)));
        async Task Measured(Task<Outcome<MeasuredView>> measuring) => Ok(await measuring);
        NewMeasurement At(string metric, double value, int day, long? count = 2_000) => new(metric, value, new MetricEvidence("s3://data/churn@7", "test", new DateTimeOffset(2020, 3, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day), count));

        var front = "---\nlicense: apache-2.0\nlanguage: [en, de]\ntags:\n- churn\n- tabular\n---\n";
        var card = front + "# Churn\n\nPredicts who **cancels** within *90 days*; see [the paper](https://example.org/churn.pdf).\n\n## Intended use\n\nRanking customers for a call.\n\n- monthly, by the retention team\n- never for prices\n  1. nor for credit\n\n> A high score is no reason.\n\n"
            + "## Evaluation\n\n| slice | rows | accuracy | log loss |\n|---|---|---|---|\n| all | 2,000 | 0.93 | 0.21 |\n| new customers | 310 | 0.88 | 0.34 |\n\n```python\nscores = session.run(None, {'x': rows})[0]  # one line that is longer than any phone is wide, and goes on\n```\n\n---\n\n## Limitations\n\nTrained on European customers.\n";
        for (var i = 0; i < 2; i++)
            await it.RegisterAsync("cards", 0.9);
        Ok(await it.Services.Metadata.SetAsync(robot, new MetadataEdit("cards") { Card = "# Of all versions\n\nUsed where a version has none.\n" }));
        var edit = await KeptAsync("cards", "1", card.Replace("0.93", "0.91", StringComparison.Ordinal).Replace("- never for prices\n", "", StringComparison.Ordinal), card);
        for (var day = 0; day < 9; day++)
            await MeasureAsync("cards", day is 3 or 8, At("accuracy", 0.9 + 0.01 * Math.Sin(day) + day * 0.004, day * 5), At("latency_ms", 14 - day * 0.6, day * 5), At("log_loss", 0.25, day * 5));
        await MeasureAsync("cards", true, At("auc", 0.97, 3));

        var endless = new string('W', 400);
        var hostile = "---\nlicence: " + System.Text.Json.JsonSerializer.Serialize(Hostile + endless) + "\n" + endless[..60] + ": {a: [b]}\nlicense: [x]\n---\n# " + Hostile + endless + "\n\n[Approve](javascript:alert(1)) [Approve](/ui/promotions/x) [x](https://" + new string('a', 60) + ".example) ![x](https://evil.example/p.png)\n\n```\n" + Hostile + endless + "\n```\n\n| " + endless + " | b |\n|---|---|\n| " + Hostile.Replace("|", "", StringComparison.Ordinal) + " | " + endless + " |\n\n"
            + string.Concat(Enumerable.Range(0, 30).Select(i => new string('>', i % 20 + 1) + " " + endless + "\n\n")) + "###### deep\n\n<form action=/ui/promotions/x><button>Approve</button></form>\n";
        for (var i = 0; i < 2; i++)
            await it.RegisterAsync("hostile cards", 0.9);
        var other = await KeptAsync("hostile cards", "1", hostile, hostile.Replace("deep", endless, StringComparison.Ordinal));
        var name = new string('m', 240) + "/../%20@";
        await MeasureAsync("hostile cards", false, At(name, double.MaxValue, 0), At(name, -double.MaxValue, -15_000), At(name, double.Epsilon, -3_000));
        return (edit, other);
    }

    /// <summary>One model of which everything that others can write is <see cref="Hostile"/>.</summary>
    public static async Task HostileAsync(SeededRegistry it)
    {
        var robot = await it.AgentAsync();
        var text = Hostile + new string('W', 900);
        var metadata = new VersionMetadata
        {
            Format = "other", Framework = Hostile, Metrics = new Dictionary<string, double> { ["accuracy"] = 1e-300, ["loss/../%20@" + new string('m', 200)] = 1e300 }, Hyperparameters = new JsonObject { ["<i>rate</i>"] = text, ["nested"] = new JsonObject { ["<u>"] = text } },
            Dataset = text, CodeCommit = Hostile, Dependencies = [Hostile], Signature = new JsonObject { ["inputs"] = new JsonArray(text) }, Lineage = new JsonObject { ["base"] = text }, ReleaseNotes = text, Card = text,
            Tags = new Dictionary<string, string> { ["a/b@c"] = text }, Source = text, RunId = Hostile,
        };
        for (var i = 0; i < 2; i++)
            Ok(await it.Services.Intake.RegisterAsync(robot, new Registration("hostile", null, null, [it.File($"{i}", "&#39;onload=alert(3)&lt;b&gt;" + new string('f', 150) + ".bin")], metadata, text, Hostile, Hostile)));
        await it.MoveAsync("v1", "production", "hostile");
        Ok(await it.Services.Promotions.RequestAsync(robot, new PromotionRequest("hostile", "v2", "production", text)));
    }

    private static VersionMetadata Full(double accuracy, int i) => new()
    {
        Format = "onnx", Framework = "scikit-learn 1.5", Dataset = $"s3://data/fraud@2026-0{1 + i}", CodeCommit = $"{i}f3c9a1",
        Metrics = new Dictionary<string, double> { ["accuracy"] = accuracy, ["f1"] = accuracy - 0.05, ["latency_ms"] = 14 - i * 0.7, ["log_loss"] = 0.4 - accuracy / 4, ["auc"] = accuracy + 0.03, ["recall"] = accuracy - 0.02, ["precision"] = accuracy - 0.01 },
        Hyperparameters = new JsonObject { ["trees"] = 200 + i * 50, ["depth"] = 8, ["schedule"] = new JsonObject { ["kind"] = "cosine", ["warmup"] = 100 } },
        Dependencies = ["numpy==2.1.0", "onnxruntime==1.20.0", "scikit-learn==1.5.2"], Signature = new JsonObject { ["inputs"] = new JsonArray(new JsonObject { ["name"] = "x", ["type"] = "float32", ["shape"] = new JsonArray(-1, 64) }) },
        Lineage = new JsonObject { ["parent"] = i == 0 ? "none" : $"v{i}" }, ReleaseNotes = $"Trained on month {1 + i}.\nThe threshold is unchanged.", Tags = new Dictionary<string, string> { ["run"] = $"nightly-{i}" },
        Card = "# Fraud detector\n\n## Intended use\n\nScoring card transactions. Not for decisions about people.\n\n## Limitations\n\nTrained on European merchants.\n",
    };
}
