using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>The metadata fields that a <c>requires</c> gate can name.</summary>
public static class MetadataFields
{
    /// <summary>Fields without a part; <c>card.X</c>, <c>metrics.X</c>, <c>tags.X</c>, <c>hyperparameters.X</c> and <c>lineage.X</c> are known too.</summary>
    public static IReadOnlyList<string> Plain { get; } =
        ["dataset", "code_commit", "card", "lineage", "hyperparameters", "dependencies", "signature", "release_notes", "framework", "format", "metrics", "tags", "source", "run_id"];

    private static readonly string[] Parted = ["card", "metrics", "tags", "hyperparameters", "lineage"];

    public static bool IsKnown(string field) => Plain.Contains(field) || (Split(field) is (var group, { Length: > 0 }) && Parted.Contains(group));

    /// <summary>Whether the version says something there, blanks and empty values not counting; an unknown field is never filled.</summary>
    /// <param name="card">The card that counts: the version's own, or else the model's.</param>
    public static bool IsFilled(string field, VersionMetadata data, ModelCard card)
    {
        if (Split(field) is (var group, var part))
            return group switch
            {
                "card" => card.Has(part),
                "metrics" => data.Metrics.ContainsKey(part),
                "tags" => data.Tags.TryGetValue(part, out var tag) && Says(tag),
                "hyperparameters" => Says(data.Hyperparameters[part]),
                "lineage" => Says(data.Lineage[part]),
                _ => false,
            };
        return field switch
        {
            "dataset" => Says(data.Dataset),
            "code_commit" => Says(data.CodeCommit),
            "card" => Says(card.Text),
            "lineage" => Says(data.Lineage),
            "hyperparameters" => Says(data.Hyperparameters),
            "dependencies" => data.Dependencies.Any(Says),
            "signature" => Says(data.Signature),
            "release_notes" => Says(data.ReleaseNotes),
            "framework" => Says(data.Framework),
            "format" => Says(data.Format) && data.Format != "other",
            "metrics" => data.Metrics.Count > 0,
            "tags" => data.Tags.Values.Any(Says),
            "source" => Says(data.Source),
            "run_id" => Says(data.RunId),
            _ => false,
        };
    }

    private static bool Says(string text) => !string.IsNullOrWhiteSpace(text);

    private static bool Says(JsonNode? node) => node switch
    {
        null => false,
        JsonObject members => members.Any(m => Says(m.Value)),
        JsonArray items => items.Any(Says),
        _ => node.GetValueKind() != JsonValueKind.String || Says((string)node!),
    };

    private static (string Group, string Part)? Split(string field)
    {
        var dot = field.IndexOf('.');
        return dot < 0 ? null : (field[..dot], field[(dot + 1)..]);
    }
}
