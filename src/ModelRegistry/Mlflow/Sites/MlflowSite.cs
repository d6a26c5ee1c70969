using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ModelRegistry.Domain;

namespace ModelRegistry.Mlflow.Sites;

/// <summary>How to get into another server.</summary>
/// <param name="Token">A bearer token; null: none.</param>
/// <param name="User">A name with <paramref name="Password"/>, where there is no token.</param>
public sealed record MlflowCredential(string? Token, string? User, string? Password)
{
    /// <summary>Nothing secret.</summary>
    public override string ToString() => nameof(MlflowCredential);
}

/// <summary>Another server said no, or something that cannot be understood.</summary>
/// <param name="isPassing">Whether it may be otherwise another time.</param>
public sealed class MlflowSiteException(string message, bool isPassing, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether it may be otherwise another time: it did not answer, broke off, or is busy or broken.</summary>
    public bool IsPassing { get; } = isPassing;
}

/// <summary>A file on another server.</summary>
/// <param name="Path">Within what was asked for.</param>
/// <param name="At">Behind the path of its proxy for artifacts.</param>
internal sealed record SiteFile(string Path, string At, long? Size);

/// <summary>
/// Another server that speaks MLflow's REST API, read through the calls that its clients make. What it says is believed to be what it
/// has, and nothing more: addresses it gives are followed only where they lead back to itself.
/// </summary>
internal sealed partial class MlflowSite : IDisposable
{
    private const string Proxy = "/api/2.0/mlflow-artifacts/artifacts", Runs = "runs:/", Artifacts = "mlflow-artifacts:/", Logged = "models:/";

    private const long MostOfAnswer = 64 << 20;

    private readonly HttpClient _http;
    private readonly string _root;
    private readonly TimeSpan _patience;

    /// <param name="from">Its address, with the part of the path that it stands under.</param>
    /// <param name="patience">How long it may stand still in the middle of a file.</param>
    public MlflowSite(Uri from, MlflowCredential credential, TimeSpan patience)
    {
        (_root, _patience) = (from.GetLeftPart(UriPartial.Path).TrimEnd('/'), patience);
        // A redirect could lead elsewhere, and the credential is for this one.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = patience * 4, MaxResponseContentBufferSize = MostOfAnswer };
        _http.DefaultRequestHeaders.Authorization = credential switch
        {
            { Token: { } token } => new AuthenticationHeaderValue("Bearer", token),
            { User: { } user } => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{credential.Password}"))),
            _ => null,
        };
    }

    /// <summary>How long it may stand still that is usual.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Where files lie on that server's proxy, by what a client says of a version: a run's, a logged model's, or the place itself.</summary>
    /// <returns>Null where they lie elsewhere, which nobody was asked.</returns>
    /// <exception cref="MlflowSiteException">It has none such, or one that leads out of its place.</exception>
    public async Task<string?> PlaceAsync(string source, CancellationToken cancel)
    {
        var uri = source;
        if (uri.StartsWith(Runs, StringComparison.OrdinalIgnoreCase))
        {
            var (run, rest) = uri[Runs.Length..].TrimStart('/').Split('/', 2) switch { [var first, var second] => (first, "/" + second), [var only] => (only, ""), _ => ("", "") };
            var info = Member(Member(await GetAsync($"runs/get?run_id={Uri.EscapeDataString(Id(run))}", cancel), "run"), "info");
            uri = Text(info, "artifact_uri").TrimEnd('/') + rest;
        }
        else if (uri.StartsWith(Logged + "m-", StringComparison.OrdinalIgnoreCase))
            uri = Text(Member(Member(await GetAsync($"logged-models/{Uri.EscapeDataString(Id(uri[Logged.Length..].TrimEnd('/')))}", cancel), "model"), "info"), "artifact_uri");
        string place;
        if (uri.StartsWith(Artifacts, StringComparison.OrdinalIgnoreCase))
        {
            place = uri[Artifacts.Length..];
            // mlflow-artifacts://HOST/PATH: whatever host it names, this server is the one that is asked.
            if (place.StartsWith('/') && place.Length > 1 && place[1] != '/')
                place = place.IndexOf('/', 1) is > 0 and var path ? place[path..] : "";
        }
        else if (uri.StartsWith(_root + Proxy + "/", StringComparison.OrdinalIgnoreCase))
            place = uri[(_root.Length + Proxy.Length + 1)..];
        else
            return null;
        return Within(Uri.UnescapeDataString(place).Trim('/'));
    }

