using System.Text.Json.Nodes;
using ModelRegistry.Catalog;

namespace ModelRegistry.Mcp.Remote;

/// <summary>Questions about metadata, and edits of it, which take no person.</summary>
internal static class Metadata
{
    public static RestRequest WithBounds(this RestRequest request, IReadOnlyList<MetricBound> bounds) =>
        bounds.Aggregate(request, (r, b) => r.With($"min_{Uri.EscapeDataString(b.Metric)}", b.Least?.ToString("R", System.Globalization.CultureInfo.InvariantCulture)).With($"max_{Uri.EscapeDataString(b.Metric)}", b.Most?.ToString("R", System.Globalization.CultureInfo.InvariantCulture)));

    public static Question<CardView> Card(CardQuery q) => new((r, me, cancel) => r.Catalog.CardAsync(me, q, cancel), RestRequest.Get([.. Path(q.ModelName, q.Version), "card"]));

    public static Question<Page<CardEditView>> CardHistory(CardQuery q) => new((r, me, cancel) => r.Catalog.CardHistoryAsync(me, q, cancel),
        RestRequest.Get([.. Path(q.ModelName, q.Version), "card", "history"]).With("limit", q.Limit).With("cursor", q.Cursor));

    public static Question<CardEditDetailView> CardEdit(CardQuery q, string editId) => new((r, me, cancel) => r.Catalog.CardEditAsync(me, q, editId, null, cancel),
        RestRequest.Get([.. Path(q.ModelName, q.Version), "card", "history", editId]));

    public static Question<Page<MeasurementView>> Measurements(MeasurementQuery q) => new((r, me, cancel) => r.Catalog.MeasurementsAsync(me, q, cancel),
        RestRequest.Get([.. Path(q.ModelName, q.Version ?? "default"), "metrics"]).With("metric", q.Metric).With("limit", q.Limit).With("cursor", q.Cursor));

    public static Question<MeasuredView> Measure(MeasurementWish wish) => new((r, me, cancel) => r.Metadata.MeasureAsync(me, wish, cancel),
        RestRequest.Post([.. Path(wish.ModelName, wish.Version ?? "default"), "metrics"]).With("measurements", new JsonArray([.. wish.Measurements.Select(Measurement)])).With("current", wish.MakeCurrent));

    public static Question<LineageView> Lineage(string model, string? version) => new((r, me, cancel) => r.Catalog.LineageAsync(me, model, version, cancel), RestRequest.Get([.. Path(model, version ?? "default"), "lineage"]));

    public static Question<Page<SourcedVersionView>> FromSource(SourceQuery q) => new((r, me, cancel) => r.Catalog.FromSourceAsync(me, q, cancel),
        RestRequest.Get("versions").With("dataset", q.Dataset).With("code_commit", q.CodeCommit).With("limit", q.Limit).With("cursor", q.Cursor));

    public static Question<MetadataView> Set(MetadataEdit e) => new((r, me, cancel) => r.Metadata.SetAsync(me, e, cancel),
        RestRequest.Patch(Path(e.ModelName, string.IsNullOrWhiteSpace(e.Version) ? null : e.Version))
            .With("name", e.NewName).With("description", e.Description).With("model_type", e.Task).With("owner", e.Owner).With("is_active", e.IsActive)
            .With("card", e.Card).With("card_from", e.CardFrom).With("tags", Tags(e)).With("metrics", e.Metrics.Count > 0 ? e.Metrics : null).With("alias", e.Alias).With("remove_aliases", e.RemoveAliases.Count > 0 ? Texts(e.RemoveAliases) : null)
            .With("release_notes", e.ReleaseNotes).With("dataset", e.Dataset).With("code_commit", e.CodeCommit).With("framework", e.Framework).With("deprecated", e.Deprecated)
            .With("dependencies", e.Dependencies is { } list ? Texts(list) : null).With("hyperparameters", e.Hyperparameters?.DeepClone()).With("signature", e.Signature?.DeepClone()).With("lineage", e.Lineage?.DeepClone()));

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    private static string[] Path(string model, string? version) => version is null ? ["models", model] : ["models", model, "versions", version];

    private static JsonObject? Tags(MetadataEdit e) => e.Tags.Count + e.RemoveTags.Count == 0 ? null
        : new JsonObject(e.Tags.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)t.Value)).Concat(e.RemoveTags.Where(k => !e.Tags.ContainsKey(k)).Select(k => KeyValuePair.Create(k, (JsonNode?)null))));

    private static JsonNode Measurement(NewMeasurement m)
    {
        var json = m.Evidence.ToJson();
        (json["metric"], json["value"]) = (m.Metric, m.Value);
        return json;
    }
}
