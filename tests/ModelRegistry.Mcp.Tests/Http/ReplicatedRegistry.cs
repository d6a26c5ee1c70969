using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Mcp.Tests;

/// <summary>
/// Two real servers of one registry that share a PostgreSQL database and a bucket, and nothing else: each has a data folder of
/// its own, as it would on a machine of its own.
/// </summary>
internal sealed class ReplicatedRegistry : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, Expect100ContinueTimeout = TimeSpan.FromMinutes(1) }) { Timeout = TimeSpan.FromSeconds(90) };
    private readonly Dictionary<string, string> _environment;
    private string[] _options;
    private int _replicas;

    private ReplicatedRegistry(SeededRegistry registry, Dictionary<string, string> environment, string[] options) => (Registry, _environment, _options) = (registry, environment, options);

    /// <summary>The same registry, open in this process: for what is made ready and looked at.</summary>
    public SeededRegistry Registry { get; }

    public ServeProcess One { get; private set; } = null!;

    public ServeProcess Two { get; private set; } = null!;

    /// <summary>What requests carry unless something else is said.</summary>
    public string Token { get; private set; } = "";

    public static async Task<ReplicatedRegistry> OpenAsync(PostgresCluster cluster, S3Server s3, params string[] options)
    {
        var (database, bucket) = (await cluster.NewDatabaseAsync(), await s3.NewBucketAsync());
        var registry = await SeededRegistry.OpenAsync("team", with: o => o with { Database = database, Artifacts = $"s3://{bucket}", S3 = s3.Options, Notices = new() { PrivateWebhooks = true } });
        await registry.ChurnAsync();
        var environment = new Dictionary<string, string>(s3.Environment) { ["MODELREGISTRY_DATABASE"] = database, ["MODELREGISTRY_ARTIFACTS"] = $"s3://{bucket}" };
        var it = new ReplicatedRegistry(registry, environment, options) { Token = await registry.TokenAsync("pipeline") };
        (it.One, it.Two) = (await it.ServeAsync(), await it.ServeAsync());
        return it;
    }

    /// <summary>Starts both anew with further options: their addresses are known now, and what stands before them too.</summary>
    public async Task AgainAsync(params string[] options)
    {
        _options = [.. _options, .. options];
        foreach (var server in (ServeProcess[])[One, Two])
        {
            Xunit.Assert.Equal(0, await server.EndAsync());
            await server.DisposeAsync();
        }
        (One, Two) = (await ServeAsync(), await ServeAsync());
    }

    /// <summary>One more; whoever starts it ends it.</summary>
    public Task<ServeProcess> ServeAsync() => ServeProcess.StartAsync(_folder.File($"replica-{++_replicas}"), _environment, _options);

    public async Task<RestAnswer> SendAsync(ServeProcess to, string method, string path, JsonObject? body = null, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(to.Address, path)) { Content = body is null ? content : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        // Whoever decides has a proof and no token.
        if (body?["proof"] is null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await _http.SendAsync(request);
        return new RestAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    public Task<RestAnswer> GetAsync(ServeProcess to, string path) => SendAsync(to, "GET", path);

    /// <summary>Proposes v2 for production.</summary>
    public async Task<string> ProposeAsync(ServeProcess to) => (await SendAsync(to, "POST", "/models/churn/versions/v2/promotions", new JsonObject { ["stage"] = "production", ["reason"] = "better" }))["promotion_id"]!;

    /// <summary>ben approves by passphrase what stands there now.</summary>
    public async Task<RestAnswer> ApproveAsync(ServeProcess to, string id, string passphrase = SeededRegistry.Passphrase) => await SendAsync(to, "POST", $"/promotions/{id}/decisions", new JsonObject
    {
        ["person"] = "ben", ["decision"] = "approve", ["comment"] = "as ben sees it", ["proof"] = ServedRest.Passphrase(passphrase),
        ["statement_sha256"] = (await GetAsync(to, $"/promotions/{id}/statement"))["statement_digest"],
    });

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        foreach (var server in (ServeProcess?[])[One, Two])
            if (server is not null)
                await server.DisposeAsync();
        await Registry.DisposeAsync();
        _folder.Dispose();
    }
}
