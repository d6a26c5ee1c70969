using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

internal sealed record ModelFilter(string? Search, string? Task, string? Stage, IReadOnlyList<string> Tags, IReadOnlyList<MetricBound> Metrics, bool IncludeInactive, bool OnlyInactive = false);

internal sealed record VersionFilter(string? Stage, IReadOnlyList<string> Tags, IReadOnlyList<MetricBound> Metrics);

/// <summary>Pages of models and versions. Each filter is a constant piece of SQL; every value is a parameter.</summary>
public sealed partial class RegistrySession
{
    /// <summary>Models after a name, by name, with their ids. Tags are left empty.</summary>
    internal async ValueTask<List<(string Id, ModelView View)>> ListModelsAsync(ModelFilter filter, string afterKey, int limit)
    {
        var where = new List<string> { "m.deleted_at is null", "m.name_key > @after" };
        var args = new List<(string, object?)> { ("after", afterKey), ("limit", (long)limit) };
        if (filter.OnlyInactive)
            where.Add("m.is_active = 0");
        else if (!filter.IncludeInactive)
            where.Add("m.is_active = 1");
        var from = "model m";
        if (filter.Search is { } search)
        {
            var folded = Names.FoldText(search);
            where.Add("(m.name_key like @search escape '!' or m.description_key like @search escape '!')");
            args.Add(("search", $"%{Literal(folded)}%"));
            from = await ModelsThatMayHaveAsync(folded, where, args);
        }
        if (filter.Task is { } task)
        {
            where.Add("m.task = @task");
            args.Add(("task", task));
        }
        if (filter.Stage is not null || filter.Tags.Count > 0 || filter.Metrics.Count > 0)
            where.Add(OfOneVersion(filter, args));
        return await ManyAsync($"""
            select m.name, m.description, m.task, m.latest_label, m.version_count, m.owner, m.is_active, m.updated_at,
              (select v.label from serving s join version v on v.id = s.version_id where s.model_id = m.id and s.stage = 'production'), m.id
            from {from} where {string.Join(" and ", where)} order by m.name_key limit @limit
            """, r => (r.GetString(9), new ModelView(r.GetString(0), r.GetString(1), r.GetString(2), Text(r, 3), Text(r, 8), r.GetInt64(4), r.GetString(5), new Dictionary<string, string>(), r.GetInt64(6) != 0, Times.FromMicros(r.GetInt64(7)))), [.. args]);
    }

    /// <summary>
    /// Everything that is said of a version holds of one and the same version; a tag of the model is one of each of its versions.
    /// Where nothing but tags is asked for, a model may have them all itself, without any version.
    /// </summary>
    private static string OfOneVersion(ModelFilter filter, List<(string, object?)> args)
    {
        var tags = filter.Tags.Select((tag, i) => TagMatch(tag, i, args)).ToList();
        var ofModel = tags.Select(t => $"exists (select 1 from model_tag t where t.model_id = m.id and ({t.Match}))").ToList();
        var version = new List<string> { "v.model_id = m.id", "v.deleted_at is null" };
        if (filter.Stage is not null)
        {
            version.Add("v.stage = @stage");
            args.Add(("stage", filter.Stage));
        }
        version.AddRange(filter.Metrics.Select((bound, i) => OfVersion(bound, i, args)));
        version.AddRange(tags.Select((t, i) => $"({ofModel[i]} or {OfVersion(t)})"));
        var one = $"exists (select 1 from version v where {string.Join(" and ", version)})";
        if (filter.Stage is not null || filter.Metrics.Count > 0)
            return one;
        // One tag alone is looked for by itself, so that a model of many versions costs no more.
        return tags is [var only]
            ? $"({ofModel[0]} or exists (select 1 from version_tag t where t.model_id = m.id and ({only.Match})){(only.Framework is { } key ? $" or exists (select 1 from version_link f where f.kind = 'framework' and f.key = {key} and f.model_id = m.id)" : "")})"
            : $"(({string.Join(" and ", ofModel)}) or {one})";
    }

    /// <summary>What a tag is, and, for <c>framework:NAME</c>, the parameter that has the name.</summary>
    private static (string Match, string? Framework) TagMatch(string tag, int number, List<(string, object?)> args)
    {
        // A key may hold colons itself: every one of the first few may be the one before the value, or none is.
        var matches = new List<string> { $"t.key = @tag{number}" };
        args.Add(($"tag{number}", tag));
        for (var colon = tag.IndexOf(':', StringComparison.Ordinal); colon >= 0 && matches.Count <= 4; colon = tag.IndexOf(':', colon + 1))
        {
            args.Add(($"key{number}_{matches.Count}", tag[..colon]));
            args.Add(($"value{number}_{matches.Count}", tag[(colon + 1)..]));
            matches.Add($"t.key = @key{number}_{matches.Count} and {TagValueIs($"value{number}_{matches.Count}")}");
        }
        const string framework = LineageLink.Framework + ":";
        if (!tag.StartsWith(framework, StringComparison.Ordinal))
            return (string.Join(" or ", matches), null);
        args.Add(($"framework{number}", LineageLink.KeyOf(Names.FoldText(tag[framework.Length..]))));
        return (string.Join(" or ", matches), $"@framework{number}");
    }

