using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A measurement as it is kept.</summary>
/// <param name="MadeCurrent">Whether it became the value that gates look at.</param>
internal sealed record Measurement(string Id, string VersionId, string Metric, double Value, MetricEvidence Evidence, bool MadeCurrent, ActorRef By, DateTimeOffset At);

/// <summary>The history of metrics.</summary>
public sealed partial class RegistrySession
{
    internal ValueTask InsertMeasurementsAsync(string versionId, ActorRef by, DateTimeOffset at, IReadOnlyList<(string Metric, double Value, MetricEvidence Evidence, bool MadeCurrent)> measured) => InsertManyAsync(
        "insert into measurement (id, version_id, metric, value, evidence, made_current, recorded_by, recorded_by_name, recorded_at) values ",
        "(@id{0}, @version, @metric{0}, @value{0}, @evidence{0}, @current{0}, @by, @by_name, @at)", [("version", versionId), ("by", by.Id), ("by_name", by.Name), ("at", Times.Micros(at))], measured,
        (m, i) => [($"id{i}", Ids.New("msr", at)), ($"metric{i}", m.Metric), ($"value{i}", m.Value), ($"evidence{i}", CanonicalJson.Text(m.Evidence.ToJson())), ($"current{i}", m.MadeCurrent)]);

    internal async ValueTask<long> MeasurementCountAsync(string versionId) => (long)(await ScalarAsync("select count(*) from measurement where version_id = @id", ("id", versionId)))!;

    internal async ValueTask<bool> HasMeasurementAsync(string versionId, string metric) =>
        await ScalarAsync("select 1 from measurement where version_id = @id and metric = @metric limit 1", ("id", versionId), ("metric", metric)) is not null;

    /// <summary>Newest first, as they were recorded.</summary>
    internal ValueTask<List<Measurement>> MeasurementsAsync(string versionId, string? metric, string? beforeId, int limit) => ManyAsync($"""
        select id, version_id, metric, value, evidence, made_current, recorded_by, recorded_by_name, recorded_at from measurement
        where version_id = @version{(metric is null ? "" : " and metric = @metric")}{(beforeId is null ? "" : " and id < @before")} order by id desc limit @limit
        """,
        r => new Measurement(r.GetString(0), r.GetString(1), r.GetString(2), r.GetDouble(3), MetricEvidence.FromJson(JsonNode.Parse(r.GetString(4))!.AsObject()), r.GetInt64(5) != 0, new ActorRef(r.GetString(6), r.GetString(7)), Times.FromMicros(r.GetInt64(8))),
        [("version", versionId), .. metric is null ? Array.Empty<(string, object?)>() : [("metric", metric)], .. beforeId is null ? Array.Empty<(string, object?)>() : [("before", beforeId)], ("limit", (long)limit)]);
}
