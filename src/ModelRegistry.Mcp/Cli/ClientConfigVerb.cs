using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>mcp-config</c>: what an agent's client has to be told to start this registry over stdio.</summary>
internal static class ClientConfigVerb
{
    private static readonly string[] Clients = ["claude", "vscode", "cursor", "langgraph"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Verb Make()
    {
        var verb = new Verb("mcp-config", "Prints the configuration with which a client starts this registry over stdio.",
            "mcp-config --client claude > .mcp.json", "mcp-config --client vscode > .vscode/mcp.json", "mcp-config --client cursor > .cursor/mcp.json", "mcp-config --client langgraph");
        var client = verb.Choice("--client", "Whose configuration: claude, vscode, cursor or langgraph.", Clients);
        client.Required = true;
        return verb.Do(run =>
        {
            run.Around.Out.WriteLine(Configuration(run.Of(client)!, Start(run.Settings.Registry)).ToJsonString(Indented));
            return Task.FromResult(Replies.Exit.Done);
        });
    }

    /// <summary>Claude and Cursor read <c>mcpServers</c>, VS Code <c>servers</c>; LangGraph's adapters take the servers themselves, with a transport.</summary>
    internal static JsonObject Configuration(string client, JsonObject start)
    {
        if (client == "langgraph")
        {
            start["transport"] = "stdio";
            return new JsonObject { ["model-registry"] = start };
        }
        if (client == "vscode")
            start.Insert(0, "type", "stdio");
        return new JsonObject { [client == "vscode" ? "servers" : "mcpServers"] = new JsonObject { ["model-registry"] = start } };
    }

    /// <summary>This very program, by its full path, on the data folder it was asked about. Secrets stay in the environment.</summary>
    private static JsonObject Start(RegistryOptions registry)
    {
        var program = Environment.ProcessPath ?? "modelregistry";
        var args = new JsonArray();
        // Started as `dotnet modelregistry.dll`, the program is an argument of dotnet's.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            args.Add(Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"));
        string[] words = ["stdio", "--data", registry.DataFolder];
        // A PostgreSQL address holds a password: it belongs in MODELREGISTRY_DATABASE.
        if (registry.Database is { } database && database.StartsWith("sqlite:", StringComparison.Ordinal))
            words = [.. words, "--database", database];
        foreach (var word in words)
            args.Add(word);
        return new JsonObject { ["command"] = program, ["args"] = args };
    }
}
