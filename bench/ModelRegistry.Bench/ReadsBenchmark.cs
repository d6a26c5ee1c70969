using System.Globalization;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Measured;
using ModelRegistry.Mlflow;

namespace ModelRegistry.Bench;

/// <summary>
/// What reads cost as a registry grows: CPU time of this process per call, in registries of 1,000 versions and more, and of the model
/// that has 10,000 of them. Which model is asked for follows its popularity; asked for its most popular ones alone, a large registry
/// shows what its size costs, and what memory does that is touched for the first time in a while. Sizes take turns, round by round.
/// </summary>
internal static class ReadsBenchmark
{
    public const string Options = "[--versions 1000000] [--rounds 15]";

    public const string Says = "list, search and look-up, and what MLflow's clients ask, in registries of 1,000 versions up to --versions, without HTTP";

    private const int MostOfOneModel = 10_000;

    // How many models are asked for most: as many as the small registry has in all.
    private const int Often = 100;

    private const string Deeper = "The trees that a row is found by are a level or two deeper where there are a thousand times as many.";

    private const string More = "Of more models more have the rarest three characters of what is looked for; each of those is looked at.";

    private const string Fuller = "Most models of the small registry have less than a page of it; of the models with many, pages are full.";

    /// <summary>One call: of a registry, for one of its models, with chance of its own.</summary>
    private sealed record Arm(string Name, int Times, bool OfModel, Func<SeededRegistry, SeededModel, Random, Task> Call)
    {
        /// <summary>Why it grows with the registry; empty: it is not to.</summary>
        public string Grows { get; init; } = "";

        /// <summary>Against the small registry: in each larger one, for the most popular models of the largest, and for its largest one.</summary>
        public List<double> Ratios { get; } = [];
    }

    private static readonly Arm[] Arms =
    [
        new("list_models, first page", 100, false, (r, _, _) => ModelsAsync(r, new ModelQuery(Limit: 10))),
        new("list_models, a page in the middle", 100, false, async (r, _, _) => await ModelsAsync(r, new ModelQuery(Limit: 10, Cursor: await r.CursorAsync(0.5)))),
        new("list_models, last page", 100, false, async (r, _, _) => await ModelsAsync(r, new ModelQuery(Limit: 10, Cursor: await r.CursorAsync(0.999)))),
        new("list_models, stage=production", 100, false, async (r, _, _) => await ModelsAsync(r, new ModelQuery(Stage: "production", Limit: 10, Cursor: await r.CursorAsync(0.5)))),
        new("list_models, search", 100, true, (r, m, _) => ModelsAsync(r, new ModelQuery(Search: m.Name, Limit: 10))) { Grows = More },
        new("list_versions", 100, true, (r, m, _) => FoundAsync(r.Services.Catalog.ListVersionsAsync(SeededRegistry.Reader, new VersionQuery(m.Name, Limit: 10)))) { Grows = Fuller },
        new("get_model_info", 200, true, (r, m, _) => FoundAsync(r.Services.Catalog.GetAsync(SeededRegistry.Reader, m.Name, null))),
        new("get_serving_version", 400, true, (r, m, _) => FoundAsync(r.Services.Catalog.ServingAsync(SeededRegistry.Reader, m.Name, null, null))) { Grows = "Of the small registry every answer is recalled from memory; a connection keeps 512 of them, and of so many models most are read." },
        new("MLflow: registered-models/get", 200, true, (r, m, _) => FoundAsync(r.Services.Mlflow.GetModelAsync(SeededRegistry.Reader, m.Name))),
        new("MLflow: model-versions/get", 200, true, (r, m, chance) => FoundAsync(r.Services.Mlflow.GetVersionAsync(SeededRegistry.Reader, m.Name, Text(m.Any(chance))))),
        new("MLflow: alias", 200, true, (r, m, _) => FoundAsync(r.Services.Mlflow.ByAliasAsync(SeededRegistry.Reader, m.Name, "champion"))),
        new("MLflow: get-latest-versions", 200, true, (r, m, _) => FoundAsync(r.Services.Mlflow.LatestVersionsAsync(SeededRegistry.Reader, m.Name, []))),
        new("MLflow: search of a model, 20", 50, true, (r, m, _) => SearchAsync(r, $"name = '{m.Name}'", 20)) { Grows = Fuller },
        new("MLflow: search of all, 100", 20, false, (r, _, _) => SearchAsync(r, null)),
        new("MLflow: search of a common tag, 100", 20, false, (r, _, _) => SearchAsync(r, "tags.team = '1'")),
        new("MLflow: search of a rare tag, 10", 100, false, (r, _, _) => SearchAsync(r, "tags.rare = 'yes'")),
        new("MLflow: search of a model's tag, 20", 50, true, (r, m, _) => SearchAsync(r, $"name = '{m.Name}' AND tags.team = '1'", 20)) { Grows = Fuller },
        new("MLflow: search of a run", 100, true, (r, m, chance) => SearchAsync(r, $"run_id = '{m.Run(m.Any(chance))}'")),
        new("MLflow: search of models by a part", 100, true, (r, m, _) => FoundAsync(r.Services.Mlflow.SearchModelsAsync(SeededRegistry.Reader, new MlflowSearch($"name ILIKE '%{m.Name[^6..]}%'", [], "10", null)))) { Grows = More },
        new("MLflow: search of models, 10", 50, false, (r, _, _) => FoundAsync(r.Services.Mlflow.SearchModelsAsync(SeededRegistry.Reader, new MlflowSearch("name LIKE 'model-%' AND tags.`mlflow.prompt.is_prompt` != 'true'", [], "10", null)))),
    ];

