using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>The two official clients for TypeScript, the second one in each of its three modes.</summary>
public enum Library
{
    /// <summary><c>@modelcontextprotocol/sdk</c>, which speaks 2025-11-25.</summary>
    Sdk1,

    /// <summary><c>@modelcontextprotocol/client</c> as it comes: 2025-11-25.</summary>
    Sdk2,

    /// <summary>The same, which finds out by asking.</summary>
    Sdk2Auto,

    /// <summary>The same, told to speak 2026-07-28.</summary>
    Sdk2Modern,
}

/// <summary>An error that the client library threw.</summary>
internal sealed class ClientException(JsonNode error) : Exception($"{error["name"]} {error["code"]}: {error["message"]}")
{
    public string? Code { get; } = error["code"]?.ToString();
}

/// <summary>An official client, run by Node, that calls what it is told to and hands the person's questions on.</summary>
internal sealed class RealClient : IAsyncDisposable
{
    private readonly NodeProgram _program;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _waiting = new();
    private readonly Channel<string> _updates = Channel.CreateUnbounded<string>();
    private readonly Channel<JsonNode> _progress = Channel.CreateUnbounded<JsonNode>();
    private Task _hearing = Task.CompletedTask;
    private int _id;

    private RealClient(NodeProgram program) => _program = program;

    /// <summary>What the server said of itself: <c>server</c>, <c>capabilities</c>, <c>instructions</c>, <c>version</c>.</summary>
    public JsonObject About { get; private set; } = [];

    /// <summary>What the person says to a question; null leaves it open.</summary>
    public Func<JsonNode, JsonObject?> Person { get; set; } = _ => throw new InvalidOperationException("Nobody expected to be asked.");

    public List<JsonNode> Questions { get; } = [];

    /// <summary>URIs of the resources that were reported as changed, in turn.</summary>
    public ChannelReader<string> Updates => _updates.Reader;

    public ChannelReader<JsonNode> Progress => _progress.Reader;

    /// <summary>Over stdio, with a server process of the client's own.</summary>
    public static Task<RealClient> OverStdioAsync(Library library, string dataFolder, bool forms = true, params string[] options) => StartAsync(library, forms, new JsonObject
    {
        ["stdio"] = new JsonObject
        {
            ["command"] = "dotnet",
            ["args"] = new JsonArray([Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "stdio", "--data", dataFolder, .. options]),
        },
    });

    /// <summary>Over HTTP.</summary>
    /// <param name="token">Sent as bearer token; null sends none.</param>
    public static Task<RealClient> OverHttpAsync(Library library, Uri server, string? token = null, bool forms = true) => StartAsync(library, forms, new JsonObject
    {
        ["url"] = server.ToString(),
        ["headers"] = token is null ? [] : new JsonObject { ["Authorization"] = $"Bearer {token}" },
    });

    private static async Task<RealClient> StartAsync(Library library, bool forms, JsonObject settings)
    {
        settings["forms"] = forms;
        settings["mode"] = library switch
        {
            Library.Sdk2Auto => "auto",
            Library.Sdk2Modern => new JsonObject { ["pin"] = "2026-07-28" },
            _ => null,
        };
        var client = new RealClient(NodeProgram.Start(library == Library.Sdk1 ? "sdk-1.mjs" : "sdk-2.mjs", settings.ToJsonString()));
        var connected = client.Wait(0);
        client._hearing = client.HearAsync();
        try
        {
            client.About = (await connected).AsObject();
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Calls a method of the client library, such as <c>listTools</c>.</summary>
    public async Task<JsonNode> InvokeAsync(string method, JsonObject? parameters = null) => await Begin(method, parameters ?? []).Answer;

    /// <summary>Calls it and goes on; the number is for <see cref="AbortAsync"/>.</summary>
    public (int Id, Task<JsonNode> Answer) Begin(string method, JsonObject parameters, bool progress = false)
    {
        var id = Interlocked.Increment(ref _id);
        var answer = Wait(id);
        return (id, TellAsync());

        async Task<JsonNode> TellAsync()
        {
            await _program.TellAsync(new JsonObject { ["id"] = id, ["invoke"] = method, ["with"] = parameters, ["progress"] = progress });
            return await answer;
        }
    }

    public async Task<ToolAnswer> CallAsync(string tool, JsonObject? arguments = null) =>
        Read(await InvokeAsync("callTool", new JsonObject { ["name"] = tool, ["arguments"] = arguments ?? [] }));

    /// <summary>Answers a question that was left open.</summary>
    /// <param name="question">1 is the first of <see cref="Questions"/>.</param>
    public Task AnswerAsync(int question, JsonObject answer) => _program.TellAsync(new JsonObject { ["answer"] = question, ["with"] = answer });

    public Task AbortAsync(int id) => _program.TellAsync(new JsonObject { ["abort"] = id });

    /// <summary>Closes the connection as the library does, and checks that this went well.</summary>
    public async Task CloseAsync() => Assert.Equal(0, await _program.EndAsync());

    public async ValueTask DisposeAsync()
    {
        _program.Dispose();
        await _hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static ToolAnswer Read(JsonNode result) =>
        new((bool?)result["isError"] ?? false, (string)result["content"]![0]!["text"]!, result["structuredContent"] as JsonObject, result.AsObject());

    private Task<JsonNode> Wait(int id) => (_waiting[id] = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private async Task HearAsync()
    {
        try
        {
            while (await _program.HearAsync() is { } said)
            {
                if (said["id"] is { } id && _waiting.TryRemove((int)id, out var waiting))
                    _ = said["error"] is { } error ? waiting.TrySetException(new ClientException(error)) : waiting.TrySetResult(said["result"]!);
                else if (said["ask"] is { } ask)
                    await AskAsync((int)ask, said["question"]!);
                else if (said["updated"] is { } uri)
                    _updates.Writer.TryWrite((string)uri!);
                else if (said["report"] is { } report)
                    _progress.Writer.TryWrite(report);
            }
        }
        catch (Exception e)
        {
            End(e);
            throw;
        }
        End(new EndOfStreamException($"The client ended. {_program.Errors}"));
    }

    private void End(Exception why)
    {
        _updates.Writer.TryComplete(why);
        _progress.Writer.TryComplete(why);
        foreach (var waiting in _waiting.Values)
            waiting.TrySetException(why);
    }

    private async Task AskAsync(int number, JsonNode question)
    {
        Questions.Add(question);
        if (Person(question) is { } answer)
            await AnswerAsync(number, answer);
    }
}
