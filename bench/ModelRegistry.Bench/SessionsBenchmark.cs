using ModelRegistry.Measured;

namespace ModelRegistry.Bench;

/// <summary>What sessions cost that nobody uses: memory of one server before, with many idle sessions (a part of them listening), and after a rest.</summary>
internal static class SessionsBenchmark
{
    public const string Options = "--server DLL [--sessions 5000] [--streams 500]";

    public const string Says = "what legacy sessions cost that nobody uses, a part of them with an open stream";

    private const int AtOnce = 16;

    public static async Task<int> RunAsync(RunOptions options)
    {
        var (server, sessions, listening) = (ServedRegistry.ServerOf(options), options.Whole("sessions", 5_000), options.Whole("streams", 500));
        options.NoMore();
        await using var registry = await ServedRegistry.StartAsync(server);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = sessions + AtOnce }) { Timeout = TimeSpan.FromMinutes(5) };
        // What the first requests compile is no session's cost.
        for (var i = 0; i < 20; i++)
        {
            var first = new WireClient(http, registry.Address, registry.Tokens[0]);
            await first.OpenAsync();
            await first.AskAsync("tools/list");
            await first.CloseAsync();
        }
        var before = await AtRestAsync(registry);
        var clients = new WireClient[sessions];
        await Parallel.ForAsync(0, sessions, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, cancel) =>
        {
            clients[i] = new WireClient(http, registry.Address, registry.Tokens[i % registry.Tokens.Count]);
            await clients[i].OpenAsync(cancel);
        });
        using var over = new CancellationTokenSource();
        var streams = clients.Take(listening).Select(c => c.ListenAsync(TimeSpan.FromHours(1), over.Token)).ToList();
        var opened = ProcessReading.Of(registry.ProcessId, registry.DataFolder);
        var rested = await AtRestAsync(registry);
        var used = clients[^1];
        await used.AskAsync("tools/list");
        await over.CancelAsync();
        var statuses = await Task.WhenAll(streams.Select(async s => { try { return await s; } catch (OperationCanceledException) { return 0; } }));
        foreach (var part in clients.Chunk(AtOnce))
            await Task.WhenAll(part.Select(c => c.CloseAsync()));
        var closed = await AtRestAsync(registry);
        var report = new Report("many sessions", options);
        report.Say($"""
            One server, {sessions} sessions of MCP 2025-11-25, {listening} of them with an open stream ({statuses.Count(s => s == 200)} streams were answered with 200; a session that was opened last
            answered a call in between). {Report.Number((rested.RssMiB - before.RssMiB) * 1024 / sessions, "0.0")} KiB of memory a session.
            """);
        (string When, ProcessReading At)[] readings = [("before", before), ("all open", opened), ("all open, after a rest", rested), ("all closed, after a rest", closed)];
        report.Table(["", "RSS MiB", "of it files", "descriptors", "threads"],
            readings.Select(r => (IReadOnlyList<string>)[r.When, Report.Number(r.At.RssMiB, "0.0"), Report.Number(r.At.FilesMiB, "0.0"), $"{r.At.Handles}", $"{r.At.Threads}"]));
        return report.Finish(statuses.All(s => s == 200) ? 0 : 1);
    }

    /// <summary>After a few requests and a pause, in which the server gives back what it does not need.</summary>
    private static async Task<ProcessReading> AtRestAsync(ServedRegistry registry)
    {
        using var http = new HttpClient();
        var client = new WireClient(http, registry.Address, registry.Tokens[0]);
        for (var i = 0; i < 300; i++)
            await client.AskAsync("tools/list");
        await Task.Delay(TimeSpan.FromSeconds(5));
        return ProcessReading.Of(registry.ProcessId, registry.DataFolder);
    }
}
