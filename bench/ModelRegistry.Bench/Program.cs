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
    case ["sessions", "--server", var server, .. var count]:
        return await SessionsBenchmark.RunAsync(server, count.Length > 0 ? int.Parse(count[0]) : 2_000, listening: 200);
    case ["upload", "--server", var server, .. var bounds]:
        return await UploadBenchmark.RunAsync(server, ByteCount.Of(bounds, "--size", "1GiB"), bounds is [.., "--rounds", var rounds] ? int.Parse(rounds, CultureInfo.InvariantCulture) : 7);
    case ["large", "--server", var server, .. var bounds]:
        return await LargeBenchmark.RunAsync(server, ByteCount.Of(bounds, "--size", "5GiB"), bounds is [.., "--store", "s3"] ? "s3" : "file");
    case ["bare-sink", var folder, var kibibytes, .. var flush]:
        return await BareSink.RunAsync(folder, int.Parse(kibibytes, CultureInfo.InvariantCulture) * 1024, flushes: flush is ["--flush"]);
    case ["http", "--server", var server]:
        return await HttpBenchmark.RunAsync(server);
    case ["bare-kestrel", var port, var answer]:
        return await BareKestrel.RunAsync(int.Parse(port), answer);
    default:
        await Console.Error.WriteLineAsync("usage: bench lists [MODELS] [VERSIONS] | writes | http --server DLL | sessions --server DLL [COUNT] | upload --server DLL [--size 1GiB] [--rounds 7] | large --server DLL [--size 5GiB] [--store file|s3] | soak --server DLL --minutes N [--rate PER-SECOND]; DLL: a published modelregistry.dll");
        return 2;
}