    // The index has how values begin. Were the column itself compared, SQLite would put the parameter in its place everywhere, in what
    // the index has too, and go past the index.
    private static string TagValueIs(string parameter) => $"substr(t.value, 1, 200) = substr(@{parameter}, 1, 200) and t.value || '' = @{parameter}";

    private static string OfVersion((string Match, string? Framework) tag) =>
        $"(exists (select 1 from version_tag t where t.version_id = v.id and ({tag.Match})){(tag.Framework is { } key ? $" or exists (select 1 from version_link f where f.version_id = v.id and f.kind = 'framework' and f.key = {key})" : "")})";

    private static string OfVersion(MetricBound bound, int number, List<(string, object?)> args)
    {
        args.Add(($"metric{number}", bound.Metric));
        var within = "";
        if (bound.Least is { } least)
        {
            within += $" and x.value >= @least{number}";
            args.Add(($"least{number}", least));
        }
        if (bound.Most is { } most)
        {
            within += $" and x.value <= @most{number}";
            args.Add(($"most{number}", most));
        }
        return $"exists (select 1 from version_metric x where x.version_id = v.id and x.name = @metric{number}{within})";
    }

    /// <summary>Text that <c>like</c> takes as it stands.</summary>
    private static string Literal(string text) => text.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);

    /// <summary>The tags of a page of models, by model id.</summary>
    internal async ValueTask<ILookup<string, (string Key, string Value)>> TagsOfModelsAsync(IReadOnlyList<string> modelIds)
    {
        var (keys, args) = Keys(modelIds);
        return (await ManyAsync($"select model_id, key, value from model_tag where model_id in ({keys}) order by model_id, key", r => (Id: r.GetString(0), Tag: (r.GetString(1), r.GetString(2))), args)).ToLookup(t => t.Id, t => t.Tag);
    }

    /// <summary>
    /// What <c>in (…)</c> takes for at most a page of keys. Three lengths, filled up with the last key, so that the texts
    /// of statements stay few.
    /// </summary>
    private static (string Sql, (string Name, object? Value)[] Args) Keys<T>(IReadOnlyList<T> keys)
    {
        var length = keys.Count switch { <= 4 => 4, <= 24 => 24, <= Cursor.MaxLimit + 1 => Cursor.MaxLimit + 1, _ => throw new ArgumentOutOfRangeException(nameof(keys)) };
        var args = Enumerable.Range(0, length).Select(i => ($"k{i}", keys.Count == 0 ? default : (object?)keys[Math.Min(i, keys.Count - 1)])).ToArray();
        return (string.Join(", ", args.Select(a => "@" + a.Item1)), args);
    }

    /// <summary>Versions of a model below a number, newest first. A tag of the model is none of its versions' here: it would tell nothing apart.</summary>
    internal ValueTask<List<ModelVersion>> ListVersionsAsync(string modelId, VersionFilter filter, long belowNumber, int limit)
    {
        var args = new List<(string, object?)> { ("model", modelId), ("below", belowNumber), ("limit", (long)limit) };
        var where = new List<string> { "v.model_id = @model", "v.number < @below", "v.deleted_at is null" };
        if (filter.Stage is not null)
        {
            where.Add("v.stage = @stage");
            args.Add(("stage", filter.Stage));
        }
        where.AddRange(filter.Tags.Select((tag, i) => OfVersion(TagMatch(tag, i, args))));
        where.AddRange(filter.Metrics.Select((bound, i) => OfVersion(bound, i, args)));
        return ManyAsync($"select {VersionColumns} from version v where {string.Join(" and ", where)} order by v.number desc limit @limit", ReadVersion, [.. args]);
    }

    /// <summary>How many versions a model has, and the label of the highest.</summary>
    internal async ValueTask<(long Count, string? Latest)> CountsAsync(string modelId) =>
        await OneAsync("select version_count, latest_label from model where id = @id", r => (r.GetInt64(0), Text(r, 1)), ("id", modelId));

    /// <summary>Those of a page of versions whose last decided promotion ended in a rejection.</summary>
    internal async ValueTask<IReadOnlySet<string>> RejectedAsync(IReadOnlyList<string> versionIds)
    {
        var (keys, args) = Keys(versionIds);
        return (await ManyAsync($"""
            select p.version_id from promotion p where p.version_id in ({keys}) and p.state = 'rejected'
              and not exists (select 1 from promotion q where q.version_id = p.version_id and q.state = 'applied' and q.id > p.id)
            """, r => r.GetString(0), args)).ToHashSet();
    }
}
