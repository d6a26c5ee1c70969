namespace ModelRegistry.Domain.Mlflow;

/// <summary>
/// What MLflow's webhooks can be told of (MLflow, "Webhooks", Supported Events): an entity and what happened to it. The events of
/// prompts are not among them, as there are no prompts here.
/// </summary>
public static class MlflowEvents
{
    public const string ModelCreated = "registered_model.created", VersionCreated = "model_version.created", TagSet = "model_version_tag.set", TagDeleted = "model_version_tag.deleted",
        AliasCreated = "model_version_alias.created", AliasDeleted = "model_version_alias.deleted";

    public static IReadOnlyList<string> All { get; } = [ModelCreated, VersionCreated, TagSet, TagDeleted, AliasCreated, AliasDeleted];

    /// <summary>The event as clients write it: in either case, <c>MODEL_VERSION</c> and <c>CREATED</c>.</summary>
    public static Outcome<string> Read(string entity, string action)
    {
        var asked = $"{Names.Fold(entity)}.{Names.Fold(action)}";
        return All.Contains(asked) ? asked : Refusals.EventUnknown(asked, All);
    }

    /// <summary>Entity and action of an event, as clients read them.</summary>
    public static (string Entity, string Action) Parts(string known)
    {
        var parts = known.ToUpperInvariant().Split('.');
        return (parts[0], parts[1]);
    }
}
