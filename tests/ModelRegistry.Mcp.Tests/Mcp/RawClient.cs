using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>The two ways to talk: with <c>initialize</c> (2025-11-25), or with everything in each request (2026-07-28).</summary>
public enum Era { Handshake, Stateless }

/// <summary>What came back from a tool.</summary>
internal sealed record ToolAnswer(bool IsError, string Text, JsonObject? Structured, JsonObject Raw);

/// <summary>A bare JSON-RPC client of a real server process, over whichever transport.</summary>
internal abstract class RawClient(Era era, bool forms, bool pages, string name) : IAsyncDisposable
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HashSet<JsonObject> _taken = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _id;

    protected Era Era { get; } = era;

    protected JsonObject Capabilities { get; } = !forms && !pages ? [] : new JsonObject { ["elicitation"] = new JsonObject([.. forms ? new[] { KeyValuePair.Create("form", (JsonNode?)new JsonObject()) } : [], .. pages ? new[] { KeyValuePair.Create("url", (JsonNode?)new JsonObject()) } : []]) };

    /// <summary>The client's name; 2026-07-28 says it with every request, so it can change.</summary>
    public string Name { get; set; } = name;

    /// <summary>What the person says to a question: the <c>ElicitResult</c>; null leaves it open.</summary>
    public Func<JsonObject, JsonObject?> Person { get; set; } = _ => throw new InvalidOperationException("Nobody expected to be asked.");

    public List<JsonObject> Questions { get; } = [];

    /// <summary>Messages that answer no request of this client's.</summary>
    public ConcurrentQueue<JsonObject> Others { get; } = [];

    public JsonObject? Welcome { get; private set; }

    /// <summary>Sends a message that has no answer of its own.</summary>
    public abstract Task SendAsync(JsonObject message);

    public abstract ValueTask DisposeAsync();

    /// <summary>Sends a request and gives the whole response message.</summary>
    protected abstract Task<JsonObject> ExchangeAsync(int id, JsonObject request);

    /// <summary>Begins as the era asks: with a handshake, or not at all.</summary>
    protected async Task BeginAsync()
    {
        if (Era == Era.Stateless)
            return;
        var welcome = await RequestAsync("initialize", new JsonObject
        {
            ["protocolVersion"] = "2025-11-25",
            ["capabilities"] = Capabilities.DeepClone(),
            ["clientInfo"] = new JsonObject { ["name"] = Name, ["version"] = "1" },
        });
        Welcome = welcome["result"] as JsonObject;
        await SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/initialized" });
    }

    /// <summary>The whole response message.</summary>
    public Task<JsonObject> RequestAsync(string method, JsonObject? parameters = null)
    {
        var id = Interlocked.Increment(ref _id);
        return ExchangeAsync(id, Message(method, parameters, id));
    }

    /// <summary>A request as this client's era writes it.</summary>
    public JsonObject Message(string method, JsonObject? parameters, int id)
    {
        parameters ??= [];
        if (Era == Era.Stateless)
        {
            var meta = parameters["_meta"] as JsonObject ?? [];
            meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
            meta["io.modelcontextprotocol/clientCapabilities"] = Capabilities.DeepClone();
            meta["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = Name, ["version"] = "1" };
            parameters["_meta"] = meta;
        }
        return new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id, ["method"] = method, ["params"] = parameters };
    }

    public Task<JsonObject> SendCallAsync(string tool, JsonObject arguments, JsonObject? inputResponses = null, string? requestState = null)
    {
        var parameters = new JsonObject { ["name"] = tool, ["arguments"] = arguments.DeepClone() };
        if (inputResponses is not null)
            parameters["inputResponses"] = inputResponses.DeepClone();
        if (requestState is not null)
            parameters["requestState"] = requestState;
        return RequestAsync("tools/call", parameters);
    }

    /// <summary>Calls a tool and, in the stateless era, answers its questions as a well-behaved client does.</summary>
    public async Task<ToolAnswer> CallAsync(string tool, JsonObject? arguments = null)
    {
        var message = await SendCallAsync(tool, arguments ?? []);
        while (message["result"] is JsonObject result && (string?)result["resultType"] == "input_required")
        {
            var responses = new JsonObject();
            foreach (var (key, request) in result["inputRequests"]!.AsObject())
                responses[key] = Ask(request!["params"]!.AsObject());
            message = await SendCallAsync(tool, arguments ?? [], responses, (string?)result["requestState"]);
        }
        return Read(message);
    }

    public static ToolAnswer Read(JsonObject message)
    {
        Assert.True(message["result"] is JsonObject, message.ToJsonString());
        var result = message["result"]!.AsObject();
        return new ToolAnswer((bool?)result["isError"] ?? false, (string)result["content"]![0]!["text"]!, result["structuredContent"] as JsonObject, result);
    }

    /// <summary>Begins a request without waiting for its answer, which will be among <see cref="Others"/> if it comes.</summary>
    public abstract Task BeginRequestAsync(int id, string method, JsonObject parameters);

    /// <summary>Gives up a request that was begun.</summary>
    public virtual Task CancelAsync(int id) => SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/cancelled", ["params"] = new JsonObject { ["requestId"] = id } });

    /// <summary>Lets the server end in good order; gives its exit code once all it had to say is here.</summary>
    public abstract Task<int> EndAsync();

    /// <summary>Lets the client listen for what a session's server says unasked, where that takes more than the session itself.</summary>
    public virtual Task ListenAsync() => Task.CompletedTask;

    /// <summary>Waits for a message among <see cref="Others"/> that no earlier call of this gave.</summary>
    public async Task<JsonObject> OtherAsync(Func<JsonObject, bool> wanted)
    {
        while (true)
        {
            var more = _more.Task;
            if (Others.FirstOrDefault(m => !_taken.Contains(m) && wanted(m)) is { } found)
            {
                _taken.Add(found);
                return found;
            }
            await more.WaitAsync(Patience);
        }
    }

    /// <summary>Waits for a notification.</summary>
    public Task<JsonObject> NotificationAsync(string method) => OtherAsync(m => (string?)m["method"] == method);

    protected void Keep(JsonObject message)
    {
        Others.Enqueue(message);
        Interlocked.Exchange(ref _more, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    protected void KeepNoMore(string why) => _more.TrySetException(new EndOfStreamException(why));

    protected JsonObject? Ask(JsonObject question)
    {
        Questions.Add((JsonObject)question.DeepClone());
        return Person(question);
    }
}
