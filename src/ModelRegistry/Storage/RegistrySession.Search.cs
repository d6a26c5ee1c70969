using System.Globalization;
using System.Text;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;

namespace ModelRegistry.Storage;

/// <summary>One page of a search.</summary>
/// <param name="After">The values of the order's terms in the last row of the page before; null for the first page.</param>
internal sealed record SearchPage(SearchFilter Filter, SearchOrder Order, IReadOnlyList<object>? After, int Limit);

/// <summary>
/// Searches by filters that callers write. What they write was read into comparisons before it comes here; each becomes a constant
/// piece of SQL, and every value a parameter.
/// </summary>
public sealed partial class RegistrySession
{
    // Rows of a tag are counted up to here: fewer are soon looked at and put in order. With more, rows are looked at in the order
    // that was asked for: enough of them fit to fill a page soon.
    private const int FewRows = 1_000;

    /// <summary>Models that a filter holds for, without their tags and cards.</summary>
    internal async ValueTask<List<RegisteredModel>> SearchModelsAsync(SearchPage page)
    {
        var (where, args) = (new List<string> { "m.deleted_at is null", "m.is_active = 1" }, new List<(string, object?)> { ("limit", (long)page.Limit) });
        foreach (var (i, one) in page.Filter.Comparisons.Index())
            where.Add(one.Field == SearchField.Tag ? OfTag(one, i, "model_tag", "t.model_id = m.id", args) : OfName(one, i, args));
        // What stands between wildcards is a part of the name, in whatever case: those that may have it are held against the pattern.
        var part = page.Filter.Comparisons.Where(c => c is { Field: SearchField.Name, Operator: SearchOperator.Like or SearchOperator.ILike })
            .SelectMany(c => c.Values[0].Split('%', '_')).MaxBy(p => p.Length);
        var from = part is null ? "model m" : await ModelsThatMayHaveAsync(Names.Fold(part), where, args);
        After(page, where, args);
        return await ManyAsync($"select {ModelColumns.Replace("m.card", "''", StringComparison.Ordinal)} from {from} where {string.Join(" and ", where)} order by {OrderBy(page.Order, new Lead(null, true))} limit @limit", ReadModel, [.. args]);
    }

    /// <summary>Versions that a filter holds for, each with the name of its model.</summary>
    /// <param name="mostCharacters">Of metadata: what comes once so many are read is left to the next page.</param>
    internal async ValueTask<(List<(ModelVersion Version, string ModelName)> Rows, bool Cut)> SearchVersionsAsync(SearchPage page, long mostCharacters)
    {
        var (where, args) = (new List<string> { "v.deleted_at is null", "m.deleted_at is null", "m.is_active = 1" }, new List<(string, object?)> { ("limit", (long)page.Limit) });
        string? model = null;
        var named = page.Filter.Comparisons.FirstOrDefault(c => c is { Field: SearchField.Name, Operator: SearchOperator.Equal });
        if (named is not null)
        {
            // By the id, which the indexes of versions begin with.
            model = (string?)await ScalarAsync("select id from model where name_key = @key and deleted_at is null", ("key", Names.Fold(named.Values[0])));
            if (model is null)
                return ([], false);
            where.Add("v.model_id = @model");
            args.Add(("model", model));
        }
        var lead = await LeadAsync(page, model);
        var from = "version v";
        foreach (var (i, one) in page.Filter.Comparisons.Index())
            if (one == lead.By && one.Field == SearchField.Tag)
            {
                // An index has a tag's versions by their last change, all of them and those of each model.
                from = "version_tag t join version v on v.id = t.version_id";
                where.Add(TagIs(one, i, args) + (model is null ? "" : " and t.model_id = @model"));
                if (lead.InOrder && page.After is not null)
                    where.Add($"t.changed {(page.Order.Terms[0].Descending ? "<=" : ">=")} @after0");
            }
            else if (one != named)
                where.Add(one.Field switch
                {
                    SearchField.Tag => OfTag(one, i, "version_tag", "t.version_id = v.id", args),
                    // What is said twice lets the index of those with a run be used.
                    SearchField.RunId => (lead.By == one ? "v.run_id <> '' and " : "") + OfText("v.run_id", one, i, args),
                    SearchField.SourcePath => OfText("v.source", one, i, args),
                    SearchField.VersionNumber => OfNumber(one, i, args),
                    _ => OfName(one, i, args),
                });
        After(page, where, args);
        var (rows, cut) = (new List<(ModelVersion, string)>(), false);
        await ManyAsync($"select {VersionColumns}, m.name from {from} join model m on m.id = v.model_id where {string.Join(" and ", where)} order by {OrderBy(page.Order, lead)} limit @limit",
            r =>
            {
                if (cut |= mostCharacters < 0)
                    return false;
                mostCharacters -= r.GetString(MetadataColumn).Length;
                rows.Add((ReadVersion(r), r.GetString(BehindVersion)));
                return true;
            }, [.. args]);
        return (rows, cut);
    }

