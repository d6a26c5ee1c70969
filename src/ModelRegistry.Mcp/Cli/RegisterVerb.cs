using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>register</c>: files and what is known about them, as a new version.</summary>
internal static class RegisterVerb
{
    public static Verb Make()
    {
        var verb = new Verb("register", "Registers files as a new version; makes the model where it is not there.",
            "register fraud-detector --file model.onnx --metric accuracy=0.93 --dataset s3://data/fraud@2026-01",
            "register fraud-detector --version 1.2.0 --file ./model --metadata metadata.json --card CARD.md",
            "register fraud-detector --bump minor --file model.onnx --tag team=risk --output json");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var files = verb.Many("--file", "PATH", "A file, a folder with everything below it, or an object of the registry's bucket: s3://BUCKET/KEY.", required: true);
        var label = verb.Text("--version", "LABEL", "The label wanted, such as v7 or 1.2.0. Default: the next one.");
        var bump = verb.Choice("--bump", "Which part of a semantic version goes up.", "major", "minor", "patch");
        var metrics = verb.Numbers("--metric", "NAME=NUMBER", "A metric.");
        var metadata = verb.Text("--metadata", "FILE", "JSON with what is known: format, framework, metrics, hyperparameters, dataset, code_commit, dependencies, signature, lineage, release_notes, card, tags, source, run_id; of the model description, task, owner, model_card. The options here go before it.");
        var alias = verb.Text("--alias", "ALIAS", "An alias to point at the new version.");
        var description = verb.Text("--description", "TEXT", "Of a new model.");
        var task = verb.Text("--task", "TASK", "Of a new model, such as classification.");
        var owner = verb.Text("--owner", "NAME", "Of a new model.");
        var format = verb.Text("--format", "FORMAT", "onnx, safetensors, gguf, tflite, torchscript, pytorch, keras, sklearn …");
        var framework = verb.Text("--framework", "TEXT", "What it was made with.");
        var dataset = verb.Text("--dataset", "TEXT", "Link or id of the dataset version it was trained on.");
        var commit = verb.Text("--code-commit", "SHA", "Commit of the code that made it.");
        var tags = verb.Pairs("--tag", "KEY=VALUE", "A tag of the version.");
        var lineage = verb.Pairs("--lineage", "KEY=VALUE", "Where it comes from, such as base_model=resnet50 or parent=v6.");
        var card = verb.Text("--card", "FILE", "The version's model card, Markdown.");
        var notes = verb.Text("--release-notes", "TEXT", "What is new.");
        return verb.On(async (run, registry, me) =>
        {
            var known = ReadMetadata(run.Of(metadata));
            if (known.Refusal is { } unreadable)
                return run.Tell(unreadable);
            var cardText = TextFile.ReadOrNull(run.Of(card));
            if (cardText.Refusal is { } noCard)
                return run.Tell(noCard);
            var data = known.Value.Version;
            var merged = data with
            {
                Format = run.Of(format) ?? data.Format,
                Framework = run.Of(framework) ?? data.Framework,
                Dataset = run.Of(dataset) ?? data.Dataset,
                CodeCommit = run.Of(commit) ?? data.CodeCommit,
                ReleaseNotes = run.Of(notes) ?? data.ReleaseNotes,
                Card = cardText.Value ?? data.Card,
                Metrics = Merged(data.Metrics, run.Of(metrics)),
                Tags = Merged(data.Tags, run.Of(tags)),
                Lineage = Over(data.Lineage, run.Of(lineage)),
            };
            var wish = new Registration(run.Of(model), run.Of(label), run.Of(bump) is { } part ? Enum.Parse<Bump>(part, ignoreCase: true) : null, run.Of(files)!, merged,
                run.Of(description) ?? known.Value.Description, run.Of(task) ?? known.Value.Task, run.Of(owner) ?? known.Value.Owner, known.Value.ModelCard, null, run.Of(alias));
            using var progress = TransferLine.On(run.Around, "Storing");
            var registered = await registry.Intake.RegisterAsync(me, wish, progress, run.Cancel);
            progress?.Dispose();
            return run.Answer(registered, CatalogSheets.Registered);
        });
    }

    private static Outcome<MetadataFile> ReadMetadata(string? path)
    {
        var text = TextFile.ReadOrNull(path);
        return text.Refusal is { } no ? no : text.Value is { } json ? MetadataFile.Parse(json) : new MetadataFile(new VersionMetadata(), null, null, null, null);
    }

    private static System.Text.Json.Nodes.JsonObject Over(System.Text.Json.Nodes.JsonObject below, Dictionary<string, string>? above)
    {
        var merged = (System.Text.Json.Nodes.JsonObject)below.DeepClone();
        foreach (var (key, value) in above ?? [])
            merged[key] = value;
        return merged;
    }

    private static Dictionary<string, T> Merged<T>(IReadOnlyDictionary<string, T> below, Dictionary<string, T>? above)
    {
        var merged = new Dictionary<string, T>(below);
        foreach (var (key, value) in above ?? [])
            merged[key] = value;
        return merged;
    }
}
