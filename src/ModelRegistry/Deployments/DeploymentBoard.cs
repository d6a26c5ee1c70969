using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Storage;

namespace ModelRegistry.Deployments;

/// <summary>
/// Which version stands on which target: looking at it, saying what runs there, and taking off what no gate guards. Putting a
/// version on a target is a promotion (<see cref="Promotions.PromotionDesk.DeployAsync"/>).
/// </summary>
public sealed class DeploymentBoard
{
    /// <summary>How often a service that keeps saying the same is worth an entry in the log.</summary>
    private static readonly TimeSpan HeartbeatPace = TimeSpan.FromHours(1);

    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;

    internal DeploymentBoard(RegistryDb db, PolicyInForce policies) => (_db, _policies) = (db, policies);

    /// <summary>The targets that the policy in force declares.</summary>
    public async Task<Outcome<IReadOnlyList<TargetView>>> TargetsAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        var policy = await _db.ReadAsync(session => _policies.GetAsync(session), cancel);
        return policy.Targets.OrderBy(t => t.Name, StringComparer.Ordinal).Select(t => new TargetView(t.Name, t.Stage, policy.Governs(t.Stage))).ToList();
    }

    /// <summary>Deployments, newest first.</summary>
    public async Task<Outcome<Page<DeploymentView>>> ListAsync(Actor by, DeploymentQuery query, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        DeploymentStatus? status = null;
        if (query.Status is not null && (status = DeploymentWords.Read(query.Status)) is null)
            return Refusals.InvalidArgument("status", $"one of {string.Join(", ", DeploymentWords.All)}");
        if (Cursor.Limit(query.Limit).Refusal is { } tooMany)
            return tooMany;
        var before = query.Cursor is null ? null : Cursor.Read(query.Cursor, 1);
        if (query.Cursor is not null && before is null)
            return Refusals.CursorInvalid;
        return await _db.ReadAsync<Outcome<Page<DeploymentView>>>(async session =>
        {
            RegisteredModel? model = null;
            if (query.ModelName is not null && (model = await session.FindModelAsync(query.ModelName)) is null)
                return Refusals.ModelNotFound(query.ModelName, await session.NearestModelNameAsync(query.ModelName));
            var rows = await session.DeploymentsAsync(model?.Id, query.Target, status, before?[0], query.Limit + 1);
            var policy = await _policies.GetAsync(session);
            var views = new List<DeploymentView>();
            foreach (var row in rows.Take(query.Limit))
                views.Add(await ViewAsync(session, policy, row));
            return new Page<DeploymentView>(views, rows.Count > query.Limit ? Cursor.Write(rows[query.Limit - 1].Deployment.Id) : null);
        }, cancel);
    }

    public async Task<Outcome<DeploymentView>> GetAsync(Actor by, string id, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<DeploymentView>>(async session => await session.FindDeploymentAsync(id) is { } found
            ? await ViewAsync(session, await _policies.GetAsync(session), found)
            : Refusals.DeploymentNotFound(id), cancel);
    }

    /// <summary>Takes a version off a target that no gate guards. What a governed target serves goes with its stage.</summary>
    public Task<Outcome<DeploymentView>> StopAsync(Actor by, string id, string? reason, CancellationToken cancel = default) =>
        _db.WriteAsync<DeploymentView>(by, new AuditAct("deployment.stop", "deployment", id, null, null, AuditAct.Said(reason)), async session =>
        {
            if (reason is { Length: > 4000 })
                return Refusals.InvalidArgument("reason", "at most 4,000 characters");
            if (await session.FindDeploymentAsync(id) is not { } found)
                return Refusals.DeploymentNotFound(id);
            if (Permissions.Check(by, Permission.Propose, found.ModelName) is { } no)
                return no;
            var policy = await _policies.GetAsync(session);
            var deployment = found.Deployment;
            if (deployment.Status != DeploymentStatus.Active)
                return Refusals.DeploymentOver(id, deployment.Status.Word());
            // The stricter of what it was decided under and what is in force.
            var stages = policy.Targets.Where(t => t.Name == deployment.Wish.Target).Select(t => t.Stage).Append(deployment.Wish.Stage);
            if (stages.FirstOrDefault(policy.Governs) is { } governed)
                return Refusals.DeploymentGoverned(deployment.Wish.Target, governed);
            var stopped = deployment with { Status = DeploymentStatus.Stopped, EndedAt = session.Now, Note = $"Stopped by {by.Name}." };
            if (!await session.UpdateDeploymentAsync(stopped, DeploymentStatus.Active))
                return Refusals.ChangedMeanwhile("The deployment");
            var act = new AuditAct("deployment.stop", "deployment", id, deployment.ModelId, new JsonObject { ["target"] = deployment.Wish.Target, ["version"] = found.Label }, AuditAct.Said(reason));
            return new Written<DeploymentView>(await ViewAsync(session, policy, found with { Deployment = stopped }), [act], [new FeedChange("deployment", deployment.ModelId, id)]);
        }, cancel);

    /// <summary>
    /// Takes a service's word for what it runs. Nothing moves by it. Services may say so of any model they read; others need what
    /// it takes to deploy.
    /// </summary>
    public Task<Outcome<DeploymentView>> ObserveAsync(Actor by, ObservationReport report, CancellationToken cancel = default) =>
        _db.WriteAsync<DeploymentView>(by, new AuditAct("deployment.observe", "model", report.ModelName, null, new JsonObject { ["target"] = report.Target, ["version"] = report.Version, ["status"] = report.Status }), async session =>
        {
            var status = report.Status ?? Observation.Usual;
            if (!Observation.Words.Contains(status))
                return Refusals.InvalidArgument("status", $"one of {string.Join(", ", Observation.Words)}");
            foreach (var (field, text, most) in new[] { ("message", report.Message, 1000), ("instance", report.Instance, 200) })
                if (text?.Length > most)
                    return Refusals.InvalidArgument(field, $"at most {most:N0} characters");
            if (await session.FindModelAsync(report.ModelName) is not { } model)
                return Refusals.ModelNotFound(report.ModelName, await session.NearestModelNameAsync(report.ModelName));
            if (Permissions.MayReport(by, model.Name) is { } no)
                return no;
            var version = await session.ResolveVersionAsync(model, report.Version);
            if (version.Refusal is { } unknown)
                return unknown;
            if (await session.ActiveOnAsync(model.Id, report.Target) is not { } active)
                return Refusals.NothingDeployed(model.Name, report.Target);
            var seen = new Observation(version.Value.Id, version.Value.Label, status, report.Message ?? "", report.Instance ?? "", new ActorRef(by.Id, by.Name), session.Now);
            var view = await ViewAsync(session, await _policies.GetAsync(session), active with { Deployment = active.Deployment with { Observed = seen } });
            if (!seen.Differs(active.Deployment.Observed) && session.Now - active.Deployment.Observed!.At < HeartbeatPace)
                return new Written<DeploymentView>(view, [], []);
            await session.ObserveDeploymentAsync(active.Deployment.Id, seen);
            var facts = new JsonObject { ["target"] = report.Target, ["version"] = seen.Label, ["status"] = seen.Status, ["matches"] = seen.VersionId == active.Deployment.VersionId };
            return new Written<DeploymentView>(view, [new AuditAct("deployment.observe", "deployment", active.Deployment.Id, model.Id, facts, AuditAct.Said(("message", report.Message)))], [new FeedChange("deployment", model.Id, active.Deployment.Id)]);
        }, cancel);

    private static async ValueTask<DeploymentView> ViewAsync(RegistrySession session, PromotionPolicy policy, StoredDeployment stored)
    {
        var d = stored.Deployment;
        bool? met = d.Status == DeploymentStatus.Active ? TargetMoves.Meets(policy, d, await session.FindVersionAsync(d.VersionId)) : null;
        return new DeploymentView(d.Id, stored.ModelName, stored.Label, stored.Number, d.Wish.Target, d.Wish.Stage, d.Status.Word(), JsonNode.Parse(d.Wish.Configuration)!.AsObject(), d.PromotionId, d.RequestedBy.Name, d.DeployedBy,
            d.RequestedAt, d.StartedAt, d.EndedAt, d.RollbackAt, d.RollbackReason, d.Note, met,
            d.Observed is { } o ? new ObservedView(o.Label, o.Status, o.VersionId == d.VersionId, o.Message, o.Instance, o.By.Name, o.At) : null);
    }
}
