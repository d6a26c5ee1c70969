using ModelContextProtocol.Server;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Tools;

namespace ModelRegistry.Mcp;

/// <summary>MCP over standard input and output: one client, which started this process and ends it by closing its input.</summary>
internal static class StdioHost
{
    /// <summary>Serves until standard input ends. Standard output carries protocol messages and nothing else.</summary>
    /// <param name="ready">Asked once, when the registry is open; what it gives ends before the registry does.</param>
    public static async Task<int> RunAsync(RegistryOptions options, SurfaceSettings settings, ILoggerFactory logs, Func<RegistryServices, IAsyncDisposable> ready, CancellationToken ct)
    {
        // Whatever writes to the console by mistake must not be taken for a message; the transport has the raw stream.
        Console.SetOut(Console.Error);
        var surface = ToolSurface.Select(settings, localFiles: true);
        if (surface.Refusal is { } no)
        {
            await Console.Error.WriteLineAsync($"{no.Message} {no.Remedy}");
            return Replies.Exit.Usage;
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var registry = new LateRegistry(options, logs, ready, stop.Token);
        var log = logs.CreateLogger("ModelRegistry.Mcp");
        WhoCalls who = (context, cancel) => WhoAsync(registry, context, cancel);
        var desks = McpDesks.Of(new ToolDesk(_ => surface.Value, who, log), who, (_, tool) => surface.Value.Find(tool) is not null, log);
        using var updates = desks.Updates;
        var server = RegistryServer.Options(desks, "pipe");
        var chores = Task.CompletedTask;
        server.Filters.Message.IncomingFilters.Add(next => async (context, cancel) =>
        {
            await next(context, cancel);
            // Not before the first message is answered: clients wait for that one.
            if (chores == Task.CompletedTask && !settings.ReadOnly)
                chores = Task.Run(registry.FinishApprovedAsync, CancellationToken.None);
        });
        try
        {
            // Who listens for changes is answered when the input ends, like whoever else waits for an answer.
            await using var transport = new StdioTransport(Console.OpenStandardInput(), Console.OpenStandardOutput(), updates.End);
            await using var running = McpServer.Create(transport, server, logs);
            using var listening = updates.Attach(running);
            var run = running.RunAsync(stop.Token);
            // A call that waits for the client's answer would wait for ever: with the input, everything ends.
            await Task.WhenAny(run, transport.Ended);
            await stop.CancelAsync();
            await run;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        await chores;
        return Replies.Exit.Done;
    }

    /// <summary>The agent that the client says it is, owned by the person this process runs as.</summary>
    private static async ValueTask<Outcome<ToolCaller>> WhoAsync(LateRegistry registry, MessageContext context, CancellationToken cancel)
    {
        var opened = await registry.GetAsync(cancel);
        if (opened.Refusal is { } no)
            return no;
        // 2026-07-28 names the client in every request, earlier versions once at the start.
        var client = context.JsonRpcMessage.Context?.ClientInfo ?? context.Server.ClientInfo;
        return new ToolCaller(opened.Value, await opened.Value.Actors.StdioAsync(Environment.UserName, client?.Name, cancel));
    }
}
