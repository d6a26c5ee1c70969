using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>One time of serving, with the promotion that began it.</summary>
internal sealed record ServingPeriod(string Id, string Stage, string VersionId, string Label, long Number, Digest Manifest, DateTimeOffset From, DateTimeOffset? Until, string PromotionId);

/// <summary>What serves which stage, now and earlier.</summary>
public sealed partial class RegistrySession
{
    private const string PeriodColumns = "p.id, p.stage, p.version_id, v.label, v.number, v.manifest_digest, p.from_at, p.until_at, p.promotion_id";

    internal ValueTask<ModelVersion?> ServingVersionAsync(string modelId, string stage) => OneAsync(
        $"select {VersionColumns} from serving s join version v on v.id = s.version_id where s.model_id = @model and s.stage = @stage", ReadVersion, ("model", modelId), ("stage", stage));

    /// <summary>The hot read behind get_serving_version: a model by its name and what serves the stage, in one statement. Null when there is no such model.</summary>
    internal ValueTask<(string ModelId, string ModelName, ServingPeriod? Now)?> ServingByNameAsync(string modelName, string stage) => OneAsync<(string, string, ServingPeriod?)?>("""
        select m.id, m.name, '', s.stage, s.version_id, v.label, v.number, v.manifest_digest, s.since, null, s.promotion_id
        from model m left join serving s on s.model_id = m.id and s.stage = @stage left join version v on v.id = s.version_id
        where m.name_key = @key and m.deleted_at is null
        """, r => (r.GetString(0), r.GetString(1), r.IsDBNull(3) ? null : ReadPeriod(r, 2)), ("key", Names.Fold(modelName)), ("stage", stage));

    internal ValueTask<ServingPeriod?> ServingNowAsync(string modelId, string stage) => OneAsync(
        "select '', s.stage, s.version_id, v.label, v.number, v.manifest_digest, s.since, null, s.promotion_id from serving s join version v on v.id = s.version_id where s.model_id = @model and s.stage = @stage",
        r => ReadPeriod(r), ("model", modelId), ("stage", stage));

    internal ValueTask<ServingPeriod?> ServingAtAsync(string modelId, string stage, DateTimeOffset at) => OneAsync(
        $"select {PeriodColumns} from serving_period p join version v on v.id = p.version_id where p.model_id = @model and p.stage = @stage and p.from_at <= @at and (p.until_at is null or p.until_at > @at) order by p.from_at desc, p.id desc limit 1",
        r => ReadPeriod(r), ("model", modelId), ("stage", stage), ("at", Times.Micros(at)));

    /// <summary>Stages that a version serves.</summary>
    internal ValueTask<List<string>> StagesServedByAsync(string versionId) => ManyAsync("select stage from serving where version_id = @id order by stage", r => r.GetString(0), ("id", versionId));

    internal ValueTask<List<(string Stage, string VersionId)>> ServingOfModelAsync(string modelId) => ManyAsync(
        "select stage, version_id from serving where model_id = @model order by stage", r => (r.GetString(0), r.GetString(1)), ("model", modelId));

    internal async ValueTask BeginServingAsync(string periodId, string modelId, string stage, string versionId, string promotionId)
    {
        await EndServingAsync(modelId, stage);
        await ExecuteAsync("insert into serving (model_id, stage, version_id, since, promotion_id) values (@model, @stage, @version, @now, @promotion)",
            ("model", modelId), ("stage", stage), ("version", versionId), ("now", Times.Micros(Now)), ("promotion", promotionId));
        await ExecuteAsync("insert into serving_period (id, model_id, stage, version_id, from_at, until_at, promotion_id) values (@id, @model, @stage, @version, @now, null, @promotion)",
            ("id", periodId), ("model", modelId), ("stage", stage), ("version", versionId), ("now", Times.Micros(Now)), ("promotion", promotionId));
    }

    /// <summary>Points an alias of every model at what serves a stage, and takes it from those where nothing does.</summary>
    internal async ValueTask FollowServingAsync(string alias, string stage)
    {
        await ExecuteAsync("delete from alias where alias_key = @key", ("key", Names.Fold(alias)));
        await ExecuteAsync("insert into alias (model_id, alias_key, alias, version_id) select model_id, @key, @alias, version_id from serving where stage = @stage",
            ("key", Names.Fold(alias)), ("alias", alias), ("stage", stage));
    }

