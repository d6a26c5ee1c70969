using System.Net;
using System.Text;
using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Exports;

namespace ModelRegistry.Mcp.Remote;

/// <summary>Asks a server over REST. Its problems become refusals with the same code and remedy; what it cannot answer is an outage.</summary>
internal sealed class RestClient(ServerSettings server) : IDisposable
{
    /// <summary>How long an answer may take: to what reads, and to what changes, for which large files may be hashed.</summary>
    private static readonly TimeSpan Reading = TimeSpan.FromSeconds(100), Changing = TimeSpan.FromMinutes(10);

    private const int LongestText = 2_000, MostFields = 50;

    // A view lacks nothing that its kind says is there, whoever wrote it.
    private static readonly JsonSerializerOptions Strict = new(Replies.Json) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    private static readonly Dictionary<HttpStatusCode, RefusalKind> Kinds = Enum.GetValues<RefusalKind>().Where(kind => kind != RefusalKind.Unproven).ToDictionary(kind => (HttpStatusCode)Replies.Sign(kind).Http);

    private readonly HttpClient _http = ServerLine.Open(server);

    public Uri Server => server.Address;

    /// <summary>The answer to a request: the view, or the server's no.</summary>
    /// <param name="withToken">False where a person's proof speaks, to which a token adds nothing.</param>
    /// <exception cref="ServerUnavailableException">There is no answer, or none that can be read.</exception>
    public async Task<Outcome<T>> SendAsync<T>(RestRequest asked, bool withToken, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(asked.Method == HttpMethod.Get ? Reading : Changing);
        try
        {
            using var request = withToken ? ServerLine.Request(server, asked.Method, asked.Path) : new HttpRequestMessage(asked.Method, asked.Path);
            foreach (var (name, value) in asked.Headers)
                request.Headers.TryAddWithoutValidation(name, value);
            if (asked.Body is not null)
                request.Content = new StringContent(asked.Body.ToJsonString(Replies.Json), Encoding.UTF8, "application/json");
            using var response = await _http.SendAsync(request, patience.Token);
            return await ReadAsync<T>(response, patience.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw ServerUnavailableException.Lost("fell silent");
        }
        catch (Exception e) when (e is not ServerUnavailableException && ServerUnavailableException.Of(e, Server) is { } outage)
        {
            throw outage;
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<Outcome<T>> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancel)
    {
        var (status, type) = ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType);
        if (status is >= 300 and < 400)
            throw ServerUnavailableException.Redirects(response.Headers.Location);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (response.IsSuccessStatusCode)
            return typeof(T) == typeof(string) && type is "text/plain" or DsseEnvelope.MediaType ? (T)(object)Encoding.UTF8.GetString(body)
                : type == "application/json" ? Parse<T>(body) : throw ServerUnavailableException.Unreadable("something that is no answer to this");
        if (type != "application/problem+json")
            throw status >= 500 ? ServerUnavailableException.Failed(status, null, null, null) : ServerUnavailableException.Unreadable($"HTTP {status} and no reason");
        var problem = Parse<ProblemView<T>>(body);
        // What a gate stops, or was over before, is a problem to whoever scripts it; here it is told as it is.
        if (problem.Promotion is { } view)
            return view;
        if (status >= 500)
            throw ServerUnavailableException.Failed(status, Code(problem.Code), Cut(problem.Title), Cut(problem.Remedy));
        return Kinds.TryGetValue(response.StatusCode, out var kind)
            ? Refusals.OfServer<T>(kind, Code(problem.Code), Cut(problem.Title), Cut(problem.Remedy), problem.Errors?.Take(MostFields).ToDictionary(e => Cut(e.Key), e => Cut(e.Value)))
            : throw ServerUnavailableException.Unreadable($"HTTP {status}");
    }

    private static T Parse<T>(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(body, Strict) ?? throw ServerUnavailableException.Unreadable("nothing");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw ServerUnavailableException.Unreadable("something that is no answer to this", e);
        }
    }

    private static string Code(string code) => code.Length <= 64 && code.All(c => c is '_' or (>= 'a' and <= 'z')) ? code : "server_failed";

    private static string Cut(string text) => text.Length <= LongestText ? text : text[..LongestText];

    /// <summary>Problem details (RFC 9457), as a registry writes them.</summary>
    /// <param name="Promotion">What was asked for, where it came to something all the same.</param>
    private sealed record ProblemView<T>(string Title, string Code, string Remedy, Dictionary<string, string>? Errors = null, T? Promotion = default);
}
