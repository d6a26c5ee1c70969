using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ModelRegistry.Fuzz;

namespace ModelRegistry.Bench;

/// <summary>
/// Mixed load of both eras on one server for a long time: reads, proposals and withdrawals, streams, sessions that end and
/// sessions that are abandoned, malformed messages, strangers. What it holds is read every ten seconds; a server that
/// leaks holds more in the last quarter than in the first.
/// </summary>
internal sealed class SoakBenchmark
{
    private const int Workers = 8, SessionIdleMinutes = 2;
    private static readonly TimeSpan Reading = TimeSpan.FromSeconds(10);

    private readonly ServedRegistry _registry;
    private readonly HttpClient _http;
    private readonly MalformedMessages _malformed;
    private readonly TimeSpan _pace;
    private readonly ConcurrentDictionary<string, int> _outcomes = new();
    private readonly ConcurrentDictionary<Task, bool> _streams = new();
    private int _turn;

    private SoakBenchmark(ServedRegistry registry, HttpClient http, MalformedMessages malformed, double perSecond) =>
        (_registry, _http, _malformed, _pace) = (registry, http, malformed, TimeSpan.FromSeconds(Workers / perSecond));

    public static async Task<int> RunAsync(string server, double minutes, double perSecond)
    {
        await using var registry = await ServedRegistry.StartAsync(server, "--session-idle", $"{SessionIdleMinutes}");
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1_000, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20) }) { Timeout = TimeSpan.FromSeconds(60) };
        var reader = new WireClient(http, registry.Address, registry.Tokens[0]);
        var tools = (await reader.AskAsync("tools/list"))["tools"]!.AsArray();
        var promotion = await reader.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "the soak's own" });
        var known = new Known(tools, ["churn", "fraud", "digits"], ["1", "v2", "latest", "@champion"], [(string)promotion!["promotion_id"]!], ["WyJhIl0"], ["nowhere"]);
        var soak = new SoakBenchmark(registry, http, new MalformedMessages(1, known), perSecond);
        return await soak.RunAsync(TimeSpan.FromMinutes(minutes));
    }

    private async Task<int> RunAsync(TimeSpan time)
    {
        using var over = new CancellationTokenSource(time);
        var watch = Stopwatch.StartNew();
        var load = Task.WhenAll(Enumerable.Range(0, Workers).Select(w => WorkAsync(w, over.Token)));
        var readings = new List<(double Requests, ProcessReading At)>();
        Console.WriteLine("   time   requests    RSS MiB   threads   handles   WAL MiB   CPU ms/s");
        var cpu = 0.0;
        while (!over.IsCancellationRequested && !_registry.HasEnded)
        {
            await Task.Delay(Reading, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var now = ProcessReading.Of(_registry.ProcessId, _registry.DataFolder);
            readings.Add((_turn, now));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed,8:hh\\:mm\\:ss} {_turn,9} {now.RssMiB,10:0.0} {now.Threads,9} {now.Handles,9} {now.WalMiB,9:0.00} {(now.CpuSeconds - cpu) / Reading.TotalSeconds * 1000,10:0}"));
            cpu = now.CpuSeconds;
        }
        await load;
        await Task.WhenAll(_streams.Keys);
        foreach (var (outcome, times) in _outcomes.OrderBy(o => o.Key, StringComparer.Ordinal))
            Console.WriteLine($"{times,9}  {outcome}");
        Compare(readings);
        var ended = ProcessReading.Of(_registry.ProcessId, _registry.DataFolder);
        // Sessions that nobody uses are swept within their idle time and half a minute.
        await Task.Delay(TimeSpan.FromMinutes(SessionIdleMinutes + 1));
        var after = ProcessReading.Of(_registry.ProcessId, _registry.DataFolder);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"RSS at the end {ended.RssMiB:0.0} MiB, {SessionIdleMinutes + 1} minutes after {after.RssMiB:0.0} MiB; handles {ended.Handles} and {after.Handles}, threads {ended.Threads} and {after.Threads}"));
        return 0;
    }

    private static void Compare(List<(double Requests, ProcessReading At)> readings)
    {
        // The first minute is start-up: code is compiled, pools fill.
        var warm = readings.Skip(readings.Count > 24 ? 6 : 0).Select(r => r.At).ToList();
        var quarter = Math.Max(1, warm.Count / 4);
        var (first, last) = (warm.Take(quarter).ToList(), warm.TakeLast(quarter).ToList());
        Console.WriteLine("medians            first quarter   last quarter    ratio");
        foreach (var (name, value) in ((string, Func<ProcessReading, double>)[])[("RSS MiB", r => r.RssMiB), ("threads", r => r.Threads), ("handles", r => r.Handles), ("WAL MiB", r => r.WalMiB)])
        {
            var (a, b) = (Median(first, value), Median(last, value));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-18} {a,13:0.00} {b,14:0.00} {b / a,8:0.000}"));
        }
    }

    private static double Median(List<ProcessReading> readings, Func<ProcessReading, double> value)
    {
        var sorted = readings.Select(value).Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private async Task WorkAsync(int worker, CancellationToken over)
    {
        var random = new Random(worker);
        var alone = new WireClient(_http, _registry.Address, _registry.Tokens[worker % _registry.Tokens.Count]);
        var session = new WireClient(_http, _registry.Address, _registry.Tokens[worker % _registry.Tokens.Count]);
        var next = Stopwatch.GetTimestamp();
        while (!over.IsCancellationRequested && !_registry.HasEnded)
        {
            next += (long)(_pace.TotalSeconds * Stopwatch.Frequency);
            if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next) is { Ticks: > 0 } rest)
                await Task.Delay(rest, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var turn = Interlocked.Increment(ref _turn);
            try
            {
                Count(await TurnAsync(random, turn, alone, session, over));
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
            }
            catch (Exception e) when (e is HttpRequestException or InvalidOperationException or TaskCanceledException or System.Text.Json.JsonException)
            {
                Count($"failed: {e.GetType().Name} {e.Message[..Math.Min(e.Message.Length, 160)]}");
            }
        }
    }

    private async Task<string> TurnAsync(Random random, int turn, WireClient alone, WireClient session, CancellationToken over)
    {
        var dice = random.Next(100);
        if (dice >= 36 && session.Session is null)
        {
            await session.OpenAsync(over);
            return "session opened";
        }
        switch (dice)
        {
            case < 36:
                return $"alone {await ReadAsync(alone, random, over)}";
            case < 72:
                return $"in session {await ReadAsync(session, random, over)}";
            case < 77:
                await ProposeAsync(dice < 75 ? alone : session, turn, over);
                return "proposed and withdrawn";
            case < 80:
                // Streams stay open beside the load.
                Keep((dice == 77 ? alone : session).ListenAsync(TimeSpan.FromSeconds(random.Next(1, 40)), over));
                return "stream opened";
            case < 82:
                await session.CloseAsync(over);
                return "session closed";
            case 82:
                session.Abandon();
                return "session abandoned";
            case < 85:
                return $"stranger {await new WireClient(_http, _registry.Address, "mrt_" + new string('A', 43)).PostAsync(_malformed[turn], over)}";
            default:
                return $"malformed {await (dice < 93 ? alone : session).PostAsync(_malformed[turn], over)}";
        }
    }

    private static async Task<string> ReadAsync(WireClient client, Random random, CancellationToken cancel)
    {
        var model = ((string[])["churn", "fraud", "digits"])[random.Next(3)];
        var (tool, arguments) = random.Next(8) switch
        {
            0 => ("list_models", new JsonObject()),
            1 => ("list_versions", new JsonObject { ["model_name"] = model, ["limit"] = 2 }),
            2 => ("get_model_info", new JsonObject { ["model_name"] = model, ["detail"] = "full" }),
            3 => ("compare_versions", new JsonObject { ["model_name"] = model, ["versions"] = new JsonArray("v1", "v2", "v3") }),
            4 => ("get_history", new JsonObject { ["model_name"] = model }),
            5 => ("list_promotions", new JsonObject { ["limit"] = 5 }),
            _ => ("get_serving_version", new JsonObject { ["model_name"] = model }),
        };
        if (random.Next(20) == 0)
            return (await client.AskAsync("tools/list", null, cancel)).Count > 0 ? "tools/list" : "";
        return await client.CallAsync(tool, arguments, cancel) is null ? $"{tool} refused" : tool;
    }

    private static async Task ProposeAsync(WireClient client, int turn, CancellationToken cancel)
    {
        var asked = await client.CallAsync("promote_model", new JsonObject { ["model_name"] = turn % 2 == 0 ? "fraud" : "digits", ["version"] = "v2", ["stage"] = "production", ["reason"] = $"turn {turn}" }, cancel);
        if ((string?)asked?["promotion_id"] is { } id)
            await client.CallAsync("withdraw_promotion", new JsonObject { ["promotion_id"] = id, ["reason"] = "only a soak" }, cancel);
    }

    private void Keep(Task<int> stream)
    {
        var kept = stream.ContinueWith(s => Count(s.IsCompletedSuccessfully ? $"stream {s.Result}" : "stream failed"), TaskScheduler.Default);
        _streams[kept] = true;
        kept.ContinueWith(k => _streams.TryRemove(k, out _), TaskScheduler.Default);
    }

    private void Count(string outcome) => _outcomes.AddOrUpdate(outcome, 1, (_, times) => times + 1);
}
