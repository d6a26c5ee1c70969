using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;

namespace ModelRegistry.Deployments;

/// <summary>What a promotion that is applied does to the targets: its own deployment begins, and the others follow the stage they require.</summary>
internal static class TargetMoves
{
    /// <summary>
    /// What becomes of the targets once the stages are as planned. What the promotion deploys begins. Then every target whose version
    /// has left the stage it requires goes to what serves that stage then, or to nothing, so that no target serves what the gates
    /// would not let onto it.
    /// </summary>
    public static async ValueTask<IReadOnlyList<TargetMove>> PlanAsync(RegistrySession session, PromotionPolicy policy, Promotion promotion, StagePlan then)
    {
        var moves = new List<TargetMove>();
        var asked = await session.PendingOfAsync(promotion.Id);
        if (asked is not null)
            moves.Add(new TargetMove(asked.Deployment.Wish, await session.ActiveOnAsync(asked.Deployment.ModelId, asked.Deployment.Wish.Target), DeploymentStatus.Replaced, asked.Label, $"version {asked.Label} was deployed in its place.") { Asked = asked.Deployment, Decided = true });
        foreach (var active in await session.ActiveOfAsync(promotion.Statement.ModelId))
        {
            var deployment = active.Deployment;
            if (deployment.Wish.Target == asked?.Deployment.Wish.Target || deployment.PromotionId == promotion.Id)
                continue;
            if (Meets(policy, deployment, await then.VersionAsync(session, deployment.VersionId)) && !GoneBackFrom(policy, promotion, deployment))
            {
                if (await ComesUnaskedAsync(session, policy, promotion, deployment))
                    moves.Add(new TargetMove(deployment.Wish with { Stage = Required(policy, deployment) }, active, DeploymentStatus.Stopped, null, $"version {active.Label} came to {promotion.Statement.ToStage}, and nobody decided that it be served there as it was."));
                continue;
            }
            moves.Add(await FollowAsync(session, policy, promotion, active, await then.ServingAsync(session, deployment.ModelId, Required(policy, deployment))));
        }
        return moves;
    }

