namespace ModelRegistry.Mcp.Rest;

/// <summary>Broken glasses, and the reviews that are owed for them.</summary>
internal static class ReviewRoutes
{
    public static void Map(RestRoutes routes) => routes.Get("/reviews",
        call => (Owed: call.Given.Flag("owed") ?? true, Limit: call.Given.Whole("limit", 1, 100) ?? 20, Cursor: call.Given.Text("cursor")),
        (call, asked) => call.Registry.Promotions.GlassReviewsAsync(call.By, asked.Owed, asked.Limit, asked.Cursor, call.Cancel));
}
