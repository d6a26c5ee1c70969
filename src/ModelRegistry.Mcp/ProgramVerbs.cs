using ModelRegistry.Mcp.Cli;
using ModelRegistry.Mcp.Demo;
using ModelRegistry.Mcp.Telemetry;
using ModelRegistry.Mcp.Tools;
using ModelRegistry.Mcp.Web;

namespace ModelRegistry.Mcp;

/// <summary>Verbs that are programs of their own: the servers for agents' clients, and the demo.</summary>
internal static class ProgramVerbs
{
    public static Verb Stdio()
    {
        var verb = new Verb("stdio", "Serves one MCP client over standard input and output: from a data folder, or through a running server.", "stdio", "stdio --data ./registry", "stdio --server https://models.example.org", "stdio --read-only", "stdio --toolsets registrar", "stdio --tools list_models,get_serving_version");
        Surface(verb);
        return verb.Do(async run =>
        {
            if (run.Settings.Server is { } server)
                return await RelayHost.RunAsync(server, run.Settings.Surface, run.Logs, run.Cancel);
            using var pushed = OtlpPush.Begin(run.Around.Environment);
            return await StdioHost.RunAsync(run.Settings.Registry, run.Settings.Surface, run.Logs, registry => LocalPages.For(registry, run.Logs, run.Cancel), run.Cancel);
        });
    }

    public static Verb Serve()
    {
        var verb = new Verb("serve", "Serves MCP clients over HTTP until it is told to stop (SIGTERM, Ctrl-C).", "serve", "serve --urls http://localhost:8003", "serve --urls http://0.0.0.0:8003 --public-url https://models.example.org");
        verb.Text("--urls", "URLS", "Where to listen, separated by semicolons. Default: http://localhost:8003.");
        verb.Text("--allowed-hosts", "NAMES", "Host names that requests may name, beside those of --public-url and --urls; separated by commas.");
        verb.Text("--allowed-origins", "ORIGINS", "Web origins whose pages may call, such as http://localhost:6274; separated by commas.");
        verb.Text("--trusted-proxies", "ADDRESSES", "Proxies before this server that are believed when they say for whom they ask (X-Forwarded-For): addresses or networks such as 10.0.0.0/24, separated by commas. Without it a proxy's callers without a token are one caller.");
        verb.Text("--max-sessions", "N", "Sessions held at once for clients of 2025-11-25 and before; a caller gets half of them. Default: 5000.");
        verb.Text("--session-idle", "MINUTES", "After how long an unused session is closed. Default: 30.");
        verb.Text("--rate-limit", "N", "Requests a second that one caller may keep up; 0: as many as it likes. Default: 200.");
        verb.Text("--smtp", "URL", "The mail server for telling persons: smtps://USER:PASSWORD@HOST:587 (STARTTLS) or smtp://HOST. Better in the environment: MODELREGISTRY_SMTP.");
        verb.Text("--mail-from", "ADDRESS", "The sender of that mail.");
        verb.Text("--notice-days", "DAYS", "How old an event may become before a delivery that fails is given up. Default: 3.");
        verb.Flag("--webhook-private", "Webhooks may go to private and loopback addresses.").Aliases.Add("--allow-private-webhooks");
        verb.Text("--mlflow-tracking", "URL", "The MLflow tracking server from which files of versions that its clients register are taken. Its credential is in the environment: MODELREGISTRY_MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD. Whoever may register can then read its artifacts.");
        Surface(verb);
        return verb.Do(run => run.OnRegistryAsync((registry, _) => ServerHost.RunAsync(registry, run.Settings, run.Logs, run.Around.Err, run.Around.Environment, run.Cancel)));
    }

    public static Verb McpConfig() => ClientConfigVerb.Make(Surface, (surface, localFiles) => ToolSurface.Select(surface, localFiles).Refusal);

    // Settings, read with the others.
    private static void Surface(Verb verb)
    {
        verb.Flag("--read-only", "Offer only tools that read.");
        verb.Text("--toolsets", "NAMES", "Toolsets to offer beside the default one, separated by commas.");
        verb.Text("--tools", "NAMES", "Offer these tools and, unless --toolsets is given too, no others; separated by commas.");
    }

    public static Verb Demo()
    {
        var verb = new Verb("demo", "Tells the whole story in a few seconds, for real: two models, an agent, two people. Leaves nothing behind.", "demo", "demo --keep");
        var keep = verb.Flag("--keep", "Leave the registry there, and say how to go on with it.");
        return verb.Do(run => run.Elsewhere() is { } far ? Task.FromResult(run.Tell(far)) : DemoStory.RunAsync(run.Around, run.Of(keep), run.Cancel));
    }
}
