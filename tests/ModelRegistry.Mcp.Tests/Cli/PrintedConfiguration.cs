using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>A configuration that <c>mcp-config</c> printed, read as the client reads it that it is for.</summary>
internal sealed partial class PrintedConfiguration
{
    private readonly string _client;
    private readonly JsonObject _file;
    private readonly IReadOnlyDictionary<string, string> _environment;

    /// <param name="client">As given to <c>--client</c>.</param>
    /// <param name="text">What was printed.</param>
    /// <param name="environment">The client's environment; VS Code is typed the value of MODELREGISTRY_TOKEN.</param>
    public PrintedConfiguration(string client, string text, IReadOnlyDictionary<string, string> environment)
    {
        (_client, _environment) = (client, environment);
        // LangGraph's file is expanded before it is read.
        _file = JsonNode.Parse(client == "langgraph" ? Braced().Replace(text, Variable) : text)!.AsObject();
    }

    /// <summary>The words a client over stdio starts.</summary>
    public IReadOnlyList<string> Command
    {
        get
        {
            AssertKind("stdio");
            return [Expanded((string)Server["command"]!), .. Server["args"]!.AsArray().Select(word => Expanded((string)word!))];
        }
    }

    public Uri Url
    {
        get
        {
            AssertKind("http");
            return new Uri(Expanded((string)Server["url"]!));
        }
    }

    public IReadOnlyDictionary<string, string> Headers =>
        (Server["headers"] as JsonObject)?.ToDictionary(h => h.Key, h => Expanded((string)h.Value!)) ?? [];

    private JsonObject Server => _client switch
    {
        "langgraph" => _file["model-registry"]!.AsObject(),
        "vscode" => _file["servers"]!["model-registry"]!.AsObject(),
        _ => _file["mcpServers"]!["model-registry"]!.AsObject(),
    };

    // What tells the client which kind it is; Cursor, and Claude for programs, go by what else is there.
    private void AssertKind(string kind)
    {
        var said = (string?)Server[_client == "langgraph" ? "transport" : "type"];
        if (said != (_client == "cursor" || (_client == "claude" && kind == "stdio") ? null : kind))
            throw new InvalidOperationException($"{_client} takes '{said}' for something else than {kind}.");
    }

    private string Expanded(string text) => _client switch
    {
        "vscode" => Input().Replace(text, input => Typed(input.Groups[1].Value)),
        "cursor" => InEnvironment().Replace(text, Variable),
        "claude" => Braced().Replace(text, Variable),
        _ => text,
    };

    private string Variable(Match match) => _environment.GetValueOrDefault(match.Groups[1].Value) ?? match.Value;

    private string Typed(string id)
    {
        var input = _file["inputs"]!.AsArray().Single(i => (string?)i!["id"] == id)!;
        return (string?)input["type"] == "promptString" && (bool)input["password"]! ? _environment["MODELREGISTRY_TOKEN"] : throw new InvalidOperationException($"{id} would be shown while it is typed.");
    }

    [GeneratedRegex(@"\$\{([A-Z_]+)\}")]
    private static partial Regex Braced();

    [GeneratedRegex(@"\$\{env:([A-Z_]+)\}")]
    private static partial Regex InEnvironment();

    [GeneratedRegex(@"\$\{input:([a-z-]+)\}")]
    private static partial Regex Input();
}