    /// <summary>The version of a model that has a number, with what MLflow shows of it.</summary>
    internal ValueTask<ModelVersion?> VersionByNumberAsync(string modelId, long number) => VersionWhereAsync("v.number = @value", modelId, number);

    internal ValueTask<ModelVersion?> VersionByLabelAsync(string modelId, string label) => VersionWhereAsync("v.label = @value", modelId, label);

    internal ValueTask<ModelVersion?> VersionByAliasAsync(string modelId, string alias) => OneAsync(
        $"select {VersionColumns} from alias a join version v on v.id = a.version_id where a.model_id = @model and a.alias_key = @key and v.deleted_at is null", ReadVersion, ("model", modelId), ("key", Names.Fold(alias)));

    /// <summary>Aliases of a page of versions.</summary>
    internal async ValueTask<ILookup<string, string>> AliasesOfAsync(IReadOnlyList<string> versionIds)
    {
        var found = new List<(string Version, string Alias)>();
        foreach (var batch in versionIds.Chunk(Cursor.MaxLimit + 1))
        {
            var (keys, args) = Keys(batch);
            found.AddRange(await ManyAsync($"select version_id, alias from alias where version_id in ({keys}) order by version_id, alias", r => (r.GetString(0), r.GetString(1)), args));
        }
        return found.ToLookup(a => a.Version, a => a.Alias);
    }

    /// <summary>The highest version of a model in a stage.</summary>
    internal ValueTask<ModelVersion?> HighestInStageAsync(string modelId, string stage) => OneAsync(
        $"select {VersionColumns} from version v where v.model_id = @model and v.stage = @stage and v.deleted_at is null order by v.number desc limit 1", ReadVersion, ("model", modelId), ("stage", stage));

    /// <summary>Numbers of the versions of a model in a stage.</summary>
    internal ValueTask<List<long>> NumbersInStageAsync(string modelId, string stage) => ManyAsync(
        "select v.number from version v where v.model_id = @model and v.stage = @stage and v.deleted_at is null order by v.number", r => r.GetInt64(0), ("model", modelId), ("stage", stage));

    /// <summary>How rows are come by.</summary>
    /// <param name="By">The comparison whose index is gone along; null: that of the order, or of a model.</param>
    /// <param name="InOrder">Whether the rows come in the order that was asked for; otherwise, being few, they are put in it.</param>
    private readonly record struct Lead(SearchComparison? By, bool InOrder);

    private async ValueTask<Lead> LeadAsync(SearchPage page, string? model)
    {
        if (page.Filter.Comparisons.FirstOrDefault(c => c is { Field: SearchField.RunId, Operator: SearchOperator.Equal or SearchOperator.In } && c.Values.All(v => v.Length > 0)) is { } run)
            return new Lead(run, false);
        var byChange = page.Order.Terms[0].Column == SearchColumn.UpdatedAt;
        var tags = page.Filter.Comparisons.Where(c => c is { Field: SearchField.Tag, Operator: SearchOperator.Equal }).ToList();
        if (byChange && tags.Count == 1)
            return new Lead(tags[0], true);
        var (fewest, least) = (tags.FirstOrDefault(), long.MaxValue);
        foreach (var one in tags)
        {
            (string, object?)[] args = [("key", one.Key), ("value", one.Values[0]), ("model", model)];
            var rows = (long)(await ScalarAsync($"select count(*) from (select 1 from version_tag t where t.key = @key and {TagValueIs("value")}{(model is null ? "" : " and t.model_id = @model")} limit {FewRows}) x", model is null ? args[..2] : args))!;
            if (rows < least)
                (fewest, least) = (one, rows);
        }
        return byChange || least < FewRows ? new Lead(fewest, byChange) : new Lead(null, true);
    }

    private static string OfTag(SearchComparison one, int number, string table, string owner, List<(string, object?)> args) => one.HoldsWithoutTag
        ? $"not exists (select 1 from {table} t where {owner} and {TagIs(one with { Operator = SearchOperator.Equal }, number, args)})"
        : $"exists (select 1 from {table} t where {owner} and {TagIs(one, number, args)})";

