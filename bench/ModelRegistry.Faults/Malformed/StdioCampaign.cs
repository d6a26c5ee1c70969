using System.Diagnostics;
using System.IO.Pipelines;
using ModelContextProtocol.Server;
using ModelRegistry.Mcp;
using ModelRegistry.Mcp.Tools;

namespace ModelRegistry.Fuzz;

/// <summary>Malformed messages over standard input and output: to servers in this process over pipes, or to a process.</summary>
internal sealed class StdioCampaign(TargetRegistry registry, int seed)
{
    private const int OneServer = 5_000, AtOnce = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly MalformedMessages _messages = new(seed, registry.Known());

    /// <summary>One message, as it is sent.</summary>
    public byte[] this[int index] => _messages[index];

    /// <summary>A server for every five thousand messages; the registry stays.</summary>
    public async Task HereAsync(Findings findings, int from, int count)
    {
        void Observe(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            if (e.Exception.ToString() is var told && told.Contains(" ModelRegistry.Mcp.Tools.", StringComparison.Ordinal))
                findings.Add($"nobody looked at {told}");
        }
        TaskScheduler.UnobservedTaskException += Observe;
        try
        {
            for (var at = from; at < from + count; at += OneServer)
                await OneServerAsync(findings, at, Math.Min(OneServer, from + count - at));
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Observe;
        }
    }

    public async Task ProcessAsync(Findings findings, int from, int count)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "stdio", "--data", registry.DataFolder, "--toolsets", "registrar"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        await using (var campaign = new MessageCampaign(process.StandardInput.BaseStream, process.StandardOutput.BaseStream, [registry.DataFolder]))
        {
            await RunAsync(campaign, findings, from, count, () => process.HasExited);
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        if (process.ExitCode != 0)
            findings.Add($"stdio ended with {process.ExitCode}");
        if (await errors is var told && (told.Contains(" error: ", StringComparison.Ordinal) || HttpAnswers.Trace().IsMatch(told)))
            findings.Add($"stdio said {told[..Math.Min(told.Length, 3_000)]}");
    }

    private async Task OneServerAsync(Findings findings, int from, int count)
    {
        var (input, output, log) = (new Pipe(), new Pipe(), new FailureLog());
        var surface = TargetRegistry.Ok(ToolSurface.Select(new SurfaceSettings(false, ["registrar"], []), localFiles: true));
        WhoCalls who = async (_, cancel) => new ToolCaller(registry.Services, await registry.Services.Actors.StdioAsync(TargetRegistry.User, "fuzzer", cancel));
        var desks = McpDesks.Of(new ToolDesk(_ => surface, who, log), who, (_, _) => true, log);
        using var updates = desks.Updates;
        await using var transport = new StdioTransport(input.Reader.AsStream(), output.Writer.AsStream(), updates.End);
        await using var server = McpServer.Create(transport, RegistryServer.Options(desks));
        using var listening = updates.Attach(server);
        using var stop = new CancellationTokenSource();
        var running = server.RunAsync(stop.Token);
        await using (var campaign = new MessageCampaign(input.Writer.AsStream(), output.Reader.AsStream(), [registry.DataFolder]))
        {
            await RunAsync(campaign, findings, from, count, () => running.IsCompleted);
            await input.Writer.CompleteAsync();
            await transport.Ended.WaitAsync(Patience);
        }
        // As the program does: a call that still waits for the person ends with the input.
        await stop.CancelAsync();
        await running.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var failure in log.Failures)
            findings.Add($"messages {from} to {from + count}: {failure}");
    }

    private async Task RunAsync(MessageCampaign campaign, Findings findings, int from, int count, Func<bool> ended)
    {
        for (var at = from; at < from + count; at += AtOnce)
        {
            if (await campaign.RunAsync(_messages, at, Math.Min(AtOnce, from + count - at)) is { } problem)
                findings.Add(problem);
            if (ended())
            {
                findings.Add($"The server ended within the messages {at} to {at + AtOnce}.");
                return;
            }
        }
        findings.Count("stdio done", campaign.Done);
        findings.Count("stdio messages", count);
    }
}
