using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>Moves a version to a stage, with everything that follows from it: what it replaces, what serves, the governed aliases.</summary>
internal static class StageMoves
{
    /// <summary>Whether a stage has a version that serves it: every one but the first, where versions are born, and the archive.</summary>
    public static bool Serves(PromotionPolicy policy, string stage) => stage != policy.FirstStage && stage != Stages.Archived;

    /// <summary>What serves a stage, as a statement names it.</summary>
    public static async ValueTask<ServingRef?> ServingAsync(RegistrySession session, string modelId, string stage) =>
        await session.ServingNowAsync(modelId, stage) is { } now ? new ServingRef(now.VersionId, now.Label, now.Manifest) : null;

    /// <summary>What applying a promotion would change now. Nothing is written; <see cref="MoveAsync"/> carries out the very same.</summary>
    public static async ValueTask<StagePlan> PlanAsync(RegistrySession session, PromotionPolicy policy, ModelVersion version, Promotion promotion)
    {
        var (modelId, toStage) = (version.ModelId, promotion.Statement.ToStage);
        // A deployment of what has come far enough moves no stage.
        if (version.Stage == toStage && promotion.Statement.Kind == PromotionKind.Deployment)
            return StagePlan.Nothing;
        ModelVersion? replaced = null;
        if (policy.Promotions.TryGetValue(toStage, out var rule) && await session.ServingVersionAsync(modelId, toStage) is { } serving && serving.Id != version.Id)
            replaced = serving with { Stage = rule.OnReplace };
        var serves = new Dictionary<string, ModelVersion?>();
        // In an ungoverned stage several versions may stand: the one that entered it before serves again.
        foreach (var left in await session.StagesServedByAsync(version.Id))
            if (left != toStage)
                serves[left] = policy.Governs(left) ? null : replaced?.Stage == left ? replaced : await session.LatestInStageAsync(modelId, left, version.Id, replaced?.Id);
        var moved = version with { Stage = toStage };
        if (Serves(policy, toStage))
            serves[toStage] = moved;
        return new StagePlan(moved, replaced, serves);
    }

    /// <summary>Moves it; the caller has settled that it may. Returns what happened, for the audit entry.</summary>
    public static async ValueTask<JsonObject> MoveAsync(RegistrySession session, PromotionPolicy policy, ModelVersion version, Promotion promotion)
    {
        var facts = new JsonObject { ["version_id"] = version.Id, ["version"] = version.Label, ["from_stage"] = version.Stage, ["to_stage"] = promotion.Statement.ToStage, ["promotion_id"] = promotion.Id };
        var plan = await PlanAsync(session, policy, version, promotion);
        var targets = await Deployments.TargetMoves.PlanAsync(session, policy, promotion, plan);
        if (plan.Moved is not null)
            await EnterAsync(session, policy, plan, promotion, facts);
        if (await Deployments.TargetMoves.MoveAsync(session, promotion, targets) is { Count: > 0 } deployments)
            facts["deployments"] = deployments;
        return facts;
    }

    private static async ValueTask EnterAsync(RegistrySession session, PromotionPolicy policy, StagePlan plan, Promotion promotion, JsonObject facts)
    {
        var (modelId, toStage) = (plan.Moved!.ModelId, promotion.Statement.ToStage);
        if (plan.Replaced is { } replaced)
        {
            await ChangeStageAsync(session, replaced);
            facts["replaced_version_id"] = replaced.Id;
            facts["replaced_version"] = replaced.Label;
            facts["replaced_goes_to"] = replaced.Stage;
        }
        await ChangeStageAsync(session, plan.Moved);
        foreach (var (stage, serving) in plan.Serves)
            if (serving is null)
                await session.EndServingAsync(modelId, stage);
            else
                await session.BeginServingAsync(Ids.New("srv", session.Now), modelId, stage, serving.Id, stage == toStage ? promotion.Id : "");
        if (await FollowAsync(session, policy, modelId) is { Count: > 0 } followed)
            facts["aliases"] = followed;
        await session.TouchModelAsync(modelId);
    }

    private static async ValueTask ChangeStageAsync(RegistrySession session, ModelVersion version)
    {
        if (!await session.UpdateVersionAsync(version with { StageSince = session.Now, UpdatedAt = session.Now }))
            throw new InvalidOperationException($"Version {version.Id} changed within its own transaction.");
    }

    // A governed alias points at what serves its stage, or at nothing. Gives those that moved, with the label they point at now.
    private static async ValueTask<JsonObject> FollowAsync(RegistrySession session, PromotionPolicy policy, string modelId)
    {
        var before = (await session.AliasesAsync(modelId)).ToDictionary(a => Names.Fold(a.Alias), a => a.VersionId);
        var moved = new JsonObject();
        foreach (var (alias, stage) in policy.GovernedAliases)
        {
            var serving = await session.ServingNowAsync(modelId, stage);
            if (before.GetValueOrDefault(Names.Fold(alias)) == serving?.VersionId)
                continue;
            if (serving is null)
                await session.RemoveAliasAsync(modelId, alias);
            else
                await session.SetAliasAsync(modelId, alias, serving.VersionId);
            moved[alias] = serving?.Label;
        }
        return moved;
    }
}

/// <summary>What applying a promotion changes of stages, and of what serves them.</summary>
/// <param name="Moved">The version that is moved, in the stage it comes to; null where none moves.</param>
/// <param name="Replaced">What it replaces, in the stage that this one goes to.</param>
/// <param name="Serves">What serves a stage then, null for nothing; stages that are not named serve what they serve.</param>
internal sealed record StagePlan(ModelVersion? Moved, ModelVersion? Replaced, IReadOnlyDictionary<string, ModelVersion?> Serves)
{
    public static StagePlan Nothing { get; } = new(null, null, new Dictionary<string, ModelVersion?>());

    /// <summary>A version as it stands then.</summary>
    public async ValueTask<ModelVersion?> VersionAsync(RegistrySession session, string id) =>
        id == Moved?.Id ? Moved : id == Replaced?.Id ? Replaced : await session.FindVersionAsync(id);

    /// <summary>What serves a stage then.</summary>
    public async ValueTask<ModelVersion?> ServingAsync(RegistrySession session, string modelId, string stage) =>
        Serves.TryGetValue(stage, out var then) ? then : await session.ServingVersionAsync(modelId, stage);
}
