namespace ModelRegistry.Domain;

/// <summary>A model: an immutable id under which versions are registered. Renaming keeps the id; deleting leaves a tombstone.</summary>
public sealed record RegisteredModel
{
    /// <summary><c>mdl_…</c>, never reused.</summary>
    public required string Id { get; init; }
    public required string Name { get; init; }
    public string Description { get; init; } = "";
    /// <summary>What it is for: classification, object_detection, text_generation, … (open; <c>model_type</c> over REST).</summary>
    public string Task { get; init; } = "";
    /// <summary>The team or person responsible, as text; authority comes from actors, never from here.</summary>
    public string Owner { get; init; } = "";
    public Versioning Versioning { get; init; }
    /// <summary>The model card as Markdown; a version's own card takes precedence.</summary>
    public string Card { get; init; } = "";
    /// <summary>An inactive model is read-only and not listed by default.</summary>
    public bool IsActive { get; init; } = true;
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    /// <summary>The highest number ever given, deleted versions included; 0 before the first.</summary>
    public long HighestNumber { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    /// <summary>Raised with each change; a write names the one it read.</summary>
    public long RowVersion { get; init; } = 1;
}
