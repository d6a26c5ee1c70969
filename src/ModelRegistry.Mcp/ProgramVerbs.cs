using ModelRegistry.Mcp.Cli;
using ModelRegistry.Mcp.Demo;

namespace ModelRegistry.Mcp;

/// <summary>Verbs that are programs of their own: the server for an agent's client, and the demo.</summary>
internal static class ProgramVerbs
{
    public static Verb Stdio()
    {
        var verb = new Verb("stdio", "Serves one MCP client over standard input and output.", "stdio", "stdio --data ./registry", "stdio --read-only");
        var readOnly = verb.Flag("--read-only", "Offer no tool that writes.");
        var toolsets = verb.Text("--toolsets", "NAMES", "Tools beside the default ones, separated by commas: registrar.");
        return verb.Do(run => StdioHost.RunAsync(run.Settings.Registry, new StdioSettings(
            run.Of(readOnly) || run.Settings.Stdio.ReadOnly,
            run.Of(toolsets)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? run.Settings.Stdio.Toolsets), run.Logs, run.Cancel));
    }

    public static Verb Demo()
    {
        var verb = new Verb("demo", "Tells the whole story in a few seconds, for real: two models, an agent, two people. Leaves nothing behind.", "demo", "demo --keep");
        var keep = verb.Flag("--keep", "Leave the registry there, and say how to go on with it.");
        return verb.Do(run => DemoStory.RunAsync(run.Around, run.Of(keep), run.Cancel));
    }
}
