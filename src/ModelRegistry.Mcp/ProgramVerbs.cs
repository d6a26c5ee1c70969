using ModelRegistry.Mcp.Cli;
using ModelRegistry.Mcp.Demo;

namespace ModelRegistry.Mcp;

/// <summary>Verbs that are programs of their own: the server for an agent's client, and the demo.</summary>
internal static class ProgramVerbs
{
    public static Verb Stdio()
    {
        var verb = new Verb("stdio", "Serves one MCP client over standard input and output.", "stdio", "stdio --data ./registry", "stdio --read-only", "stdio --toolsets registrar");
        // Both are settings, read with the others.
        verb.Flag("--read-only", "Offer only tools that read.");
        verb.Text("--toolsets", "NAMES", "Toolsets to offer beside the default one, separated by commas.");
        return verb.Do(run => StdioHost.RunAsync(run.Settings.Registry, run.Settings.Stdio, run.Logs, run.Cancel));
    }

    public static Verb Demo()
    {
        var verb = new Verb("demo", "Tells the whole story in a few seconds, for real: two models, an agent, two people. Leaves nothing behind.", "demo", "demo --keep");
        var keep = verb.Flag("--keep", "Leave the registry there, and say how to go on with it.");
        return verb.Do(run => DemoStory.RunAsync(run.Around, run.Of(keep), run.Cancel));
    }
}
