using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Deployments;

/// <summary>What a promotion that is applied does to the targets: its own deployment begins, and the others follow the stage they require.</summary>
internal static class TargetMoves
{
    /// <summary>
    /// Starts what the promotion deploys. Then every target whose version has left the stage it requires goes to what serves
    /// that stage now, or to nothing, so that no target serves what the gates would not let onto it.
    /// </summary>
    /// <returns>What changed, for the audit entry; empty when nothing did.</returns>
    public static async ValueTask<JsonArray> MoveAsync(RegistrySession session, PromotionPolicy policy, Promotion promotion)
    {
        var told = new JsonArray();
        if (await session.PendingOfAsync(promotion.Id) is { } asked)
            await StartAsync(session, promotion, asked, told);
        foreach (var active in await session.ActiveOfAsync(promotion.Statement.ModelId))
        {
            var deployment = active.Deployment;
            if (deployment.PromotionId == promotion.Id || (Meets(policy, deployment, await session.FindVersionAsync(deployment.VersionId)) && !GoneBackFrom(policy, promotion, deployment)))
                continue;
            var serving = await session.ServingVersionAsync(deployment.ModelId, Required(policy, deployment));
            if (serving is null || serving.Id == deployment.VersionId || !Meets(policy, deployment, serving))
            {
                await EndAsync(session, active, DeploymentStatus.Stopped, promotion, $"version {active.Label} left {Required(policy, deployment)}, and nothing serves it.", told);
                continue;
            }
            var rolledBack = promotion.Statement.Kind == PromotionKind.Rollback;
            if (await ConfigurationAsync(session, policy, deployment, serving, rolledBack) is not { } configuration)
            {
                await EndAsync(session, active, DeploymentStatus.Stopped, promotion, $"{Required(policy, deployment)} serves {serving.Label} now, and nobody decided that it be served as version {active.Label} was.", told);
                continue;
            }
            await EndAsync(session, active, rolledBack ? DeploymentStatus.RolledBack : DeploymentStatus.Replaced, promotion, $"{Required(policy, deployment)} serves {serving.Label} now.", told);
            var next = new Deployment
            {
                Id = Ids.New("dpl", session.Now),
                ModelId = deployment.ModelId,
                VersionId = serving.Id,
                Wish = deployment.Wish with { Stage = Required(policy, deployment), Configuration = configuration },
                Status = DeploymentStatus.Pending,
                PromotionId = promotion.Id,
                RequestedBy = promotion.Statement.Proposer,
                RequestedAt = session.Now,
            }.Start(session.Now);
            await session.InsertDeploymentAsync(next);
            told.Add(Told(next, serving.Label));
        }
        return told;
    }

    /// <summary>What waited for a promotion that was never applied waits no longer.</summary>
    public static async ValueTask CancelAsync(RegistrySession session, Promotion promotion)
    {
        if (promotion.Statement.Deployment is not null && await session.PendingOfAsync(promotion.Id) is { } pending)
            await session.UpdateDeploymentAsync(pending.Deployment.End(DeploymentStatus.Cancelled, promotion, promotion.Note.Length > 0 ? promotion.Note : $"its promotion is {promotion.State.ToString().ToLowerInvariant()}.", session.Now), DeploymentStatus.Pending);
    }

    /// <summary>Whether a version may stand on a target under a policy.</summary>
    public static bool Meets(PromotionPolicy policy, Deployment deployment, ModelVersion? version) =>
        version is not null && Deployment.Meets(policy.StageNames, version.Stage, Required(policy, deployment));

    /// <summary>
    /// How the version that a target goes to is served there: as it was before, when the stage goes back to it, or else as what stood
    /// there. On a governed target only what a person decided on for its stage, or for one further up: what was configured while
    /// no gate was there, or under an easier one, is nobody's decision. Null: there is none.
    /// </summary>
    private static async ValueTask<string?> ConfigurationAsync(RegistrySession session, PromotionPolicy policy, Deployment deployment, ModelVersion serving, bool rolledBack)
    {
        var required = Required(policy, deployment);
        // Going back means to how it was.
        foreach (var configuration in new[] { rolledBack ? await session.ConfigurationBeforeAsync(serving.Id, deployment.Wish.Target) : null, deployment.Wish.Configuration })
            if (configuration is not null && (configuration == TargetWish.Nothing || !policy.Governs(required)
                || (await session.DecidedAsync(deployment.ModelId, deployment.Wish.Target, configuration)).Exists(wish => Deployment.Meets(policy.StageNames, wish.Stage, required))))
                return configuration;
        return null;
    }

    // Where a stage is not governed, what a rollback goes back from may stay in it.
    private static bool GoneBackFrom(PromotionPolicy policy, Promotion promotion, Deployment deployment) =>
        promotion.Statement is { Kind: PromotionKind.Rollback, Serving: { } before } && before.VersionId == deployment.VersionId && Required(policy, deployment) == promotion.Statement.ToStage;

    // As the policy in force has it; a target that it no longer declares keeps what it was decided under.
    private static string Required(PromotionPolicy policy, Deployment deployment) => policy.Targets.FirstOrDefault(t => t.Name == deployment.Wish.Target)?.Stage ?? deployment.Wish.Stage;

    private static async ValueTask StartAsync(RegistrySession session, Promotion promotion, StoredDeployment asked, JsonArray told)
    {
        if (await session.ActiveOnAsync(asked.Deployment.ModelId, asked.Deployment.Wish.Target) is { } before)
            await EndAsync(session, before, DeploymentStatus.Replaced, promotion, $"version {asked.Label} was deployed in its place.", told);
        var started = asked.Deployment.Start(session.Now);
        await WriteAsync(session, started, DeploymentStatus.Pending);
        told.Add(Told(started, asked.Label));
    }

    private static async ValueTask EndAsync(RegistrySession session, StoredDeployment active, DeploymentStatus status, Promotion by, string note, JsonArray told)
    {
        var ended = active.Deployment.End(status, by, note, session.Now);
        await WriteAsync(session, ended, DeploymentStatus.Active);
        told.Add(Told(ended, active.Label));
    }

    private static async ValueTask WriteAsync(RegistrySession session, Deployment deployment, DeploymentStatus was)
    {
        if (!await session.UpdateDeploymentAsync(deployment, was))
            throw new InvalidOperationException($"Deployment {deployment.Id} changed within its own transaction.");
    }

    private static JsonObject Told(Deployment deployment, string label) => new()
    {
        ["id"] = deployment.Id,
        ["target"] = deployment.Wish.Target,
        ["version"] = label,
        ["status"] = DeploymentBoard.Word(deployment.Status),
    };
}