    /// <summary>Every file below a place; or the one that it is.</summary>
    /// <param name="most">How many are named at most.</param>
    public async Task<IReadOnlyList<SiteFile>> FilesAsync(string place, int most, CancellationToken cancel)
    {
        var files = new List<SiteFile>();
        var (folders, named) = (new Queue<string>([""]), 0);
        while (folders.TryDequeue(out var folder))
            foreach (var entry in List(await GetAsync($"{Proxy}?path={Uri.EscapeDataString(Joined(place, folder))}", cancel, ofProxy: true), "files"))
            {
                if (++named > most)
                    throw new MlflowSiteException($"the server names more files and folders than the {most} that a version can have", isPassing: false);
                var path = Within(Joined(folder, Text(entry, "path")));
                if (entry.TryGetProperty("is_dir", out var isFolder) && isFolder.ValueKind == JsonValueKind.True)
                    folders.Enqueue(path);
                else
                    files.Add(new SiteFile(path, Joined(place, path), entry.TryGetProperty("file_size", out var size) && size.ValueKind is JsonValueKind.Number or JsonValueKind.String ? Whole(entry, "file_size") : null));
            }
        // A file has nothing below it.
        return files.Count > 0 || place.Length == 0 ? files : [new SiteFile(place[(place.LastIndexOf('/') + 1)..], place, null)];
    }

    /// <summary>Reads a file from its beginning to its end.</summary>
    /// <param name="most">Bytes that it may have.</param>
    /// <exception cref="MlflowSiteException">Also thrown by the stream: it is longer, or the server stands still.</exception>
    public async Task<T> ReadAsync<T>(SiteFile file, long most, Func<Stream, Task<T>> read, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_root}{Proxy}/{string.Join('/', file.At.Split('/').Select(Uri.EscapeDataString))}");
        using var response = await SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        await using var content = new SiteStream(await response.Content.ReadAsStreamAsync(cancel), _patience, most);
        return await read(content);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A run's or logged model's id, which is a word and nothing that an address could read otherwise.</summary>
    private static string Id(string text) => IdPattern().IsMatch(text) ? text : throw new MlflowSiteException("it names no run or model", isPassing: false);

    // However it came about: what leads upwards on that server leads out of what was asked for.
    private static string Within(string path)
    {
        if (path.Length > 0 && ArtifactPath.Parse(path).Refusal is not null)
            throw new MlflowSiteException("a file or folder has a name that is no path here", isPassing: false);
        return path;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]{0,255}\z")]
    private static partial Regex IdPattern();

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancel, bool ofProxy = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ofProxy ? _root + path : $"{_root}/api/2.0/mlflow/{path}");
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
        try
        {
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancel));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : throw new JsonException("no object");
        }
        catch (JsonException e)
        {
            throw new MlflowSiteException($"{request.RequestUri!.AbsolutePath} answers with no JSON object: it may be no MLflow server", isPassing: false, e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption how, CancellationToken cancel)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, how, cancel);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            throw new MlflowSiteException($"{request.RequestUri!.GetLeftPart(UriPartial.Authority)} does not answer", isPassing: true, e);
        }
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw new MlflowSiteException($"{request.RequestUri!.AbsolutePath} answers {(int)response.StatusCode}", response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError);
    }

    /// <summary>An object within an object.</summary>
    /// <exception cref="MlflowSiteException">There is none.</exception>
    public static JsonElement Member(JsonElement of, string name) => of.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Object ? member : throw new MlflowSiteException($"its answer lacks '{name}'", isPassing: false);

    public static IEnumerable<JsonElement> List(JsonElement of, string name) => of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Where(i => i.ValueKind == JsonValueKind.Object) : [];

    public static Dictionary<string, string> Pairs(JsonElement of, string list, string key, string value)
    {
        var pairs = new Dictionary<string, string>();
        foreach (var pair in List(of, list))
            pairs[Text(pair, key)] = Text(pair, value);
        return pairs;
    }

    public static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.ValueKind switch { JsonValueKind.String => value.GetString()!, JsonValueKind.Number => value.GetRawText(), _ => "" } : "";

    // As the protocol's JSON has them, large numbers are texts, or numbers.
    public static long Whole(JsonElement of, string name) => long.TryParse(Text(of, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string Joined(string folder, string name) => folder.Length == 0 ? name : name.Length == 0 ? folder : $"{folder}/{name}";
}
