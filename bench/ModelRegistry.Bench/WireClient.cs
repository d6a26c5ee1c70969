using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Fuzz;

namespace ModelRegistry.Bench;

/// <summary>MCP over HTTP as it goes over the wire, in both eras.</summary>
internal sealed class WireClient(HttpClient http, Uri server, string? token)
{
    private readonly Uri _address = new(server, "/mcp");
    private int _id;

    /// <summary>The session of 2025-11-25; null: every request stands alone.</summary>
    public string? Session { get; private set; }

    /// <summary>What a session of 2025-11-25 begins with.</summary>
    public static JsonObject Beginning() => new() { ["protocolVersion"] = "2025-11-25", ["capabilities"] = new JsonObject(), ["clientInfo"] = new JsonObject { ["name"] = "bench", ["version"] = "1" } };

    public async Task OpenAsync(CancellationToken cancel = default)
    {
        var message = Message("initialize", Beginning());
        using var response = await http.SendAsync(Request(HttpMethod.Post, Encoding.UTF8.GetBytes(message.ToJsonString())), cancel);
        response.EnsureSuccessStatusCode();
        Session = response.Headers.GetValues("Mcp-Session-Id").Single();
        using var initialized = await http.SendAsync(Request(HttpMethod.Post, """{"jsonrpc":"2.0","method":"notifications/initialized"}"""u8.ToArray()), cancel);
        initialized.EnsureSuccessStatusCode();
    }

    /// <summary>Forgets the session without telling the server.</summary>
    public void Abandon() => Session = null;

    public async Task CloseAsync(CancellationToken cancel = default)
    {
        using var response = await http.SendAsync(Request(HttpMethod.Delete, null), cancel);
        response.EnsureSuccessStatusCode();
        Session = null;
    }

    /// <summary>Calls a tool; the structured content, or null when it was refused.</summary>
    public async Task<JsonObject?> CallAsync(string tool, JsonObject arguments, CancellationToken cancel = default) =>
        (await AskAsync("tools/call", new JsonObject { ["name"] = tool, ["arguments"] = arguments }, cancel))["structuredContent"] as JsonObject;

    public async Task<JsonObject> AskAsync(string method, JsonObject? parameters = null, CancellationToken cancel = default)
    {
        using var response = await http.SendAsync(Asking(method, parameters ?? []), cancel);
        var text = await response.Content.ReadAsStringAsync(cancel);
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            text = text.Split('\n').Last(l => l.StartsWith("data:", StringComparison.Ordinal))["data:".Length..];
        return (JsonNode.Parse(text)!["result"] as JsonObject) ?? throw new InvalidOperationException($"{method}: {(int)response.StatusCode} {text}");
    }

    /// <summary>Opens a stream of what changes and keeps it for a while: the standing one of a session, or a subscription. The status that it began with.</summary>
    public async Task<int> ListenAsync(TimeSpan time, CancellationToken cancel = default)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var request = Session is null
            ? Asking("subscriptions/listen", new JsonObject { ["notifications"] = new JsonObject { ["toolsListChanged"] = true, ["resourceSubscriptions"] = new JsonArray("registry://policy") } })
            : Request(HttpMethod.Get, null);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        over.CancelAfter(time);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(over.Token);
            await stream.CopyToAsync(Stream.Null, over.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
        }
        return (int)response.StatusCode;
    }

    /// <summary>Sends bytes that may be anything; the status.</summary>
    public async Task<int> PostAsync(byte[] body, CancellationToken cancel = default)
    {
        using var response = await http.SendAsync(Request(HttpMethod.Post, body), HttpCompletionOption.ResponseHeadersRead, cancel);
        return (int)response.StatusCode;
    }

    private HttpRequestMessage Asking(string method, JsonObject parameters)
    {
        if (Session is null)
            parameters["_meta"] = ValidMessages.Meta();
        var request = Request(HttpMethod.Post, Encoding.UTF8.GetBytes(Message(method, parameters).ToJsonString()));
        if (Session is null)
        {
            request.Headers.Add("MCP-Protocol-Version", ValidMessages.Stateless);
            request.Headers.Add("Mcp-Method", method);
            if ((string?)parameters["name"] is { } name)
                request.Headers.Add("Mcp-Name", name);
        }
        return request;
    }

    private JsonObject Message(string method, JsonObject parameters) => new() { ["jsonrpc"] = "2.0", ["id"] = Interlocked.Increment(ref _id), ["method"] = method, ["params"] = parameters };

    private HttpRequestMessage Request(HttpMethod method, byte[]? body)
    {
        var request = new HttpRequestMessage(method, _address);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (Session is not null)
            request.Headers.Add("Mcp-Session-Id", Session);
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return request;
    }
}
