using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>A bare client of a real <c>serve</c> process, which it looks at closely: statuses, types, headers.</summary>
internal sealed class HttpRawClient : RawClient
{
    private readonly ServeProcess? _own;
    private readonly HttpClient _http;
    private readonly List<Task> _begun = [];
    private readonly Dictionary<int, (CancellationTokenSource Stop, Task Answer)> _given = [];

    private HttpRawClient(Uri address, ServeProcess? own, Era era, bool forms, bool pages, string? token, HttpMessageHandler? through = null) : base(era, forms, pages, "http-client")
    {
        (Address, _own, Token) = (address, own, token);
        _http = new HttpClient(through ?? new HttpClientHandler()) { Timeout = Patience };
    }

    public Uri Address { get; }

    public ServeProcess Server => _own!;

    /// <summary>The bearer token sent with each request; null: none.</summary>
    public string? Token { get; set; }

    public string? Session { get; set; }

    /// <summary>Further headers of each request.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    /// <summary>With a server of its own, which ends with it.</summary>
    public static Task<HttpRawClient> StartAsync(SeededRegistry registry, Era era = Era.Stateless, bool forms = false, string? token = null, params string[] options) =>
        StartAsync(registry, era, forms, false, token, options);

    /// <param name="pages">Whether it leads its user to addresses.</param>
    public static async Task<HttpRawClient> StartAsync(SeededRegistry registry, Era era, bool forms, bool pages, string? token, params string[] options)
    {
        var server = await ServeProcess.StartAsync(registry.DataFolder, options);
        var client = new HttpRawClient(server.Address, server, era, forms, pages, token);
        await client.BeginAsync();
        return client;
    }

    public static async Task<HttpRawClient> ConnectAsync(Uri address, Era era = Era.Stateless, bool forms = false, string? token = null, bool begin = true, HttpMessageHandler? through = null)
    {
        var client = new HttpRawClient(address, null, era, forms, false, token, through);
        if (begin)
            await client.BeginAsync();
        return client;
    }

    public override async Task SendAsync(JsonObject message)
    {
        using var response = await PostAsync(message);
        Assert.Equal(202, (int)response.StatusCode);
    }

    /// <summary>Sends a message with the headers its era asks for; the response as it comes.</summary>
    public Task<HttpResponseMessage> PostAsync(JsonObject message)
    {
        var request = Request(HttpMethod.Post);
        request.Content = new StringContent(message.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        if (Era == Era.Stateless && message["method"] is { } method)
        {
            request.Headers.Add("Mcp-Method", (string)method!);
            if ((string?)method is "tools/call" or "prompts/get" or "resources/read")
                request.Headers.TryAddWithoutValidation("Mcp-Name", (string?)(message["params"]?["name"] ?? message["params"]?["uri"]));
        }
        return SendAsync(request);
    }

    /// <summary>Calls a tool with its id 7; the response as it comes.</summary>
    public Task<HttpResponseMessage> PostCallAsync(string tool, JsonObject? arguments = null) => PostAsync(Message("tools/call", new JsonObject { ["name"] = tool, ["arguments"] = arguments ?? [] }, 7));

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

    /// <summary>A request to the MCP address with this client's credential, session and headers.</summary>
    public HttpRequestMessage Request(HttpMethod method)
    {
        var request = new HttpRequestMessage(method, new Uri(Address, "/mcp"));
        request.Headers.Add("Accept", "application/json, text/event-stream");
        if (Token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        if (Session is not null)
            request.Headers.Add("Mcp-Session-Id", Session);
        if (Era == Era.Stateless)
            request.Headers.Add("MCP-Protocol-Version", "2026-07-28");
        foreach (var (name, value) in Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    protected override async Task<JsonObject> ExchangeAsync(int id, JsonObject request)
    {
        using var response = await PostAsync(request);
        if (response.Headers.TryGetValues("Mcp-Session-Id", out var session))
            Session = session.Single();
        return await AnswerAsync(response, id);
    }

    public override Task BeginRequestAsync(int id, string method, JsonObject parameters)
    {
        var message = Message(method, parameters, id);
        var stop = new CancellationTokenSource();
        var answer = Task.Run(async () =>
        {
            using var response = await PostAsync(message);
            using var leave = stop.Token.Register(response.Dispose);
            Keep(await AnswerAsync(response, id));
        });
        _given[id] = (stop, answer);
        _begun.Add(answer);
        return Task.CompletedTask;
    }

    /// <summary>Without a session, leaving is how a request is given up.</summary>
    public override async Task CancelAsync(int id)
    {
        if (Era == Era.Handshake)
        {
            await base.CancelAsync(id);
            return;
        }
        await _given[id].Stop.CancelAsync();
        await _given[id].Answer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override async Task<int> EndAsync()
    {
        var code = await Server.EndAsync();
        await Task.WhenAll(_begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return code;
    }

    /// <summary>Opens the stream of a session (GET) and keeps what comes.</summary>
    public override async Task ListenAsync()
    {
        if (Era == Era.Stateless)
            return;
        var response = await SendAsync(Request(HttpMethod.Get));
        Assert.Equal(200, (int)response.StatusCode);
        _begun.Add(Task.Run(async () =>
        {
            using (response)
                await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
                    Keep(JsonNode.Parse(item.Data)!.AsObject());
        }));
    }

    /// <summary>The answer within a response: all of it, or after what the server asked and told.</summary>
    private async Task<JsonObject> AnswerAsync(HttpResponseMessage response, int id)
    {
        if (response.Content.Headers.ContentType?.MediaType == "application/json")
            return JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            var message = JsonNode.Parse(item.Data)!.AsObject();
            if (message["method"] is null && (int?)message["id"] == id)
                return message;
            if ((string?)message["method"] != "elicitation/create")
                Keep(message);
            else if (Ask(message["params"]!.AsObject()) is { } said)
                await SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = message["id"]!.DeepClone(), ["result"] = said });
        }
        throw new EndOfStreamException($"The stream ended without the answer. {_own?.Errors}");
    }

    public override async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_own is not null)
        {
            // Streams that are still open end with their server, not with the client's pool of connections.
            await _own.DisposeAsync();
            await Task.WhenAll(_begun).WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Assert.DoesNotContain("error:", _own.Errors);
        }
    }
}