    private static string TagIs(SearchComparison one, int number, List<(string, object?)> args)
    {
        args.Add(($"key{number}", one.Key));
        if (one.Operator == SearchOperator.Equal)
        {
            args.Add(($"value{number}", one.Values[0]));
            return $"t.key = @key{number} and {TagValueIs($"value{number}")}";
        }
        // A pattern is held against every place of a text: of a long one, against its beginning.
        return $"t.key = @key{number} and {OfText(one.Operator == SearchOperator.NotEqual ? "t.value" : $"substr(t.value, 1, {SearchFilter.MostMatched})", one, number, args)}";
    }

    // Names are one name in whatever case, everywhere here; only LIKE looks at it.
    private static string OfName(SearchComparison one, int number, List<(string, object?)> args) => one.Operator switch
    {
        SearchOperator.Like => OfText("m.name", one, number, args),
        SearchOperator.ILike => OfText("m.name_key", one with { Operator = SearchOperator.Like, Values = [Names.Fold(one.Values[0])] }, number, args),
        _ => OfText("m.name_key", one with { Values = [.. one.Values.Select(Names.Fold)] }, number, args),
    };

    private static string OfText(string column, SearchComparison one, int number, List<(string, object?)> args)
    {
        if (one.Operator == SearchOperator.In)
        {
            // Few lengths, filled up with the last, so that the texts of statements stay few.
            var length = 4;
            while (length < one.Values.Count)
                length *= 4;
            for (var i = 0; i < length; i++)
                args.Add(($"value{number}_{i}", one.Values[Math.Min(i, one.Values.Count - 1)]));
            return $"{column} in ({string.Join(", ", Enumerable.Range(0, length).Select(i => $"@value{number}_{i}"))})";
        }
        var (operation, value) = one.Operator switch
        {
            SearchOperator.Equal => ($"{column} = @value{number}", one.Values[0]),
            SearchOperator.NotEqual => ($"{column} <> @value{number}", one.Values[0]),
            // Columns of text are compared by their bytes, so that only the letters of ASCII are folded, on both databases.
            SearchOperator.ILike => ($"lower({column}) like @value{number} escape '!'", Names.Fold(one.Values[0])),
            _ => ($"{column} like @value{number} escape '!'", one.Values[0]),
        };
        args.Add(($"value{number}", one.Operator is SearchOperator.Like or SearchOperator.ILike ? value.Replace("!", "!!", StringComparison.Ordinal) : value));
        return operation;
    }

    private static string OfNumber(SearchComparison one, int number, List<(string, object?)> args)
    {
        args.Add(($"value{number}", one.Number));
        return $"v.number {one.Operator switch
        {
            SearchOperator.Equal => "=",
            SearchOperator.NotEqual => "<>",
            SearchOperator.Less => "<",
            SearchOperator.AtMost => "<=",
            SearchOperator.Greater => ">",
            _ => ">=",
        }} @value{number}";
    }

    /// <summary>Rows behind the last one given: (a, b, c) after (x, y, z), where each may go up or down.</summary>
    private static void After(SearchPage page, List<string> where, List<(string, object?)> args)
    {
        if (page.After is not { } after)
            return;
        var (terms, either, equal) = (page.Order.Terms, new List<string>(), new StringBuilder());
        foreach (var (i, term) in terms.Index())
        {
            args.Add(($"after{i}", after[i]));
            either.Add($"({equal}{Column(term.Column, page)} {(term.Descending ? "<" : ">")} @after{i})");
            equal.Append(CultureInfo.InvariantCulture, $"{Column(term.Column, page)} = @after{i} and ");
        }
        // The first half is what an index can begin at.
        where.Add($"{Column(terms[0].Column, page)} {(terms[0].Descending ? "<=" : ">=")} @after0 and ({string.Join(" or ", either)})");
    }

    private static string OrderBy(SearchOrder order, Lead lead) => string.Join(", ", order.Terms.Select((term, i) =>
    {
        var column = Column(term.Column, order);
        if (i == 0 && lead is { By.Field: SearchField.Tag, InOrder: true })
            column = "t.changed";
        else if (i == 0 && !lead.InOrder)
            // No index has it so: that of the order would be gone along to its end.
            column = term.Column == SearchColumn.Name ? $"{column} || ''" : $"{column} + 0";
        return term.Descending ? column + " desc" : column;
    }));

    private static string Column(SearchColumn column, SearchPage page) => Column(column, page.Order);

    // Only versions are put in order by their number, and always are, at last.
    private static string Column(SearchColumn column, SearchOrder order)
    {
        var row = order.Terms.Any(t => t.Column == SearchColumn.VersionNumber) ? "v" : "m";
        return column switch
        {
            SearchColumn.Name => "m.name_key",
            SearchColumn.VersionNumber => "v.number",
            SearchColumn.CreatedAt => $"{row}.created_at",
            _ => $"{row}.updated_at",
        };
    }
}
