using System.Diagnostics;
using System.Globalization;
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
            var bare = await BareAsync();
            var ours = await StdioAsync(server, registry.DataFolder);
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
        report.Budget("first answer over stdio, of a bare program's first line", stdio.Over(hello).Median, "0.00×", most: 3,
            why: "The program is compiled ahead, and yet some 1,500 methods are compiled at its start: generic ones of the framework made for a type of a library's, which no image holds. Half of them describe the MCP library's messages as JSON.");
        report.Budget("memory of stdio at rest", stdioMemory.Median, "0 MiB", most: 60,
            why: "Most of it is what is mapped of the program's and the framework's files, 46 assemblies; a bare program has 28 MiB. Memory of its own is less than 10.");
        report.Budget("memory of serve at rest", httpMemory.Median, "0 MiB", most: 150);
        return report.Finish();
    }

    /// <summary>A program that writes how much CPU time it took to come so far, and ends.</summary>
    private static async Task<(double Millis, double CpuMillis)> BareAsync()
    {
        var (process, millis, line) = await FirstLineAsync(["exec", typeof(StartBenchmark).Assembly.Location, "hello"], null);
        using (process)
            await process.WaitForExitAsync();
        return (millis, double.Parse(line, CultureInfo.InvariantCulture));
    }

    /// <summary>A server over stdio that is told to begin; its memory two seconds after its answer.</summary>
    private static async Task<(double Millis, double CpuMillis, double RssMiB)> StdioAsync(string server, string data)
    {
        var (process, millis, _) = await FirstLineAsync([server, "stdio", "--data", data], Initialize);
        using (process)
        {
            var cpu = process.TotalProcessorTime.TotalMilliseconds;
            await Task.Delay(TimeSpan.FromSeconds(2));
            var rss = ProcessReading.Of(process.Id, data).RssMiB;
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            return (millis, cpu, rss);
        }
    }

    private static async Task<(Process Process, double Millis, string Line)> FirstLineAsync(string[] program, string? ask)
    {
        var watch = Stopwatch.StartNew();
        var process = Process.Start(new ProcessStartInfo("dotnet", program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var told = process.StandardError.ReadToEndAsync();
        if (ask is not null)
        {
            await process.StandardInput.WriteLineAsync(ask);
            await process.StandardInput.FlushAsync();
        }
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"It said nothing: {await told}");
        return (process, watch.Elapsed.TotalMilliseconds, line);
    }
}
