using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Mcp.Tests.Conformance;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>What official clients hear while a call is under way, and how they end it.</summary>
public sealed class RealClientFlowTests
{
    public static TheoryData<Library> Libraries { get; } = new(Enum.GetValues<Library>());

    [Theory]
    [MemberData(nameof(Libraries))]
    public async Task Registering_over_stdio_reports_how_far_it_is_and_ends_when_its_client_gives_it_up(Library library)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await RealClient.OverStdioAsync(library, registry.DataFolder, forms: true, "--toolsets", "registrar");
        // So large that it cannot be through before the client hears of its beginning.
        var file = registry.File("");
        using (var large = File.OpenWrite(file))
            large.SetLength(1L << 30);
        var call = client.Begin("callTool", new JsonObject { ["name"] = "register_version", ["arguments"] = new JsonObject { ["model_name"] = "big", ["files"] = new JsonArray(file) } }, progress: true);
        var report = await client.Progress.ReadAsync();
        // The SDK sends progress in single precision.
        Assert.Equal((1 << 30, "model.onnx"), ((float)report["total"]!, (string?)report["message"]));
        await client.AbortAsync(call.Id);
        await Assert.ThrowsAsync<ClientException>(() => call.Answer);
        Assert.Contains("no model", (await client.CallAsync("list_models")).Text, StringComparison.Ordinal);
        // The server ends when what it was doing has ended.
        await client.CloseAsync();
        Assert.Equal("model_not_found", (await registry.Services.Catalog.GetAsync(await registry.AgentAsync(), "big", null)).Refusal?.Code);
    }

    // No tool that the product offers over HTTP takes long, so a fixture does.
    [Theory]
    [MemberData(nameof(Libraries))]
    public async Task A_call_over_HTTP_reports_how_far_it_is_and_ends_when_its_client_gives_it_up(Library library)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = Fixtures.Options();
        options.ToolCollection!.Add(McpServerTool.Create(async (RequestContext<CallToolRequestParams> call, CancellationToken cancel) =>
        {
            foreach (var done in new[] { 1, 2 })
                await call.Server.NotifyProgressAsync(call.Params!.ProgressToken!.Value, new ProgressNotificationValue { Progress = done, Total = 10, Message = $"step {done}" }, cancellationToken: cancel);
            try
            {
                await Task.Delay(Timeout.Infinite, cancel);
            }
            finally
            {
                ended.SetResult();
            }
        }, new McpServerToolCreateOptions { Name = "take_for_ever" }));
        await using var host = await FixtureHost.StartAsync(options);
        await using var client = await RealClient.OverHttpAsync(library, host.Mcp);

        var call = client.Begin("callTool", new JsonObject { ["name"] = "take_for_ever", ["arguments"] = new JsonObject() }, progress: true);
        foreach (var done in new[] { 1, 2 })
        {
            var report = await client.Progress.ReadAsync();
            Assert.Equal((done, 10, $"step {done}"), ((int)report["progress"]!, (int)report["total"]!, (string?)report["message"]));
        }
        await client.AbortAsync(call.Id);
        await Assert.ThrowsAsync<ClientException>(() => call.Answer);
        await ended.Task.WaitAsync(TimeSpan.FromMinutes(1));
        // The connection is still good for the next call.
        Assert.False((await client.CallAsync("test_simple_text")).IsError);
    }
}
