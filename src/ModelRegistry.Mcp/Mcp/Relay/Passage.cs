using System.Net.Http.Headers;
using ModelContextProtocol.Protocol;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Tools;

/// <summary>The way to a server's MCP address: requests with the token and the headers that choose tools, and their responses as they begin.</summary>
internal sealed class Passage : IDisposable
{
    /// <summary>How long a response may take to begin. A person may be waited for within, or large files hashed; a dead peer is noticed by the connection itself.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private const string Address = "/mcp";

    private readonly ServerSettings _server;
    private readonly List<KeyValuePair<string, string>> _surface = [];
    private readonly HttpClient _http;

    public Passage(ServerSettings server, SurfaceSettings surface)
    {
        (_server, _http) = (server, ServerLine.Open(server));
        if (surface.ReadOnly)
            _surface.Add(new("X-MCP-Readonly", "true"));
        if (surface.Toolsets.Count > 0)
            _surface.Add(new("X-MCP-Toolsets", string.Join(',', surface.Toolsets)));
        if (surface.Tools.Count > 0)
            _surface.Add(new("X-MCP-Tools", string.Join(',', surface.Tools)));
    }

    public Uri Server => _server.Address;

    /// <summary>A message to send.</summary>
    /// <param name="json">Its bytes, as the client wrote them.</param>
    public HttpRequestMessage Post(ReadOnlyMemory<byte> json)
    {
        var request = Request(HttpMethod.Post, "application/json", "text/event-stream");
        request.Content = new ReadOnlyMemoryContent(json);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return request;
    }

    /// <summary>A request that listens to a session, or ends it.</summary>
    public HttpRequestMessage Get() => Request(HttpMethod.Get, "text/event-stream");

    public HttpRequestMessage Delete() => Request(HttpMethod.Delete, "application/json");

    /// <summary>Sends a request; the response has begun, and its body is still to come.</summary>
    /// <exception cref="ServerUnavailableException">It could not be sent, or nothing came.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel, TimeSpan? patience = null)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        over.CancelAfter(patience ?? Patience);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, over.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw ServerUnavailableException.Lost("fell silent");
        }
        catch (Exception e) when (ServerUnavailableException.Of(e, Server) is { } outage)
        {
            throw outage;
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(HttpMethod method, params string[] accepted)
    {
        var request = ServerLine.Request(_server, method, Address);
        foreach (var type in accepted)
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        foreach (var (name, value) in _surface)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }
}

/// <summary>A request of the client's that is under way.</summary>
/// <param name="Json">Its bytes, as the client wrote them.</param>
/// <param name="Version">The version of the protocol that it names itself (2026-07-28 and later); null: it belongs to the session.</param>
internal sealed record Flight(JsonRpcRequest Request, byte[] Json, string? Version, CancellationTokenSource Stop)
{
    private int _asking;

    /// <summary>Whether it waits for the client to answer a question of the server's.</summary>
    public bool Asking => Volatile.Read(ref _asking) > 0;

    public void Ask() => Interlocked.Increment(ref _asking);

    public void Answered() => Interlocked.Decrement(ref _asking);
}
