using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using ModelRegistry.Tests;

namespace ModelRegistry.Bench;

/// <summary>
/// CPU time of the server for each byte that comes in (<c>PUT /blobs/{sha256}</c>, into the folder), against a bare Kestrel that
/// receives, hashes and writes the same bytes, and one that flushes them, too, as the registry does. Arms take turns, and every round
/// sends a content that was never sent before.
/// </summary>
internal static class UploadBenchmark
{
    private sealed record Arm(string Name, Uri Server, int ProcessId, string Folder, string? Token)
    {
        public List<double> CpuSeconds { get; } = [];
        public List<double> Seconds { get; } = [];
    }

    public static async Task<int> RunAsync(string server, long size, int rounds)
    {
        await using var registry = await ServedRegistry.StartAsync(server);
        var folder = Directory.CreateTempSubdirectory("registry-bench-").FullName;
        var sinks = new List<Process>();
        try
        {
            List<Arm> arms = [new("registry", registry.Address, registry.ProcessId, Path.Combine(registry.DataFolder, "artifacts", "blobs"), registry.Tokens[^1])];
            // Which size of buffer is cheapest is the machine's: the best of them is what the registry is held against.
            foreach (var (kib, flush) in ((int, string[])[])[(64, []), (256, []), (64, ["--flush"])])
            {
                var into = Directory.CreateDirectory(Path.Combine(folder, $"{sinks.Count}")).FullName;
                var sink = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(UploadBenchmark).Assembly.Location, "bare-sink", into, $"{kib}", .. flush]) { RedirectStandardOutput = true })!;
                sinks.Add(sink);
                arms.Add(new($"sink, {kib} KiB{(flush.Length > 0 ? ", flushed" : "")}", new Uri((await sink.StandardOutput.ReadLineAsync())!), sink.Id, into, null));
            }
            using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
            // The first rounds compile and are shorter; they are not counted.
            for (var round = -3; round < rounds; round++)
            {
                var content = new EndlessContent(round < 0 ? size / 4 : size, round);
                // In another order every time, so that none always comes behind the same.
                for (var turn = 0; turn < arms.Count; turn++)
                    await MeasureAsync(http, arms[(turn + Math.Abs(round)) % arms.Count], content, counts: round >= 0);
            }
            Tell(arms, size, rounds);
        }
        finally
        {
            foreach (var sink in sinks)
            {
                sink.Kill();
                sink.Dispose();
            }
            Directory.Delete(folder, recursive: true);
        }
        return 0;
    }

    private static async Task MeasureAsync(HttpClient http, Arm arm, EndlessContent content, bool counts)
    {
        // What is written behind the back of the one must not be paid for by the next.
        Flush();
        var before = ProcessReading.CpuSecondsOf(arm.ProcessId);
        var watch = Stopwatch.StartNew();
        using (var request = new HttpRequestMessage(HttpMethod.Put, new Uri(arm.Server, $"/blobs/{content.Sha256}")) { Content = content.From(0) })
        {
            request.Headers.Authorization = arm.Token is null ? null : new AuthenticationHeaderValue("Bearer", arm.Token);
            using var answer = await http.SendAsync(request);
            if (answer.StatusCode != HttpStatusCode.Created)
                throw new InvalidOperationException($"{arm.Name}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
        if (counts)
        {
            arm.Seconds.Add(watch.Elapsed.TotalSeconds);
            arm.CpuSeconds.Add(ProcessReading.CpuSecondsOf(arm.ProcessId) - before);
        }
        foreach (var file in Directory.EnumerateFiles(arm.Folder, "*", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length == content.Size))
            File.Delete(file);
    }

    private static void Flush()
    {
        using var sync = Process.Start("sync");
        sync.WaitForExit();
    }

    private static void Tell(List<Arm> arms, long size, int rounds)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds of {size / 1048576.0:0} MiB each, arms interleaved; CPU time of the server alone"));
        Console.WriteLine("arm                      CPU ms/GiB (median)   seconds (median)   MiB/s   registry's CPU of it, round by round: min / median / max");
        foreach (var arm in arms)
        {
            var ratios = arms[0].CpuSeconds.Zip(arm.CpuSeconds, (registry, sink) => registry / sink).Order().ToList();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{arm.Name,-24} {Median(arm.CpuSeconds) / size * (1 << 30) * 1000,19:0} {Median(arm.Seconds),18:0.00} {size / 1048576.0 / Median(arm.Seconds),7:0}   {ratios[0]:0.00} / {ratios[ratios.Count / 2]:0.00} / {ratios[^1]:0.00}"));
        }
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
