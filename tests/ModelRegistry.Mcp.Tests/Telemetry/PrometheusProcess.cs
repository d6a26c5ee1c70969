using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Telemetry;

/// <summary>A real Prometheus on a free port, which asks one server every second. Where there is none its tests are skipped and say so.</summary>
internal sealed class PrometheusProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("prometheus-test-").FullName;
    private readonly HttpClient _http = new();
    private Process? _process;

    /// <summary>Starts it as docs/observability.md describes it: with a token in a file, and the rules of the project.</summary>
    public static async Task<PrometheusProcess> StartAsync(Uri target, string token, string rules)
    {
        var program = Needs.Program("prometheus", "it is asked what the dashboard asks");
        var it = new PrometheusProcess();
        try
        {
            await it.StartAsync(program, target, token, rules);
            return it;
        }
        catch
        {
            await it.DisposeAsync();
            throw;
        }
    }

    private async Task StartAsync(string program, Uri target, string token, string rules)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "token"), token);
        await File.WriteAllTextAsync(Path.Combine(_folder, "prometheus.yml"), $$"""
            global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
            rule_files: ["{{rules}}"]
            scrape_configs:
              - job_name: modelregistry
                authorization: {credentials_file: token}
                static_configs: [{targets: ["{{target.Authority}}"]}]
            """);
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        _process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >log 2>&1", program, $"--config.file={_folder}/prometheus.yml", $"--storage.tsdb.path={_folder}/data", $"--web.listen-address=127.0.0.1:{port}"]) { WorkingDirectory = _folder })!;
        await File.WriteAllTextAsync(Path.Combine(_folder, "prometheus.pid"), _process.Id.ToString(CultureInfo.InvariantCulture));
        _http.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                using var ready = await _http.GetAsync("/-/ready", patience.Token);
                if (ready.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (!_process.HasExited)
            {
                // It is not there yet.
            }
            await Task.Delay(100, patience.Token);
        }
    }

    /// <summary>What an expression gives now; a failure to read it is told.</summary>
    public async Task<JsonArray> QueryAsync(string expression)
    {
        using var answer = await _http.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}");
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.True((string?)json["status"] == "success", $"{expression}\n{json}");
        return json["data"]!["result"]!.AsArray();
    }

    /// <summary>The rules, as it read them.</summary>
    public async Task<IReadOnlyList<JsonNode>> RulesAsync() =>
        [.. JsonNode.Parse(await _http.GetStringAsync("/api/v1/rules"))!["data"]!["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!)];

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            _process.Kill();
        if (_process is not null)
            await _process.WaitForExitAsync();
        _process?.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
