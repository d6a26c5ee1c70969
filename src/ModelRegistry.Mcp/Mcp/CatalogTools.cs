using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using static ModelRegistry.Mcp.Tools.Args;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Tools that look models, versions and what serves up.</summary>
internal static class CatalogTools
{
    public static IReadOnlyList<RegistryTool> All { get; } =
    [
        new("list_models", "List models", "Find models, by name: what each is for, its latest version and the one that serves production. Start here.", Hints.Reads,
            [Text("search", "part of name or description"), Text("task", "e.g. classification"), Stage with { Description = "models with a version in this stage" }, Tag, Bounds, Limit, Cursor, Detail],
            typeof(ModelsReply),
            (call, cancel) => Paging.ShowAsync(call, 10,
                limit => BoundedAsync(call, bounds => call.Registry.Catalog.ListModelsAsync(call.By, new ModelQuery(call.Given["search"], call.Given["task"], call.Given["stage"], false, limit, call.Given["cursor"]) { Tags = call.Given.Texts("tag"), Metrics = bounds }, cancel)),
                page => new ModelsReply([.. page.Items.Select(m => Shortened.Item(m, Full(call)))], page.NextCursor), TextOf.Models)),

        new("list_versions", "List versions", "A model's versions, newest first, with stage and metrics.", Hints.Reads,
            [Model, Stage, Choice("status", VersionStatus.Words), Tag, Bounds, Limit, Cursor],
            typeof(VersionsReply),
            (call, cancel) => Paging.ShowAsync(call, 10,
                limit => BoundedAsync(call, bounds => call.Registry.Catalog.ListVersionsAsync(call.By, new VersionQuery(call.Given.Need("model_name"), call.Given["stage"], limit, call.Given["cursor"], call.Given["status"]) { Tags = call.Given.Texts("tag"), Metrics = bounds }, cancel)),
                page => new VersionsReply(call.Given.Need("model_name"), [.. page.Items.Select(Shortened.Item)], page.NextCursor), TextOf.Versions)),

        new("get_model_info", "Show a model", "A model and one version (the default one unless named): metrics, stage, files, card, lineage.", Hints.Reads,
            [Model, Text("version", VersionForms), Detail],
            typeof(ModelInfoView),
            async (call, cancel) => Replies.Tool(Kept(await InfoAsync(call, cancel), m => Shortened.Info(m, Full(call))), TextOf.Info)),

        new("get_serving_version", "What serves", "The version that serves a stage (production unless named), now or at a past time, its digest and who approved it.", Hints.Reads,
            [Model, Stage, Time("at")],
            typeof(ServingView),
            async (call, cancel) => Replies.Tool(await call.Registry.Catalog.ServingAsync(call.By, call.Given.Need("model_name"), call.Given["stage"], call.Given.Time("at"), cancel), TextOf.Serving)),

        new("compare_versions", "Compare versions", "Metrics of 2 to 10 versions side by side: deltas to the first one, which direction is better, which version is best. Use it before promote_model.", Hints.Reads,
            [Model, new("versions", ArgumentKind.Texts, "e.g. v1, v2; the first is the baseline") { Required = true, Most = 10 }],
            typeof(ComparisonReply),
            async (call, cancel) => Replies.Tool((await call.Registry.Catalog.CompareAsync(call.By, call.Given.Need("model_name"), call.Given.Texts("versions"), cancel)).Then<ComparisonReply>(c => Shortened.Compared(c)), TextOf.Comparison)),

        new("get_history", "Serving history", "What served when and who approved it, newest first; with `at`, only what served then.", Hints.Reads,
            [Model, Time("at"), Limit, Cursor],
            typeof(HistoryReply),
            (call, cancel) => Paging.ShowAsync(call, 10,
                limit => call.Registry.Catalog.HistoryAsync(call.By, new HistoryQuery(call.Given.Need("model_name"), call.Given.Time("at"), limit, call.Given["cursor"]), cancel),
                page => new HistoryReply(call.Given.Need("model_name"), [.. page.Items.Select(Shortened.Item)], page.NextCursor), TextOf.History)),
    ];

    private static async Task<Outcome<Page<T>>> BoundedAsync<T>(ToolCall call, Func<IReadOnlyList<MetricBound>, Task<Outcome<Page<T>>>> list)
    {
        var bounds = MetricBound.Parse(call.Given.Texts("metrics"));
        return bounds.Refusal is { } no ? no : await list(bounds.Value);
    }

    // With what it is linked to, where everything is asked for.
    private static Task<Outcome<ModelInfoView>> InfoAsync(ToolCall call, CancellationToken cancel) => InfoAsync(call.Registry, call.By, call.Given.Need("model_name"), call.Given["version"], Full(call), cancel);

    /// <summary>A model and a version, in full with what it comes from and what came of it.</summary>
    internal static async Task<Outcome<ModelInfoView>> InfoAsync(RegistryServices registry, Actor by, string model, string? versionRef, bool full, CancellationToken cancel)
    {
        var info = await registry.Catalog.GetAsync(by, model, versionRef, cancel);
        if (!full || info.Refusal is not null || info.Value.Version is not { } version)
            return info;
        var lineage = await registry.Catalog.LineageAsync(by, info.Value.Name, version.Number.ToString(System.Globalization.CultureInfo.InvariantCulture), cancel);
        return lineage.Then<ModelInfoView>(l => info.Value with { Version = version with { Links = Shortened.Links(l) } });
    }

    private static bool Full(ToolCall call) => call.Given["detail"] == "full";

    private static Outcome<T> Kept<T>(Outcome<T> outcome, Func<T, T> shorten) => outcome.Then<T>(view => shorten(view));
}
