namespace ModelRegistry.Domain;

/// <summary>What a promotion moves, as a policy judges it.</summary>
/// <param name="From">The stage the version is in.</param>
/// <param name="To">The stage it goes to; for a deployment of what is far enough already, the one it is in.</param>
/// <param name="TargetStage">The stage that the target of a deployment requires; null where nothing is deployed.</param>
public readonly record struct StageMove(string From, string To, PromotionKind Kind, string? TargetStage = null)
{
    /// <summary>The stage whose rule it has to meet.</summary>
    public string Held => TargetStage ?? To;
}
