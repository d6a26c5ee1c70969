using System.Diagnostics;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>The program as a real process on a data folder of its own, with or without a terminal.</summary>
internal sealed class ProgramProcess : IDisposable
{
    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "modelregistry.dll");

    public string Folder { get; } = Directory.CreateTempSubdirectory("cli-process-").FullName;

    public string Data => Path.Combine(Folder, "data");

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Everything that any run wrote to stderr.</summary>
    public string AllErr { get; private set; } = "";

    /// <summary>Runs it without any terminal, in a session of its own: the one the tests were started from is not its.</summary>
    /// <param name="input">What comes through a pipe on stdin.</param>
    public async Task<Ran> RunAsync(string[] args, string input = "", string? workingFolder = null)
    {
        var alone = OperatingSystem.IsLinux() ? new[] { Needs.Program("setsid", "it starts a process without a terminal"), "-w" } : [];
        using var process = Start([.. alone, "dotnet", Assembly, .. args], workingFolder);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        AllErr += await error;
        return new Ran(process.ExitCode, await output, await error);
    }

    /// <summary>Runs it at a terminal where a person answers each question for a passphrase in turn. Stdout and stderr go elsewhere.</summary>
    public async Task<(Ran Ran, string Screen)> AtTerminalAsync(string[] answers, params string[] args)
    {
        using var terminal = new PseudoTerminal();
        using var process = StartAt(terminal, "", args);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        foreach (var answer in answers)
        {
            await terminal.ShowsAsync("passphrase", process);
            terminal.Type(answer + "\n");
        }
        await process.WaitForExitAsync();
        AllErr += await error;
        return (new Ran(process.ExitCode, await output, await error), await terminal.CloseAsync());
    }

    /// <summary>Starts it at a terminal.</summary>
    /// <param name="redirections">For the shell: <c>$0</c> is the terminal.</param>
    public Process StartAt(PseudoTerminal terminal, string redirections, params string[] args)
    {
        var setsid = Needs.Program("setsid", "it gives a process a terminal of its own");
        return Start(["sh", "-c", $"exec {setsid} -w -c \"$@\" <\"$0\" {redirections}", terminal.Path, "dotnet", Assembly, .. args], null);
    }

    public string File(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Takes the settings out of a process's environment: nobody's own registry is to be touched.</summary>
    public static ProcessStartInfo WithoutSettings(ProcessStartInfo start)
    {
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MODELREGISTRY_", StringComparison.Ordinal) || k.StartsWith("OTEL_", StringComparison.Ordinal) || k is "NO_COLOR" or "TERM").ToList())
            start.Environment.Remove(name);
        return start;
    }

    private Process Start(string[] line, string? workingFolder)
    {
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = workingFolder ?? Folder };
        WithoutSettings(start);
        start.Environment["TERM"] = "xterm";
        start.Environment["MODELREGISTRY_DATA"] = Data;
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
