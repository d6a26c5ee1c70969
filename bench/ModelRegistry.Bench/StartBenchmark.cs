using System.Diagnostics;
using System.Text.Json.Nodes;
using ModelRegistry.Measured;

namespace ModelRegistry.Bench;

/// <summary>
/// How soon a client has its first answer over stdio, against a bare .NET program that says a line; and the memory of both kinds of
/// server at rest. Arms take turns.
/// </summary>
internal static class StartBenchmark
{
    public const string Options = "--server DLL [--rounds 15]";

    public const string Says = "time to the first answer over stdio against a bare .NET program, and memory at rest";

    private static readonly string Initialize = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = "initialize", ["params"] = WireClient.Beginning() }.ToJsonString();

    public static async Task<int> RunAsync(RunOptions options)
    {
        var (server, rounds) = (ServedRegistry.ServerOf(options), options.Whole("rounds", 15));
        options.NoMore();
        await using var registry = await ServedRegistry.StartAsync(server);
        using var http = new HttpClient();
        var (hello, stdio, helloCpu, stdioCpu, stdioMemory, httpMemory) = (new Samples(), new Samples(), new Samples(), new Samples(), new Samples(), new Samples());
        for (var round = -2; round < rounds; round++)
        {
            var bare = await FirstLineAsync(["exec", typeof(StartBenchmark).Assembly.Location, "hello"], null, rest: false);
            var ours = await FirstLineAsync([server, "stdio", "--data", registry.DataFolder], Initialize, rest: true);
            if (round < 0)
                continue;
            hello.Add(bare.Millis);
            helloCpu.Add(bare.CpuMillis);
            stdio.Add(ours.Millis);
            stdioCpu.Add(ours.CpuMillis);
            stdioMemory.Add(ours.RssMiB);
        }
        var client = new WireClient(http, registry.Address, registry.Tokens[0]);
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < 100; i++)
                await client.CallAsync("get_serving_version", new() { ["model_name"] = "churn" });
            await Task.Delay(TimeSpan.FromSeconds(1));
            httpMemory.Add(ProcessReading.Of(registry.ProcessId, registry.DataFolder).RssMiB);
        }
        var report = new Report("start and memory", options);
        report.Say($"Medians of {rounds} rounds, and where half of them lay; arms take turns. The bare program writes a line and ends. The first answer over stdio is that to `initialize`, of a program that was started for it.");
        report.Table(["", "first line ms", "of the bare program", "CPU ms until then", "RSS at rest MiB"],
        [
            ["a bare .NET program", hello.Told("0"), "", helloCpu.Told("0"), ""],
            ["stdio", stdio.Told("0"), stdio.Over(hello).Told("0.00"), stdioCpu.Told("0"), stdioMemory.Told("0.0")],
            ["serve, after 100 calls", "", "", "", httpMemory.Told("0.0")],
        ]);
        return report.Finish();
    }

    /// <summary>Starts a program, asks it something, and waits for the first line it writes.</summary>
    /// <param name="rest">Whether its memory is read two seconds after that.</param>
    private static async Task<(double Millis, double CpuMillis, double RssMiB)> FirstLineAsync(string[] program, string? ask, bool rest)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo("dotnet", program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var told = process.StandardError.ReadToEndAsync();
        if (ask is not null)
            await process.StandardInput.WriteLineAsync(ask);
        await process.StandardInput.FlushAsync();
        var line = await process.StandardOutput.ReadLineAsync();
        var millis = watch.Elapsed.TotalMilliseconds;
        var rss = 0.0;
        if (rest)
        {
            // Before the end, for what has ended has no CPU time to be read; a bare program's is read by the system when it is over.
            var cpu = process.TotalProcessorTime.TotalMilliseconds;
            await Task.Delay(TimeSpan.FromSeconds(2));
            rss = ProcessReading.Of(process.Id, Path.GetTempPath()).RssMiB;
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            return line is null ? throw new InvalidOperationException($"No answer: {await told}") : (millis, cpu, rss);
        }
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return line is null ? throw new InvalidOperationException($"No line: {await told}") : (millis, process.TotalProcessorTime.TotalMilliseconds, rss);
    }
}
