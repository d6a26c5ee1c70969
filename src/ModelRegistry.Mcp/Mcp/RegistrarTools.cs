using System.Globalization;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using static ModelRegistry.Mcp.Tools.Args;

namespace ModelRegistry.Mcp.Tools;

/// <summary>The toolset <c>registrar</c>: tools that register versions and edit what is known about them.</summary>
internal static class RegistrarTools
{
    private static readonly string[] Pairs = ["metrics", "tags"];

    public static IReadOnlyList<RegistryTool> All { get; } =
    [
        new("register_version", "Register a version", "Register files on this machine as a new version; a model that is not there is made. Nothing is promoted by it.", Hints.Makes,
            [
                Model, new("files", ArgumentKind.Texts, "paths of files and folders, or s3://BUCKET/KEY in the registry's bucket") { Required = true, Most = 100 }, Text("version", "label; the next one unless named"), Choice("bump", ["major", "minor", "patch"]),
                new("metrics", ArgumentKind.Texts, "name=value each") { Most = 500 }, new("tags", ArgumentKind.Texts, "key=value each") { Most = 100 },
                Text("format", "e.g. onnx, safetensors", 64), Text("dataset", most: 2_000), Text("code_commit"), Text("release_notes", most: 65_536), Text("alias", most: 128),
                Text("metadata", "JSON: framework, hyperparameters, dependencies, signature, lineage, card, description, task, owner, model_card", 262_144),
            ],
            typeof(RegisteredView),
            async (call, cancel) => Replies.Tool(await RegisterAsync(call, cancel), TextOf.Registered)) { Toolset = ToolSurface.Registrar, LocalFiles = true },

        new("set_metadata", "Edit metadata", "Edit what is known about a version, or about the model when no version is named. What is left out stays.", Hints.Changes,
            [
                Model, Text("version", VersionForms), Clearable("description", 4_000), Clearable("task", 100), Clearable("owner", 200), Clearable("card", 131_072),
                new("tags", ArgumentKind.Texts, "key=value each") { Most = 100 }, new("remove_tags", ArgumentKind.Texts) { Most = 100 }, new("remove_aliases", ArgumentKind.Texts, "of the model") { Most = 100 }, new("metrics", ArgumentKind.Texts, "name=value each") { Most = 500 },
                Text("alias", "points to the version", 128), Clearable("release_notes", 65_536), Clearable("dataset", 2_000), Clearable("code_commit", 200),
                Text("metadata", "JSON: framework, dependencies, hyperparameters, signature, lineage; replaces each", 262_144), Text("measurements", "JSON list of {metric, value, dataset, split, count, standard_error, measured_at}: become the current metrics; nothing else beside them", 65_536), new("deprecated", ArgumentKind.Flag), new("is_active", ArgumentKind.Flag),
            ],
            typeof(MetadataView),
            async (call, cancel) => Replies.Tool(await EditAsync(call, cancel), TextOf.Edited)) { Toolset = ToolSurface.Registrar },
    ];

    private static Argument Clearable(string name, int most) => new(name, ArgumentKind.Text) { Most = most, BlankCounts = true };

    private static async Task<Outcome<RegisteredView>> RegisterAsync(ToolCall call, CancellationToken cancel)
    {
        var pairs = ReadPairs(call.Given);
        if (pairs.Refusal is { } unreadable)
            return unreadable;
        var file = MetadataFile.Parse(call.Given["metadata"] ?? "{}");
        if (file.Refusal is { } invalid)
            return invalid;
        var (metrics, tags) = pairs.Value;
        var said = file.Value.Version;
        var metadata = said with
        {
            Format = call.Given["format"] ?? said.Format,
            Dataset = call.Given["dataset"] ?? said.Dataset,
            CodeCommit = call.Given["code_commit"] ?? said.CodeCommit,
            ReleaseNotes = call.Given["release_notes"] ?? said.ReleaseNotes,
            Metrics = Over(said.Metrics, metrics),
            Tags = Over(said.Tags, tags),
        };
        Bump? bump = Enum.TryParse<Bump>(call.Given["bump"], ignoreCase: true, out var raised) ? raised : null;
        var registration = new Registration(call.Given.Need("model_name"), call.Given["version"], bump, call.Given.Texts("files"), metadata,
            file.Value.Description, file.Value.Task, file.Value.Owner, file.Value.ModelCard, null, call.Given["alias"]);
        var notes = ProgressNotes.For(call);
        try
        {
            return await call.Registry.Intake.RegisterAsync(call.By, registration, notes, cancel);
        }
        finally
        {
            await (notes?.SentAsync() ?? Task.CompletedTask);
        }
    }

    private static async Task<Outcome<MetadataView>> EditAsync(ToolCall call, CancellationToken cancel)
    {
        var pairs = ReadPairs(call.Given);
        if (pairs.Refusal is { } unreadable)
            return unreadable;
        var given = call.Given;
        var measured = given["measurements"] is { } json ? MeasurementFile.Parse(json) : (Outcome<MeasurementFile>?)null;
        if (measured?.Refusal is { } unmeasured)
            return unmeasured;
        var file = MetadataFile.Parse(given["metadata"] ?? "{}");
        if (file.Refusal is { } invalid)
            return invalid;
        var edit = new MetadataEdit(given.Need("model_name"))
        {
            Version = given["version"],
            Description = given["description"],
            Task = given["task"],
            Owner = given["owner"],
            Card = given["card"],
            Tags = pairs.Value.Tags,
            RemoveTags = given.Texts("remove_tags"),
            RemoveAliases = given.Texts("remove_aliases"),
            Metrics = pairs.Value.Metrics,
            Alias = given["alias"],
            ReleaseNotes = given["release_notes"],
            Dataset = given["dataset"],
            CodeCommit = given["code_commit"],
            Deprecated = given.Flag("deprecated"),
            IsActive = given.Flag("is_active"),
            Measurements = measured?.Value.Measurements,
        }.Over(file.Value);
        return edit.Refusal is { } misfit ? misfit : await call.Registry.Metadata.SetAsync(call.By, edit.Value, cancel);
    }

    private static Dictionary<string, T> Over<T>(IReadOnlyDictionary<string, T> below, IReadOnlyDictionary<string, T> above) =>
        below.Where(p => !above.ContainsKey(p.Key)).Concat(above).ToDictionary(p => p.Key, p => p.Value);

    /// <summary><c>name=value</c>, split at the first equals sign.</summary>
    private static Outcome<(IReadOnlyDictionary<string, double> Metrics, IReadOnlyDictionary<string, string> Tags)> ReadPairs(Arguments given)
    {
        var (metrics, tags, bad) = (new Dictionary<string, double>(), new Dictionary<string, string>(), new Dictionary<string, string>());
        foreach (var name in Pairs)
            foreach (var pair in given.Texts(name))
                if (pair.Split('=', 2) is not [var key, var value] || key.Trim().Length == 0)
                    bad[name] = $"each must be name=value; '{Untrusted.Cut(pair, 80)}' is not";
                else if (name == "tags")
                    tags[key.Trim()] = value;
                else if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
                    metrics[key.Trim()] = number;
                else
                    bad[name] = $"'{Untrusted.Cut(key, 80)}' must be a finite number, not '{Untrusted.Cut(value, 40)}'";
        return bad.Count > 0 ? Refusals.InvalidArguments(bad) : (metrics, tags);
    }
}
