using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>What a program came to.</summary>
internal sealed record Finished(int Exit, string Out, string Err)
{
    public string All => Out + Err;
}

/// <summary>A client's program as a process of its own, with the settings it is given and none of this machine's.</summary>
internal sealed class ClientProcess : IDisposable
{
    // Far beyond what any of them takes: it is there so that a hang ends.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly CancellationTokenSource _patience = new(Patience);
    private readonly Task _listening;

    private ClientProcess(Process process)
    {
        _process = process;
        _listening = ListenAsync();
    }

    public string Errors { get { lock (_errors) return _errors.ToString(); } }

    /// <summary>The system's own Python, whatever else is on the PATH: packages of the system are installed for it.</summary>
    public static string Python
    {
        get
        {
            Needs.That(File.Exists("/usr/bin/python3"), "/usr/bin/python3 is not installed here: clients run in it.");
            return "/usr/bin/python3";
        }
    }

    public static ClientProcess Start(string program, string[] args, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? Path.GetTempPath() };
        Cli.ProgramProcess.WithoutSettings(start);
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("GITHUB_", StringComparison.Ordinal) || k.StartsWith("PYTHON", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["PYTHONPATH"] = Repository.At("clients/python");
        // Nothing is left in the working copy.
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ClientProcess(Process.Start(start)!);
    }

    /// <summary>Where a server is, and who asks.</summary>
    public static Dictionary<string, string> Reaching(Uri server, string? token)
    {
        var environment = new Dictionary<string, string> { ["MODELREGISTRY_SERVER"] = server.AbsoluteUri.TrimEnd('/') };
        if (token is not null)
            environment["MODELREGISTRY_TOKEN"] = token;
        return environment;
    }

    public async Task TellAsync(JsonObject line)
    {
        await _process.StandardInput.WriteLineAsync(line.ToJsonString());
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>The next line it says, as JSON.</summary>
    public async Task<JsonObject> HearAsync()
    {
        try
        {
            var line = await _process.StandardOutput.ReadLineAsync(_patience.Token) ?? throw new EndOfStreamException($"The program ended. {Errors}");
            return JsonNode.Parse(line)!.AsObject();
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The program said nothing for too long. {Errors}");
        }
    }

    /// <summary>Waits until its stderr has a text; gives the line.</summary>
    public async Task<string> SaysAsync(string text)
    {
        while (true)
        {
            if (Errors.Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                return found;
            if (_process.HasExited)
                throw new EndOfStreamException($"The program ended. {Errors}");
            await Task.Delay(20, _patience.Token);
        }
    }

    /// <summary>Tells it that nothing more comes, and waits for its end.</summary>
    public async Task<Finished> EndAsync()
    {
        _process.StandardInput.Close();
        var output = await _process.StandardOutput.ReadToEndAsync(_patience.Token);
        await _process.WaitForExitAsync(_patience.Token);
        await _listening;
        return new Finished(_process.ExitCode, output, Errors);
    }

    /// <summary>Asks it to end, as an operator does.</summary>
    public async Task<Finished> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        return await EndAsync();
    }

    public static async Task<Finished> RunAsync(string program, string[] args, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        using var process = Start(program, args, environment, folder);
        return await process.EndAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _patience.Dispose();
    }

    private async Task ListenAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            lock (_errors)
                _errors.AppendLine(line);
    }
}
