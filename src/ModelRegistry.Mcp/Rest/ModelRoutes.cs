using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Looking models, versions and what serves up.</summary>
internal static class ModelRoutes
{
    public static void Map(RestRoutes routes, CancellationToken stopping)
    {
        routes.Get("/models", "Lists models by name.",
            call => new ModelQuery(call.Given.Text("search"), call.Given.Text("model_type"), call.Given.Text("stage"), Active(call) == "any", call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor"), Active(call) == "false") { Tags = call.Given.Several("tag"), Metrics = call.Given.Bounds() },
            (call, query) => call.Registry.Catalog.ListModelsAsync(call.By, query, call.Cancel));
        routes.Get("/models/{model}", "One model, with one of its versions in full.", call => call.Given.Text("version"), (call, version) => call.Registry.Catalog.GetAsync(call.By, call.Of("model"), version, call.Cancel), RestReply.Revised);
        routes.Get("/models/{model}/versions", "Lists a model's versions, newest first.",
            call => new VersionQuery(call.Of("model"), call.Given.Text("stage"), call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor"), call.Given.Text("status"), call.Given.Flag("is_default")) { Tags = call.Given.Several("tag"), Metrics = call.Given.Bounds() },
            (call, query) => call.Registry.Catalog.ListVersionsAsync(call.By, query, call.Cancel));
        routes.Get("/models/{model}/versions/{version}", "Everything that is known about one version.", _ => 0, async (call, _) =>
            (await call.Registry.Catalog.GetAsync(call.By, call.Of("model"), call.Of("version"), call.Cancel)).Then<VersionDetailView>(info => info.Version!), RestReply.Revised);
        routes.Get("/models/{model}/compare", "Puts two to ten versions side by side; differences are to the first.",
            call => call.Given.Texts("versions"), (call, versions) => call.Registry.Catalog.CompareAsync(call.By, call.Of("model"), versions, call.Cancel));
        routes.Get("/models/{model}/history", "What served when, newest first, and who approved it.",
            call => new HistoryQuery(call.Of("model"), call.Given.Time("at"), call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor")),
            (call, query) => call.Registry.Catalog.HistoryAsync(call.By, query, call.Cancel));
        routes.Get("/models/{model}/serving", "What serves a stage, now or at a moment; with `wait`, as soon as that changes.",
            call => (Stage: call.Given.Text("stage"), At: call.Given.Time("at"), Wait: call.Given.Whole("wait", 0, MostWait) ?? 0),
            (call, asked) => asked is { Wait: > 0, At: null } ? WaitAsync(routes, call, asked.Stage, TimeSpan.FromSeconds(asked.Wait), stopping) : call.Registry.Catalog.ServingAsync(call.By, call.Of("model"), asked.Stage, asked.At, call.Cancel),
            RestReply.Tagged);
    }

    /// <summary>The longest wait of one request, in seconds: proxies and clients give up after a minute.</summary>
    private const int MostWait = 50;

    /// <summary>What serves as soon as it is something else than the caller has by its tag (<c>If-None-Match</c>); as it stands when that takes longer.</summary>
    private static async Task<Outcome<ServingView>> WaitAsync(RestRoutes routes, RestCall call, string? stage, TimeSpan most, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel, stopping);
        var seen = await call.Registry.Serving.OnceChangedAsync(call.By, call.Of("model"), stage, serving => Replies.Knows(call.Http, serving), most, over.Token);
        return await routes.StillAsync(call) is { } no ? no : seen;
    }

    /// <summary>Active models only, unless something else is said.</summary>
    private static string? Active(RestCall call) => call.Given.Choice("is_active", false, "true", "false", "any");
}