    public static async Task<int> RunAsync(RunOptions options)
    {
        var (most, rounds) = (options.Whole("versions", 1_000_000), options.Whole("rounds", 15));
        options.NoMore();
        var registries = new List<SeededRegistry>();
        try
        {
            foreach (var size in (int[])[1_000, 10_000, 100_000, 1_000_000])
                if (size <= most)
                {
                    registries.Add(await SeededRegistry.FillAsync(size, MostOfOneModel, options.Seed));
                    await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"filled {size:N0} versions of {registries[^1].Models.Count:N0} models, {registries[^1].Models.Max(m => m.Versions):N0} of one"));
                }
            var report = new Report("reads as a registry grows", options);
            report.Say(string.Create(CultureInfo.InvariantCulture, $"""
                CPU microseconds of one call without HTTP, median of {rounds} rounds; in brackets against the registry of 1,000 versions, round by round. There is a model for
                every ten versions; these are shared out by Zipf's law, {MostOfOneModel:N0} at most to one, and models are asked for by the same popularity. The last two columns
                ask the largest registry for its {Often} most popular models alone, and for nothing but its largest one.
                """));
            report.Table(["", .. registries.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Versions:N0}")), string.Create(CultureInfo.InvariantCulture, $"its {Often} most popular"), string.Create(CultureInfo.InvariantCulture, $"the model with {registries[^1].Models[0].Versions:N0}")],
                await RowsAsync(registries, rounds, options.Seed));
            foreach (var arm in Arms)
                report.Budget($"{arm.Name}, {registries[^1].Versions:N0} versions against 1,000", arm.Ratios[registries.Count - 2], "0.00×", most: 1.2, why: Why(arm, arm.Ratios[registries.Count - 2]));
            foreach (var arm in Arms.Where(a => a.OfModel))
                report.Budget($"{arm.Name}, {registries[^1].Versions:N0} versions, of the {Often} most popular models", arm.Ratios[^2], "0.00×", most: 1.2, why: arm.Grows.Length > 0 ? arm.Grows : Deeper);
            foreach (var arm in Arms.Where(a => a.OfModel))
                report.Budget($"{arm.Name}, of the model with {registries[^1].Models[0].Versions:N0}", arm.Ratios[^1], "0.00×", most: 1.2, why: arm.Grows);
            return report.Finish();
        }
        finally
        {
            foreach (var registry in registries)
                await registry.DisposeAsync();
        }
    }

    private static async Task<List<IReadOnlyList<string>>> RowsAsync(List<SeededRegistry> registries, int rounds, int seed)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var arm in Arms)
        {
            List<(SeededRegistry Registry, int Models)> columns = [.. registries.Select(r => (r, r.Models.Count))];
            if (arm.OfModel)
                columns.AddRange([(registries[^1], Often), (registries[^1], 1)]);
            var samples = columns.Select(_ => new Samples()).ToList();
            // The first rounds compile and fill caches; they are not counted.
            for (var round = -3; round < rounds; round++)
                foreach (var (column, (registry, models)) in columns.Index())
                {
                    var micros = await CpuAsync(arm, registry, models, new Random(seed + round));
                    if (round >= 0)
                        samples[column].Add(micros);
                }
            arm.Ratios.AddRange(samples.Skip(1).Select(s => s.Over(samples[0]).Median));
            rows.Add([arm.Name, Report.Number(samples[0].Median, "0.0"), .. samples.Skip(1).Select((s, i) => $"{Report.Number(s.Median, "0.0")} ({Report.Number(arm.Ratios[i], "0.00")}×)"), .. Enumerable.Repeat("", arm.OfModel ? 0 : 2)]);
            await Console.Error.WriteLineAsync(string.Join("  ", rows[^1]));
        }
        return rows;
    }

    private static string Why(Arm arm, double found) => arm.Grows.Length > 0 || !arm.OfModel ? arm.Grows
        : arm.Ratios[^2] < found ? string.Create(CultureInfo.InvariantCulture, $"Of the {Often} most popular models alone it is {arm.Ratios[^2]:0.00}×: the rest of it is memory that nobody touched of late.") : Deeper;

    /// <param name="models">How many of its models are asked for, the popular ones more often.</param>
    private static async Task<double> CpuAsync(Arm arm, SeededRegistry registry, int models, Random random)
    {
        // Chosen before, so that only the call is measured; and in the same order of popularity in each registry.
        var popularity = new Zipf(models);
        var asked = Enumerable.Range(0, arm.Times).Select(_ => registry.Models[popularity.Pick(random)]).ToList();
        var before = Environment.CpuUsage.TotalTime;
        foreach (var model in asked)
            await arm.Call(registry, model, random);
        return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / arm.Times;
    }

    private static Task ModelsAsync(SeededRegistry registry, ModelQuery query) => FoundAsync(registry.Services.Catalog.ListModelsAsync(SeededRegistry.Reader, query));

    private static Task SearchAsync(SeededRegistry registry, string? filter, int most = 100) => FoundAsync(registry.Services.Mlflow.SearchVersionsAsync(SeededRegistry.Reader, new MlflowSearch(filter, [], Text(most), null)));

    /// <summary>A refusal is no answer: taking its value throws.</summary>
    private static async Task FoundAsync<T>(Task<Outcome<T>> asked) => _ = (await asked).Value;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
