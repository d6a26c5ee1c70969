using System.Diagnostics;
using System.Globalization;
using ModelRegistry.Mlflow;

namespace ModelRegistry.Bench;

/// <summary>
/// What an MLflow client's reads cost in large registries against a small one of 1,000 versions: CPU time of this process per call,
/// arms interleaved, median of rounds.
/// </summary>
internal static class MlflowBenchmark
{
    private const int Rounds = 15;

    private sealed record Arm(string Name, Func<SeededRegistry, string, Task> Call, int Times);

    private static readonly Arm[] Arms =
    [
        new("registered-models/get", async (r, model) => _ = (await r.Services.Mlflow.GetModelAsync(SeededRegistry.Reader, model)).Value, 200),
        new("model-versions/get", async (r, model) => _ = (await r.Services.Mlflow.GetVersionAsync(SeededRegistry.Reader, model, "7")).Value, 200),
        new("alias", async (r, model) => _ = (await r.Services.Mlflow.ByAliasAsync(SeededRegistry.Reader, model, "champion")).Value, 200),
        new("get-latest-versions", async (r, model) => _ = (await r.Services.Mlflow.LatestVersionsAsync(SeededRegistry.Reader, model, [])).Value, 200),
        new("search by model, 100", (r, model) => SearchAsync(r, $"name = '{model}'"), 20),
        new("search all, 100", (r, _) => SearchAsync(r, null), 20),
        new("search a common tag, 100", (r, _) => SearchAsync(r, "tags.team = '1'"), 20),
        new("search a rare tag, 10", (r, _) => SearchAsync(r, "tags.rare = 'yes'"), 100),
        new("search a tag of a model, 20", (r, model) => SearchAsync(r, $"name = '{model}' AND tags.team = '1'", 20), 50),
        new("search a run", (r, _) => SearchAsync(r, "run_id = '3-7'"), 100),
        new("search models, 10", async (r, model) => _ = (await r.Services.Mlflow.SearchModelsAsync(SeededRegistry.Reader, new MlflowSearch("name LIKE 'model-%' AND tags.`mlflow.prompt.is_prompt` != 'true'", [], "10", null))).Value, 100),
    ];

    /// <param name="models">Of the large registry, each with 100 versions.</param>
    public static async Task<int> RunAsync(int models)
    {
        await using var small = await SeededRegistry.FillAsync(10, 100);
        await using var large = await SeededRegistry.FillAsync(models, 100);
        await using var deep = await SeededRegistry.FillAsync(10, 10_000);
        Console.WriteLine($"CPU us per call, median of {Rounds} rounds; in brackets against 1,000 versions");
        Console.WriteLine($"{"",-26} {"1,000 versions",15} {$"{models * 100L:N0} versions",22} {"10,000 of one model",22}");
        foreach (var arm in Arms)
        {
            var readings = new List<(double Small, double Large, double Deep)>();
            for (var round = -3; round < Rounds; round++)
            {
                var reading = (await CpuAsync(arm, small, "model-000005"), await CpuAsync(arm, large, $"model-{models / 2:D6}"), await CpuAsync(arm, deep, "model-000005"));
                if (round >= 0)
                    readings.Add(reading);
            }
            var (a, b, c) = (Median(readings.Select(r => r.Small)), Median(readings.Select(r => r.Large)), Median(readings.Select(r => r.Deep)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{arm.Name,-26} {a,15:0.0} {b,14:0.0} ({b / a:0.00}) {c,14:0.0} ({c / a:0.00})"));
        }
        return 0;
    }

    private static async Task<double> CpuAsync(Arm arm, SeededRegistry registry, string model)
    {
        using var own = Process.GetCurrentProcess();
        var before = own.TotalProcessorTime;
        for (var i = 0; i < arm.Times; i++)
            await arm.Call(registry, model);
        own.Refresh();
        return (own.TotalProcessorTime - before).TotalMicroseconds / arm.Times;
    }

    private static async Task SearchAsync(SeededRegistry registry, string? filter, int most = 100) => _ = (await registry.Services.Mlflow.SearchVersionsAsync(SeededRegistry.Reader, new MlflowSearch(filter, [], $"{most}", null))).Value;

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
