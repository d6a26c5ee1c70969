using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Fuzz;
using ModelRegistry.Measured;

namespace ModelRegistry.Bench;

/// <summary>
/// <c>get_serving_version</c> over HTTP with a bearer token, in both eras, and the hot reads of REST and of MLflow's clients, against a
/// bare Kestrel that answers the bytes of the first: latency of one caller, throughput of sixteen, and the server's own CPU time per
/// request; the first once more at a server that pushes metrics and traces and is scraped. Arms take turns.
/// </summary>
internal static class HttpBenchmark
{
    public const string Options = "--server DLL [--rounds 9]";

    public const string Says = "get_serving_version over HTTP in both eras, REST and MLflow look-ups, against a bare Kestrel with the same answer; and what observing it costs";

    private const int Many = 16, Single = 400, Together = 4_000;

    private sealed record Arm(string Name, Uri Server, int ProcessId, byte[] Request)
    {
        public Samples Latencies { get; } = new();
        public Samples Rates { get; } = new();
        public Samples CpuMicros { get; } = new();
    }

    public static async Task<int> RunAsync(RunOptions options)
    {
        var (server, rounds) = (ServedRegistry.ServerOf(options), options.Whole("rounds", 9));
        options.NoMore();
        await using var sink = await TelemetrySink.StartAsync();
        await using var registry = await ServedRegistry.StartAsync(server, null, []);
        await using var observed = await ServedRegistry.StartAsync(server, null, [("OTEL_EXPORTER_OTLP_ENDPOINT", sink.Address.AbsoluteUri), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_METRIC_EXPORT_INTERVAL", "5000")]);
        using var scraping = new CancellationTokenSource();
        var scraper = ScrapeAsync(observed, scraping.Token);
        var (alone, session) = await RequestsAsync(registry);
        var (watched, _) = await RequestsAsync(observed);
        var answerFile = Path.GetTempFileName();
        using (var connection = new RawConnection(registry.Address))
            await File.WriteAllBytesAsync(answerFile, (await connection.ExchangeAsync(alone)).Body.ToArray());
        using var bare = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(HttpBenchmark).Assembly.Location, "bare-kestrel", "0", answerFile]) { RedirectStandardOutput = true })!;
        try
        {
            var address = new Uri((await bare.StandardOutput.ReadLineAsync())!);
            List<Arm> arms =
            [
                new("bare Kestrel JSON", address, bare.Id, alone),
                new("MCP 2026-07-28, no session", registry.Address, registry.ProcessId, alone),
                new("MCP 2025-11-25, in a session", registry.Address, registry.ProcessId, session),
                new("MCP 2026-07-28, observed", observed.Address, observed.ProcessId, watched),
                new("REST serving", registry.Address, registry.ProcessId, RawConnection.Get(registry.Address, "/models/churn/serving", registry.Tokens[0])),
                new("MLflow model", registry.Address, registry.ProcessId, RawConnection.Get(registry.Address, "/api/2.0/mlflow/registered-models/get?name=churn", registry.Tokens[0])),
                new("MLflow version", registry.Address, registry.ProcessId, RawConnection.Get(registry.Address, "/api/2.0/mlflow/model-versions/get?name=churn&version=1", registry.Tokens[0])),
                new("MLflow alias", registry.Address, registry.ProcessId, RawConnection.Get(registry.Address, "/api/2.0/mlflow/registered-models/alias?name=churn&alias=champion", registry.Tokens[0])),
            ];
            // The first rounds compile; they are not counted.
            for (var round = -4; round < rounds; round++)
                foreach (var arm in arms)
                    await MeasureAsync(arm, counts: round >= 0);
            return Tell(arms, rounds, sink, options);
        }
        finally
        {
            await scraping.CancelAsync();
            await scraper.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            bare.Kill();
            File.Delete(answerFile);
        }
    }

    /// <summary>As Prometheus does, only more often.</summary>
    private static async Task ScrapeAsync(ServedRegistry observed, CancellationToken over)
    {
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", observed.Tokens[0]) } };
        while (true)
        {
            using (var page = await http.GetAsync(new Uri(observed.Address, "/metrics"), over))
                page.EnsureSuccessStatusCode();
            await Task.Delay(TimeSpan.FromSeconds(5), over);
        }
    }

    private static int Tell(List<Arm> arms, int rounds, TelemetrySink sink, RunOptions options)
    {
        var report = new Report("hot reads over HTTP", options);
        report.Say($"""
            Median of {rounds} rounds, and where half of them lay; arms take turns. Latency is one caller's; throughput and CPU time, the server's alone,
            are of {Many} callers at once, who share the machine with it. "Observed" pushes metrics and traces every 5 s ({sink.Taken} pushes came) and is scraped as often.
            """);
        report.Table(["", "latency µs", "requests/s", "CPU µs/request", "throughput of bare", "CPU of bare"], arms.Select(arm => (IReadOnlyList<string>)
        [
            arm.Name, arm.Latencies.Told("0"), arm.Rates.Told("0"), arm.CpuMicros.Told("0"), Report.Number(arm.Rates.Over(arms[0].Rates).Median, "P0"), Report.Number(arm.CpuMicros.Over(arms[0].CpuMicros).Median, "0.00"),
        ]));
        report.Say($"Observed costs {Report.Number(arms[3].CpuMicros.Over(arms[1].CpuMicros).Median, "0.00")}× the CPU time of the same call unobserved.");
        return report.Finish();
    }

    private static async Task MeasureAsync(Arm arm, bool counts)
    {
        var latencies = new Samples();
        using (var connection = new RawConnection(arm.Server))
            for (var i = 0; i < Single; i++)
            {
                var start = Stopwatch.GetTimestamp();
                await connection.ExchangeAsync(arm.Request);
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        var (cpu, watch) = (ProcessReading.CpuSecondsOf(arm.ProcessId), Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => Task.Run(async () =>
        {
            using var connection = new RawConnection(arm.Server);
            for (var i = 0; i < Together / Many; i++)
                if (await connection.ExchangeAsync(arm.Request) is var (head, _) && !head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
                    throw new InvalidOperationException(head);
        })));
        if (!counts)
            return;
        arm.Rates.Add(Together / watch.Elapsed.TotalSeconds);
        arm.CpuMicros.Add((ProcessReading.CpuSecondsOf(arm.ProcessId) - cpu) / Together * 1e6);
        arm.Latencies.Add(latencies.Median);
    }

    /// <summary>The same question in both eras.</summary>
    private static async Task<(byte[] Alone, byte[] InSession)> RequestsAsync(ServedRegistry registry)
    {
        using var http = new HttpClient();
        var client = new WireClient(http, registry.Address, registry.Tokens[0]);
        await client.OpenAsync();
        var call = new JsonObject { ["name"] = "get_serving_version", ["arguments"] = new JsonObject { ["model_name"] = "churn" } };
        var authorization = ("Authorization", $"Bearer {registry.Tokens[0]}");
        var session = RawConnection.Request(registry.Address, Body((JsonObject)call.DeepClone()), authorization, ("Mcp-Session-Id", client.Session!), ("MCP-Protocol-Version", "2025-11-25"));
        call["_meta"] = ValidMessages.Meta();
        return (RawConnection.Request(registry.Address, Body(call), authorization, ("MCP-Protocol-Version", ValidMessages.Stateless), ("Mcp-Method", "tools/call"), ("Mcp-Name", "get_serving_version")), session);
    }

    private static byte[] Body(JsonObject call) => Encoding.UTF8.GetBytes(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = "tools/call", ["params"] = call }.ToJsonString());
}
