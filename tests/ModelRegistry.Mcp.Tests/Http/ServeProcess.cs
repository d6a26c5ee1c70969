using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace ModelRegistry.Mcp.Tests;

/// <summary>A real <c>serve</c> process on a port that the system chose.</summary>
internal sealed partial class ServeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private readonly Task<string> _output;

    private ServeProcess(Process process)
    {
        _process = process;
        _reading = ReadAsync();
        _output = process.StandardOutput.ReadToEndAsync();
    }

    public Uri Address { get; private set; } = null!;

    /// <summary>The base of the pages: by name, because a passkey belongs to one.</summary>
    public Uri Pages => new UriBuilder(Address) { Host = "localhost" }.Uri;

    public Process Process => _process;

    /// <summary>Everything it wrote to stdout, once it has ended.</summary>
    public Task<string> Output => _output;

    public string Errors { get { lock (_errors) return _errors.ToString(); } }

    public static Task<ServeProcess> StartAsync(string dataFolder, params string[] options) => StartAtAsync("http://127.0.0.1:0", dataFolder, options);

    public static Task<ServeProcess> StartAsync(string dataFolder, IReadOnlyDictionary<string, string> environment, params string[] options) => StartAtAsync("http://127.0.0.1:0", dataFolder, environment, options);

    public static Task<ServeProcess> StartAtAsync(string urls, string dataFolder, params string[] options) => StartAtAsync(urls, dataFolder, new Dictionary<string, string>(), options);

    private static async Task<ServeProcess> StartAtAsync(string urls, string dataFolder, IReadOnlyDictionary<string, string> environment, string[] options)
    {
        var it = Begin(dataFolder, ["--urls", urls, .. options], environment);
        try
        {
            it.Address = await it._listening.Task.WaitAsync(Patience);
            return it;
        }
        catch
        {
            await it.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one that is expected not to serve; gives its exit code and what it said.</summary>
    public static async Task<(int ExitCode, string Errors)> RefusedAsync(string dataFolder, params string[] options)
    {
        await using var it = Begin(dataFolder, options);
        await it._process.WaitForExitAsync().WaitAsync(Patience);
        await it._reading;
        return (it._process.ExitCode, it.Errors);
    }

    /// <summary>Asks it to end, politely; gives the exit code.</summary>
    public async Task<int> EndAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _reading.WaitAsync(Patience);
        // What it has to say is talk; data would be for a client, and those are elsewhere.
        Xunit.Assert.Equal("", await _output.WaitAsync(Patience));
        _process.Dispose();
    }

    private static ServeProcess Begin(string dataFolder, string[] options, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "serve", "--data", dataFolder, .. options]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        Cli.ProgramProcess.WithoutSettings(start);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ServeProcess(Process.Start(start)!);
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_errors)
                _errors.AppendLine(line);
            if (Listening().Match(line) is { Success: true } match)
                _listening.TrySetResult(new Uri(match.Groups[1].Value));
        }
        _listening.TrySetException(new EndOfStreamException($"The server ended. {Errors}"));
    }

    [GeneratedRegex(@"^Listening on (http://\S+)")]
    private static partial Regex Listening();
}
