using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace ModelRegistry.Mlflow.Import;

/// <summary>How to get into another server.</summary>
/// <param name="Token">A bearer token; null: none.</param>
/// <param name="User">A name with <paramref name="Password"/>, where there is no token.</param>
public sealed record MlflowCredential(string? Token, string? User, string? Password);

/// <summary>Another server said no, or something that cannot be understood.</summary>
/// <param name="status">Its status; null where there was no answer.</param>
public sealed class MlflowSiteException(string message, HttpStatusCode? status = null, Exception? cause = null) : Exception(message, cause)
{
    public HttpStatusCode? Status { get; } = status;
}

/// <summary>A registered model as another server tells of it.</summary>
internal sealed record SiteModel(string Name, string Description, IReadOnlyDictionary<string, string> Tags, IReadOnlyDictionary<string, string> Aliases);

/// <summary>A version as another server tells of it.</summary>
/// <param name="CreatedAt">Milliseconds since 1970.</param>
internal sealed record SiteVersion(string Model, long Number, long CreatedAt, string Stage, string Description, string Source, string RunId, string RunLink, string LoggedModelId, string User, IReadOnlyDictionary<string, string> Tags);

/// <summary>A file of a version on another server.</summary>
/// <param name="Path">Within the version.</param>
/// <param name="At">Behind the path of its proxy for artifacts.</param>
internal sealed record SiteFile(string Path, string At, long? Size);

/// <summary>
/// Another server that speaks MLflow's REST API, read through the calls that its clients make. What it says is believed to be what it
/// has, and nothing more: addresses it gives are followed only where they lead back to itself.
/// </summary>
internal sealed class MlflowSite : IDisposable
{
    private const string Proxy = "/api/2.0/mlflow-artifacts/artifacts";

    private const long MostOfAnswer = 64 << 20;

    private const int MostPages = 10_000;

    private readonly HttpClient _http;
    private readonly string _root;

    /// <param name="from">Its address, with the part of the path that it stands under.</param>
    public MlflowSite(Uri from, MlflowCredential credential)
    {
        _root = from.GetLeftPart(UriPartial.Path).TrimEnd('/');
        // A redirect could lead elsewhere, and the credential is for this one.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = TimeSpan.FromMinutes(2), MaxResponseContentBufferSize = MostOfAnswer };
        _http.DefaultRequestHeaders.Authorization = credential switch
        {
            { Token: { } token } => new AuthenticationHeaderValue("Bearer", token),
            { User: { } user } => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{credential.Password}"))),
            _ => null,
        };
    }

