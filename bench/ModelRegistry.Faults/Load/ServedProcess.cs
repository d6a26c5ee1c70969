using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ModelRegistry.Faults.Load;

/// <summary>A real <c>serve</c> process, at a port that the system chose.</summary>
public sealed partial class ServedProcess : IAsyncDisposable
{
    private const int KeptLines = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly Queue<string> _said = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    private ServedProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(), process.StandardOutput.ReadToEndAsync());
    }

    /// <summary>Where it listens, once it does.</summary>
    /// <exception cref="EndOfStreamException">It ended before.</exception>
    public Task<Uri> Listening => _listening.Task.WaitAsync(Patience);

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The last that it said.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return string.Join("\n", _said);
        }
    }

    /// <param name="server">Path of <c>modelregistry.dll</c>.</param>
    /// <param name="options">What <c>serve</c> is told beside where to listen.</param>
    public static ServedProcess Start(string server, IEnumerable<string> options, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [server, "serve", "--urls", "http://127.0.0.1:0", .. options]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MODELREGISTRY_", StringComparison.Ordinal) || k.StartsWith("OTEL_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        // A campaign is one caller that asks for more than any.
        start.Environment["MODELREGISTRY_RATE_LIMIT"] = "0";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ServedProcess(Process.Start(start)!);
    }

    /// <summary>SIGKILL: no handler runs, nothing is closed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task EndedAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _reading;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_said)
            {
                _said.Enqueue(line);
                if (_said.Count > KeptLines)
                    _said.Dequeue();
            }
            if (Listens().Match(line) is { Success: true } match)
                _listening.TrySetResult(new Uri(match.Groups[1].Value));
        }
        _listening.TrySetException(new EndOfStreamException($"The server ended. {Said}"));
        // Nobody may be waiting.
        _ = _listening.Task.Exception;
    }

    [GeneratedRegex(@"^Listening on (http://\S+)")]
    private static partial Regex Listens();
}
