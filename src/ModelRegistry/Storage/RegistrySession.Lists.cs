using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

internal sealed record ModelFilter(string? Search, string? Task, string? Stage, string? Tag, bool IncludeInactive, bool OnlyInactive = false);

/// <summary>Pages of models and versions. Each filter is a constant piece of SQL; every value is a parameter.</summary>
public sealed partial class RegistrySession
{
    /// <summary>Models after a name, by name, with their ids. Tags are left empty.</summary>
    internal ValueTask<List<(string Id, ModelView View)>> ListModelsAsync(ModelFilter filter, string afterKey, int limit)
    {
        var where = new List<string> { "m.deleted_at is null", "m.name_key > @after" };
        var args = new List<(string, object?)> { ("after", afterKey), ("limit", (long)limit) };
        if (filter.OnlyInactive)
            where.Add("m.is_active = 0");
        else if (!filter.IncludeInactive)
            where.Add("m.is_active = 1");
        if (filter.Search is { } search)
        {
            where.Add("(m.name_key like @search escape '!' or m.description_key like @search escape '!')");
            args.Add(("search", $"%{Literal(Names.FoldText(search))}%"));
        }
        if (filter.Task is { } task)
        {
            where.Add("m.task = @task");
            args.Add(("task", task));
        }
        if (filter.Stage is { } stage)
        {
            where.Add("exists (select 1 from version v where v.model_id = m.id and v.stage = @stage and v.deleted_at is null)");
            args.Add(("stage", stage));
        }
        if (filter.Tag is { } tag)
        {
            // A key may hold colons itself: every one of the first few may be the one before the value, or none is.
            var matches = new List<string> { "t.key = @tag" };
            args.Add(("tag", tag));
            for (var colon = tag.IndexOf(':', StringComparison.Ordinal); colon >= 0 && matches.Count <= 4; colon = tag.IndexOf(':', colon + 1))
            {
                args.Add(($"key{matches.Count}", tag[..colon]));
                args.Add(($"value{matches.Count}", tag[(colon + 1)..]));
                matches.Add($"t.key = @key{matches.Count} and t.value = @value{matches.Count}");
            }
            var match = string.Join(" or ", matches);
            where.Add($"(exists (select 1 from model_tag t where t.model_id = m.id and ({match})) or exists (select 1 from version_tag t where t.model_id = m.id and ({match})))");
        }
        return ManyAsync($"""
            select m.name, m.description, m.task, m.latest_label, m.version_count, m.owner, m.is_active, m.updated_at,
              (select v.label from serving s join version v on v.id = s.version_id where s.model_id = m.id and s.stage = 'production'), m.id
            from model m where {string.Join(" and ", where)} order by m.name_key limit @limit
            """, r => (r.GetString(9), new ModelView(r.GetString(0), r.GetString(1), r.GetString(2), Text(r, 3), Text(r, 8), r.GetInt64(4), r.GetString(5), new Dictionary<string, string>(), r.GetInt64(6) != 0, Times.FromMicros(r.GetInt64(7)))), [.. args]);
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

    /// <summary>Versions of a model below a number, newest first.</summary>
    internal ValueTask<List<ModelVersion>> ListVersionsAsync(string modelId, string? stage, long belowNumber, int limit) => stage is null
        ? ManyAsync($"select {VersionColumns} from version v where v.model_id = @model and v.number < @below and v.deleted_at is null order by v.number desc limit @limit", ReadVersion, ("model", modelId), ("below", belowNumber), ("limit", (long)limit))
        : ManyAsync($"select {VersionColumns} from version v where v.model_id = @model and v.stage = @stage and v.number < @below and v.deleted_at is null order by v.number desc limit @limit", ReadVersion, ("model", modelId), ("stage", stage), ("below", belowNumber), ("limit", (long)limit));

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
