using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>
/// One registered version. Its content (<see cref="ManifestDigest"/> over every file) never changes;
/// its metadata may, and every change of it is audited.
/// </summary>
public sealed record ModelVersion
{
    /// <summary><c>ver_…</c>, never reused.</summary>
    public required string Id { get; init; }
    public required string ModelId { get; init; }
    /// <summary>1, 2, 3 …, never reused.</summary>
    public required long Number { get; init; }
    public required string Label { get; init; }
    public required string Stage { get; init; }
    public required DateTimeOffset StageSince { get; init; }
    /// <summary>SHA-256 over path, size and SHA-256 of every file.</summary>
    public required Digest ManifestDigest { get; init; }
    public required long SizeBytes { get; init; }
    public required int FileCount { get; init; }
    /// <summary>Whether the registry itself has hashed every file. Only verified content enters a governed stage.</summary>
    public required bool ContentVerified { get; init; }
    public required VersionMetadata Metadata { get; init; }
    /// <summary>Set by people to say: do not start using this.</summary>
    public bool Deprecated { get; init; }
    /// <summary>Who registered it.</summary>
    public required ActorRef Author { get; init; }
    /// <summary>The person answering for the author: itself, or its owner. Four eyes looks at this.</summary>
    public required ActorRef AnswerableAuthor { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public long RowVersion { get; init; } = 1;
}

/// <summary>What is known about a version beside its bytes. A pending promotion's statement covers its digest.</summary>
public sealed record VersionMetadata
{
    /// <summary>onnx, tensorflow_saved_model, tflite, pytorch, torchscript, safetensors, gguf, keras, sklearn, other.</summary>
    public string Format { get; init; } = "other";
    public string Framework { get; init; } = "";
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
    /// <summary>What the values in <see cref="Metrics"/> were measured on, where that was said; only for metrics that are there.</summary>
    public IReadOnlyDictionary<string, MetricEvidence> Evidence { get; init; } = new Dictionary<string, MetricEvidence>();
    public JsonObject Hyperparameters { get; init; } = [];
    /// <summary>Link or id of the dataset version it was trained on.</summary>
    public string Dataset { get; init; } = "";
    public string CodeCommit { get; init; } = "";
    public IReadOnlyList<string> Dependencies { get; init; } = [];
    /// <summary>Inputs and outputs: names, types and shapes, as the producer describes them.</summary>
    public JsonObject Signature { get; init; } = [];
    /// <summary>Where it comes from: base model, dataset versions, parent versions.</summary>
    public JsonObject Lineage { get; init; } = [];
    public string ReleaseNotes { get; init; } = "";
    /// <summary>This version's own model card, Markdown; empty: the model's card applies.</summary>
    public string Card { get; init; } = "";
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    /// <summary>Where the content came from when it came from elsewhere, such as <c>runs:/…</c>.</summary>
    public string Source { get; init; } = "";
    public string RunId { get; init; } = "";
    /// <summary>Where that run can be looked at, as whoever registered it said.</summary>
    public string RunLink { get; init; } = "";
    /// <summary>The id of the logged model (MLflow 3) that it was registered from.</summary>
    public string LoggedModelId { get; init; } = "";

    public JsonObject ToJson()
    {
        var json = Always();
        if (RunLink.Length > 0)
            json["run_link"] = RunLink;
        if (LoggedModelId.Length > 0)
            json["logged_model_id"] = LoggedModelId;
        // Left out where there is none: what was signed before there could be any keeps its digest.
        if (Evidence.Count > 0)
            json["evidence"] = new JsonObject(Evidence.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value.ToJson())));
        return json;
    }

    private JsonObject Always() => new()
    {
        ["format"] = Format,
        ["framework"] = Framework,
        ["metrics"] = new JsonObject(Metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value))),
        ["hyperparameters"] = Hyperparameters.DeepClone(),
        ["dataset"] = Dataset,
        ["code_commit"] = CodeCommit,
        ["dependencies"] = new JsonArray([.. Dependencies.Select(d => (JsonNode?)d)]),
        ["signature"] = Signature.DeepClone(),
        ["lineage"] = Lineage.DeepClone(),
        ["release_notes"] = ReleaseNotes,
        ["card"] = Card,
        ["tags"] = new JsonObject(Tags.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => KeyValuePair.Create(t.Key, (JsonNode?)t.Value))),
        ["source"] = Source,
        ["run_id"] = RunId,
    };

    public static VersionMetadata FromJson(JsonObject json) => new()
    {
        Format = (string?)json["format"] ?? "other",
        Framework = (string?)json["framework"] ?? "",
        Metrics = json["metrics"] is JsonObject metrics ? metrics.ToDictionary(m => m.Key, m => (double)m.Value!) : new(),
        Evidence = json["evidence"] is JsonObject evidence ? evidence.ToDictionary(e => e.Key, e => MetricEvidence.FromJson(e.Value!.AsObject())) : new(),
        Hyperparameters = Object(json["hyperparameters"]),
        Dataset = (string?)json["dataset"] ?? "",
        CodeCommit = (string?)json["code_commit"] ?? "",
        Dependencies = json["dependencies"] is JsonArray list ? [.. list.Select(d => (string)d!)] : [],
        Signature = Object(json["signature"]),
        Lineage = Object(json["lineage"]),
        ReleaseNotes = (string?)json["release_notes"] ?? "",
        Card = (string?)json["card"] ?? "",
        Tags = json["tags"] is JsonObject tags ? tags.ToDictionary(t => t.Key, t => (string)t.Value!) : new(),
        Source = (string?)json["source"] ?? "",
        RunId = (string?)json["run_id"] ?? "",
        RunLink = (string?)json["run_link"] ?? "",
        LoggedModelId = (string?)json["logged_model_id"] ?? "",
    };

    private static JsonObject Object(JsonNode? node) => node is JsonObject o ? (JsonObject)o.DeepClone() : [];
}
