using System.Globalization;
using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Storage;

namespace ModelRegistry.Mlflow;

/// <summary>A search as an MLflow client sends it.</summary>
/// <param name="MaxResults">As it was sent; null: the surface's default.</param>
/// <param name="PageToken">From the answer before; null or empty: the first page.</param>
public sealed record MlflowSearch(string? Filter, IReadOnlyList<string> OrderBy, string? MaxResults, string? PageToken);

/// <summary>Searches, page by page.</summary>
public sealed partial class MlflowRegistry
{
    private const int MostModels = 1_000, UsualModels = 100, MostVersions = 200_000, UsualVersions = 10_000;

    // Where an answer ends early and names the next page: it has to be held in memory, by us and by whoever reads it.
    private const int MostVersionsAtOnce = 10_000, RowsAtOnce = 1_000;

    private const long MostCharactersAtOnce = 16 << 20;

    public async Task<Outcome<MlflowModelsView>> SearchModelsAsync(Actor by, MlflowSearch search, CancellationToken cancel = default)
    {
        var read = Read(search, SearchOf.Models, UsualModels, MostModels);
        return read.Refusal is { } no ? no : await ReadAsync<MlflowModelsView>(by, async session =>
        {
            var page = read.Value;
            var rows = await session.SearchModelsAsync(page with { Limit = page.Limit + 1 });
            var views = new List<MlflowModelView>();
            var characters = 0L;
            foreach (var batch in rows.Take(page.Limit).Chunk(Cursor.MaxLimit))
            {
                var (read, length) = await ViewsAsync(session, batch, MostCharactersAtOnce - characters);
                views.AddRange(read);
                characters += length;
                if (characters > MostCharactersAtOnce)
                    break;
            }
            return new MlflowModelsView(views, views.Count == rows.Count ? "" : Token(search, page, c => Key(c, rows[views.Count - 1], null)));
        }, cancel);
    }

    public async Task<Outcome<MlflowVersionsView>> SearchVersionsAsync(Actor by, MlflowSearch search, CancellationToken cancel = default)
    {
        var read = Read(search, SearchOf.Versions, UsualVersions, MostVersions);
        return read.Refusal is { } no ? no : await ReadAsync<MlflowVersionsView>(by, async session =>
        {
            var page = read.Value with { Limit = Math.Min(read.Value.Limit, MostVersionsAtOnce) };
            var views = new List<MlflowVersionView>();
            var characters = 0L;
            for (var after = page.After; ;)
            {
                var wanted = Math.Min(RowsAtOnce, page.Limit - views.Count);
                var (rows, cut) = await session.SearchVersionsAsync(page with { After = after, Limit = wanted + 1 }, MostCharactersAtOnce - characters);
                var more = cut || rows.Count > wanted;
                var batch = rows.Take(wanted).ToList();
                if (batch.Count == 0)
                    return new MlflowVersionsView(views, "");
                views.AddRange(await ViewsAsync(session, batch.ConvertAll(r => (r.Version, r.ModelName))));
                characters += views.TakeLast(batch.Count).Sum(Length);
                var (last, name) = batch[^1];
                after = [.. page.Order.Terms.Select(t => Key(t.Column, null, (last, name)))];
                if (!more)
                    return new MlflowVersionsView(views, "");
                if (cut || views.Count >= page.Limit || characters > MostCharactersAtOnce)
                    return new MlflowVersionsView(views, Token(search, page, c => Key(c, null, (last, name))));
            }
        }, cancel);
    }

    private static long Length(MlflowVersionView v) => v.Description.Length + v.Source.Length + AliasCharacters * v.Aliases.Count + v.Tags.Sum(t => (long)t.Key.Length + t.Value.Length);

    private static Outcome<SearchPage> Read(MlflowSearch search, SearchOf of, int usual, int most)
    {
        var limit = usual;
        if (search.MaxResults is { } asked && (!int.TryParse(asked, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out limit) || limit < 1 || limit > most))
            return Refusals.MostResultsInvalid(asked, most);
        var filter = SearchFilter.Read(search.Filter, of);
        if (filter.Refusal is { } unread)
            return unread;
        var order = SearchOrder.Read(search.OrderBy, of);
        if (order.Refusal is { } disorder)
            return disorder;
        var page = new SearchPage(filter.Value, order.Value, null, limit);
        if (string.IsNullOrEmpty(search.PageToken))
            return page;
        return Keys(search, page) is { } after ? page with { After = after } : Refusals.PageTokenInvalid;
    }

    /// <summary>Where a page ended: what it was asked for, and the sort keys of its last row.</summary>
    private static string Token(MlflowSearch search, SearchPage page, Func<SearchColumn, object> key) => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(
        (string[])[Of(search, page), .. page.Order.Terms.Select(t => Convert.ToString(key(t.Column), CultureInfo.InvariantCulture)!)]));

    private static List<object>? Keys(MlflowSearch search, SearchPage page)
    {
        var bytes = new byte[4_096];
        if (search.PageToken!.Length > 4_096 || !Convert.TryFromBase64String(search.PageToken, bytes, out var length))
            return null;
        string[]? parts;
        try
        {
            parts = JsonSerializer.Deserialize<string[]>(bytes.AsSpan(0, length));
        }
        catch (JsonException)
        {
            return null;
        }
        // A place in another search is no place in this one.
        if (parts is null || parts.Length != page.Order.Terms.Count + 1 || parts[0] != Of(search, page))
            return null;
        var keys = new List<object>();
        foreach (var (term, text) in page.Order.Terms.Zip(parts.Skip(1)))
            if (term.Column == SearchColumn.Name)
                keys.Add(text ?? "");
            else if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                keys.Add(number);
            else
                return null;
        return keys;
    }

    private static string Of(MlflowSearch search, SearchPage page) => Digest.Of($"{search.Filter?.Trim()}\n{string.Join(",", page.Order.Terms)}").Hex[..16];

    private static object Key(SearchColumn column, RegisteredModel? model, (ModelVersion Version, string ModelName)? version) => column switch
    {
        SearchColumn.Name => Names.Fold(model?.Name ?? version!.Value.ModelName),
        SearchColumn.VersionNumber => version!.Value.Version.Number,
        SearchColumn.CreatedAt => Times.Micros(model?.CreatedAt ?? version!.Value.Version.CreatedAt),
        _ => Times.Micros(model?.UpdatedAt ?? version!.Value.Version.UpdatedAt),
    };
}
