using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>mcp-config</c>: what an agent's client has to be told to start this registry over stdio, or to reach it over HTTP.</summary>
internal static class ClientConfigVerb
{
    private const string DefaultServer = "http://localhost:8003";

    /// <param name="declareSurface">Declares the settings that say which tools there are.</param>
    /// <param name="check">Says what is wrong with them; with files of this machine over stdio, without over HTTP.</param>
    public static Verb Make(Action<Verb> declareSurface, Func<SurfaceSettings, bool, Refusal?> check)
    {
        var verb = new Verb("mcp-config", "Prints the configuration with which a client starts this registry over stdio, or reaches it over HTTP.",
            "mcp-config --client claude > .mcp.json", "mcp-config --client vscode > .vscode/mcp.json", "mcp-config --client cursor --read-only > .cursor/mcp.json",
            "mcp-config --client claude --server https://models.example.org > .mcp.json", "mcp-config --client claude --transport http --url https://models.example.org > .mcp.json", "mcp-config --client langgraph --transport http --no-token");
        var client = verb.Choice("--client", "Whose configuration. Claude: of Code; Desktop takes the same for stdio, and nothing for HTTP.", [.. ClientConfiguration.Clients]);
        client.Required = true;
        var transport = verb.Choice("--transport", "stdio (default) or http.", "stdio", "http");
        var url = verb.Text("--url", "URL", $"Where the server is, for http. Default: --server, the public URL, else {DefaultServer}.");
        var noToken = verb.Flag("--no-token", "Leave the token out: for a server on this machine that asks for none.");
        declareSurface(verb);
        return verb.Do(run =>
        {
            var (surface, http, server) = (run.Settings.Surface, run.Of(transport) == "http", run.Settings.Server?.Address);
            var reach = check(surface, !http && server is null) is { } unknown ? unknown
                : http ? Address(run.Of(url) ?? server?.AbsoluteUri ?? run.Settings.Http.PublicUrl?.AbsoluteUri ?? DefaultServer).Then<ClientReach>(address => ClientReach.Over(address, surface, !run.Of(noToken)))
                : server is not null && run.Of(url) is null ? ClientReach.Through(Program(), server, surface, !run.Of(noToken))
                : NeedsHttp(run.Of(url) is not null ? "url" : run.Of(noToken) ? "no-token" : null) ?? (Outcome<ClientReach>)ClientReach.Starting(Program(), run.Settings.Registry, surface);
            return Task.FromResult(reach.Refusal is { } no ? run.Tell(no) : Print(run, ClientConfiguration.Of(run.Of(client)!, reach.Value)));
        });
    }

    private static int Print(CliRun run, ClientConfiguration configuration)
    {
        run.Around.Out.WriteLine(configuration.File);
        foreach (var line in configuration.Talk)
            run.Around.Err.WriteLine(VisibleText.Line(line));
        return Replies.Exit.Done;
    }

    private static Refusal? NeedsHttp(string? given) => given is null ? null : Refusals.InvalidArgument(given, "goes with --transport http, or with --server");

    /// <summary>The address of the MCP endpoint below a server's own.</summary>
    private static Outcome<Uri> Address(string server)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
            return Refusals.InvalidArgument("url", "must be an address such as https://models.example.org, without user, query or fragment");
        var path = url.AbsolutePath.TrimEnd('/');
        return new UriBuilder(url) { Path = path.EndsWith("/mcp", StringComparison.Ordinal) ? path : path + "/mcp" }.Uri;
    }

    /// <summary>This very program, by its full path.</summary>
    private static IReadOnlyList<string> Program()
    {
        var program = Environment.ProcessPath ?? "modelregistry";
        // Started as `dotnet modelregistry.dll`, the program is an argument of dotnet's.
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Path.Combine(AppContext.BaseDirectory, "modelregistry.dll")] : [program];
    }
}
