using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using ModelRegistry.Mcp;

namespace ModelRegistry.Fuzz;

/// <summary>A server on a <see cref="TargetRegistry"/>: a process of its own, or the same application in this one over pipes.</summary>
internal abstract partial class TargetServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What requests name as their host.</summary>
    public string Host { get; private set; } = "";

    public static async Task<TargetServer> StartAsync(TargetRegistry registry, bool inProcess)
    {
        TargetServer server = inProcess ? new Hosted(registry) : new Served(registry);
        server.Host = await server.BeginAsync();
        return server;
    }

    /// <summary>Sends bytes over a connection of its own; null: there was no end of the answer.</summary>
    /// <param name="slowly">Whether they come a few at a time, where that shows anything.</param>
    public abstract Task<byte[]?> ExchangeAsync(byte[] request, bool slowly = false);

    /// <summary>Tells it to end.</summary>
    /// <returns>What it did wrong that no answer showed: failures it logged, bytes on stdout, an exit code.</returns>
    public abstract Task<IReadOnlyList<string>> EndAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>The body of what a right request for an address gives.</summary>
    public async Task<byte[]> GetAsync(string path)
    {
        var answer = await ExchangeAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {Host}\r\nConnection: close\r\n\r\n")) ?? [];
        return HttpAnswer.Read(answer, headless: false) is { Status: 200 } read ? read.Body.ToArray() : throw new InvalidOperationException($"{path} is answered with {Encoding.UTF8.GetString(answer)}");
    }

    protected abstract Task<string> BeginAsync();

    private sealed class Hosted(TargetRegistry registry) : TargetServer
    {
        private readonly MemoryTransport _transport = new();
        private readonly FailureLog _log = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly StringWriter _talk = new();
        private Task<int> _running = Task.FromResult(0);

        protected override async Task<string> BeginAsync()
        {
            // As the program's own settings of the runtime say.
            AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
            var settings = TargetRegistry.Ok(Settings.Read(new Dictionary<string, string> { ["data"] = registry.DataFolder, ["urls"] = $"http://{_transport.EndPoint}", ["rate-limit"] = "0", ["toolsets"] = "registrar" }, _ => null, Path.Combine(registry.Scratch, "none.json")));
            _running = _transport.ServeAsync(() => ServerHost.RunAsync(registry.Services, settings, _log, _talk, _ => null, _stop.Token));
            if (await Task.WhenAny(_transport.Listening, _running).WaitAsync(Patience) == _running)
                throw new InvalidOperationException($"It does not serve: {_talk}");
            return $"{_transport.EndPoint}";
        }

        public override Task<byte[]?> ExchangeAsync(byte[] request, bool slowly) => _transport.ExchangeAsync(request, Patience);

        public override async Task<IReadOnlyList<string>> EndAsync()
        {
            await _stop.CancelAsync();
            var code = await _running.WaitAsync(Patience);
            return [.. _log.Failures, .. code == 0 ? (string[])[] : [$"exit code {code}"]];
        }

        public override async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await ((Task)_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
            await _talk.DisposeAsync();
            await _transport.DisposeAsync();
        }
    }

    private sealed class Served(TargetRegistry registry) : TargetServer
    {
        private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<string> _said = [];
        private Process? _process;
        private Task _reading = Task.CompletedTask;
        private Task<string> _output = Task.FromResult("");

        protected override async Task<string> BeginAsync()
        {
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "serve", "--data", registry.DataFolder, "--urls", "http://127.0.0.1:0", "--rate-limit", "0", "--toolsets", "registrar"]) { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MODELREGISTRY_", StringComparison.Ordinal) || k.StartsWith("OTEL_", StringComparison.Ordinal)).ToList())
                start.Environment.Remove(name);
            _process = Process.Start(start)!;
            _output = _process.StandardOutput.ReadToEndAsync();
            _reading = ReadAsync(_process);
            return (await _listening.Task.WaitAsync(Patience)).Authority;
        }

        public override async Task<byte[]?> ExchangeAsync(byte[] request, bool slowly) => await SocketWire.ExchangeAsync(await _listening.Task, request, slowly, Patience);

        public override async Task<IReadOnlyList<string>> EndAsync()
        {
            if (_process!.HasExited)
                return [$"It ended by itself with {_process.ExitCode}: {string.Join('\n', _said)}"];
            using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            await kill.WaitForExitAsync();
            await _process.WaitForExitAsync().WaitAsync(Patience);
            await _reading;
            return [.. _said.Where(line => Failed().IsMatch(line)), .. await _output is { Length: > 0 } output ? (string[])[$"stdout: {output}"] : [], .. _process.ExitCode == 0 ? (string[])[] : [$"exit code {_process.ExitCode}"]];
        }

        public override async ValueTask DisposeAsync()
        {
            if (!_process!.HasExited)
                _process.Kill();
            await _reading;
            await _output;
            _process.Dispose();
        }

        private async Task ReadAsync(Process process)
        {
            while (await process.StandardError.ReadLineAsync() is { } line)
                if (Listening().Match(line) is { Success: true } match)
                    _listening.TrySetResult(new Uri(match.Groups[1].Value));
                else
                    _said.Add(line);
            _listening.TrySetException(new EndOfStreamException(string.Join('\n', _said)));
        }
    }

    [GeneratedRegex(@"^Listening on (http://\S+)")]
    private static partial Regex Listening();

    [GeneratedRegex(@" (error|critical): |Unhandled exception")]
    private static partial Regex Failed();
}
