using System.Diagnostics;

namespace ModelRegistry.Mcp.Tests.Demo;

/// <summary>The program as a real process whose temporary files have a folder of their own, so that what it leaves can be counted.</summary>
/// <param name="program">The folder of the executable and what ships with it; null: the one that was built.</param>
internal sealed class DemoProcess(string? program = null) : IDisposable
{
    private readonly string _temporary = Directory.CreateTempSubdirectory("demo-test-").FullName;

    private Process? _process;

    /// <summary>What is left in the folder for temporary files.</summary>
    public IReadOnlyList<string> Left => [.. Directory.EnumerateFileSystemEntries(_temporary)];

    /// <summary>Runs it to its end.</summary>
    public async Task<(int Exit, string Out, string Err)> RunAsync(params string[] arguments)
    {
        using var process = Start("dotnet", Arguments(arguments));
        return await EndAsync(process);
    }

    /// <summary>Types a command line into a shell, as it was printed.</summary>
    public async Task<(int Exit, string Out, string Err)> TypeAsync(string commandLine)
    {
        using var process = Start("sh", ["-c", commandLine]);
        return await EndAsync(process);
    }

    private static async Task<(int Exit, string Out, string Err)> EndAsync(Process process)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Runs it until a line with this text comes, interrupts it as Ctrl-C does, and waits for its end.</summary>
    public async Task<(int Exit, string Err)> InterruptAtAsync(string text, params string[] arguments)
    {
        using var process = Start("dotnet", Arguments(arguments));
        var error = process.StandardError.ReadToEndAsync();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line.Contains(text, StringComparison.Ordinal))
            {
                using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
                await kill.WaitForExitAsync();
                break;
            }
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await error);
    }

    /// <summary>Command lines of living processes that name the folder: the server of the demo's agent does.</summary>
    public IReadOnlyList<string> Living()
    {
        List<string> found = [];
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), out _)))
            try
            {
                if (File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ') is var line && line.Contains(_temporary, StringComparison.Ordinal))
                    found.Add(line);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or is another user's.
            }
        return found;
    }

    public void Dispose()
    {
        if (_process is { } process)
            try
            {
                process.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
                // It has ended, as it should.
            }
        Directory.Delete(_temporary, recursive: true);
    }

    private string[] Arguments(string[] arguments) => [Path.Combine(program ?? AppContext.BaseDirectory, "modelregistry.dll"), .. arguments];

    private Process Start(string command, string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _temporary,
        };
        start.Environment["TMPDIR"] = start.Environment["TMP"] = start.Environment["TEMP"] = _temporary;
        // The runtime's own sockets would count as left behind while they are there.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        // The story must not be led anywhere by what the user has set.
        start.Environment["MODELREGISTRY_DATA"] = Path.Combine(_temporary, "not-here");
        start.Environment["MODELREGISTRY_POLICY"] = "regulated";
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        return _process;
    }
}
