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

    /// <summary>Moves it; the caller has settled that it may. Returns what happened, for the audit entry.</summary>
    public static async ValueTask<JsonObject> MoveAsync(RegistrySession session, PromotionPolicy policy, ModelVersion version, Promotion promotion)
    {
        var (modelId, fromStage, toStage, promotionId) = (version.ModelId, version.Stage, promotion.Statement.ToStage, promotion.Id);
        var facts = new JsonObject { ["version_id"] = version.Id, ["version"] = version.Label, ["from_stage"] = fromStage, ["to_stage"] = toStage, ["promotion_id"] = promotionId };
        // A deployment of what has come far enough moves no stage.
        if (fromStage != toStage || promotion.Statement.Kind != PromotionKind.Deployment)
            await EnterAsync(session, policy, version, toStage, promotionId, facts);
        if (await Deployments.TargetMoves.MoveAsync(session, policy, promotion) is { Count: > 0 } deployments)
            facts["deployments"] = deployments;
        return facts;
    }

    private static async ValueTask EnterAsync(RegistrySession session, PromotionPolicy policy, ModelVersion version, string toStage, string promotionId, JsonObject facts)
    {
        var modelId = version.ModelId;
        if (policy.Promotions.TryGetValue(toStage, out var rule) && await session.ServingVersionAsync(modelId, toStage) is { } replaced && replaced.Id != version.Id)
        {
            await ChangeStageAsync(session, replaced, rule.OnReplace);
            facts["replaced_version_id"] = replaced.Id;
            facts["replaced_version"] = replaced.Label;
            facts["replaced_goes_to"] = rule.OnReplace;
        }
        await ChangeStageAsync(session, version, toStage);
        foreach (var served in await session.StagesServedByAsync(version.Id))
            if (served != toStage)
                await LeaveAsync(session, policy, modelId, served);
        if (Serves(policy, toStage))
            await session.BeginServingAsync(Ids.New("srv", session.Now), modelId, toStage, version.Id, promotionId);
        await FollowAsync(session, policy, modelId);
        await session.TouchModelAsync(modelId);
    }

    private static async ValueTask ChangeStageAsync(RegistrySession session, ModelVersion version, string stage)
    {
        if (!await session.UpdateVersionAsync(version with { Stage = stage, StageSince = session.Now, UpdatedAt = session.Now }))
            throw new InvalidOperationException($"Version {version.Id} changed within its own transaction.");
    }

    // In an ungoverned stage several versions may stand: the one that entered it before serves again.
    private static async ValueTask LeaveAsync(RegistrySession session, PromotionPolicy policy, string modelId, string stage)
    {
        await session.EndServingAsync(modelId, stage);
        if (!policy.Governs(stage) && await session.LatestInStageAsync(modelId, stage) is { } earlier)
            await session.BeginServingAsync(Ids.New("srv", session.Now), modelId, stage, earlier.Id, "");
    }

    // A governed alias points at what serves its stage, or at nothing.
    private static async ValueTask FollowAsync(RegistrySession session, PromotionPolicy policy, string modelId)
    {
        foreach (var (alias, stage) in policy.GovernedAliases)
            if (await session.ServingNowAsync(modelId, stage) is { } serving)
                await session.SetAliasAsync(modelId, alias, serving.VersionId);
            else
                await session.RemoveAliasAsync(modelId, alias);
    }
}
