using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ModelRegistry.Tests;

/// <summary>One request as it came, and the status it was answered with.</summary>
internal sealed record Received(string Id, string Timestamp, string Signature, byte[] Body, string Path, int Status)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    /// <summary>The kind: as Standard Webhooks has it, or MLflow's entity and action.</summary>
    public string Type => (string?)Json["type"] ?? $"{Json["entity"]}.{Json["action"]}";

    /// <summary>As a receiver verifies it by the text of Standard Webhooks; nothing of the sender's code is used.</summary>
    public bool Verifies(string secret) => Verifies(Convert.FromBase64String(secret["whsec_".Length..]));

    /// <summary>As a receiver verifies what MLflow sends: the key is the secret's own text.</summary>
    public bool VerifiesAsMlflow(string secret) => Verifies(Encoding.UTF8.GetBytes(secret));

    private bool Verifies(byte[] key)
    {
        using var hmac = new HMACSHA256(key);
        var expected = "v1," + Convert.ToBase64String(hmac.ComputeHash(Encoding.UTF8.GetBytes($"{Id}.{Timestamp}.{Encoding.UTF8.GetString(Body)}")));
        return Signature.Split(' ').Any(given => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(given), Encoding.ASCII.GetBytes(expected)));
    }
}

/// <summary>A real HTTP server that is told things, on a port of 127.0.0.1 that the system chose.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _all = [];
    private readonly SemaphoreSlim _came = new(0);

    private WebhookReceiver(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>The answer to each request. Until told otherwise: 204.</summary>
    public Func<Received, HttpContext, Task<int>> Answers { get; set; } = (_, _) => Task.FromResult(204);

    public IReadOnlyList<Received> All => [.. _all];

    public IReadOnlyList<Received> Taken => [.. _all.Where(r => r.Status is >= 200 and < 300)];

    public void AnswerWith(int status) => Answers = (_, _) => Task.FromResult(status);

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var it = new WebhookReceiver(app);
        app.Run(it.TakeAsync);
        await app.StartAsync();
        it.Address = new Uri(app.Urls.Single());
        return it;
    }

    /// <summary>Waits until what came is as wished.</summary>
    public async Task WaitAsync(Func<IReadOnlyList<Received>, bool> wished)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!wished(All))
            try
            {
                await _came.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Only this came: {string.Join(", ", All.Select(r => $"{r.Type} {r.Status}"))}");
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
        var headers = http.Request.Headers;
        string Header(string name) => $"{headers[$"webhook-{name}"]}{headers[$"X-MLflow-{(name == "id" ? "Delivery-Id" : name)}"]}";
        var received = new Received(Header("id"), Header("timestamp"), Header("signature"), body.ToArray(), $"{http.Request.Path}{http.Request.QueryString}", 0);
        http.Response.StatusCode = await Answers(received, http);
        _all.Enqueue(received with { Status = http.Response.StatusCode });
        _came.Release();
    }
}
