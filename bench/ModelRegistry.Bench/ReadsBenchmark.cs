using System.Globalization;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Measured;
using ModelRegistry.Mlflow;

namespace ModelRegistry.Bench;

/// <summary>
/// What reads cost as a registry grows: CPU time of this process per call, in registries of 1,000 versions and more, and of the model
/// that has 10,000 of them. Which model is asked for follows its popularity. Sizes take turns, round by round.
/// </summary>
internal static class ReadsBenchmark
{
    public const string Options = "[--versions 1000000] [--rounds 15]";

    public const string Says = "list, search and look-up, and what MLflow's clients ask, in registries of 1,000 versions up to --versions, without HTTP";

    private const int MostOfOneModel = 10_000;

    /// <summary>One call: of a registry, for one of its models, with chance of its own.</summary>
    private sealed record Arm(string Name, int Times, bool OfModel, Func<SeededRegistry, SeededModel, Random, Task> Call);

    private static readonly Arm[] Arms =
    [
        new("list_models, first page", 100, false, (r, _, _) => ModelsAsync(r, new ModelQuery(Limit: 10))),
        new("list_models, a page in the middle", 100, false, async (r, _, _) => await ModelsAsync(r, new ModelQuery(Limit: 10, Cursor: await r.CursorAsync(0.5)))),
        new("list_models, last page", 100, false, async (r, _, _) => await ModelsAsync(r, new ModelQuery(Limit: 10, Cursor: await r.CursorAsync(0.999)))),
        new("list_models, stage=production", 100, false, async (r, _, _) => await ModelsAsync(r, new ModelQuery(Stage: "production", Limit: 10, Cursor: await r.CursorAsync(0.5)))),
        new("list_models, search", 100, true, (r, m, _) => ModelsAsync(r, new ModelQuery(Search: m.Name, Limit: 10))),
        new("list_versions", 100, true, (r, m, _) => FoundAsync(r.Services.Catalog.ListVersionsAsync(SeededRegistry.Reader, new VersionQuery(m.Name, Limit: 10)))),
        new("get_model_info", 200, true, (r, m, _) => FoundAsync(r.Services.Catalog.GetAsync(SeededRegistry.Reader, m.Name, null))),
        new("get_serving_version", 400, true, (r, m, _) => FoundAsync(r.Services.Catalog.ServingAsync(SeededRegistry.Reader, m.Name, null, null))),
        new("MLflow: registered-models/get", 200, true, (r, m, _) => FoundAsync(r.Services.Mlflow.GetModelAsync(SeededRegistry.Reader, m.Name))),
        new("MLflow: model-versions/get", 200, true, (r, m, chance) => FoundAsync(r.Services.Mlflow.GetVersionAsync(SeededRegistry.Reader, m.Name, Text(m.Any(chance))))),
        new("MLflow: alias", 200, true, (r, m, _) => FoundAsync(r.Services.Mlflow.ByAliasAsync(SeededRegistry.Reader, m.Name, "champion"))),
        new("MLflow: get-latest-versions", 200, true, (r, m, _) => FoundAsync(r.Services.Mlflow.LatestVersionsAsync(SeededRegistry.Reader, m.Name, []))),
        new("MLflow: search of a model, 20", 50, true, (r, m, _) => SearchAsync(r, $"name = '{m.Name}'", 20)),
        new("MLflow: search of all, 100", 20, false, (r, _, _) => SearchAsync(r, null)),
        new("MLflow: search of a common tag, 100", 20, false, (r, _, _) => SearchAsync(r, "tags.team = '1'")),
        new("MLflow: search of a rare tag, 10", 100, false, (r, _, _) => SearchAsync(r, "tags.rare = 'yes'")),
        new("MLflow: search of a model's tag, 20", 50, true, (r, m, _) => SearchAsync(r, $"name = '{m.Name}' AND tags.team = '1'", 20)),
        new("MLflow: search of a run", 100, true, (r, m, chance) => SearchAsync(r, $"run_id = '{m.Run(m.Any(chance))}'")),
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
                every ten versions; these are shared out by Zipf's law, {MostOfOneModel:N0} at most to one, and models are asked for by the same popularity. The last column
                asks for nothing but the largest model of the largest registry.
                """));
            report.Table(["", .. registries.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Versions:N0}")), string.Create(CultureInfo.InvariantCulture, $"the model with {registries[^1].Models[0].Versions:N0}")],
                await RowsAsync(registries, rounds, options.Seed));
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
            var columns = registries.Select(_ => new Samples()).Append(new Samples()).ToList();
            // The first rounds compile and fill caches; they are not counted.
            for (var round = -3; round < rounds; round++)
                for (var column = 0; column < columns.Count; column++)
                    if (column < registries.Count || arm.OfModel)
                    {
                        var micros = await CpuAsync(arm, registries[Math.Min(column, registries.Count - 1)], new Random(seed + round), largest: column == registries.Count);
                        if (round >= 0)
                            columns[column].Add(micros);
                    }
            rows.Add([arm.Name, .. columns.Select((samples, column) => column == 0 ? Report.Number(samples.Median, "0.0")
                : column == registries.Count && !arm.OfModel ? "" : $"{Report.Number(samples.Median, "0.0")} ({Report.Number(samples.Over(columns[0]).Median, "0.00")}×)")]);
            await Console.Error.WriteLineAsync(string.Join("  ", rows[^1]));
        }
        return rows;
    }

    private static async Task<double> CpuAsync(Arm arm, SeededRegistry registry, Random random, bool largest)
    {
        // Chosen before, so that only the call is measured; and in the same order of popularity in each registry.
        var models = Enumerable.Range(0, arm.Times).Select(_ => largest ? registry.Models[0] : registry.Popular(random)).ToList();
        var before = Environment.CpuUsage.TotalTime;
        foreach (var model in models)
            await arm.Call(registry, model, random);
        return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / arm.Times;
    }

    private static Task ModelsAsync(SeededRegistry registry, ModelQuery query) => FoundAsync(registry.Services.Catalog.ListModelsAsync(SeededRegistry.Reader, query));

    private static Task SearchAsync(SeededRegistry registry, string? filter, int most = 100) => FoundAsync(registry.Services.Mlflow.SearchVersionsAsync(SeededRegistry.Reader, new MlflowSearch(filter, [], Text(most), null)));

    /// <summary>A refusal is no answer: taking its value throws.</summary>
    private static async Task FoundAsync<T>(Task<Outcome<T>> asked) => _ = (await asked).Value;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
