using System.Diagnostics;
using ModelRegistry.Catalog;

namespace ModelRegistry.Bench;

/// <summary>
/// What a page and a look-up cost in a large registry against a small one (1,000 versions): the first page, a page in
/// the middle and the last one; arms interleaved, median of CPU time per call.
/// </summary>
internal static class ListBenchmark
{
    public static async Task<int> RunAsync(int models, int versions)
    {
        await using var small = await SeededRegistry.FillAsync(10, 100);
        var filling = Stopwatch.StartNew();
        await using var large = await SeededRegistry.FillAsync(models, versions);
        Console.WriteLine($"filled {models:N0} models x {versions:N0} versions in {filling.Elapsed.TotalSeconds:0} s");

        var middle = await CursorAtAsync(large, models / 2);
        var end = await CursorAtAsync(large, models - 25);
        (string Name, Func<Task> Large, Func<Task> Small)[] arms =
        [
            ("list_models, first page", () => ModelsAsync(large, null), () => ModelsAsync(small, null)),
            ("list_models, middle", () => ModelsAsync(large, middle), () => ModelsAsync(small, null)),
            ("list_models, last page", () => ModelsAsync(large, end), () => ModelsAsync(small, null)),
            ("list_models, stage=production", () => ModelsAsync(large, middle, "production"), () => ModelsAsync(small, null, "production")),
            ("list_versions", () => VersionsAsync(large, $"model-{models / 2:D6}"), () => VersionsAsync(small, "model-000005")),
            ("get_model_info", () => GetAsync(large, $"model-{models / 2:D6}"), () => GetAsync(small, "model-000005")),
            ("get_serving_version", () => ServingAsync(large, $"model-{models / 2:D6}"), () => ServingAsync(small, "model-000005")),
        ];
        foreach (var (name, big, little) in arms)
        {
            var (a, b) = await CompareAsync(big, little, 300);
            Console.WriteLine($"{name,-32} {a,8:0.0} us   small registry {b,8:0.0} us   ratio {a / b:0.00}");
        }
        return 0;
    }

    private static async Task<(double Large, double Small)> CompareAsync(Func<Task> large, Func<Task> small, int rounds)
    {
        for (var i = 0; i < 50; i++)
        {
            await large();
            await small();
        }
        var (a, b) = (new List<double>(), new List<double>());
        for (var i = 0; i < rounds; i++)
        {
            a.Add(await TimeAsync(large));
            b.Add(await TimeAsync(small));
        }
        return (Median(a), Median(b));
    }

    private static async Task<double> TimeAsync(Func<Task> call)
    {
        var start = Stopwatch.GetTimestamp();
        await call();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static async Task<string?> CursorAtAsync(SeededRegistry registry, int position)
    {
        string? cursor = null;
        for (var seen = 0; seen < position; seen += 100)
            cursor = (await registry.Services.Catalog.ListModelsAsync(SeededRegistry.Reader, new ModelQuery(Limit: 100, Cursor: cursor))).Value.NextCursor ?? cursor;
        return cursor;
    }

    private static async Task ModelsAsync(SeededRegistry r, string? cursor, string? stage = null) => _ = (await r.Services.Catalog.ListModelsAsync(SeededRegistry.Reader, new ModelQuery(Stage: stage, Limit: 10, Cursor: cursor))).Value;

    private static async Task VersionsAsync(SeededRegistry r, string model) => _ = (await r.Services.Catalog.ListVersionsAsync(SeededRegistry.Reader, new VersionQuery(model, Limit: 10))).Value;

    private static async Task GetAsync(SeededRegistry r, string model) => _ = (await r.Services.Catalog.GetAsync(SeededRegistry.Reader, model, null)).Value;

    private static async Task ServingAsync(SeededRegistry r, string model) => _ = (await r.Services.Catalog.ServingAsync(SeededRegistry.Reader, model, null, null)).Value;
}
