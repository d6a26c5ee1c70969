using System.Collections.Concurrent;
using ModelContextProtocol.Protocol;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// MCP over HTTP as the product serves it: the caller's actor and the tools it is offered go with each message to the
/// desks, which are the same as on stdio.
/// </summary>
internal sealed class McpDoor : IDisposable
{
    private const string ActorItem = "actor", SurfaceItem = "surface";

    private readonly SurfaceSettings _usual;
    // As many as the headers of well-meaning clients make; beyond that they are chosen anew each time, which is cheap.
    private readonly ConcurrentDictionary<string, ToolSurface> _surfaces = new(StringComparer.Ordinal);
    private readonly McpDesks _desks;
    private readonly StreamableHttp _endpoint;

    public McpDoor(RegistryServices registry, SurfaceSettings usual, HttpSessions sessions, ILoggerFactory logs, CancellationToken stopping)
    {
        _usual = usual;
        var log = logs.CreateLogger("ModelRegistry.Mcp");
        WhoCalls who = (context, _) => new(new ToolCaller(registry, By(context.JsonRpcMessage, (context.JsonRpcMessage.Context?.ClientInfo ?? context.Server.ClientInfo)?.Name)));
        var tools = new ToolDesk(context => OfferedTo(context.JsonRpcMessage), who, log);
        _desks = McpDesks.Of(tools, who, (context, tool) => OfferedTo(context.JsonRpcMessage).Find(tool) is not null, log);
        var direct = new DirectCalls(tools, OfferedTo, (message, client) => new ToolCaller(registry, By(message, client)));
        // None of the product's tools asks for its arguments in headers.
        _endpoint = new StreamableHttp(RegistryServer.Options(_desks), _ => null, sessions, logs, stopping, _desks.Updates.Attach, direct);
    }

    /// <summary>How many sessions and requests are told of changes.</summary>
    public int Listeners => _desks.Updates.Listeners;

    /// <summary>Ends in good order what listens for changes.</summary>
    public void Dispose() => _desks.Updates.Dispose();

    public async Task HandleAsync(HttpContext http, Actor by, Func<CancellationToken, ValueTask<bool>> stillAllowed)
    {
        var surface = Surface(http.Request.Headers);
        if (surface.Refusal is { } no)
            await Replies.RpcAsync(http, no);
        else
            await _endpoint.HandleAsync(http, new HttpPeer(by.Id, Operations.Carry(new Dictionary<string, object?> { [ActorItem] = by, [SurfaceItem] = surface.Value }), stillAllowed));
    }

    /// <summary>What the headers ask for, else what the server was started with; a server started read-only stays so.</summary>
    private Outcome<ToolSurface> Surface(IHeaderDictionary headers)
    {
        var readOnly = headers["X-MCP-Readonly"].ToString().Trim();
        var (toolsets, tools) = (headers["X-MCP-Toolsets"].ToString(), headers["X-MCP-Tools"].ToString());
        var key = $"{readOnly}\n{toolsets}\n{tools}";
        if (_surfaces.TryGetValue(key, out var known))
            return known;
        var asked = new SurfaceSettings(_usual.ReadOnly, toolsets.Length + tools.Length > 0 ? List(toolsets) : _usual.Toolsets, toolsets.Length + tools.Length > 0 ? List(tools) : _usual.Tools);
        // Whatever is said here that is not a clear no makes the surface smaller.
        if (readOnly.Length > 0 && !string.Equals(readOnly, "false", StringComparison.OrdinalIgnoreCase))
            asked = asked with { ReadOnly = true };
        var surface = ToolSurface.Select(asked, localFiles: false);
        // An operator who named the tools meant these and no others.
        if (_usual.Tools.Count > 0)
            surface = surface.Then<ToolSurface>(chosen => ToolSurface.Select(_usual, localFiles: false).Then<ToolSurface>(bound => chosen.Within(bound)));
        if (surface.Refusal is null && _surfaces.Count < 256)
            _surfaces.TryAdd(key, surface.Value);
        return surface;
    }

    private static string[] List(string header) => header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static ToolSurface OfferedTo(JsonRpcMessage message) => (ToolSurface)Item(message, SurfaceItem);

    private static Actor By(JsonRpcMessage message, string? client) => ((Actor)Item(message, ActorItem)).Through(client);

    private static object Item(JsonRpcMessage message, string name) =>
        message.Context?.Items?.TryGetValue(name, out var item) == true && item is not null ? item : throw new InvalidOperationException($"The message came without its {name}.");
}
