using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ModelRegistry.Mcp.Tests.Mlflow;

/// <summary>
/// A server of these tests' own, on a real port, that answers what MLflow's tracking server and its proxy for artifacts are asked: runs,
/// logged models, lists of files, files. None of MLflow's own is to be had here. What a run is called says how it fails.
/// </summary>
internal sealed class TrackingServer : IAsyncDisposable
{
    public const string Token = "tracking-secret";

    private const string Api = "/api/2.0/mlflow/", Proxy = "/api/2.0/mlflow-artifacts/artifacts";

    private readonly WebApplication _app;
    private readonly CancellationTokenSource _end = new();

    private TrackingServer(WebApplication app) => _app = app;

    /// <summary>By their path behind the proxy's.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>What was asked for, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Files wait for this in the middle.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public string Address => _app.Urls.Single();

    public static async Task<TrackingServer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var it = new TrackingServer(builder.Build());
        it._app.Run(it.AnswerAsync);
        await it._app.StartAsync();
        foreach (var run in (string[])["r1", "stall", "short", "broken", "redirect", "up", "twice"])
            foreach (var (path, content) in ((string, string)[])[("MLmodel", "flavors: {}"), ("data/weights.bin", $"weights of {run}")])
                it.Files[$"0/{run}/artifacts/model/{path}"] = Encoding.UTF8.GetBytes(content);
        it.Files["0/models/m-1/artifacts/MLmodel"] = "flavors: {}"u8.ToArray();
        return it;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _app.DisposeAsync();
        _end.Dispose();
    }

    private Task AnswerAsync(HttpContext http)
    {
        var (path, query) = (http.Request.Path.Value!, http.Request.Query);
        Asked.Enqueue(path + http.Request.QueryString.Value);
        if (http.Request.Headers.Authorization != $"Bearer {Token}")
            return FailAsync(http, 401);
        if (path == Api + "runs/get")
            return (string?)query["run_id"] switch
            {
                "nothing" => FailAsync(http, 404),
                "elsewhere" => http.Response.WriteAsJsonAsync(Run("gs://bucket/0/elsewhere")),
                "upwards" => http.Response.WriteAsJsonAsync(Run("mlflow-artifacts:/0/%2e%2e/secret")),
                "empty" => http.Response.WriteAsJsonAsync(new { run = new { } }),
                var run => http.Response.WriteAsJsonAsync(Run($"mlflow-artifacts:/0/{run}/artifacts")),
            };
        if (path == Api + "logged-models/m-1")
            return http.Response.WriteAsJsonAsync(new { model = new { info = new { artifact_uri = "mlflow-artifacts:/0/models/m-1/artifacts" } } });
        if (path == Proxy)
            return ListAsync(http, query["path"]!);
        if (path.StartsWith(Proxy + "/", StringComparison.Ordinal) && Files.TryGetValue(path[(Proxy.Length + 1)..], out var content))
            return SendAsync(http, path, content);
        return path switch
        {
            Api + "registered-models/search" => http.Response.WriteAsJsonAsync(new { registered_models = new[] { new { name = "taken" } } }),
            Api + "registered-models/get" => http.Response.WriteAsJsonAsync(new { registered_model = new { name = "taken" } }),
            Api + "model-versions/search" => http.Response.WriteAsJsonAsync(new { model_versions = new[] { new { name = "taken", version = "1", source = "runs:/stall/model", current_stage = "None" } } }),
            Api + "model-versions/get-download-uri" => http.Response.WriteAsJsonAsync(new { artifact_uri = "runs:/stall/model" }),
            _ => FailAsync(http, 404),
        };
    }

    private static object Run(string artifacts) => new { run = new { info = new { artifact_uri = artifacts } } };

    private Task ListAsync(HttpContext http, string folder)
    {
        if (folder.StartsWith("0/broken", StringComparison.Ordinal))
            return FailAsync(http, 500);
        if (folder.StartsWith("0/huge", StringComparison.Ordinal))
            return http.Response.WriteAsJsonAsync(new { files = Enumerable.Range(0, 10_001).Select(i => new { path = $"{i}", is_dir = false, file_size = 1 }) });
        if (folder.StartsWith("0/deep", StringComparison.Ordinal))
            return http.Response.WriteAsJsonAsync(new { files = new[] { new { path = "deep", is_dir = true } } });
        if (folder.StartsWith("0/large", StringComparison.Ordinal))
            return http.Response.WriteAsJsonAsync(new { files = new[] { new { path = "a", is_dir = false, file_size = 1L << 40 }, new { path = "b", is_dir = false, file_size = 1L } } });
        var names = folder.StartsWith("0/up/", StringComparison.Ordinal) ? ["../../../0/r1/artifacts/model/MLmodel"]
            : folder.StartsWith("0/twice/", StringComparison.Ordinal) ? ["MLmodel", "MLMODEL"]
            : Files.Keys.Where(f => f.StartsWith(folder + "/", StringComparison.Ordinal)).Select(f => f[(folder.Length + 1)..].Split('/')[0]).Distinct().ToArray();
        return http.Response.WriteAsJsonAsync(new { files = names.Select(n => new { path = n, is_dir = !Files.ContainsKey($"{folder}/{n}") && n != "MLMODEL" && !n.Contains('/', StringComparison.Ordinal) }) });
    }

    private async Task SendAsync(HttpContext http, string path, byte[] content)
    {
        if (path.Contains("/redirect/", StringComparison.Ordinal))
        {
            http.Response.Redirect($"{Address}{Proxy}/0/r1/artifacts/model/MLmodel");
            return;
        }
        http.Response.ContentLength = content.Length;
        await http.Response.Body.WriteAsync(content.AsMemory(0, content.Length / 2), http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        if (path.Contains("/short/", StringComparison.Ordinal))
        {
            // What was sent is to arrive first: an end that is torn off takes it along.
            await Task.Delay(500, http.RequestAborted);
            http.Abort();
        }
        else if (path.Contains("/stall/", StringComparison.Ordinal))
            await Task.Delay(Timeout.Infinite, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Gate;
        await http.Response.Body.WriteAsync(content.AsMemory(content.Length / 2), http.RequestAborted);
    }

    private static Task FailAsync(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new { error_code = "X", message = "no" });
    }
}
