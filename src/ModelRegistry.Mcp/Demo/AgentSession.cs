using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace ModelRegistry.Mcp.Demo;

/// <summary>What a tool answered.</summary>
/// <param name="Facts">The structured part; null for an error.</param>
internal sealed record ToolAnswer(string Tool, bool IsError, JsonNode? Facts, string Text)
{
    /// <summary>The structured part of an answer that was expected to be one.</summary>
    public JsonNode Answer => !IsError && Facts is not null ? Facts : throw new StorySurpriseException($"{Tool} answered: {Text}");

    /// <summary>The refusal in the registry's own words: <c>error: CODE</c>, the message, <c>Next: REMEDY</c>.</summary>
    public RegistrysNo No => IsError && Text.Split('\n') is [var code, .. var message, var next] && code.StartsWith("error: ", StringComparison.Ordinal)
        ? new RegistrysNo(code["error: ".Length..].Trim(), string.Join(' ', message), next.StartsWith("Next: ", StringComparison.Ordinal) ? next["Next: ".Length..] : next)
        : throw new StorySurpriseException($"{Tool} was expected to be refused, and answered: {Text}");
}

/// <summary>An agent: this same program started as <c>stdio</c>, with the MCP SDK's client at the other end of the pipe.</summary>
internal sealed class AgentSession : IAsyncDisposable
{
    private readonly McpClient _client;

    private AgentSession(McpClient client) => _client = client;

    /// <summary>How often the client was asked to put a dialog to its user. It says yes to every one, as an agent's own client could.</summary>
    public int DialogsAnswered { get; private set; }

    /// <param name="name">How the client calls itself.</param>
    public static async Task<AgentSession> StartAsync(string dataFolder, string name, CancellationToken cancel)
    {
        var errors = new List<string>();
        var (command, arguments) = ThisProgram();
        var transport = new StdioClientTransport(new StdioClientTransportOptions
        {
            Name = name,
            Command = command,
            Arguments = [.. arguments, "stdio", .. CommandPrompt.Place(dataFolder)],
            // A null takes the variable away: the story's registry is told everything on the command line.
            EnvironmentVariables = Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(k => k.StartsWith("MODELREGISTRY_", StringComparison.OrdinalIgnoreCase)).ToDictionary(k => k, _ => (string?)null),
            StandardErrorLines = line => { lock (errors) errors.Add(line); },
            ShutdownTimeout = TimeSpan.FromSeconds(5),
        });
        AgentSession? session = null;
        var options = new McpClientOptions
        {
            ClientInfo = new Implementation { Name = name, Version = "1" },
            Capabilities = new ClientCapabilities { Elicitation = new ElicitationCapability { Form = new FormElicitationCapability() } },
            // On a busy machine the server may take longer to start than the five seconds after which the client would take
            // it for one of an earlier protocol; the timeout of the whole handshake remains.
            DiscoverProbeTimeout = Timeout.InfiniteTimeSpan,
            Handlers = new McpClientHandlers { ElicitationHandler = (_, _) => new(session!.SayYes()) },
        };
        try
        {
            return session = new AgentSession(await McpClient.CreateAsync(transport, options, cancellationToken: cancel));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            lock (errors)
                throw new StorySurpriseException($"the agent's server did not start: {e.Message} {string.Join(' ', errors)}".TrimEnd());
        }
    }

    public async Task<IReadOnlyList<string>> ToolsAsync(CancellationToken cancel) => [.. (await _client.ListToolsAsync(cancellationToken: cancel)).Select(t => t.Name)];

    public Task<ToolAnswer> CallAsync(string tool, object arguments, CancellationToken cancel) => CallAsync(Call(tool, arguments), cancel);

    /// <summary>The same, with an answer in it to a dialog that nobody was shown.</summary>
    public Task<ToolAnswer> CallWithForgedAnswerAsync(string tool, object arguments, CancellationToken cancel)
    {
        var call = Call(tool, arguments);
        call.RequestState = "forged";
        call.InputResponses = new Dictionary<string, InputResponse> { ["decision"] = InputResponse.FromElicitResult(Yes()) };
        return CallAsync(call, cancel);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>The file to start this program by, and what comes before its verb: nothing, or the assembly where it runs under <c>dotnet</c>.</summary>
    public static (string Command, string[] Arguments) ThisProgram()
    {
        var process = Environment.ProcessPath ?? throw new StorySurpriseException("the system does not say which program this is");
        return Path.GetFileNameWithoutExtension(process).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
            ? (process, [Path.Combine(AppContext.BaseDirectory, "modelregistry.dll")])
            : (process, []);
    }

    private async Task<ToolAnswer> CallAsync(CallToolRequestParams call, CancellationToken cancel)
    {
        var result = await _client.CallToolAsync(call, cancel);
        var text = string.Join('\n', result.Content.OfType<TextContentBlock>().Select(b => b.Text));
        return new ToolAnswer(call.Name, result.IsError == true, result.StructuredContent is { } facts ? JsonNode.Parse(facts.GetRawText()) : null, text);
    }

    private static CallToolRequestParams Call(string tool, object arguments) => new()
    {
        Name = tool,
        Arguments = JsonSerializer.SerializeToElement(arguments).EnumerateObject().ToDictionary(p => p.Name, p => p.Value),
    };

    private ElicitResult SayYes()
    {
        DialogsAnswered++;
        return Yes();
    }

    private static ElicitResult Yes() => new()
    {
        Action = "accept",
        Content = new Dictionary<string, JsonElement> { ["decision"] = JsonSerializer.SerializeToElement("approve") },
    };
}
