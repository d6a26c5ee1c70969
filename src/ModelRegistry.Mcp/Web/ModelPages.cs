using ModelRegistry.Catalog;
using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Web.Pages;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Web;

/// <summary>Models, their versions, and what serves. Looking only.</summary>
internal static class ModelPages
{
    private const int PageOfModels = 30, PageOfVersions = 50, PageOfHistory = 10, PageOfMeasurements = 100, PageOfEdits = 50;

    // What serves now began before any moment that is to come.
    private static readonly DateTimeOffset NotEnded = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Map(PageRoutes pages)
    {
        pages.Get("/ui/models", ListAsync);
        pages.Get("/ui/models/{name}", ModelAsync);
        pages.Get("/ui/models/{name}/versions/{version}", VersionAsync);
        pages.Get("/ui/models/{name}/compare", CompareAsync);
        pages.Get("/ui/models/{name}/card", CardAsync);
        pages.Get("/ui/models/{name}/versions/{version}/card", CardAsync);
    }

    private static async Task ListAsync(Visit visit)
    {
        var query = new ModelQuery(visit.Asked("search"), visit.Asked("task"), visit.Asked("stage"), visit.Asked("inactive") is not null, PageOfModels, visit.Asked("cursor")) { Tags = visit.Asked("tag") is { } tag ? [tag] : [] };
        var found = await visit.Registry.Catalog.ListModelsAsync(visit.Person, query, visit.Cancel);
        var policy = await PolicyPages.InForceAsync(visit);
        if ((found.Refusal ?? policy.Refusal) is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<ModelsPage>(visit, 200, ("Found", found.Value), ("Query", query), ("Stages", policy.Value.Rules.StageNames));
    }

    private static async Task ModelAsync(Visit visit)
    {
        var (catalog, name) = (visit.Registry.Catalog, visit.Of("name"));
        var serving = await catalog.HistoryAsync(visit.Person, new HistoryQuery(name, NotEnded, 100), visit.Cancel);
        var versions = await catalog.ListVersionsAsync(visit.Person, new VersionQuery(name, visit.Asked("stage"), PageOfVersions, visit.Asked("cursor")), visit.Cancel);
        var history = await catalog.HistoryAsync(visit.Person, new HistoryQuery(name, null, PageOfHistory, visit.Asked("earlier")), visit.Cancel);
        var policy = await PolicyPages.InForceAsync(visit);
        if ((serving.Refusal ?? versions.Refusal ?? history.Refusal ?? policy.Refusal) is { } no)
        {
            await Replies.PageAsync(visit, no);
            return;
        }
        var model = await catalog.GetAsync(visit.Person, name, null, visit.Cancel);
        var deployments = await visit.Registry.Deployments.ListAsync(visit.Person, new DeploymentQuery(name, Status: "active", Limit: 100), visit.Cancel);
        if ((model.Refusal ?? deployments.Refusal) is { } gone)
            await Replies.PageAsync(visit, gone);
        else
            await Replies.PageAsync<ModelPage>(visit, 200, ("Model", model.Value), ("Serving", serving.Value.Items), ("Versions", versions.Value), ("History", history.Value), ("Policy", policy.Value.Rules), ("Deployments", deployments.Value.Items),
                ("Stage", visit.Asked("stage")), ("Metrics", Several(visit, "metric")), ("Cursor", visit.Asked("cursor")), ("Earlier", visit.Asked("earlier")));
    }

    private static async Task VersionAsync(Visit visit)
    {
        var (name, version) = (visit.Of("name"), visit.Of("version"));
        var model = await visit.Registry.Catalog.GetAsync(visit.Person, name, version, visit.Cancel);
        var promotions = await visit.Registry.Promotions.ListAsync(visit.Person, new PromotionQuery(null, name, 20, visit.Asked("cursor"), version), visit.Cancel);
        var policy = await PolicyPages.InForceAsync(visit);
        var lineage = await visit.Registry.Catalog.LineageAsync(visit.Person, name, version, visit.Cancel);
        var measured = await visit.Registry.Catalog.MeasurementsAsync(visit.Person, new MeasurementQuery(name, version, visit.Asked("metric"), PageOfMeasurements, visit.Asked("measured")), visit.Cancel);
        if ((model.Refusal ?? promotions.Refusal ?? policy.Refusal ?? lineage.Refusal ?? measured.Refusal) is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<VersionPage>(visit, 200, ("Model", model.Value), ("Promotions", promotions.Value), ("Policy", policy.Value.Rules), ("Lineage", lineage.Value), ("Measured", measured.Value), ("Metric", visit.Asked("metric")), ("FilesFrom", int.TryParse(visit.Asked("files"), out var from) && from > 0 ? from : 0));
    }

    private static async Task CardAsync(Visit visit)
    {
        var of = new CardQuery(visit.Of("name"), visit.Of("version") is { Length: > 0 } version ? version : null, PageOfEdits, visit.Asked("cursor"));
        var catalog = visit.Registry.Catalog;
        var card = await catalog.CardAsync(visit.Person, of, visit.Cancel);
        var history = await catalog.CardHistoryAsync(visit.Person, of, visit.Cancel);
        var edit = visit.Asked("edit") is { } id ? (Outcome<CardEditDetailView>?)await catalog.CardEditAsync(visit.Person, of, id, null, visit.Cancel) : null;
        if ((card.Refusal ?? history.Refusal ?? edit?.Refusal) is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<CardPage>(visit, 200, ("Card", card.Value), ("History", history.Value), ("Edit", edit?.Value));
    }

    private static async Task CompareAsync(Visit visit)
    {
        var sides = await visit.Registry.Catalog.SideBySideAsync(visit.Person, visit.Of("name"), Several(visit, "versions"), visit.Asked("base"), visit.Cancel);
        if (sides.Refusal is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<ComparePage>(visit, 200, ("Sides", sides.Value));
    }

    // More than any page takes is a mistake that the use case names; the rest is not even looked at.
    private static string[] Several(Visit visit, string name) => [.. visit.Http.Request.Query[name].Where(v => !string.IsNullOrWhiteSpace(v)).Select(v => v!).Take(24)];
}
