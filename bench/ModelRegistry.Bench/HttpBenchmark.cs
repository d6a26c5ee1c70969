using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Fuzz;

namespace ModelRegistry.Bench;

/// <summary>
/// <c>get_serving_version</c> over HTTP with a bearer token, in both eras, and the hot reads of REST and of MLflow's clients, against a
/// bare Kestrel that answers the bytes of the first: latency of one caller, throughput of sixteen, and the server's own CPU time per
/// request. Arms take turns.
/// </summary>
internal static class HttpBenchmark
{
    private const int Rounds = 7, Many = 16, Single = 400, Together = 4_000;

    private sealed record Arm(string Name, Uri Server, int ProcessId, byte[] Request)
    {
        public List<double> Latencies { get; } = [];
        public List<double> Rates { get; } = [];
        public List<double> CpuMicros { get; } = [];
    }

    public static async Task<int> RunAsync(string server)
    {
        await using var registry = await ServedRegistry.StartAsync(server);
        var (alone, session) = await RequestsAsync(registry);
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
                new("2026-07-28, no session", registry.Address, registry.ProcessId, alone),
                new("2025-11-25, in a session", registry.Address, registry.ProcessId, session),
                new("REST serving", registry.Address, registry.ProcessId, RawConnection.Get(registry.Address, "/models/churn/serving", registry.Tokens[0])),
                new("MLflow model", registry.Address, registry.ProcessId, RawConnection.Get(registry.Address, "/api/2.0/mlflow/registered-models/get?name=churn", registry.Tokens[0])),
                new("MLflow version", registry.Address, registry.ProcessId, RawConnection.Get(registry.Address, "/api/2.0/mlflow/model-versions/get?name=churn&version=1", registry.Tokens[0])),
                new("MLflow alias", registry.Address, registry.ProcessId, RawConnection.Get(registry.Address, "/api/2.0/mlflow/registered-models/alias?name=churn&alias=champion", registry.Tokens[0])),
            ];
            // The first rounds compile; they are not counted.
            for (var round = -3; round < Rounds; round++)
                foreach (var arm in arms)
                    await MeasureAsync(arm, counts: round >= 0);
            Tell(arms);
        }
        finally
        {
            bare.Kill();
            File.Delete(answerFile);
        }
        return 0;
    }

    private static void Tell(List<Arm> arms)
    {
        Console.WriteLine($"answer of {arms[0].Request.Length} bytes of request; median of {Rounds} rounds, arms interleaved");
        Console.WriteLine("arm                         latency us (1)   requests/s (16)   server CPU us/request   throughput of bare   CPU of bare");
        var (rate, cpu) = (Median(arms[0].Rates), Median(arms[0].CpuMicros));
        foreach (var arm in arms)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{arm.Name,-26} {Median(arm.Latencies),15:0} {Median(arm.Rates),17:0} {Median(arm.CpuMicros),23:0} {Median(arm.Rates) / rate,20:P0} {Median(arm.CpuMicros) / cpu,13:0.00}"));
    }

    private static async Task MeasureAsync(Arm arm, bool counts)
    {
        var latencies = new List<double>();
        using (var connection = new RawConnection(arm.Server))
            for (var i = 0; i < Single; i++)
            {
                var start = Stopwatch.GetTimestamp();
                await connection.ExchangeAsync(arm.Request);
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        var (cpu, watch) = (Cpu(arm.ProcessId), Stopwatch.StartNew());
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
        arm.CpuMicros.Add((Cpu(arm.ProcessId) - cpu) / Together * 1e6);
        arm.Latencies.Add(Median(latencies));
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

    private static double Cpu(int process)
    {
        using var of = Process.GetProcessById(process);
        return of.TotalProcessorTime.TotalSeconds;
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
