using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ModelRegistry.Mcp.Tests.Telemetry;

/// <summary>A real HTTP server that takes OTLP (HTTP, protobuf) on a port of 127.0.0.1 that the system chose, and looks into it as bytes.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, byte[] Body, string Headers)> _all = [];
    private readonly SemaphoreSlim _came = new(0);

    private OtlpReceiver(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>The variables that lead a process here, and make it push often.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
    };

    /// <summary>Addresses that something was sent to.</summary>
    public IReadOnlyList<string> Paths => [.. _all.Select(a => a.Path).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The headers of what came.</summary>
    public string Headers => string.Join('\n', _all.Select(a => a.Headers));

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var it = new OtlpReceiver(app);
        app.Run(it.TakeAsync);
        await app.StartAsync();
        it.Address = new Uri(app.Urls.Single());
        return it;
    }

    /// <summary>Whether these bytes came to an address ending so: names and ids stand in the messages as they are.</summary>
    public bool Has(string path, ReadOnlySpan<byte> bytes)
    {
        foreach (var (to, body, _) in _all)
            if (to.EndsWith(path, StringComparison.Ordinal) && body.AsSpan().IndexOf(bytes) >= 0)
                return true;
        return false;
    }

    public bool Has(string path, string text) => Has(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Waits until all of these texts came to an address.</summary>
    public async Task WaitAsync(string path, params string[] texts)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (texts.Where(text => !Has(path, text)).ToList() is { Count: > 0 } missing)
            try
            {
                await _came.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{path} was never sent: {string.Join(", ", missing)}. {_all.Count} messages came.");
            }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _came.Dispose();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        http.Response.ContentType = "application/x-protobuf";
        _all.Enqueue((http.Request.Path.Value!, body.ToArray(), string.Join('\n', http.Request.Headers.Select(h => $"{h.Key}: {h.Value}"))));
        _came.Release();
    }
}
