using System.Data.Common;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A deployment with what a list shows beside it.</summary>
internal sealed record StoredDeployment(Deployment Deployment, string ModelName, string Label, long Number);

/// <summary>Versions on targets.</summary>
public sealed partial class RegistrySession
{
    private const string DeploymentColumns = "d.id, d.model_id, d.version_id, d.target, d.stage, d.configuration, d.status, d.promotion_id, d.requested_by, d.requested_by_name, d.deployed_by, d.requested_at, d.started_at, d.ended_at, d.rollback_at, d.rollback_reason, d.note, "
        + "d.observed_version_id, o.label, d.observed_status, d.observed_message, d.observed_instance, d.observed_by, d.observed_by_name, d.observed_at, m.name, v.label, v.number";
    private const string DeploymentRows = "deployment d join model m on m.id = d.model_id join version v on v.id = d.version_id left join version o on o.id = d.observed_version_id";

    internal ValueTask<StoredDeployment?> FindDeploymentAsync(string id) => OneAsync($"select {DeploymentColumns} from {DeploymentRows} where d.id = @id", ReadDeployment, ("id", id));

    /// <summary>What a target is to serve of a model.</summary>
    internal ValueTask<StoredDeployment?> ActiveOnAsync(string modelId, string target) => OneAsync(
        $"select {DeploymentColumns} from {DeploymentRows} where d.model_id = @model and d.target = @target and d.status = 'active'", ReadDeployment, ("model", modelId), ("target", target));

    /// <summary>What all targets are to serve of a model.</summary>
    internal ValueTask<List<StoredDeployment>> ActiveOfAsync(string modelId) => ManyAsync(
        $"select {DeploymentColumns} from {DeploymentRows} where d.model_id = @model and d.status = 'active' order by d.target", ReadDeployment, ("model", modelId));

    /// <summary>The one that waits for a promotion.</summary>
    internal ValueTask<StoredDeployment?> PendingOfAsync(string promotionId) => OneAsync(
        $"select {DeploymentColumns} from {DeploymentRows} where d.promotion_id = @promotion and d.status = 'pending'", ReadDeployment, ("promotion", promotionId));

    /// <summary>What waits to stand on a target, oldest first.</summary>
    internal ValueTask<List<StoredDeployment>> PendingOnAsync(string modelId, string target) => ManyAsync(
        $"select {DeploymentColumns} from {DeploymentRows} where d.model_id = @model and d.target = @target and d.status = 'pending' order by d.id", ReadDeployment, ("model", modelId), ("target", target));

    /// <summary>How a version was configured when it was last active on a target.</summary>
    internal ValueTask<string?> ConfigurationBeforeAsync(string versionId, string target) => OneAsync(
        "select configuration from deployment where version_id = @version and target = @target and started_at is not null order by started_at desc, id desc limit 1", r => r.GetString(0), ("version", versionId), ("target", target));