    internal async ValueTask EndServingAsync(string modelId, string stage)
    {
        await ExecuteAsync("delete from serving where model_id = @model and stage = @stage", ("model", modelId), ("stage", stage));
        await ExecuteAsync("update serving_period set until_at = @now where model_id = @model and stage = @stage and until_at is null", ("now", Times.Micros(Now)), ("model", modelId), ("stage", stage));
    }

    /// <summary>The version that entered an ungoverned stage last, of those in it but for one or two that are leaving.</summary>
    internal ValueTask<ModelVersion?> LatestInStageAsync(string modelId, string stage, string leavingId, string? alsoLeavingId) => OneAsync(
        $"select {VersionColumns} from version v where v.model_id = @model and v.stage = @stage and v.id <> @leaving and v.id <> @also and v.deleted_at is null order by v.stage_since desc, v.number desc limit 1", ReadVersion,
        ("model", modelId), ("stage", stage), ("leaving", leavingId), ("also", alsoLeavingId ?? ""));

    /// <summary>The version that served a stage most recently, other than the one given.</summary>
    internal ValueTask<string?> ServedBeforeAsync(string modelId, string stage, string? exceptVersionId) => OneAsync(
        "select p.version_id from serving_period p join version v on v.id = p.version_id where p.model_id = @model and p.stage = @stage and p.version_id <> @except and v.deleted_at is null order by p.from_at desc, p.id desc limit 1",
        r => r.GetString(0), ("model", modelId), ("stage", stage), ("except", exceptVersionId ?? ""));

    /// <summary>The stages that a version served, each with when it last ended; null while it serves.</summary>
    internal async ValueTask<List<(string Stage, DateTimeOffset? Ended)>> ServedUntilAsync(string versionId) => [.. (await ManyAsync(
        "select stage, until_at from serving_period where version_id = @version", r => (Stage: r.GetString(0), Ended: Time(r, 1)), ("version", versionId)))
        .GroupBy(p => p.Stage, StringComparer.Ordinal).Select(g => (g.Key, g.Any(p => p.Ended is null) ? null : g.Max(p => p.Ended)))];

    /// <summary>Versions of a model, not deleted, that serve or once served any stage.</summary>
    internal ValueTask<List<string>> OnceServingAsync(string modelId) => ManyAsync(
        "select distinct p.version_id from serving_period p join version v on v.id = p.version_id where p.model_id = @model and v.deleted_at is null", r => r.GetString(0), ("model", modelId));

    internal async ValueTask<bool> HasServedAsync(string modelId, string stage, string versionId) => await ScalarAsync(
        "select 1 from serving_period where model_id = @model and stage = @stage and version_id = @version limit 1", ("model", modelId), ("stage", stage), ("version", versionId)) is not null;

    internal ValueTask<List<ServingPeriod>> PeriodsAsync(string modelId, DateTimeOffset? at, (long From, string Id)? before, int limit)
    {
        var where = at is null ? "" : "and p.from_at <= @at and (p.until_at is null or p.until_at > @at)";
        var page = before is null ? "" : "and (p.from_at < @from or (p.from_at = @from and p.id < @id))";
        return ManyAsync($"select {PeriodColumns} from serving_period p join version v on v.id = p.version_id where p.model_id = @model {where} {page} order by p.from_at desc, p.id desc limit @limit",
            r => ReadPeriod(r), [("model", modelId), .. at is null ? Array.Empty<(string, object?)>() : [("at", Times.Micros(at.Value))], .. before is null ? Array.Empty<(string, object?)>() : [("from", before.Value.From), ("id", before.Value.Id)], ("limit", (long)limit)]);
    }

    private static ServingPeriod ReadPeriod(System.Data.Common.DbDataReader r, int at = 0) => new(r.GetString(at), r.GetString(at + 1), r.GetString(at + 2), r.GetString(at + 3), r.GetInt64(at + 4), Digest.Parse(r.GetString(at + 5)),
        Times.FromMicros(r.GetInt64(at + 6)), r.IsDBNull(at + 7) ? null : Times.FromMicros(r.GetInt64(at + 7)), r.GetString(at + 8));
}
