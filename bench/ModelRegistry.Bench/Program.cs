using System.Globalization;
using ModelRegistry.Bench;
using ModelRegistry.Measured;

// Not for people: what others are measured against, as processes of their own.
switch (args)
{
    case ["hello"]:
        Console.WriteLine("hello");
        return 0;
    case ["bare-sink", var folder, var kibibytes, .. var flush]:
        return await BareSink.RunAsync(folder, int.Parse(kibibytes, CultureInfo.InvariantCulture) * 1024, flushes: flush is ["--flush"]);
    case ["bare-kestrel", var port, var answer]:
        return await BareKestrel.RunAsync(int.Parse(port, CultureInfo.InvariantCulture), answer);
}

// Benchmarks report ratios within one run; they assert nothing about time. Each ends with 1 only where what it saw was wrong. Usage:
// dotnet run -c Release --project bench/ModelRegistry.Bench -- BENCHMARK [--server DLL] … [--record]
var benchmarks = new Dictionary<string, (string Options, string Says, Func<RunOptions, Task<int>> Run)>
{
    ["http"] = (HttpBenchmark.Options, HttpBenchmark.Says, HttpBenchmark.RunAsync),
    ["large"] = (LargeBenchmark.Options, LargeBenchmark.Says, LargeBenchmark.RunAsync),
    ["reads"] = (ReadsBenchmark.Options, ReadsBenchmark.Says, ReadsBenchmark.RunAsync),
    ["sessions"] = (SessionsBenchmark.Options, SessionsBenchmark.Says, SessionsBenchmark.RunAsync),
    ["soak"] = (SoakBenchmark.Options, SoakBenchmark.Says, SoakBenchmark.RunAsync),
    ["start"] = (StartBenchmark.Options, StartBenchmark.Says, StartBenchmark.RunAsync),
    ["upload"] = (UploadBenchmark.Options, UploadBenchmark.Says, UploadBenchmark.RunAsync),
    ["writes"] = (WriteBenchmark.Options, WriteBenchmark.Says, WriteBenchmark.RunAsync),
};
if (args is [var named, .. var said] && benchmarks.TryGetValue(named, out var benchmark) && !said.Contains("--help"))
    return await RunOptions.ReadAsync("ModelRegistry.Bench", named, said, benchmark.Run);
Console.Error.WriteLine("usage: bench BENCHMARK [--seed N] [--record] …; DLL: a published modelregistry.dll, which no build disturbs");
foreach (var (name, (options, says, _)) in benchmarks)
    Console.Error.WriteLine($"\n  {name} {options}\n      {says}");
return args.Contains("--help") ? 0 : 2;
