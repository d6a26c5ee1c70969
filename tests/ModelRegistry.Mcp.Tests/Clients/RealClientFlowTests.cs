using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Mcp.Tests.Conformance;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>What happens while a call is under way, between an official client and the HTTP endpoint. No tool of the product takes long, so a fixture does.</summary>
public sealed class RealClientFlowTests
{
    [Theory]
    [InlineData(Library.Sdk1)]
    [InlineData(Library.Sdk2)]
    [InlineData(Library.Sdk2Auto)]
    [InlineData(Library.Sdk2Modern)]
    public async Task A_call_reports_how_far_it_is_and_ends_when_its_client_gives_it_up(Library library)
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
