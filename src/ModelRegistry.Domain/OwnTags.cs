namespace ModelRegistry.Domain;

/// <summary>Tags that are the registry's own word, so that nobody sets one or takes one away: readers believe them.</summary>
public static class OwnTags
{
    /// <summary>What MLflow's clients have no other word for, and what is known of a content that is not here.</summary>
    public const string Registry = "modelregistry.";

    /// <summary>Where a model or version came from, and how it stood there.</summary>
    public const string Imported = "imported.";

    /// <returns><c>tag_reserved</c> when one of the keys is among them; else null.</returns>
    public static Refusal? Check(IEnumerable<string> keys)
    {
        foreach (var key in keys)
            foreach (var own in (string[])[Registry, Imported])
                if (key.StartsWith(own, StringComparison.OrdinalIgnoreCase))
                    return Refusals.TagReserved(own);
        return null;
    }
}
