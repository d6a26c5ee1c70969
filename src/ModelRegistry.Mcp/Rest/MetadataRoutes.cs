using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Cards, measurements and lineage, with what they were before.</summary>
internal static class MetadataRoutes
{
    private const string Version = "/models/{model}/versions/{version}";

    public static void Map(RestRoutes routes)
    {
        // A card of a version, and of a model.
        foreach (var of in new[] { Version, "/models/{model}" })
        {
            routes.Get($"{of}/card", "The model card, as it is read and as it was written.", _ => 0, (call, _) => call.Registry.Catalog.CardAsync(call.By, Card(call), call.Cancel));
            routes.Get($"{of}/card/history", "The edits of the card, newest first.", call => Card(call) with { Limit = call.Given.Whole("limit", 1, 100) ?? 20, Cursor = call.Given.Text("cursor") },
                (call, query) => call.Registry.Catalog.CardHistoryAsync(call.By, query, call.Cancel));
            routes.Get($"{of}/card/history/{{edit}}", "One edit of the card, and what it changed.", call => call.Given.Text("against"), (call, against) => call.Registry.Catalog.CardEditAsync(call.By, Card(call), call.Of("edit"), against, call.Cancel));
        }
        routes.Get($"{Version}/metrics", "The measurements of a version, newest first.", call => new MeasurementQuery(call.Of("model"), call.Of("version"), call.Given.Text("metric"), call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor")),
            (call, query) => call.Registry.Catalog.MeasurementsAsync(call.By, query, call.Cancel));
        routes.Post($"{Version}/metrics", "Records measurements of a version; with `current`, gates look at them.", Measured,
            async (call, file) => file.Refusal is { } no ? no : await call.Registry.Metadata.MeasureAsync(call.By, new MeasurementWish(call.Of("model"), call.Of("version"), file.Value.Measurements, file.Value.Current), call.Cancel),
            RestReply.Created);
        routes.Get($"{Version}/lineage", "What a version comes from, and what was derived from it.", _ => 0, (call, _) => call.Registry.Catalog.LineageAsync(call.By, call.Of("model"), call.Of("version"), call.Cancel));
        routes.Get("/versions", "Lists versions of all models by what they were made from, newest first.", call => new SourceQuery(call.Given.Text("dataset"), call.Given.Text("code_commit"), call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor")),
            (call, query) => call.Registry.Catalog.FromSourceAsync(call.By, query, call.Cancel));
    }

    private static Outcome<MeasurementFile> Measured(RestCall call)
    {
        call.Given.Tell("string", "metric", "dataset", "split", "measured_at");
        call.Given.Tell("number", "value", "standard_error", "low", "high");
        call.Given.Tell("integer", "count");
        call.Given.Tell("boolean", "current");
        call.Given.Tell("array", "measurements");
        return MeasurementFile.Parse(call.Given.Document());
    }

    private static CardQuery Card(RestCall call) => new(call.Of("model"), call.Of("version") is { Length: > 0 } version ? version : null);
}
