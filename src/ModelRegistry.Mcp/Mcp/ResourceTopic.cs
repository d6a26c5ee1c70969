using ModelRegistry.Changes;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// What a resource hangs on, which outlives names: several addresses may share one (other case, other reference to the same
/// version), and a model that was renamed is still the same.
/// </summary>
internal readonly record struct ResourceTopic(string Kind, string? ModelId)
{
    public static ResourceTopic Pending { get; } = new("pending", null);

    public static ResourceTopic Policy { get; } = new("policy", null);

    /// <summary>Which resources there are.</summary>
    public static ResourceTopic List { get; } = new("list", null);

    /// <summary>Every model and card.</summary>
    public static ResourceTopic EveryModel { get; } = new("every_model", null);

    public static ResourceTopic Model(string modelId) => new("model", modelId);

    /// <summary>The cards of a model: a version may use the model's card, and a reference such as <c>latest</c> may lead to another version.</summary>
    public static ResourceTopic Cards(string modelId) => new("cards", modelId);

    /// <summary>Which resources a change may have changed: rather one too many than one too few.</summary>
    public static IEnumerable<ResourceTopic> TouchedBy(ChangeView change) => (change.Kind, change.ModelId) switch
    {
        ("model_list", _) => [List],
        // Aliases may follow another stage, and a pending promotion may need more than before.
        ("policy", _) => [Policy, Pending, EveryModel],
        // Approvals of somebody who was disabled count no more.
        ("person", _) => [Pending],
        ("promotion", { } model) => [Pending, Model(model)],
        (_, { } model) => [Model(model), Cards(model)],
        _ => [],
    };
}
