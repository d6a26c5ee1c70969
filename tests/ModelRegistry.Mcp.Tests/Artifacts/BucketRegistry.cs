using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.S3.Model;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.Artifacts;

/// <summary>A registry whose files lie in a bucket, and real servers before it that share nothing but the database and the bucket.</summary>
internal sealed class BucketRegistry : IAsyncDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(120) };
    private readonly List<ServeProcess> _servers = [];
    private readonly string[] _options;

    private BucketRegistry(S3Server server, string bucket, SeededRegistry registry, string[] options) => (S3, Bucket, Registry, _options) = (server, bucket, registry, options);

    public S3Server S3 { get; }

    public string Bucket { get; }

    public SeededRegistry Registry { get; }

    public string Token { get; set; } = "";

    /// <summary>What the program is told besides its data folder.</summary>
    public Dictionary<string, string> Environment { get; private init; } = [];

    public ServeProcess First => _servers[0];

    /// <param name="prefix">Empty, or beginning with a slash.</param>
    public static async Task<BucketRegistry> OpenAsync(S3Server s3, string prefix = "", Dictionary<string, string>? environment = null)
    {
        var bucket = await s3.NewBucketAsync();
        var place = $"s3://{bucket}{prefix}";
        var registry = await SeededRegistry.OpenAsync("team", with: options => options with { Artifacts = place, S3 = s3.Options });
        var it = new BucketRegistry(s3, bucket, registry, ["--artifacts", place])
        {
            Environment = new Dictionary<string, string>(s3.Environment.Concat(environment ?? [])),
        };
        it.Token = await registry.TokenAsync("pipeline");
        await it.ServeAsync();
        return it;
    }

    /// <summary>One more replica.</summary>
    public async Task<ServeProcess> ServeAsync()
    {
        var server = await ServeProcess.StartAsync(Registry.DataFolder, Environment, _options);
        _servers.Add(server);
        return server;
    }

    public async Task<RestAnswer> SendAsync(HttpMethod method, string path, HttpContent? content = null, ServeProcess? to = null, string? token = null, CancellationToken cancel = default, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri((to ?? First).Address, path)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token);
        foreach (var (name, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(name, value))
                content!.Headers.TryAddWithoutValidation(name, value);
        var response = await _http.SendAsync(request, cancel);
        return new RestAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancel), response);
    }

    public Task<RestAnswer> PostAsync(string path, JsonObject body, string? token = null) =>
        SendAsync(HttpMethod.Post, path, new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"), token: token);

    public Task<RestAnswer> PutAsync(byte[] content, ServeProcess? to = null, string? as_ = null) => SendAsync(HttpMethod.Put, $"/blobs/{as_ ?? Sha(content)}", new ByteArrayContent(content), to);

    public Task<RestAnswer> RegisterAsync(string model, params JsonObject[] files) => PostAsync($"/models/{model}/versions", new JsonObject
    {
        ["files"] = new JsonArray([.. files]), ["format"] = "onnx", ["metrics"] = new JsonObject { ["accuracy"] = 0.97 }, ["dataset"] = "digits@1", ["code_commit"] = "0123abc",
        ["card"] = "# Card\n\n## Intended use\n\nReading digits.\n",
    });

    public static JsonObject Uploaded(string path, byte[] content) => new() { ["path"] = path, ["sha256"] = Sha(content) };

    public static JsonObject Referred(string path, string uri) => new() { ["path"] = path, ["uri"] = uri };

    /// <summary>Fetches bytes, with the token only where they come from this registry.</summary>
    public async Task<(int Status, byte[] Body)> FetchAsync(string url)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(First.Address, url));
        if (request.RequestUri!.Authority == First.Address.Authority)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        using var answer = await _http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync());
    }

    /// <summary>Sends bytes to an address that carries its right itself.</summary>
    public async Task<int> PutToAsync(string url, byte[] content)
    {
        using var answer = await _http.PutAsync(new Uri(url), new ByteArrayContent(content));
        return (int)answer.StatusCode;
    }

    /// <summary>Puts an object as somebody else would who may write to the bucket.</summary>
    public async Task PlantAsync(string key, byte[] content)
    {
        using var client = S3.Connect();
        await client.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = key, InputStream = new MemoryStream(content) });
    }

    /// <summary>Every key below a prefix; without one, of all but the readable names, which follow in their own time.</summary>
    public async Task<string[]> KeysAsync(string prefix = "") =>
        [.. (await S3.KeysAsync(Bucket, prefix)).Where(key => prefix.Length > 0 || !key.StartsWith("models/", StringComparison.Ordinal))];

    public static string Sha(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public static string BlobKey(byte[] content) => Sha(content) is var hex ? $"blobs/sha256/{hex[..2]}/{hex[2..4]}/{hex}" : "";

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        _http.Dispose();
        await Registry.DisposeAsync();
    }
}
