using System.Diagnostics;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Server;
using ModelRegistry.Fuzz;
using ModelRegistry.Mcp.Tools;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>
/// A client that sends rubbish, a great deal of it: seeded, so that a case can be had again. MODELREGISTRY_FUZZ_CASES asks
/// for more cases, MODELREGISTRY_FUZZ_SEED for others; MODELREGISTRY_FUZZ_FROM and MODELREGISTRY_FUZZ_BATCH=1 find the one that did it.
/// </summary>
public sealed class StdioFuzzTests
{
    private const int OneServer = 5_000;

    public static int Seed { get; } = Number("MODELREGISTRY_FUZZ_SEED", 20_260_728);

    public static int Number(string variable, int usual) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var asked) ? asked : usual;

    [Fact]
    public async Task Whatever_comes_in_is_answered_once_with_a_message_and_never_with_a_failure()
    {
        var cases = Number("MODELREGISTRY_FUZZ_CASES", 20_000);
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.ChurnAsync();
        var unobserved = new List<string>();
        void Observe(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            if (e.Exception.ToString() is var told && told.Contains(" ModelRegistry.Mcp.Tools.", StringComparison.Ordinal))
                lock (unobserved)
                    unobserved.Add(told);
        }
        TaskScheduler.UnobservedTaskException += Observe;
        try
        {
            var first = Number("MODELREGISTRY_FUZZ_FROM", 0);
            for (var from = first; from < first + cases; from += OneServer)
                await OneServerAsync(registry, from, Math.Min(OneServer, first + cases - from));
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Observe;
        }
        Assert.Empty(unobserved);
        Assert.True(SeededRegistry.Ok(await registry.Services.Audit.VerifyAsync(await registry.AgentAsync(), null)).Verified);
    }

    [Fact]
    [Attack(21, "mcp-stdio")]
    public async Task A_real_process_answers_whatever_comes_in_and_ends_in_good_order()
    {
        var cases = Number("MODELREGISTRY_FUZZ_LINES", 2_000);
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.ChurnAsync();
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "stdio", "--data", registry.DataFolder, "--toolsets", "registrar"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var tools = JsonNode.Parse(JsonSerializer.Serialize(SeededRegistry.Ok(ToolSurface.Select(new SurfaceSettings(false, ["registrar"], []), localFiles: true)).List.Tools, ModelContextProtocol.McpJsonUtilities.DefaultOptions))!.AsArray();
        await using (var campaign = new MessageCampaign(process.StandardInput.BaseStream, process.StandardOutput.BaseStream, [registry.DataFolder]))
        {
            var messages = new MalformedMessages(Seed + 1, await KnownAsync(registry, tools));
            for (var at = 0; at < cases; at += 100)
                await campaign.RunAsync(messages, at, Math.Min(100, cases - at));
            Assert.True(campaign.Done > cases / 25, $"Of {cases} messages only {campaign.Done} did anything.");
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        }
        Assert.Equal(0, process.ExitCode);
        Assert.DoesNotMatch("error: \\S+ failed", await errors);
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        Assert.False((await client.CallAsync("get_serving_version", new JsonObject { ["model_name"] = "churn" })).IsError);
        Assert.True(SeededRegistry.Ok(await registry.Services.Audit.VerifyAsync(await registry.AgentAsync(), null)).Verified);
    }

    private static async Task OneServerAsync(SeededRegistry registry, int from, int count)
    {
        var (input, output, log) = (new Pipe(), new Pipe(), new FailureLog());
        var surface = SeededRegistry.Ok(ToolSurface.Select(new SurfaceSettings(false, ["registrar"], []), localFiles: true));
        WhoCalls who = async (_, cancel) => new ToolCaller(registry.Services, await registry.Services.Actors.StdioAsync("ana", "fuzzer", cancel));
        var desks = McpDesks.Of(new ToolDesk(_ => surface, who, log), who, (_, _) => true, log);
        using var updates = desks.Updates;
        await using var transport = new StdioTransport(input.Reader.AsStream(), output.Writer.AsStream(), updates.End);
        await using var server = McpServer.Create(transport, RegistryServer.Options(desks));
        using var listening = updates.Attach(server);
        using var stop = new CancellationTokenSource();
        var running = server.RunAsync(stop.Token);
        var known = await KnownAsync(registry, JsonNode.Parse(JsonSerializer.Serialize(surface.List.Tools, ModelContextProtocol.McpJsonUtilities.DefaultOptions))!.AsArray());
        await using (var campaign = new MessageCampaign(input.Writer.AsStream(), output.Reader.AsStream(), [registry.DataFolder]))
        {
            var messages = new MalformedMessages(Seed, known);
            var batch = Number("MODELREGISTRY_FUZZ_BATCH", 100);
            for (var at = from; at < from + count; at += batch)
            {
                await campaign.RunAsync(messages, at, Math.Min(batch, from + count - at));
                Assert.Empty(log.Failures);
                Assert.False(running.IsCompleted, $"The server ended: {running.Exception}");
            }
            Assert.True(campaign.Done > count / 25, $"Of {count} messages only {campaign.Done} did anything.");
            await input.Writer.CompleteAsync();
            await transport.Ended.WaitAsync(TimeSpan.FromSeconds(60));
        }
        // As the program does: a call that still waits for the person ends with the input.
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(60)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.True(running.IsCompleted);
    }

    internal static async Task<Known> KnownAsync(SeededRegistry registry, JsonArray tools)
    {
        var promotion = await registry.ProposeAsync();
        var page = SeededRegistry.Ok(await registry.Services.Catalog.ListVersionsAsync(await registry.AgentAsync(), new ModelRegistry.Catalog.VersionQuery("churn", Limit: 1)));
        return new Known(tools, ["churn", "Churn", "fraud"], ["1", "v1", "v2", "latest", "@champion", "default"], [promotion, "prm_0"], [page.NextCursor!, "WyJhIl0"], [registry.File("weights")]);
    }

    /// <summary>Keeps what the server logs of its own failures.</summary>
    private sealed class FailureLog : ILogger
    {
        private readonly List<string> _failures = [];

        public IReadOnlyList<string> Failures { get { lock (_failures) return [.. _failures]; } }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error)
                lock (_failures)
                    _failures.Add($"{formatter(state, exception)}: {exception}");
        }
    }
}
