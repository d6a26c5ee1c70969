using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>One value that was measured, and on what.</summary>
public sealed record NewMeasurement(string Metric, double Value, MetricEvidence Evidence);

/// <summary>Measurements of a version.</summary>
/// <param name="MakeCurrent">Whether they become the values that gates look at. Otherwise they are history, and change nothing that a promotion waits for.</param>
public sealed record MeasurementWish(string ModelName, string? Version, IReadOnlyList<NewMeasurement> Measurements, bool MakeCurrent);

/// <summary>Measurements are appended. Which of them gates look at is always said, never guessed.</summary>
public sealed partial class MetadataDesk
{
    /// <summary>The most measurements of one version, and of one request.</summary>
    internal const int MostMeasurements = 10_000, MostAtOnce = 500;

    /// <summary>Records measurements of a version.</summary>
    public Task<Outcome<MeasuredView>> MeasureAsync(Actor by, MeasurementWish wish, CancellationToken cancel = default) =>
        _db.WriteAsync<MeasuredView>(by, new AuditAct("metric.measure", "model", wish.ModelName, null, new JsonObject { ["version"] = wish.Version }), async session =>
        {
            if (await session.FindModelAsync(wish.ModelName) is not { } model)
                return Refusals.ModelNotFound(wish.ModelName, await session.NearestModelNameAsync(wish.ModelName));
            if (Permissions.Check(by, Permission.Register, model.Name) is { } no)
                return no;
            if (!model.IsActive)
                return Refusals.ModelInactive(model.Name);
            var resolved = await session.ResolveVersionAsync(model, wish.Version);
            if (resolved.Refusal is { } unknown)
                return unknown;
            if (MetadataLimits.Check(wish, session.Now) is { } unfit)
                return unfit;
            var (version, data) = (resolved.Value, resolved.Value.Metadata);
            if (await KeepMeasuredAsync(session, version, by, [.. wish.Measurements.Select(m => (m.Metric, m.Value, m.Evidence, wish.MakeCurrent))]) is { } full)
                return full;
            if (wish.MakeCurrent)
            {
                var next = data with
                {
                    Metrics = data.Metrics.Where(m => wish.Measurements.All(n => n.Metric != m.Key)).Concat(wish.Measurements.Select(m => KeyValuePair.Create(m.Metric, m.Value))).ToDictionary(),
                    Evidence = data.Evidence.Where(e => wish.Measurements.All(n => n.Metric != e.Key)).Concat(wish.Measurements.Where(m => m.Evidence != MetricEvidence.None).Select(m => KeyValuePair.Create(m.Metric, m.Evidence))).ToDictionary(),
                };
                if (MetadataLimits.Check(next) is { } tooMuch)
                    return tooMuch;
                if (await ComparedAsync(session, version, next) is { } frozen)
                    return frozen;
                var measured = version with { Metadata = next, UpdatedAt = session.Now };
                if (!await session.UpdateVersionAsync(measured))
                    return Refusals.ChangedMeanwhile("The version");
                await VersionIndex.WriteAsync(session, model, measured, data);
            }
            var said = new JsonArray([.. wish.Measurements.Select(m => (JsonNode)Fact(m))]);
            var facts = new JsonObject { ["version"] = version.Label, ["current"] = wish.MakeCurrent, ["count"] = wish.Measurements.Count, ["measurements_sha256"] = CanonicalJson.Digest(said).Hex };
            // What fits an entry whatever was measured; the digest covers the rest.
            if (CanonicalJson.Bytes(said).Length <= 8_192)
                facts["measurements"] = said;
            return new Written<MeasuredView>(new MeasuredView(model.Name, version.Label, wish.Measurements.Count, wish.MakeCurrent, await RevisionAsync(session, model.Name, version.Label)),
                [new AuditAct("metric.measure", "version", version.Id, model.Id, facts)], [new FeedChange("version", model.Id, version.Id)]);
        }, cancel);

    /// <summary>Appends to the history of a version; where a metric has none yet, the value it had comes first.</summary>
    private static async ValueTask<Refusal?> KeepMeasuredAsync(RegistrySession session, ModelVersion version, Actor by, List<(string Metric, double Value, MetricEvidence Evidence, bool MadeCurrent)> measured)
    {
        if (measured.Count == 0)
            return null;
        if (await session.MeasurementCountAsync(version.Id) + measured.Count > MostMeasurements)
            return Refusals.MeasurementsFull(version.Label, MostMeasurements);
        var before = new List<(string, double, MetricEvidence, bool)>();
        foreach (var metric in measured.Select(m => m.Metric).Distinct())
            if (version.Metadata.Metrics.TryGetValue(metric, out var was) && double.IsFinite(was) && !await session.HasMeasurementAsync(version.Id, metric))
                before.Add((metric, was, version.Metadata.Evidence.GetValueOrDefault(metric) ?? MetricEvidence.None, true));
        // Nobody kept who had said it, nor when.
        await session.InsertMeasurementsAsync(version.Id, new ActorRef("", ""), version.UpdatedAt, before);
        await session.InsertMeasurementsAsync(version.Id, new ActorRef(by.Id, by.Name), session.Now, measured);
        return null;
    }

    private static JsonObject Fact(NewMeasurement m)
    {
        var fact = m.Evidence.ToJson();
        (fact["metric"], fact["value"]) = (m.Metric, m.Value);
        return fact;
    }
}
