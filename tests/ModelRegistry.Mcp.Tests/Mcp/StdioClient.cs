using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>
/// A bare client of a real <c>stdio</c> process. It looks at every byte of standard output: each line has to be one
/// JSON-RPC message.
/// </summary>
internal sealed class StdioClient : RawClient
{
    private Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> _waiting = new();
    private readonly StringBuilder _errors = new();
    private Task _reading, _listening;

    private StdioClient(Process process, Era era, bool forms, bool pages, string name) : base(era, forms, pages, name)
    {
        _process = process;
        _reading = ReadAsync();
        _listening = ReadErrorsAsync();
    }

    /// <summary>The server that the process speaks on to; it ends with the client. Null where it opens a data folder itself.</summary>
    public ServeProcess? Server { get; set; }

    /// <summary>The token that it does so with.</summary>
    public string? Token { get; private set; }

    public Process Process => _process;

    /// <summary>The ids of the questions, in order.</summary>
    public List<JsonNode?> QuestionIds { get; } = [];

    /// <summary>Waits until so many questions were asked.</summary>
    public async Task AskedAsync(int count)
    {
        while (QuestionIds.Count < count)
            await _askedMore.WaitAsync(Patience);
    }

    private readonly SemaphoreSlim _askedMore = new(0);

    private JsonObject? Ask(JsonObject question, JsonNode? id)
    {
        QuestionIds.Add(id?.DeepClone());
        var said = Ask(question);
        _askedMore.Release();
        return said;
    }

    /// <summary>Lines of standard output that were not JSON-RPC messages.</summary>
    public List<string> Rubbish { get; } = [];

    public string Errors { get { lock (_errors) return _errors.ToString(); } }

    public static Task<StdioClient> StartAsync(string dataFolder, Era era = Era.Handshake, bool forms = false, string name = "test-client", bool pages = false, params string[] options) =>
        StartAsync(["dotnet", Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "stdio", "--data", dataFolder, .. options], era, forms, name, pages);

    /// <summary>Starts a server by the words of a command, as a client does that read them somewhere.</summary>
    public static async Task<StdioClient> StartAsync(IReadOnlyList<string> command, Era era = Era.Handshake, bool forms = false, string name = "test-client", bool pages = false)
    {
        var client = new StdioClient(Start(command, null), era, forms, pages, name);
        await client.BeginAsync();
        return client;
    }

    /// <summary>Through a server of its own on the same registry, with a token of the agent planner's.</summary>
    /// <param name="options">The server's.</param>
    public static async Task<StdioClient> ThroughServerAsync(SeededRegistry registry, Era era = Era.Handshake, bool forms = false, bool pages = false, params string[] options)
    {
        var client = await ConnectAsync(await ServeProcess.StartAsync(registry.DataFolder, options), await registry.TokenAsync("planner"), era, forms, pages);
        await client.BeginAsync();
        return client;
    }

    /// <summary>Through a server that is there, without having said anything yet.</summary>
    /// <param name="options">Of the process that is the client's.</param>
    public static Task<StdioClient> ConnectAsync(ServeProcess server, string? token, Era era = Era.Handshake, bool forms = false, bool pages = false, params string[] options) =>
        Task.FromResult(new StdioClient(Start(Relay(server.Address, options), token), era, forms, pages, "test-client") { Server = server, Token = token });

    /// <summary>Through whatever is at an address.</summary>
    public static StdioClient Before(Uri address, string? token, Era era = Era.Handshake, params string[] options) =>
        new(Start(Relay(address, options), token), era, false, false, "test-client") { Token = token };

    /// <summary>Ends the process and starts another one with another token.</summary>
    public async Task BecomeAsync(string token)
    {
        _process.StandardInput.Close();
        await Task.WhenAll(_process.WaitForExitAsync(), _reading, _listening).WaitAsync(Patience);
        _process.Dispose();
        (_process, Token) = (Start(Relay(Server!.Address, []), token), token);
        (_reading, _listening) = (ReadAsync(), ReadErrorsAsync());
        await BeginAsync();
    }

    private static string[] Relay(Uri address, string[] options) => ["dotnet", Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "stdio", "--server", address.GetLeftPart(UriPartial.Authority), .. options];

    private static Process Start(IReadOnlyList<string> command, string? token)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        Cli.ProgramProcess.WithoutSettings(start);
        if (token is not null)
            start.Environment["MODELREGISTRY_TOKEN"] = token;
        return Process.Start(start)!;
    }

    protected override async Task<JsonObject> ExchangeAsync(int id, JsonObject request)
    {
        var answer = _waiting[id] = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(request);
        return await answer.Task.WaitAsync(Patience);
    }

    public override async Task SendAsync(JsonObject message) => await SendLineAsync(message.ToJsonString());

    public override Task BeginRequestAsync(int id, string method, JsonObject parameters) => SendAsync(Message(method, parameters, id));

    public async Task SendLineAsync(string line)
    {
        await _process.StandardInput.WriteAsync(line + "\n");
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Closes standard input and gives the exit code.</summary>
    public override async Task<int> EndAsync()
    {
        // The server answers what listens when it ends; the client's input would end it unanswered.
        if (Server is not null)
            await Server.EndAsync();
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _reading.WaitAsync(Patience);
        return _process.ExitCode;
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await Task.WhenAll(_reading, _listening).WaitAsync(Patience);
        _process.Dispose();
        if (Server is not null)
            await Server.DisposeAsync();
        Assert.Empty(Rubbish);
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
                Keep(message);
            else if (Ask(message["params"]!.AsObject(), message["id"]) is { } said)
                await SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = message["id"]!.DeepClone(), ["result"] = said });
        }
        foreach (var waiting in _waiting.Values)
            waiting.TrySetException(new EndOfStreamException($"The server closed its output. {Errors}"));
        KeepNoMore($"The server closed its output. {Errors}");
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            lock (_errors)
                _errors.AppendLine(line);
    }
}
