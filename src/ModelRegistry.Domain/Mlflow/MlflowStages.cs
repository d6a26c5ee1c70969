namespace ModelRegistry.Domain.Mlflow;

/// <summary>The four stages that MLflow knows, and where this registry's own stages stand among them.</summary>
public static class MlflowStages
{
    public const string None = "None", Staging = "Staging", Production = "Production", Archived = "Archived";

    public static IReadOnlyList<string> All { get; } = [None, Staging, Production, Archived];

    /// <summary>The stage that a text means, in any case; null when it means none.</summary>
    public static string? Find(string? text) => All.FirstOrDefault(s => s.Equals(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>What an MLflow client is shown: whatever MLflow has no word for is <c>None</c>, and a tag beside it tells the rest.</summary>
    public static string Of(string stage) => stage switch
    {
        Stages.Staging => Staging,
        Stages.Production => Production,
        Stages.Archived => Archived,
        _ => None,
    };

    /// <summary>This registry's stage by that name.</summary>
    /// <param name="first">Where versions are born under the policy in force.</param>
    public static string Meant(string mlflowStage, string first) => mlflowStage == None ? first : mlflowStage.ToLowerInvariant();
}
