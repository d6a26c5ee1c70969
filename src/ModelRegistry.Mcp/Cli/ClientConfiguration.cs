using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Cli;

/// <summary>What one client is configured with: the text of its file, and what to tell the person who writes it.</summary>
/// <remarks>
/// Claude and Cursor read <c>mcpServers</c>, VS Code <c>servers</c> and <c>inputs</c>; LangGraph's adapters take the servers
/// themselves, each with a transport. Where a header needs the token, each refers to it in its own syntax.
/// </remarks>
internal sealed record ClientConfiguration(string File, IReadOnlyList<string> Talk)
{
    private const string Server = "model-registry", TokenInput = "modelregistry-token", TokenVariable = "MODELREGISTRY_TOKEN";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<string> Clients { get; } = ["claude", "vscode", "cursor", "langgraph"];

    public static ClientConfiguration Of(string client, ClientReach reach)
    {
        var configuration = client switch
        {
            "claude" => Claude(reach),
            "vscode" => VisualStudioCode(reach),
            "cursor" => Cursor(reach),
            "langgraph" => LangGraph(reach),
            _ => throw new ArgumentOutOfRangeException(nameof(client), client, "not one of Clients"),
        };
        return configuration with { Talk = [.. configuration.Talk, .. Reading(reach, client)] };
    }

    private static ClientConfiguration Claude(ClientReach reach)
    {
        var server = Entry(reach, reach.Url is null ? null : ("type", "http"), $"${{{TokenVariable}}}");
        // A project's file is where Claude Code is documented to expand variables.
        var install = reach.Url is null
            ? $"claude mcp add {(reach.WithToken ? $"--scope project --env {Shell([$"{TokenVariable}=${{{TokenVariable}}}"])} --transport stdio " : "")}{Server} -- {Shell(reach.Command)}"
            : $"claude mcp add --scope project --transport http {Server} {Shell([reach.Url.AbsoluteUri])}{string.Concat(Headers(reach, $"${{{TokenVariable}}}").Select(h => $" --header {Shell([$"{h.Key}: {h.Value}"])}"))}";
        return new ClientConfiguration(Text(new JsonObject { ["mcpServers"] = new JsonObject { [Server] = server } }),
        [
            $"Claude Code reads it as .mcp.json in the project's folder. In one line: {install}",
            reach.Url is null
                ? "Claude Desktop takes the same as claude_desktop_config.json."
                : "Claude Desktop's file takes programs only: give it the configuration for stdio, or add the address as a connector.",
        ]);
    }

    private static ClientConfiguration VisualStudioCode(ClientReach reach)
    {
        var server = Entry(reach, ("type", reach.Url is null ? "stdio" : "http"), $"${{input:{TokenInput}}}");
        var inputs = new JsonArray(new JsonObject { ["type"] = "promptString", ["id"] = TokenInput, ["description"] = "Token of the model registry", ["password"] = true });
        var (file, line) = (new JsonObject(), new JsonObject { ["name"] = Server });
        if (reach.WithToken)
            (file["inputs"], line["inputs"]) = (inputs, inputs.DeepClone());
        file["servers"] = new JsonObject { [Server] = server };
        foreach (var (name, value) in server)
            line[name] = value?.DeepClone();
        return new ClientConfiguration(Text(file), [$"VS Code reads it as .vscode/mcp.json in the workspace. In one line: code --add-mcp {Shell([line.ToJsonString(OneLine)])}"]);
    }

    private static ClientConfiguration Cursor(ClientReach reach)
    {
        var server = Entry(reach, null, $"${{env:{TokenVariable}}}");
        var link = $"cursor://anysphere.cursor-deeplink/mcp/install?name={Server}&config={Uri.EscapeDataString(Convert.ToBase64String(Encoding.UTF8.GetBytes(server.ToJsonString(OneLine))))}";
        return new ClientConfiguration(Text(new JsonObject { ["mcpServers"] = new JsonObject { [Server] = server } }), [$"Cursor reads it as .cursor/mcp.json. As a link to open: {link}"]);
    }

    private static ClientConfiguration LangGraph(ClientReach reach) => new(
        Text(new JsonObject { [Server] = Entry(reach, ("transport", reach.Url is null ? "stdio" : "http"), $"${{{TokenVariable}}}") }),
        ["LangGraph takes it as the argument of MultiServerMCPClient (langchain-mcp-adapters, or mcpServers of @langchain/mcp-adapters)."]);

    /// <summary>Where the token comes from, and what to be wary of.</summary>
    private static IEnumerable<string> Reading(ClientReach reach, string client)
    {
        if (!reach.WithToken)
            yield break;
        yield return client switch
        {
            "vscode" => "VS Code asks for the token once and keeps it.",
            "langgraph" => $"LangGraph expands no variables: put the value of {TokenVariable} in place of ${{{TokenVariable}}} when reading it, as os.path.expandvars does.",
            _ => $"It takes the token from {TokenVariable} in the client's environment.",
        };
        if (reach.Url is { Scheme: "http", IsLoopback: false })
            yield return "The address is not https: whoever is in between can read the token.";
    }

    /// <summary>One server of a client's file: how it is started, or its address and headers.</summary>
    /// <param name="kind">The member that tells the client which; null where it finds out itself.</param>
    /// <param name="token">How this client refers to the token.</param>
    private static JsonObject Entry(ClientReach reach, (string Name, string Value)? kind, string token)
    {
        var entry = new JsonObject();
        if (kind is { } said)
            entry[said.Name] = said.Value;
        if (reach.Url is null)
        {
            (entry["command"], entry["args"]) = (reach.Command[0], new JsonArray([.. reach.Command.Skip(1).Select(word => (JsonNode)word)]));
            // Clients hand few variables of their own to the programs they start.
            if (reach.WithToken)
                entry["env"] = new JsonObject { [TokenVariable] = token };
            return entry;
        }
        entry["url"] = reach.Url.AbsoluteUri;
        if (Headers(reach, token).ToList() is { Count: > 0 } headers)
            entry["headers"] = new JsonObject(headers.Select(h => KeyValuePair.Create(h.Key, (JsonNode?)h.Value)));
        return entry;
    }

    private static IEnumerable<KeyValuePair<string, string>> Headers(ClientReach reach, string token) =>
        reach.WithToken ? reach.Headers.Prepend(KeyValuePair.Create("Authorization", $"Bearer {token}")) : reach.Headers;

    private static string Text(JsonObject file) => file.ToJsonString(Indented);

    /// <summary>Words as a POSIX shell takes them; what means something to it stands in single quotes.</summary>
    private static string Shell(IEnumerable<string> words) => string.Join(' ', words.Select(word =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=@,+%".Contains(c, StringComparison.Ordinal)) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
}
