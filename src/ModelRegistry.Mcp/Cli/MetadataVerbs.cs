using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary>Verbs for cards, measurements and lineage.</summary>
internal static class MetadataVerbs
{
    public static Verb Measure()
    {
        var verb = new Verb("measure", "Records measurements of a version. Gates look at them only with --current.",
            "measure fraud-detector 3 --metric accuracy=0.981 --count 540 --dataset digits@2 --split test --current", "measure fraud-detector 3 --metric auc=0.97 --standard-error auc=0.004 --count 540 --measured-at 2026-01-31");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.Word("V", "Number, label, latest, default or @alias.", Completions.Versions);
        var metrics = verb.Numbers("--metric", "NAME=NUMBER", "A value that was measured.");
        var dataset = verb.Text("--dataset", "TEXT", "The data it was measured on.");
        var split = verb.Text("--split", "NAME", "Which part of the data, such as test.");
        var count = verb.Number("--count", "How many samples.");
        var error = verb.Numbers("--standard-error", "NAME=NUMBER", "The standard error of a metric.");
        var at = verb.Time("--measured-at", "When. Default: now.");
        var current = verb.Flag("--current", "Make these the values that gates look at.");
        return verb.Over(async (run, registry) =>
        {
            var (values, errors) = (run.Of(metrics) ?? [], run.Of(error) ?? []);
            if (errors.Keys.FirstOrDefault(name => !values.ContainsKey(name)) is { } loose)
                return run.Tell(Refusals.InvalidArgument("--standard-error", $"of '{loose}', which no --metric gives a value"));
            return run.Answer(await registry.AskAsync(Metadata.Measure(new MeasurementWish(run.Of(model), run.Of(version),
                [.. values.Select(m => new NewMeasurement(m.Key, m.Value, new MetricEvidence(run.Of(dataset) ?? "", run.Of(split) ?? "", run.Of(at), run.Of(count), errors.TryGetValue(m.Key, out var e) ? e : null)))], run.Of(current))), run.Cancel), MetadataSheets.Measured);
        });
    }

    public static Verb Measurements()
    {
        var verb = new Verb("measurements", "Lists the measurements of a version, newest first.", "measurements fraud-detector", "measurements fraud-detector 3 --metric accuracy");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.OptionalWord("V", "Number, label, latest, default or @alias. Default: default.", Completions.Versions);
        var metric = verb.Text("--metric", "NAME", "Only of this metric.");
        var (limit, cursor) = CatalogVerbs.Paging(verb);
        return verb.Lists(run => Metadata.Measurements(new MeasurementQuery(run.Of(model), run.Of(version), run.Of(metric), run.Of(limit) ?? CatalogVerbs.DefaultLimit, run.Of(cursor))), MetadataSheets.Measurements);
    }

    public static Verb Lineage()
    {
        var verb = new Verb("lineage", "Shows what a version comes from and what was derived from it.", "lineage fraud-detector", "lineage fraud-detector 3 --output json");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.OptionalWord("V", "Number, label, latest, default or @alias. Default: default.", Completions.Versions);
        return verb.Asks(run => Metadata.Lineage(run.Of(model), run.Of(version)), MetadataSheets.Lineage);
    }

    public static Verb FindVersions()
    {
        var verb = new Verb("find-versions", "Lists versions of all models by what they were made from, newest first.", "find-versions --dataset s3://data/fraud@2026-01", "find-versions --code-commit 4f2a9c1");
        var dataset = verb.Text("--dataset", "TEXT", "The dataset, exactly as it was given.");
        var commit = verb.Text("--code-commit", "SHA", "The commit, or at least seven digits that it begins with.");
        var (limit, cursor) = CatalogVerbs.Paging(verb);
        return verb.Lists(run => Metadata.FromSource(new SourceQuery(run.Of(dataset), run.Of(commit), run.Of(limit) ?? CatalogVerbs.DefaultLimit, run.Of(cursor))), MetadataSheets.Sourced);
    }

    public static Verb Card()
    {
        var verb = new Verb("card", "Shows the model card of a model or a version, its problems, or what it said before.", "card fraud-detector", "card fraud-detector 3 --history", "card fraud-detector 3 --edit ced_1");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.OptionalWord("V", "Number, label, latest, default or @alias. Default: the model's own card.", Completions.Versions);
        var history = verb.Flag("--history", "Its edits, newest first.");
        var edit = verb.Text("--edit", "EDIT", "One edit, and what it changed.");
        var (limit, cursor) = CatalogVerbs.Paging(verb);
        return verb.Over(async (run, registry) =>
        {
            var of = new CardQuery(run.Of(model), run.Of(version), run.Of(limit) ?? CatalogVerbs.DefaultLimit, run.Of(cursor));
            return run.Of(edit) is { } id ? run.Answer(await registry.AskAsync(Metadata.CardEdit(of, id), run.Cancel), MetadataSheets.CardEdit)
                : run.Of(history) ? run.Answer(await registry.AskAsync(Metadata.CardHistory(of), run.Cancel), MetadataSheets.CardHistory)
                : run.Answer(await registry.AskAsync(Metadata.Card(of), run.Cancel), MetadataSheets.Card);
        });
    }
}
