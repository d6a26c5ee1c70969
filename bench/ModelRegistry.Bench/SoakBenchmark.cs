using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ModelRegistry.Fuzz;
using ModelRegistry.Measured;

namespace ModelRegistry.Bench;

/// <summary>
/// Mixed load of both eras on one server for a long time: reads, proposals and withdrawals, streams, sessions that end and
/// sessions that are abandoned, malformed messages, strangers. What it holds is read every ten seconds; a server that
/// leaks holds more in the last quarter than in the first.
/// </summary>
internal sealed class SoakBenchmark
{
    public const string Options = "--server DLL [--minutes 30] [--rate 60]";

    public const string Says = "mixed load of both eras on one server, --rate requests a second: whether memory, threads, descriptors and the write-ahead log stay what they are";

    private const int Workers = 8, SessionIdleMinutes = 2;
    private static readonly TimeSpan Reading = TimeSpan.FromSeconds(10);

    private readonly RunOptions _options;
    private readonly ServedRegistry _registry;
    private readonly HttpClient _http;
    private readonly MalformedMessages _malformed;
    private readonly TimeSpan _pace;
    private readonly ConcurrentDictionary<string, int> _outcomes = new();
    private readonly ConcurrentDictionary<Task, bool> _streams = new();
    private int _turn;

    private SoakBenchmark(RunOptions options, ServedRegistry registry, HttpClient http, MalformedMessages malformed, double perSecond) =>
        (_options, _registry, _http, _malformed, _pace) = (options, registry, http, malformed, TimeSpan.FromSeconds(Workers / perSecond));

    public static async Task<int> RunAsync(RunOptions options)
    {
        var (server, minutes, perSecond) = (ServedRegistry.ServerOf(options), options.Number("minutes", 30), options.Number("rate", 60));
        options.NoMore();
        await using var registry = await ServedRegistry.StartAsync(server, "--session-idle", $"{SessionIdleMinutes}");
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1_000, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20) }) { Timeout = TimeSpan.FromSeconds(60) };
        var reader = new WireClient(http, registry.Address, registry.Tokens[0]);
        var tools = (await reader.AskAsync("tools/list"))["tools"]!.AsArray();
        var promotion = await reader.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "the soak's own" });
        var known = new Known(tools, ["churn", "fraud", "digits"], ["1", "v2", "latest", "@champion"], [(string)promotion!["promotion_id"]!], ["WyJhIl0"], ["nowhere"]);
        var soak = new SoakBenchmark(options, registry, http, new MalformedMessages(options.Seed, known), perSecond);
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
        var ended = ProcessReading.Of(_registry.ProcessId, _registry.DataFolder);
        // Sessions that nobody uses are swept within their idle time and half a minute.
        await Task.Delay(TimeSpan.FromMinutes(SessionIdleMinutes + 1));
        var after = ProcessReading.Of(_registry.ProcessId, _registry.DataFolder);
        return Tell(time, readings, ended, after);
    }

    private int Tell(TimeSpan time, List<(double Requests, ProcessReading At)> readings, ProcessReading ended, ProcessReading after)
    {
        var (report, failed) = (new Report("a long mixed load", _options), _outcomes.Where(o => o.Key.StartsWith("failed", StringComparison.Ordinal)).Sum(o => o.Value));
        report.Say(string.Create(CultureInfo.InvariantCulture, $"""
            {time.TotalMinutes:0.#} minutes of reads, proposals and withdrawals, streams, sessions closed and abandoned, malformed messages and strangers in both eras: {_turn:N0} requests,
            {failed:N0} of them failed. Medians of the first quarter, after the first minute, and of the last.
            """));
        report.Table(["", "first quarter", "last quarter", "ratio"], Compare(readings));
        report.Say(string.Create(CultureInfo.InvariantCulture, $"At the end {ended.RssMiB:0.0} MiB, {ended.Handles} descriptors and {ended.Threads} threads; {SessionIdleMinutes + 1} minutes later, once idle sessions were swept, {after.RssMiB:0.0} MiB, {after.Handles} and {after.Threads}."));
        report.Table(["outcome", "times"], _outcomes.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => (IReadOnlyList<string>)[o.Key.Replace('|', '/'), string.Create(CultureInfo.InvariantCulture, $"{o.Value:N0}")]));
        return report.Finish(failed == 0 && !_registry.HasEnded ? 0 : 1);
    }

    private static IEnumerable<IReadOnlyList<string>> Compare(List<(double Requests, ProcessReading At)> readings)
    {
        // The first minute is start-up: code is compiled, pools fill.
        var warm = readings.Skip(readings.Count > 24 ? 6 : 0).Select(r => r.At).ToList();
        var quarter = Math.Max(1, warm.Count / 4);
        var (first, last) = (warm.Take(quarter).ToList(), warm.TakeLast(quarter).ToList());
        foreach (var (name, value) in ((string, Func<ProcessReading, double>)[])[("RSS MiB", r => r.RssMiB), ("threads", r => r.Threads), ("descriptors", r => r.Handles), ("write-ahead log MiB", r => r.WalMiB)])
        {
            var (a, b) = (Median(first, value), Median(last, value));
            yield return [name, Report.Number(a, "0.0"), Report.Number(b, "0.0"), Report.Number(b / a, "0.00")];
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
