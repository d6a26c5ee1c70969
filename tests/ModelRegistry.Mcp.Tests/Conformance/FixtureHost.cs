using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using ModelContextProtocol.Server;
using ModelRegistry.Mcp.Http;
using ModelRegistry.Mcp.Tools;

namespace ModelRegistry.Mcp.Tests.Conformance;

/// <summary>The product's Streamable HTTP endpoint on a loopback port, behind the product's host guard, with the suites' fixtures instead of the registry.</summary>
internal sealed class FixtureHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpSessions _sessions = new(100, TimeSpan.FromMinutes(5), TimeProvider.System);
    private readonly CancellationTokenSource _stop = new();

    private FixtureHost(WebApplication app) => _app = app;

    public Uri Mcp => new($"{_app.Urls.Single()}/mcp");

    public static async Task<FixtureHost> StartAsync(McpServerOptions? options = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var host = new FixtureHost(builder.Build());
        var served = options ?? Fixtures.Options();
        var endpoint = new StreamableHttp(served, tool => SchemaOf(served, tool), host._sessions, NullLoggerFactory.Instance, host._stop.Token);
        var guard = new HostGuard(new HttpSettings([], null, [], [], 100, TimeSpan.FromMinutes(5), 0));
        host._app.Run(http => guard.Problem(http.Request) is { } no
            ? Replies.RpcAsync(http, no)
            : endpoint.HandleAsync(http, new HttpPeer("anyone", [], _ => ValueTask.FromResult(true))));
        await host._app.StartAsync();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _sessions.DisposeAsync();
        await _app.DisposeAsync();
        _stop.Dispose();
    }

    private static JsonElement? SchemaOf(McpServerOptions options, string tool) =>
        options.ToolCollection!.TryGetPrimitive(tool, out var found) ? found.ProtocolTool.InputSchema : null;
}
