namespace ModelRegistry.Domain.Mlflow;

/// <summary>What rows are put in order by.</summary>
public enum SearchColumn { Name, VersionNumber, CreatedAt, UpdatedAt }

/// <summary>One column of an order.</summary>
/// <param name="Descending">Largest first.</param>
public sealed record SearchOrderTerm(SearchColumn Column, bool Descending)
{
    public override string ToString() => $"{Column}{(Descending ? "-" : "+")}";
}

/// <summary>The order of an MLflow search: total, so that every page begins where the last one ended.</summary>
public sealed record SearchOrder(IReadOnlyList<SearchOrderTerm> Terms)
{
    private static readonly Dictionary<string, SearchColumn> OfModels = new()
    {
        ["name"] = SearchColumn.Name, ["timestamp"] = SearchColumn.UpdatedAt, ["last_updated_timestamp"] = SearchColumn.UpdatedAt, ["creation_timestamp"] = SearchColumn.CreatedAt,
    };

    private static readonly Dictionary<string, SearchColumn> OfVersions = new(OfModels) { ["version_number"] = SearchColumn.VersionNumber };

    /// <summary>Models by name; versions by last change, latest first, then by name and, highest first, by number.</summary>
    public static SearchOrder Default(SearchOf of) => new(of == SearchOf.Models ? [new(SearchColumn.Name, false)]
        : [new(SearchColumn.UpdatedAt, true), new(SearchColumn.Name, false), new(SearchColumn.VersionNumber, true)]);

    /// <summary>Reads terms such as <c>name</c>, <c>last_updated_timestamp DESC</c>.</summary>
    /// <returns>The order, the default one behind it; or <c>search_order_invalid</c>.</returns>
    public static Outcome<SearchOrder> Read(IReadOnlyList<string> terms, SearchOf of)
    {
        var columns = of == SearchOf.Models ? OfModels : OfVersions;
        var read = new List<SearchOrderTerm>();
        foreach (var text in terms)
        {
            var parts = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            var key = parts is [var first, ..] ? Bare(first) : "";
            if (!columns.TryGetValue(key, out var column) || parts.Length > 2)
                return Refusals.SearchOrderInvalid(text, columns.Keys);
            var descending = parts.Length == 2 && parts[1].Equals("DESC", StringComparison.OrdinalIgnoreCase);
            if (parts.Length == 2 && !descending && !parts[1].Equals("ASC", StringComparison.OrdinalIgnoreCase))
                return Refusals.SearchOrderInvalid(text, columns.Keys);
            if (read.Any(t => t.Column == column))
                return Refusals.SearchOrderTwice(text);
            read.Add(new SearchOrderTerm(column, descending));
        }
        return new SearchOrder([.. read, .. Default(of).Terms.Where(t => read.All(r => r.Column != t.Column))]);
    }

    // attribute.`name`, `name` and name are the same.
    private static string Bare(string key)
    {
        foreach (var entity in (string[])["attributes.", "attribute.", "attr."])
            if (key.StartsWith(entity, StringComparison.OrdinalIgnoreCase))
                key = key[entity.Length..];
        return key is ['`' or '"', .. var inner, '`' or '"'] ? inner : key;
    }
}
