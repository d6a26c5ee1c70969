using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>What a version says it comes from: one link of its lineage.</summary>
/// <param name="Kind"><c>base_model</c>, <c>parent</c>, <c>dataset</c> or <c>code_commit</c>.</param>
/// <param name="Text">As it was written.</param>
/// <param name="Model">For models: the name it would have in this registry; null where the text is no such name.</param>
/// <param name="Version">The reference within that model; null where none is named.</param>
public sealed record LineageLink(string Kind, string Text, string? Model = null, string? Version = null)
{
    public const string BaseModel = "base_model", Parent = "parent", Dataset = "dataset", CodeCommit = "code_commit", Framework = "framework";

    /// <summary>The most links of one version that are followed; what is beyond stays in its lineage as written.</summary>
    public const int Most = 200;

    // The documents of pipelines name them in the singular and in the plural.
    private static readonly (string Key, string Kind)[] Keys =
    [
        ("base_model", BaseModel), ("base_models", BaseModel), ("parent", Parent), ("parents", Parent), ("parent_version", Parent), ("parent_versions", Parent),
        ("dataset", Dataset), ("datasets", Dataset), ("dataset_version", Dataset), ("dataset_versions", Dataset), ("code_commit", CodeCommit),
    ];

    /// <summary>
    /// The links of a version: those in its lineage under the understood keys, its dataset and its code commit, each once. A value
    /// is a text, an object with <c>name</c> (or <c>model</c>, <c>id</c>, <c>uri</c>) and <c>version</c>, or a list of these.
    /// </summary>
    public static IReadOnlyList<LineageLink> Of(VersionMetadata data)
    {
        var links = new List<LineageLink>();
        foreach (var (key, kind) in Keys)
            Add(links, kind, data.Lineage[key]);
        Add(links, Dataset, data.Dataset);
        Add(links, CodeCommit, data.CodeCommit);
        return [.. links.Distinct().Take(Most)];
    }

    /// <summary>What a text is found by: itself, or its digest where it is longer than any index takes.</summary>
    public static string KeyOf(string text)
    {
        var trimmed = text.Trim();
        return trimmed.Length <= 200 ? trimmed : $"sha256:{Digest.Of(trimmed).Hex}";
    }

    private static void Add(List<LineageLink> links, string kind, JsonNode? value)
    {
        switch (value)
        {
            case JsonArray list:
                foreach (var item in list.Where(i => i is not JsonArray).Take(Most))
                    Add(links, kind, item);
                break;
            case JsonObject named when (Word(named["name"]) ?? Word(named["model"]) ?? Word(named["id"]) ?? Word(named["uri"])) is { } name:
                var version = Word(named["version"]) ?? Word(named["revision"]);
                Add(links, kind, version is null ? name : $"{name}:{version}");
                break;
            case JsonValue when Word(value) is { } text:
                Add(links, kind, text);
                break;
        }
    }

    private static void Add(List<LineageLink> links, string kind, string text)
    {
        if (text.Trim() is not { Length: > 0 and <= 2_000 } trimmed || links.Count > 4 * Most)
            return;
        var (model, version) = kind is BaseModel or Parent ? Named(trimmed) : (null, null);
        links.Add(new LineageLink(kind, trimmed, model, version));
    }

    /// <summary><c>name</c>, <c>name:version</c>, <c>name@alias</c>, <c>models:/name/3</c> or <c>models:/name@alias</c>.</summary>
    private static (string? Model, string? Version) Named(string text)
    {
        var uri = text.StartsWith("models:/", StringComparison.OrdinalIgnoreCase);
        var rest = uri ? text["models:/".Length..].TrimStart('/') : text;
        var at = rest.IndexOfAny(uri ? ['/', '@'] : [':', '@']);
        var (name, version) = at < 0 ? (rest, null) : (rest[..at], rest[at] == '@' ? rest[at..] : rest[(at + 1)..]);
        return Names.Model(name).Refusal is not null || version is "" || (version is not null && VersionReference.Parse(version).Refusal is not null) ? (null, null) : (name, version);
    }

    private static string? Word(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.String => (string)node! is { Length: > 0 } text ? text : null,
        JsonValueKind.Number => node.ToJsonString(),
        _ => null,
    };
}
