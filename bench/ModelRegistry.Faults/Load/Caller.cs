using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Faults.Load;

/// <summary>What a server said.</summary>
/// <param name="Json">Null where it is no object.</param>
public sealed record Answer(int Status, JsonObject? Json, string Body)
{
    public string? this[string member] => Json?[member] is JsonValue value ? value.ToString() : null;

    public string? Code => this["code"];
}

/// <summary>Bytes that a server sent.</summary>
public sealed record FetchedBytes(int Status, byte[] Body);

/// <summary>
/// One client over HTTP that expects failures: no answer, because the server was killed, and the documented 503 with code and
/// remedy. Any other 5xx, and an answer that does not come, is a violation.
/// </summary>
public sealed class Caller : IDisposable
{
    /// <summary>Longer than anything a server waits for itself: what has not answered by then hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromSeconds(30) }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Fleet _fleet;
    private readonly Campaign _campaign;
    private readonly string? _token;
    private readonly Random _chance;

    /// <param name="token">Null: none is sent.</param>
    public Caller(Fleet fleet, Campaign campaign, string? token, Random chance) => (_fleet, _campaign, _token, _chance) = (fleet, campaign, token, chance);

    /// <summary>Sends it again and again, the same request each time, until it is answered by something else than an outage.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, Func<HttpContent?> content, string? key = null)
    {
        ArgumentNullException.ThrowIfNull(content);
        while (true)
        {
            if (await TryAsync(method, path, content(), key) is { Status: not 503 } answer)
                return answer;
            await Task.Delay(_chance.Next(50, 250), CancellationToken.None);
        }
    }

    public Task<Answer> SendAsync(HttpMethod method, string path, JsonObject? body = null, string? key = null) =>
        SendAsync(method, path, () => body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"), key);

    /// <summary>Sends it once.</summary>
    /// <returns>Null when no answer came.</returns>
    public async Task<Answer?> TryAsync(HttpMethod method, string path, HttpContent? content, string? key = null) =>
        await TryAsync(method, path, content, key, async (response, cancel) => AnswerOf(response, await response.Content.ReadAsStringAsync(cancel))) is { } answer ? Judge(method, path, answer) : null;

    /// <summary>Fetches bytes, once.</summary>
    /// <returns>Null when they did not come whole.</returns>
    public Task<FetchedBytes?> TryFetchAsync(string path) => TryAsync(HttpMethod.Get, path, null, null, async (response, cancel) =>
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (!response.IsSuccessStatusCode)
            Judge(HttpMethod.Get, path, AnswerOf(response, Encoding.UTF8.GetString(body)));
        return new FetchedBytes((int)response.StatusCode, body);
    });

    private async Task<T?> TryAsync<T>(HttpMethod method, string path, HttpContent? content, string? key, Func<HttpResponseMessage, CancellationToken, Task<T>> read)
        where T : class
    {
        var server = await _fleet.AnyAsync(_chance);
        using var patience = new CancellationTokenSource(Patience);
        using var request = new HttpRequestMessage(method, new Uri(server, path)) { Content = content };
        if (_token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        try
        {
            using var response = await _http.SendAsync(request, patience.Token);
            return await read(response, patience.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            _campaign.Count("requests that got no answer");
            return null;
        }
        catch (OperationCanceledException)
        {
            _campaign.Violate($"{method} {path} was not answered within {Patience.TotalSeconds} s");
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    private static Answer AnswerOf(HttpResponseMessage response, string body) => new((int)response.StatusCode, ObjectOf(body), body);

    private Answer Judge(HttpMethod method, string path, Answer answer)
    {
        if (answer.Status == 503 && answer.Code is not null && !string.IsNullOrEmpty(answer["remedy"]))
            _campaign.Count($"refused with 503 {answer.Code}");
        else if (answer.Status >= 500)
            _campaign.Violate($"{method} {path} was answered {answer.Status}: {answer.Body}");
        else
            _campaign.Count("requests answered");
        return answer;
    }

    private static JsonObject? ObjectOf(string body)
    {
        try
        {
            return body.StartsWith('{') ? JsonNode.Parse(body) as JsonObject : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
