using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <summary>A metadata document as pipelines write it: the fields of <see cref="VersionMetadata"/> and those of the model it belongs to.</summary>
public sealed record MetadataFile(VersionMetadata Version, string? Description, string? Task, string? Owner, string? ModelCard)
{
    private static readonly string[] Texts = ["format", "framework", "dataset", "code_commit", "release_notes", "card", "source", "run_id", "description", "task", "model_type", "owner", "model_card"];
    private static readonly string[] Objects = ["metrics", "hyperparameters", "signature", "lineage", "tags"];

    private static readonly string[] Fixed = ["format", "source", "run_id"];

    /// <summary>The fields that the document had.</summary>
    public IReadOnlyCollection<string> Said { get; init; } = [];

    /// <summary>Fields that no edit takes, with why; null when there are none.</summary>
    internal IReadOnlyDictionary<string, string>? NotOfAnEdit => Said.Where(f => Fixed.Contains(f) || f == "model_card").ToDictionary(f => f, f => f == "model_card" ? "is set as the card of the model, without a version" : "does not change once a version is registered") is { Count: > 0 } fields ? fields : null;

    /// <summary>The fields of a document.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Texts, .. Objects, "dependencies"];

    /// <summary>Whether a field holds an object; else it holds a text, or the dependencies, which are a list.</summary>
    public static bool IsObject(string name) => Objects.Contains(name);

    /// <summary>Reads a document. Unknown fields are refused by name, so that a misspelt one is not lost.</summary>
    public static Outcome<MetadataFile> Parse(string json)
    {
        JsonObject document;
        try
        {
            if (CanonicalJson.Parse(json) is not JsonObject o)
                return Refusals.MetadataInvalid("it must be a JSON object.");
            document = o;
        }
        catch (JsonException e)
        {
            return Refusals.MetadataInvalid(e.Message);
        }

        var bad = new Dictionary<string, string>();
        foreach (var (key, value) in document)
            if (Problem(key, value) is { } problem)
                bad[key] = problem;
        if (bad.Count > 0)
            return Refusals.InvalidArguments(bad);
        return new MetadataFile(VersionMetadata.FromJson(document), (string?)document["description"], (string?)document["task"] ?? (string?)document["model_type"], (string?)document["owner"], (string?)document["model_card"]) { Said = [.. document.Select(f => f.Key)] };
    }

    private static string? Problem(string key, JsonNode? value) => key switch
    {
        _ when Texts.Contains(key) => value?.GetValueKind() == JsonValueKind.String ? null : "must be a text",
        "dependencies" => value is JsonArray list && list.All(d => d?.GetValueKind() == JsonValueKind.String) ? null : "must be a list of texts",
        "metrics" => value is JsonObject metrics && metrics.All(m => m.Value?.GetValueKind() == JsonValueKind.Number) ? null : "must be an object of numbers",
        "tags" => value is JsonObject tags && tags.All(t => t.Value?.GetValueKind() == JsonValueKind.String) ? null : "must be an object of texts",
        _ when Objects.Contains(key) => value is JsonObject ? null : "must be an object",
        _ => $"is unknown{(Nearest.Of(key, Names) is { } near ? $"; did you mean '{near}'?" : $" (known: {string.Join(", ", Names.Order(StringComparer.Ordinal))})")}",
    };
}
