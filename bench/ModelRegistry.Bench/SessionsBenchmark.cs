using System.Globalization;

namespace ModelRegistry.Bench;

/// <summary>What sessions cost that nobody uses: memory of one server before, with many idle sessions (a part of them listening), and after a rest.</summary>
internal static class SessionsBenchmark
{
    private const int AtOnce = 16;

    /// <param name="sessions">How many sessions are opened.</param>
    /// <param name="listening">How many of them keep a stream open.</param>
    public static async Task<int> RunAsync(string server, int sessions, int listening)
    {
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
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            RSS before                 {before.RssMiB,8:0.0} MiB, {before.FilesMiB:0.0} MiB of it files: the runtime and the program
            with {sessions} sessions        {opened.RssMiB,8:0.0} MiB, {statuses.Count(s => s == 200)} of {listening} streams open, {opened.Handles} handles, {opened.Threads} threads
            after a rest               {rested.RssMiB,8:0.0} MiB: {(rested.RssMiB - before.RssMiB) * 1024 / sessions:0.0} KiB a session
            all closed, after a rest   {closed.RssMiB,8:0.0} MiB, {closed.Handles} handles
            """));
        return 0;
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
