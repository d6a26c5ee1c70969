using System.Globalization;
using ModelRegistry.Bench;

// Benchmarks report ratios within one run; they assert nothing. Usage: dotnet run -c Release --project bench/ModelRegistry.Bench -- lists [MODELS] [VERSIONS]
switch (args)
{
    case ["lists", .. var sizes]:
        return await ListBenchmark.RunAsync(sizes.Length > 0 ? int.Parse(sizes[0]) : 10_000, sizes.Length > 1 ? int.Parse(sizes[1]) : 100);
    case ["writes", ..]:
        return await WriteBenchmark.RunAsync();
    case ["soak", "--server", var server, "--minutes", var minutes, .. var rate]:
        return await SoakBenchmark.RunAsync(server, double.Parse(minutes, CultureInfo.InvariantCulture), rate is ["--rate", var perSecond] ? double.Parse(perSecond, CultureInfo.InvariantCulture) : 60);
    default:
        await Console.Error.WriteLineAsync("usage: bench lists [MODELS] [VERSIONS] | writes | soak --server PATH-OF-modelregistry.dll --minutes N [--rate PER-SECOND]");
        return 2;
}
