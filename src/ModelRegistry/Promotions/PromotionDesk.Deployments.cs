using System.Text.Json.Nodes;
using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>Putting a version on a target: a promotion like any other, with the target and its configuration in the statement.</summary>
public sealed partial class PromotionDesk
{
    /// <summary>
    /// Deploys a version. It is moved to the stage that the target requires where it has not come so far yet. Applies at once where
    /// that stage is not governed, parks where it is, and answers <c>blocked</c> where a gate fails.
    /// </summary>
    public async Task<Outcome<PromotionView>> DeployAsync(Actor by, DeploymentRequest request, CancellationToken cancel = default)
    {
        var attempt = new AuditAct("promotion.deploy", "model", request.ModelName, null, new JsonObject { ["version"] = request.Version, ["target"] = request.Target }, AuditAct.Said(request.Reason));
        await LookInsideAsync(by, request.ModelName, (session, model) => session.ResolveVersionAsync(model, request.Version), cancel);
        return await WithPagesAsync(_db.WriteAsync<PromotionView>(by, attempt, async session =>
        {
            var configuration = TargetWish.Configure(request.Configuration);
            if (configuration.Refusal is { } unfit)
                return unfit;
            if (request.DeployedBy is { Length: > 200 })
                return Refusals.InvalidArgument("deployed_by", "at most 200 characters");
            var wish = await ReadWishAsync(session, by, request.ModelName, request.Reason, request.IdempotencyKey);
            if (wish.Refusal is { } no)
                return no;
            var (policy, model) = (wish.Value.Policy, wish.Value.Model);
            if (policy.Targets.FirstOrDefault(t => string.Equals(t.Name, request.Target?.Trim(), StringComparison.OrdinalIgnoreCase)) is not { } target)
                return Refusals.TargetUnknown(request.Target, [.. policy.Targets.Select(t => t.Name)]);
            var version = await session.ResolveVersionAsync(model, request.Version);
            if (version.Refusal is { } unknown)
                return unknown;
            var deployment = new TargetWish(target.Name, target.Stage, configuration.Value);
            if (await RepeatedAsync(session, by, request.IdempotencyKey, s => s.VersionId == version.Value.Id && s.Deployment == deployment) is { } repeated)
                return repeated;
            if (await session.ActiveOnAsync(model.Id, target.Name) is { } active && active.Deployment.VersionId == version.Value.Id && active.Deployment.Wish.Configuration == deployment.Configuration)
                return Refusals.AlreadyDeployed(version.Value.Label, target.Name);
            if (await WaitingForAsync(session, model, version.Value, deployment) is { } waiting)
                return waiting;
            // What has come as far as the target asks, or further, stays where it is.
            var stage = Deployment.Meets(policy.StageNames, version.Value.Stage, target.Stage) ? version.Value.Stage : target.Stage;
            return await PutForwardAsync(session, by, wish.Value with { Deployment = deployment, DeployedBy = request.DeployedBy }, version.Value, stage, PromotionKind.Deployment);
        }, cancel), cancel);
    }

    /// <summary>
    /// The refusal where another deployment waits for the same target. There is one live promotion for each stage of a model, and for
    /// each target likewise, which versions further up the ladder reach by another stage. What is over waits for nothing any more.
    /// </summary>
    private async ValueTask<Outcome<Written<PromotionView>>?> WaitingForAsync(RegistrySession session, RegisteredModel model, ModelVersion version, TargetWish wish)
    {
        foreach (var waiting in await session.PendingOnAsync(model.Id, wish.Target))
            if (await PromotionCase.OpenAsync(session, _policies, waiting.Deployment.PromotionId) is { Promotion.IsLive: true } other && !await other.IsOverAsync() && (waiting.Deployment.VersionId != version.Id || other.Promotion.Statement.Deployment != wish))
                return Refusals.AnotherPending(other.Promotion.Id, other.Promotion.Statement.VersionLabel, wish.Target);
        return null;
    }

    /// <summary>The row that waits for the promotion; it begins when that is applied.</summary>
    private static ValueTask<int> InsertDeploymentAsync(RegistrySession session, Promotion promotion, Wish wish) => session.InsertDeploymentAsync(new Deployment
    {
        Id = Ids.New("dpl", session.Now),
        ModelId = promotion.Statement.ModelId,
        VersionId = promotion.Statement.VersionId,
        Wish = promotion.Statement.Deployment!,
        Status = DeploymentStatus.Pending,
        PromotionId = promotion.Id,
        RequestedBy = promotion.Statement.Proposer,
        DeployedBy = string.IsNullOrWhiteSpace(wish.DeployedBy) ? null : wish.DeployedBy.Trim(),
        RequestedAt = session.Now,
    });

    // Why a deployment fits no longer; null for everything else.
    internal static string? TargetGone(PromotionPolicy policy, Statement statement) => statement.Deployment is not { } wish ? null
        : policy.Targets.FirstOrDefault(t => t.Name == wish.Target) is not { } declared ? $"the policy in force has no target {wish.Target}."
        : declared.Stage != wish.Stage ? $"the target {wish.Target} requires {declared.Stage} now." : null;
}
