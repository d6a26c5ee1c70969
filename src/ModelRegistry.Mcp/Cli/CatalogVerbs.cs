using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary>Verbs that look things up.</summary>
internal static class CatalogVerbs
{
    internal const int DefaultLimit = 20;

    public static Verb ListModels()
    {
        var verb = new Verb("list-models", "Lists models by name.", "list-models", "list-models --search fraud --stage production", "list-models --stage production --tag framework:pytorch --min accuracy=0.9", "list-models --output json");
        var search = verb.Text("--search", "TEXT", "Part of the name or description.");
        var task = verb.Text("--task", "TASK", "Models of this task.");
        var stage = verb.Text("--stage", "STAGE", "Models with a version in this stage.", Completions.Stages);
        var tag = verb.Many("--tag", "KEY[:VALUE]", "Models with this tag, on themselves or a version; framework:NAME is a framework too.");
        var (least, most) = Bounds(verb);
        var all = verb.Flag("--all", "Inactive models as well.");
        var (limit, cursor) = Paging(verb);
        return verb.Lists(run => Ask.Models(new ModelQuery(run.Of(search), run.Of(task), run.Of(stage), run.Of(all), run.Of(limit) ?? DefaultLimit, run.Of(cursor)) { Tags = run.Of(tag) ?? [], Metrics = Bounds(run.Of(least), run.Of(most)) }), CatalogSheets.Models);
    }

    public static Verb ListVersions()
    {
        var verb = new Verb("list-versions", "Lists a model's versions, newest first.", "list-versions fraud-detector", "list-versions fraud-detector --stage staging", "list-versions fraud-detector --status approved", "list-versions fraud-detector --default");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var stage = verb.Text("--stage", "STAGE", "Versions in this stage.", Completions.Stages);
        var status = verb.Text("--status", "STATUS", $"Versions of this status: {Shown.List(VersionStatus.Words)}.", Completions.Statuses);
        var isDefault = verb.Flag("--default", "Only the version that is given when none is named.");
        var tag = verb.Many("--tag", "KEY[:VALUE]", "Versions with this tag; framework:NAME is a framework too.");
        var (least, most) = Bounds(verb);
        var (limit, cursor) = Paging(verb);
        return verb.Lists(run => Ask.Versions(new VersionQuery(run.Of(model), run.Of(stage), run.Of(limit) ?? DefaultLimit, run.Of(cursor), run.Of(status), run.Of(isDefault) ? true : null) { Tags = run.Of(tag) ?? [], Metrics = Bounds(run.Of(least), run.Of(most)) }), CatalogSheets.Versions);
    }

    public static Verb GetModel()
    {
        var verb = new Verb("get-model", "Shows a model and one of its versions in full.", "get-model fraud-detector", "get-model fraud-detector --version @champion");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.Text("--version", "V", "Number, label, latest, default or @alias. Default: default.", Completions.Versions);
        return verb.Asks(run => Ask.Model(run.Of(model), run.Of(version)), CatalogSheets.Model);
    }

    public static Verb Compare()
    {
        var verb = new Verb("compare", "Puts versions side by side; differences are to the first.", "compare fraud-detector 1 2", "compare fraud-detector @champion latest --output json");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var versions = verb.Words("V", "Two to ten versions: number, label, latest, default or @alias.", 1, Completions.Versions);
        return verb.Asks(run => Ask.Comparison(run.Of(model), run.Of(versions)), CatalogSheets.Comparison);
    }

    public static Verb Serving()
    {
        var verb = new Verb("serving", "Says which version serves a stage, now or at a moment.", "serving fraud-detector", "serving fraud-detector --at 2026-01-31T12:00:00Z --output json");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var stage = verb.Text("--stage", "STAGE", "Default: production.", Completions.Stages);
        var at = verb.Time("--at", "What served then. A date is its first moment in UTC.");
        return verb.Asks(run => Ask.Serving(run.Of(model), run.Of(stage), run.Of(at)), CatalogSheets.Serving);
    }

    public static Verb History()
    {
        var verb = new Verb("history", "Says what served when, and who approved it.", "history fraud-detector", "history fraud-detector --at 2026-01-31");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var at = verb.Time("--at", "Only what served then. A date is its first moment in UTC.");
        var (limit, cursor) = Paging(verb);
        return verb.Lists(run => Ask.History(new HistoryQuery(run.Of(model), run.Of(at), run.Of(limit) ?? DefaultLimit, run.Of(cursor))), CatalogSheets.History);
    }

    private static (System.CommandLine.Option<Dictionary<string, double>?> Least, System.CommandLine.Option<Dictionary<string, double>?> Most) Bounds(Verb verb) =>
        (verb.Numbers("--min", "METRIC=NUMBER", "At least this."), verb.Numbers("--max", "METRIC=NUMBER", "At most this."));

    private static MetricBound[] Bounds(Dictionary<string, double>? least, Dictionary<string, double>? most) =>
        [.. (least?.Keys ?? Enumerable.Empty<string>()).Union(most?.Keys ?? Enumerable.Empty<string>()).Select(metric => new MetricBound(metric, least?.TryGetValue(metric, out var low) == true ? low : null, most?.TryGetValue(metric, out var high) == true ? high : null))];

    internal static (System.CommandLine.Option<int?> Limit, System.CommandLine.Option<string?> Cursor) Paging(Verb verb, int most = DefaultLimit) =>
        (verb.Number("--limit", $"At most so many, 1 to 100. Default: {most}."), verb.Text("--cursor", "CURSOR", "Where to go on: next_cursor of the page before."));
}
