using ModelRegistry.Mcp.Remote;
using ModelRegistry.Mcp.Tools;

namespace ModelRegistry.Mcp;

/// <summary>MCP over standard input and output for one client, through a server that runs elsewhere: this process opens no registry, and has no key and no file of it.</summary>
internal static class RelayHost
{
    /// <summary>Speaks on until standard input ends. Standard output carries protocol messages and nothing else.</summary>
    public static async Task<int> RunAsync(ServerSettings server, SurfaceSettings settings, ILoggerFactory logs, CancellationToken cancel)
    {
        Console.SetOut(Console.Error);
        var surface = ToolSurface.Select(settings, localFiles: false);
        if (surface.Refusal is { } no)
        {
            await Console.Error.WriteLineAsync($"{no.Message} {no.Remedy}");
            return Replies.Exit.Usage;
        }
        using var passage = new Passage(server, settings);
        var lines = new MessageLines(Console.OpenStandardInput(), Console.OpenStandardOutput());
        await using var relay = new Relay(passage, lines, logs.CreateLogger("ModelRegistry.Mcp"));
        // A read of the console cannot be interrupted; it ends with the process.
        var run = Task.Run(relay.RunAsync, CancellationToken.None);
        await Task.WhenAny(run, Task.Delay(Timeout.Infinite, cancel));
        if (run.IsFaulted && run.Exception.InnerException is not (IOException or OperationCanceledException))
            await run;
        return Replies.Exit.Done;
    }
}
