using ModelRegistry.Catalog;

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
            routes.Get($"{of}/card", _ => 0, (call, _) => call.Registry.Catalog.CardAsync(call.By, Card(call), call.Cancel));
            routes.Get($"{of}/card/history", call => Card(call) with { Limit = call.Given.Whole("limit", 1, 100) ?? 20, Cursor = call.Given.Text("cursor") },
                (call, query) => call.Registry.Catalog.CardHistoryAsync(call.By, query, call.Cancel));
            routes.Get($"{of}/card/history/{{edit}}", call => call.Given.Text("against"), (call, against) => call.Registry.Catalog.CardEditAsync(call.By, Card(call), call.Of("edit"), against, call.Cancel));
        }
        routes.Get($"{Version}/metrics", call => new MeasurementQuery(call.Of("model"), call.Of("version"), call.Given.Text("metric"), call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor")),
            (call, query) => call.Registry.Catalog.MeasurementsAsync(call.By, query, call.Cancel));
        routes.Post($"{Version}/metrics", call => MeasurementFile.Parse(call.Given.Document()),
            async (call, file) => file.Refusal is { } no ? no : await call.Registry.Metadata.MeasureAsync(call.By, new MeasurementWish(call.Of("model"), call.Of("version"), file.Value.Measurements, file.Value.Current), call.Cancel),
            (call, measured) => Replies.CreatedAsync(call.Http, measured));
        routes.Get($"{Version}/lineage", _ => 0, (call, _) => call.Registry.Catalog.LineageAsync(call.By, call.Of("model"), call.Of("version"), call.Cancel));
        routes.Get("/versions", call => new SourceQuery(call.Given.Text("dataset"), call.Given.Text("code_commit"), call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor")),
            (call, query) => call.Registry.Catalog.FromSourceAsync(call.By, query, call.Cancel));
    }

    private static CardQuery Card(RestCall call) => new(call.Of("model"), call.Of("version") is { Length: > 0 } version ? version : null);
}
