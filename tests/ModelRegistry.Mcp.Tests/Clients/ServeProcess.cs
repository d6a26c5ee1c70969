using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>The product as a real process that serves a data folder over HTTP, on a loopback port of its own.</summary>
internal sealed class ServeProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private ServeProcess(Process process, Uri root)
    {
        (_process, Root) = (process, root);
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, e) => { lock (_errors) _errors.AppendLine(e.Data); };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Uri Root { get; }

    public Uri Mcp => new(Root, "mcp");

    /// <summary>What it said on stderr.</summary>
    public string Errors { get { lock (_errors) return _errors.ToString(); } }

    public static async Task<ServeProcess> StartAsync(string dataFolder, params string[] options)
    {
        var root = new Uri($"http://localhost:{FreePort()}/");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "serve", "--urls", root.ToString().TrimEnd('/'), "--data", dataFolder, .. options])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MODELREGISTRY_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        var server = new ServeProcess(Process.Start(start)!, root);
        try
        {
            await server.AnswersAsync();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private async Task AnswersAsync()
    {
        using var http = new HttpClient();
        using var patience = new CancellationTokenSource(Patience);
        while (!_process.HasExited)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri(Root, "health"), patience.Token);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
            await Task.Delay(50, patience.Token);
        }
        throw new InvalidOperationException($"The server ended with {_process.ExitCode} before it answered. {Errors}");
    }

    /// <summary>Free now; between this and the server's start nobody else on the machine is likely to be given it.</summary>
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
