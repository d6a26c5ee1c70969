namespace ModelRegistry.Domain;

/// <summary>The metadata fields that a <c>requires</c> gate can name.</summary>
public static class MetadataFields
{
    /// <summary>Fields without a part; <c>card.X</c>, <c>metrics.X</c>, <c>tags.X</c>, <c>hyperparameters.X</c> and <c>lineage.X</c> are known too.</summary>
    public static IReadOnlyList<string> Plain { get; } =
        ["dataset", "code_commit", "card", "lineage", "hyperparameters", "dependencies", "signature", "release_notes", "framework", "format", "metrics", "tags", "source", "run_id"];

    private static readonly string[] Parted = ["card", "metrics", "tags", "hyperparameters", "lineage"];

    public static bool IsKnown(string field) => Plain.Contains(field) || (Split(field) is (var group, { Length: > 0 }) && Parted.Contains(group));

    /// <summary>Whether the version says something there; an unknown field is never filled.</summary>
    public static bool IsFilled(string field, VersionMetadata data, string modelCard)
    {
        var card = data.Card.Length > 0 ? data.Card : modelCard;
        if (Split(field) is (var group, var part))
            return group switch
            {
                "card" => ModelCard.Has(card, part),
                "metrics" => data.Metrics.ContainsKey(part),
                "tags" => data.Tags.ContainsKey(part),
                "hyperparameters" => data.Hyperparameters.ContainsKey(part),
                "lineage" => data.Lineage.ContainsKey(part),
                _ => false,
            };
        return field switch
        {
            "dataset" => data.Dataset.Length > 0,
            "code_commit" => data.CodeCommit.Length > 0,
            "card" => card.Trim().Length > 0,
            "lineage" => data.Lineage.Count > 0,
            "hyperparameters" => data.Hyperparameters.Count > 0,
            "dependencies" => data.Dependencies.Count > 0,
            "signature" => data.Signature.Count > 0,
            "release_notes" => data.ReleaseNotes.Length > 0,
            "framework" => data.Framework.Length > 0,
            "format" => data.Format is not ("" or "other"),
            "metrics" => data.Metrics.Count > 0,
            "tags" => data.Tags.Count > 0,
            "source" => data.Source.Length > 0,
            "run_id" => data.RunId.Length > 0,
            _ => false,
        };
    }

    private static (string Group, string Part)? Split(string field)
    {
        var dot = field.IndexOf('.');
        return dot < 0 ? null : (field[..dot], field[(dot + 1)..]);
    }
}
