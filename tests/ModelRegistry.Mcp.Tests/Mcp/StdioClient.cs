using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>The two ways to talk: with <c>initialize</c> (2025-11-25), or with everything in each request (2026-07-28).</summary>
public enum Era { Handshake, Stateless }

/// <summary>What came back from a tool.</summary>
internal sealed record ToolAnswer(bool IsError, string Text, JsonObject? Structured, JsonObject Raw);

/// <summary>
/// A bare JSON-RPC client of a real server process. It looks at every byte of standard output: each line has to be one
/// JSON-RPC message.
/// </summary>
internal sealed class StdioClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> _waiting = new();
    private readonly StringBuilder _errors = new();
    private readonly Task _reading, _listening;
    private readonly Era _era;
    private readonly JsonObject _capabilities;
    private int _id;

    private StdioClient(Process process, Era era, bool forms, string name)
    {
        (_process, _era, Name, _capabilities) = (process, era, name, forms ? new JsonObject { ["elicitation"] = new JsonObject { ["form"] = new JsonObject() } } : []);
        _reading = ReadAsync();
        _listening = ListenAsync();
    }

    /// <summary>The client's name; 2026-07-28 says it with every request, so it can change.</summary>
    public string Name { get; set; }

    /// <summary>What the person says to a question: the <c>ElicitResult</c>; null leaves it open.</summary>
    public Func<JsonObject, JsonObject?> Person { get; set; } = _ => throw new InvalidOperationException("Nobody expected to be asked.");

    public List<JsonObject> Questions { get; } = [];

    /// <summary>Messages that answer no request of this client's.</summary>
    public ConcurrentQueue<JsonObject> Others { get; } = [];

    /// <summary>Lines of standard output that were not JSON-RPC messages.</summary>
    public List<string> Rubbish { get; } = [];

    public string Errors { get { lock (_errors) return _errors.ToString(); } }

    public JsonObject? Welcome { get; private set; }

    public static Task<StdioClient> StartAsync(string dataFolder, Era era = Era.Handshake, bool forms = false, string name = "test-client", params string[] options) =>
        StartAsync(["dotnet", Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "stdio", "--data", dataFolder, .. options], era, forms, name);

    /// <summary>Starts a server by the words of a command, as a client does that read them somewhere.</summary>
    public static async Task<StdioClient> StartAsync(IReadOnlyList<string> command, Era era = Era.Handshake, bool forms = false, string name = "test-client")
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        var client = new StdioClient(Process.Start(start)!, era, forms, name);
        if (era == Era.Handshake)
        {
            var welcome = await client.RequestAsync("initialize", new JsonObject
            {
                ["protocolVersion"] = "2025-11-25",
                ["capabilities"] = client._capabilities.DeepClone(),
                ["clientInfo"] = new JsonObject { ["name"] = name, ["version"] = "1" },
            });
            client.Welcome = welcome["result"] as JsonObject;
            await client.SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/initialized" });
        }
        return client;
    }

    /// <summary>The whole response message.</summary>
    public async Task<JsonObject> RequestAsync(string method, JsonObject? parameters = null)
    {
        var id = Interlocked.Increment(ref _id);
        var answer = _waiting[id] = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        parameters ??= [];
        if (_era == Era.Stateless)
            parameters["_meta"] = new JsonObject
            {
                ["io.modelcontextprotocol/protocolVersion"] = "2026-07-28",
                ["io.modelcontextprotocol/clientCapabilities"] = _capabilities.DeepClone(),
                ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = Name, ["version"] = "1" },
            };
        await SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id, ["method"] = method, ["params"] = parameters });
        return await answer.Task.WaitAsync(Patience);
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

    public async Task SendAsync(JsonObject message) => await SendLineAsync(message.ToJsonString());

    public async Task SendLineAsync(string line)
    {
        await _process.StandardInput.WriteAsync(line + "\n");
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Closes standard input and gives the exit code.</summary>
    public async Task<int> EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _reading.WaitAsync(Patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await Task.WhenAll(_reading, _listening).WaitAsync(Patience);
        _process.Dispose();
        Assert.Empty(Rubbish);
    }

    private JsonObject? Ask(JsonObject question)
    {
        Questions.Add((JsonObject)question.DeepClone());
        return Person(question);
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            JsonObject? message = null;
            try
            {
                message = JsonNode.Parse(line) as JsonObject;
            }
            catch (System.Text.Json.JsonException)
            {
            }
            if ((string?)message?["jsonrpc"] != "2.0")
                Rubbish.Add(line);
            else if (message["method"] is null && message["id"]?.GetValueKind() == System.Text.Json.JsonValueKind.Number && _waiting.TryRemove((int)message["id"]!, out var waiting))
                waiting.SetResult(message);
            else if ((string?)message["method"] != "elicitation/create")
                Others.Enqueue(message);
            else if (Ask(message["params"]!.AsObject()) is { } said)
                await SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = message["id"]!.DeepClone(), ["result"] = said });
        }
        foreach (var waiting in _waiting.Values)
            waiting.TrySetException(new EndOfStreamException($"The server closed its output. {Errors}"));
    }

    private async Task ListenAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            lock (_errors)
                _errors.AppendLine(line);
    }
}