    /// <summary>Carries out what was planned.</summary>
    /// <returns>What changed, for the audit entry; empty when nothing did.</returns>
    public static async ValueTask<JsonArray> MoveAsync(RegistrySession session, Promotion promotion, IReadOnlyList<TargetMove> moves)
    {
        var told = new JsonArray();
        foreach (var move in moves)
        {
            if (move.Before is { } active)
            {
                var ended = active.Deployment.End(move.Ends, promotion, move.Note, session.Now);
                await WriteAsync(session, ended, DeploymentStatus.Active);
                told.Add(Told(ended, active.Label));
            }
            if (move.Asked is { } asked)
            {
                var started = asked.Start(session.Now);
                await WriteAsync(session, started, DeploymentStatus.Pending);
                told.Add(Told(started, move.Becomes!));
            }
            else if (move.Next is { } serving)
            {
                var next = new Deployment
                {
                    Id = Ids.New("dpl", session.Now),
                    ModelId = serving.ModelId,
                    VersionId = serving.Id,
                    Wish = move.Wish,
                    Status = DeploymentStatus.Pending,
                    PromotionId = promotion.Id,
                    RequestedBy = promotion.Statement.Proposer,
                    RequestedAt = session.Now,
                }.Start(session.Now);
                await session.InsertDeploymentAsync(next);
                told.Add(Told(next, serving.Label));
            }
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

    private static async ValueTask<TargetMove> FollowAsync(RegistrySession session, PromotionPolicy policy, Promotion promotion, StoredDeployment active, ModelVersion? serving)
    {
        var (deployment, required) = (active.Deployment, Required(policy, active.Deployment));
        var wish = deployment.Wish with { Stage = required };
        if (serving is null || serving.Id == deployment.VersionId || !Meets(policy, deployment, serving))
            return new TargetMove(wish, active, DeploymentStatus.Stopped, null, $"version {active.Label} left {required}, and nothing serves it.");
        var rolledBack = promotion.Statement.Kind == PromotionKind.Rollback;
        if (await ConfigurationAsync(session, policy, deployment, serving, rolledBack) is not var (configuration, decided))
            return new TargetMove(wish, active, DeploymentStatus.Stopped, null, $"{required} serves {serving.Label} now, and nobody decided that it be served as version {active.Label} was.");
        return new TargetMove(wish with { Configuration = configuration }, active, rolledBack ? DeploymentStatus.RolledBack : DeploymentStatus.Replaced, serving.Label, $"{required} serves {serving.Label} now.") { Next = serving, Decided = decided };
    }

    /// <summary>
    /// How the version that a target goes to is served there: as it was before, when the stage goes back to it, or else as what stood
    /// there. On a governed target only what a person decided on for its stage, or for one further up: what was configured while
    /// no gate was there, or under an easier one, is nobody's decision. Null: there is none.
    /// </summary>
    private static async ValueTask<(string Configuration, bool Decided)?> ConfigurationAsync(RegistrySession session, PromotionPolicy policy, Deployment deployment, ModelVersion serving, bool rolledBack)
    {
        var required = Required(policy, deployment);
        // Going back means to how it was.
        foreach (var configuration in new[] { rolledBack ? await session.ConfigurationBeforeAsync(serving.Id, deployment.Wish.Target) : null, deployment.Wish.Configuration })
        {
            if (configuration is null)
                continue;
            var decided = configuration != TargetWish.Nothing && await IsDecidedAsync(session, policy, deployment, configuration);
            if (decided || configuration == TargetWish.Nothing || !policy.Governs(required))
                return (configuration, decided);
        }
        return null;
    }

    private static async ValueTask<bool> IsDecidedAsync(RegistrySession session, PromotionPolicy policy, Deployment deployment, string configuration) =>
        (await session.DecidedAsync(deployment.ModelId, deployment.Wish.Target, configuration)).Exists(wish => Deployment.Meets(policy.StageNames, wish.Stage, Required(policy, deployment)));

    // What stood on a target before this was governed, and may stand there again by the version's own promotion, which says nothing of how it is served.
    private static async ValueTask<bool> ComesUnaskedAsync(RegistrySession session, PromotionPolicy policy, Promotion promotion, Deployment deployment)
    {
        var required = Required(policy, deployment);
        return promotion.Statement.VersionId == deployment.VersionId && policy.Governs(required) && deployment.Wish.Configuration != TargetWish.Nothing
            && !Deployment.Meets(policy.StageNames, promotion.Statement.FromStage, required) && !await IsDecidedAsync(session, policy, deployment, deployment.Wish.Configuration);
    }

    // Where a stage is not governed, what a rollback goes back from may stay in it.
    private static bool GoneBackFrom(PromotionPolicy policy, Promotion promotion, Deployment deployment) =>
        promotion.Statement is { Kind: PromotionKind.Rollback, Serving: { } before } && before.VersionId == deployment.VersionId && Required(policy, deployment) == promotion.Statement.ToStage;

    // As the policy in force has it; a target that it no longer declares keeps what it was decided under.
    private static string Required(PromotionPolicy policy, Deployment deployment) => policy.Targets.FirstOrDefault(t => t.Name == deployment.Wish.Target)?.Stage ?? deployment.Wish.Stage;

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
        ["status"] = deployment.Status.Word(),
    };
}

/// <summary>What becomes of one target.</summary>
/// <param name="Wish">Target, the stage it requires, and how it is served then, if anything is.</param>
/// <param name="Before">What stands there now; null: nothing.</param>
/// <param name="Ends">How that ends.</param>
/// <param name="Becomes">The label of what stands there then; null: nothing.</param>
/// <param name="Note">Why, for the record of what ended.</param>
internal sealed record TargetMove(TargetWish Wish, StoredDeployment? Before, DeploymentStatus Ends, string? Becomes, string Note)
{
    /// <summary>The deployment that the promotion itself asks for; null where a target only follows.</summary>
    public Deployment? Asked { get; init; }

    /// <summary>What a target that follows goes to.</summary>
    public ModelVersion? Next { get; init; }

    /// <summary>Whether a person has decided on this configuration for the target, or does so with the promotion.</summary>
    public bool Decided { get; init; }

    public TargetChangeView ToView() => new(Wish.Target, Wish.Stage, Before?.Label, Becomes,
        Asked is not null ? "deployed" : Becomes is null ? "stopped" : Ends == DeploymentStatus.RolledBack ? "goes_back" : "follows",
        Becomes is null ? null : JsonNode.Parse(Wish.Configuration)!.AsObject(),
        Becomes is null || Wish.Configuration == TargetWish.Nothing ? null : Decided, Note);
}