    /// <summary>
    /// What persons decided of a target and a configuration, for whatever version of a model: deployments that were applied on their
    /// decision, or on a broken glass, as the statements say them.
    /// </summary>
    internal async ValueTask<List<TargetWish>> DecidedAsync(string modelId, string target, string configuration) => [.. (await ManyAsync("""
        select p.statement from promotion p
        where p.kind = 'deployment' and p.state = 'applied' and p.id in (select promotion_id from deployment where model_id = @model and target = @target and configuration = @configuration and started_at is not null)
          and (exists (select 1 from decision x where x.promotion_id = p.id) or exists (select 1 from glass_break g where g.promotion_id = p.id))
        """, r => Statement.FromJson((System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(r.GetString(0))!).Deployment!, ("model", modelId), ("target", target), ("configuration", configuration)))
        // The same promotion can have taken other targets along, which its statement says nothing of.
        .Where(wish => wish.Target == target && wish.Configuration == configuration)];

    /// <summary>Deployments, newest first.</summary>
    internal ValueTask<List<StoredDeployment>> DeploymentsAsync(string? modelId, string? target, DeploymentStatus? status, string? beforeId, int limit)
    {
        var where = new List<string> { "m.deleted_at is null" };
        var args = new List<(string, object?)> { ("limit", (long)limit) };
        foreach (var (column, name, value) in new[] { ("d.model_id =", "model", modelId), ("d.target =", "target", target), ("d.status =", "status", status is null ? null : status.Value.Word()), ("d.id <", "before", beforeId) })
            if (value is not null)
            {
                where.Add($"{column} @{name}");
                args.Add((name, value));
            }
        return ManyAsync($"select {DeploymentColumns} from {DeploymentRows} where {string.Join(" and ", where)} order by d.id desc limit @limit", ReadDeployment, [.. args]);
    }

    /// <summary>Those of a page of versions that are active on some target.</summary>
    internal async ValueTask<IReadOnlySet<string>> DeployedAsync(IReadOnlyList<string> versionIds)
    {
        var (keys, args) = Keys(versionIds);
        return (await ManyAsync($"select distinct version_id from deployment where version_id in ({keys}) and status = 'active'", r => r.GetString(0), args)).ToHashSet();
    }

    internal ValueTask<int> InsertDeploymentAsync(Deployment d) => ExecuteAsync("""
        insert into deployment (id, model_id, version_id, target, stage, configuration, status, promotion_id, requested_by, requested_by_name, deployed_by, requested_at, started_at, ended_at, rollback_at, rollback_reason, note)
        values (@id, @model, @version, @target, @stage, @configuration, @status, @promotion, @by, @by_name, @claimed, @requested, @started, @ended, @rollback, @rollback_reason, @note)
        """, [("model", d.ModelId), ("version", d.VersionId), ("target", d.Wish.Target), ("stage", d.Wish.Stage), ("configuration", d.Wish.Configuration), ("promotion", d.PromotionId),
        ("by", d.RequestedBy.Id), ("by_name", d.RequestedBy.Name), ("claimed", d.DeployedBy), ("requested", Times.Micros(d.RequestedAt)), .. StateOf(d)]);

    /// <summary>Writes where it stands; false when it stood elsewhere meanwhile.</summary>
    internal async ValueTask<bool> UpdateDeploymentAsync(Deployment d, DeploymentStatus was) => await ExecuteAsync("""
        update deployment set status = @status, started_at = @started, ended_at = @ended, rollback_at = @rollback, rollback_reason = @rollback_reason, note = @note where id = @id and status = @was
        """, [("was", was.Word()), .. StateOf(d)]) == 1;

    internal ValueTask<int> ObserveDeploymentAsync(string id, Observation o) => ExecuteAsync("""
        update deployment set observed_version_id = @version, observed_status = @status, observed_message = @message, observed_instance = @instance, observed_by = @by, observed_by_name = @by_name, observed_at = @at where id = @id
        """, ("id", id), ("version", o.VersionId), ("status", o.Status), ("message", o.Message), ("instance", o.Instance), ("by", o.By.Id), ("by_name", o.By.Name), ("at", Times.Micros(o.At)));

    private static (string, object?)[] StateOf(Deployment d) => [("id", d.Id), ("status", d.Status.Word()), ("started", Micros(d.StartedAt)), ("ended", Micros(d.EndedAt)), ("rollback", Micros(d.RollbackAt)), ("rollback_reason", d.RollbackReason), ("note", d.Note)];

    private static StoredDeployment ReadDeployment(DbDataReader r) => new(new Deployment
    {
        Id = r.GetString(0),
        ModelId = r.GetString(1),
        VersionId = r.GetString(2),
        Wish = new TargetWish(r.GetString(3), r.GetString(4), r.GetString(5)),
        Status = DeploymentWords.Read(r.GetString(6))!.Value,
        PromotionId = r.GetString(7),
        RequestedBy = new ActorRef(r.GetString(8), r.GetString(9)),
        DeployedBy = Text(r, 10),
        RequestedAt = Times.FromMicros(r.GetInt64(11)),
        StartedAt = Time(r, 12),
        EndedAt = Time(r, 13),
        RollbackAt = Time(r, 14),
        RollbackReason = r.GetString(15),
        Note = r.GetString(16),
        Observed = r.IsDBNull(17) ? null : new Observation(r.GetString(17), r.GetString(18), r.GetString(19), r.GetString(20), r.GetString(21), new ActorRef(r.GetString(22), r.GetString(23)), Times.FromMicros(r.GetInt64(24))),
    }, r.GetString(25), r.GetString(26), r.GetInt64(27));
}
