using System.Globalization;
using System.Text.Json;
using ModelRegistry.Mlflow.Sites;
using static ModelRegistry.Mlflow.Sites.MlflowSite;

namespace ModelRegistry.Mlflow.Import;

/// <summary>A registered model as another server tells of it.</summary>
internal sealed record SiteModel(string Name, string Description, IReadOnlyDictionary<string, string> Tags, IReadOnlyDictionary<string, string> Aliases);

/// <summary>A version as another server tells of it.</summary>
/// <param name="CreatedAt">Milliseconds since 1970.</param>
internal sealed record SiteVersion(string Model, long Number, long CreatedAt, string Stage, string Description, string Source, string RunId, string RunLink, string LoggedModelId, string User, IReadOnlyDictionary<string, string> Tags);

/// <summary>What another server has registered.</summary>
internal sealed class SiteCatalog(MlflowSite site)
{
    private const int MostPages = 10_000;

    /// <summary>Every registered model, by name, with its aliases.</summary>
    public async IAsyncEnumerable<SiteModel> ModelsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var names = new List<string>();
        await foreach (var model in PagesAsync("registered-models/search?max_results=1000", "registered_models", cancel))
            names.Add(Text(model, "name"));
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            // Lists come without aliases from some releases.
            var model = Member(await site.GetAsync($"registered-models/get?name={Uri.EscapeDataString(name)}", cancel), "registered_model");
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

    /// <summary>Where that server says that a version's files are to be had.</summary>
    public async Task<string> SourceAsync(SiteVersion version, CancellationToken cancel) =>
        Text(await site.GetAsync($"model-versions/get-download-uri?name={Uri.EscapeDataString(version.Model)}&version={version.Number}", cancel), "artifact_uri");

    private async IAsyncEnumerable<JsonElement> PagesAsync(string path, string list, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var seen = new HashSet<string>();
        for (var token = ""; ;)
        {
            var page = await site.GetAsync(token.Length == 0 ? path : $"{path}&page_token={Uri.EscapeDataString(token)}", cancel);
            foreach (var item in List(page, list))
                yield return item;
            token = Text(page, "next_page_token");
            if (token.Length == 0)
                yield break;
            if (!seen.Add(token) || seen.Count > MostPages)
                throw new MlflowSiteException("the server gives the same page again and again", isPassing: false);
        }
    }
}
