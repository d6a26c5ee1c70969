using System.Text;

namespace ModelRegistry.Mcp.Cli;

/// <summary>What a run of the program talks to. Made once for the process; tests and the demo bring their own.</summary>
/// <param name="Out">Data.</param>
/// <param name="Err">Talk.</param>
/// <param name="Terminal">Where passphrases are typed.</param>
/// <param name="FancyOut">Whether <see cref="Out"/> is a terminal that takes colours.</param>
/// <param name="ProgressOnErr">Whether <see cref="Err"/> is a terminal.</param>
/// <param name="OsUser">The user of the operating system.</param>
internal sealed record Surroundings(
    TextWriter Out, TextWriter Err, ITerminal Terminal, bool FancyOut, bool ProgressOnErr, int Width, Func<string, string?> Environment, string OsUser)
{
    public static Surroundings OfProcess()
    {
        // Unix consoles are UTF-8 whatever the locale says, and what a pipe carries must not depend on it.
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        if (OperatingSystem.IsWindows())
            Console.OutputEncoding = utf8;
        Func<string, string?> environment = System.Environment.GetEnvironmentVariable;
        var plain = !string.IsNullOrEmpty(environment("NO_COLOR")) || environment("TERM") is "dumb";
        var terminal = DeviceTerminal.OfProcess(fancy: !plain);
        return new Surroundings(
            new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = !Console.IsOutputRedirected }, new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true },
            terminal, !Console.IsOutputRedirected && !plain, !Console.IsErrorRedirected,
            terminal.Width, environment, System.Environment.UserName);
    }
}
