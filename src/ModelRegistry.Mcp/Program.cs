using ModelRegistry.Mcp.Cli;

// Ctrl-C and a polite kill cancel; what is under way ends cleanly, and the exit code says how it ended.
using var interruption = new Interruption();
var around = Surroundings.OfProcess();
try
{
    var code = await CommandLine.RunAsync(args, around, interruption.Token);
    return code == CommandLine.Cancelled ? interruption.ExitCode ?? code : code;
}
finally
{
    await around.Out.FlushAsync();
}
