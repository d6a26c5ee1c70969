using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using ModelRegistry.Measured;
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
        public Samples CpuSeconds { get; } = new();
        public Samples Seconds { get; } = new();
    }

    public const string Options = "--server DLL [--size 1GiB] [--rounds 7]";

    public const string Says = "the server's CPU for each byte that comes in, against a bare Kestrel that receives, hashes and writes the same";

    public static async Task<int> RunAsync(RunOptions options)
    {
        var (server, size, rounds) = (ServedRegistry.ServerOf(options), ByteCount.Of(options, "1GiB"), options.Whole("rounds", 7));
        options.NoMore();
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
            return Tell(arms, size, rounds, options);
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

    private static int Tell(List<Arm> arms, long size, int rounds, RunOptions options)
    {
        var report = new Report("what comes in", options);
        report.Say($"{rounds} rounds of {size >> 20} MiB each, into a folder; arms take turns, and each round sends what was never sent before. CPU time is the server's alone; medians, and where half of the rounds lay.");
        report.Table(["", "CPU ms/GiB", "MiB/s", "the registry's CPU of it"], arms.Select(arm => (IReadOnlyList<string>)
        [
            arm.Name, Report.Number(arm.CpuSeconds.Median / size * (1 << 30) * 1000), Report.Number(size / 1048576.0 / arm.Seconds.Median), arms[0].CpuSeconds.Over(arm.CpuSeconds).Told("0.00"),
        ]));
        return report.Finish();
    }
}