    /// <summary>Every registered model, by name, with its aliases.</summary>
    public async IAsyncEnumerable<SiteModel> ModelsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var names = new List<string>();
        await foreach (var model in PagesAsync("registered-models/search?max_results=1000", "registered_models", cancel))
            names.Add(Text(model, "name"));
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            // Lists come without aliases from some releases.
            var model = (await GetAsync($"registered-models/get?name={Uri.EscapeDataString(name)}", cancel)).GetProperty("registered_model");
            yield return new SiteModel(name, Text(model, "description"), Pairs(model, "tags", "key", "value"), Pairs(model, "aliases", "alias", "version"));
        }
    }

    /// <summary>Every version of a model, lowest number first.</summary>
    public async Task<IReadOnlyList<SiteVersion>> VersionsAsync(string model, CancellationToken cancel)
    {
        var versions = new List<SiteVersion>();
        var filter = Uri.EscapeDataString($"name='{model.Replace("'", "''", StringComparison.Ordinal)}'");
        await foreach (var v in PagesAsync($"model-versions/search?max_results=1000&filter={filter}", "model_versions", cancel))
            if (long.TryParse(Text(v, "version"), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                versions.Add(new SiteVersion(model, number, Whole(v, "creation_timestamp"), Text(v, "current_stage"), Text(v, "description"), Text(v, "source"), Text(v, "run_id"), Text(v, "run_link"), Text(v, "model_id"), Text(v, "user_id"), Pairs(v, "tags", "key", "value")));
        return [.. versions.OrderBy(v => v.Number)];
    }

    /// <summary>Where a version's files lie on that server's proxy; null where they lie elsewhere.</summary>
    public async Task<string?> PlaceAsync(SiteVersion version, CancellationToken cancel)
    {
        var uri = Text(await GetAsync($"model-versions/get-download-uri?name={Uri.EscapeDataString(version.Model)}&version={version.Number}", cancel), "artifact_uri");
        if (uri.StartsWith("runs:/", StringComparison.OrdinalIgnoreCase))
        {
            var (run, rest) = uri["runs:/".Length..].Split('/', 2) switch { [var only] => (only, ""), [var first, var second] => (first, "/" + second), _ => ("", "") };
            var info = (await GetAsync($"runs/get?run_id={Uri.EscapeDataString(run)}", cancel)).GetProperty("run").GetProperty("info");
            uri = Text(info, "artifact_uri").TrimEnd('/') + rest;
        }
        if (uri.StartsWith("mlflow-artifacts:/", StringComparison.OrdinalIgnoreCase))
            return Uri.UnescapeDataString(Uri.TryCreate(uri, UriKind.Absolute, out var named) ? named.AbsolutePath : uri["mlflow-artifacts:".Length..]).Trim('/');
        return uri.StartsWith(_root + Proxy + "/", StringComparison.OrdinalIgnoreCase) ? Uri.UnescapeDataString(uri[(_root.Length + Proxy.Length + 1)..]).Trim('/') : null;
    }

    /// <summary>Every file below a place.</summary>
    /// <param name="most">How many are named at most.</param>
    public async Task<IReadOnlyList<SiteFile>> FilesAsync(string place, int most, CancellationToken cancel)
    {
        var files = new List<SiteFile>();
        var folders = new Queue<string>([""]);
        while (folders.TryDequeue(out var folder) && files.Count < most)
            foreach (var entry in List(await GetAsync($"{Proxy}?path={Uri.EscapeDataString(Joined(place, folder))}", cancel, ofProxy: true), "files"))
            {
                // A name; a path that leads upwards is none, and is told by whoever takes the file.
                var path = Joined(folder, Text(entry, "path"));
                if (path.Length > 1_000 || path.Split('/').Any(step => step is "" or "." or ".."))
                    throw new MlflowSiteException($"the server names a file '{(path.Length > 200 ? path[..200] + "…" : path)}'", HttpStatusCode.OK);
                if (entry.TryGetProperty("is_dir", out var isFolder) && isFolder.ValueKind == JsonValueKind.True)
                    folders.Enqueue(path);
                else
                    files.Add(new SiteFile(path, Joined(place, path), entry.TryGetProperty("file_size", out var size) && size.ValueKind is JsonValueKind.Number or JsonValueKind.String ? Whole(entry, "file_size") : null));
                if (folders.Count > most)
                    throw new MlflowSiteException("the server names more folders than a version can have", HttpStatusCode.OK);
            }
        return files;
    }

    /// <summary>Reads a file from its beginning to its end.</summary>
    public async Task<T> ReadAsync<T>(SiteFile file, Func<Stream, Task<T>> read, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_root}{Proxy}/{string.Join('/', file.At.Split('/').Select(Uri.EscapeDataString))}");
        using var response = await SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        await using var content = await response.Content.ReadAsStreamAsync(cancel);
        return await read(content);
    }

    public void Dispose() => _http.Dispose();

    private async IAsyncEnumerable<JsonElement> PagesAsync(string path, string list, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var seen = new HashSet<string>();
        for (var token = ""; ;)
        {
            var page = await GetAsync(token.Length == 0 ? path : $"{path}&page_token={Uri.EscapeDataString(token)}", cancel);
            foreach (var item in List(page, list))
                yield return item;
            token = Text(page, "next_page_token");
            if (token.Length == 0)
                yield break;
            if (!seen.Add(token) || seen.Count > MostPages)
                throw new MlflowSiteException("the server gives the same page again and again");
        }
    }

    private async Task<JsonElement> GetAsync(string path, CancellationToken cancel, bool ofProxy = false)
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
            throw new MlflowSiteException($"{request.RequestUri!.AbsolutePath} answers with no JSON object: it may be no MLflow server", response.StatusCode, e);
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
            throw new MlflowSiteException($"{request.RequestUri!.GetLeftPart(UriPartial.Authority)} does not answer", null, e);
        }
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw new MlflowSiteException($"{request.RequestUri!.AbsolutePath} answers {(int)response.StatusCode}", response.StatusCode);
    }

    private static IEnumerable<JsonElement> List(JsonElement of, string name) => of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Where(i => i.ValueKind == JsonValueKind.Object) : [];

    private static Dictionary<string, string> Pairs(JsonElement of, string list, string key, string value)
    {
        var pairs = new Dictionary<string, string>();
        foreach (var pair in List(of, list))
            pairs[Text(pair, key)] = Text(pair, value);
        return pairs;
    }

    private static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.ValueKind switch { JsonValueKind.String => value.GetString()!, JsonValueKind.Number => value.GetRawText(), _ => "" } : "";

    // As the protocol's JSON has them, large numbers are texts, or numbers.
    private static long Whole(JsonElement of, string name) => long.TryParse(Text(of, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string Joined(string folder, string name) => folder.Length == 0 ? name : name.Length == 0 ? folder : $"{folder}/{name}";
}
