using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

internal sealed record ModelFilter(string? Search, string? Task, string? Stage, string? Tag, bool IncludeInactive);

/// <summary>Pages of models and versions. Each filter is a constant piece of SQL; every value is a parameter.</summary>
public sealed partial class RegistrySession
{
    /// <summary>Models after a name, by name. Tags are left empty.</summary>
    internal ValueTask<List<ModelView>> ListModelsAsync(ModelFilter filter, string afterKey, int limit)
    {
        var where = new List<string> { "m.deleted_at is null", "m.name_key > @after" };
        var args = new List<(string, object?)> { ("after", afterKey), ("limit", (long)limit) };
        if (!filter.IncludeInactive)
            where.Add("m.is_active = 1");
        if (filter.Search is { } search)
        {
            where.Add(@"(m.name_key like @search escape '\' or lower(m.description) like @search escape '\')");
            args.Add(("search", $"%{Names.Fold(search).Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%"));
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
            var colon = tag.IndexOf(':', StringComparison.Ordinal);
            var value = colon < 0 ? "" : " and t.value = @tag_value";
            where.Add($"(exists (select 1 from model_tag t where t.model_id = m.id and t.key = @tag_key{value}) or exists (select 1 from version_tag t where t.model_id = m.id and t.key = @tag_key{value}))");
            args.Add(("tag_key", colon < 0 ? tag : tag[..colon]));
            if (colon >= 0)
                args.Add(("tag_value", tag[(colon + 1)..]));
        }
        return ManyAsync($"""
            select m.name, m.description, m.task, m.latest_label, m.version_count, m.owner, m.is_active, m.updated_at,
              (select v.label from serving s join version v on v.id = s.version_id where s.model_id = m.id and s.stage = 'production')
            from model m where {string.Join(" and ", where)} order by m.name_key limit @limit
            """, r => new ModelView(r.GetString(0), r.GetString(1), r.GetString(2), Text(r, 3), Text(r, 8), r.GetInt64(4), r.GetString(5), new Dictionary<string, string>(), r.GetInt64(6) != 0, Times.FromMicros(r.GetInt64(7))), [.. args]);
    }

    internal async ValueTask<IReadOnlyDictionary<string, string>> TagsOfModelByNameAsync(string name) => (await ManyAsync(
        "select t.key, t.value from model_tag t join model m on m.id = t.model_id where m.name_key = @key and m.deleted_at is null order by t.key", r => (r.GetString(0), r.GetString(1)), ("key", Names.Fold(name)))).ToDictionary(t => t.Item1, t => t.Item2);

    /// <summary>Versions of a model below a number, newest first.</summary>
    internal ValueTask<List<ModelVersion>> ListVersionsAsync(string modelId, string? stage, long belowNumber, int limit) => stage is null
        ? ManyAsync($"select {VersionColumns} from version v where v.model_id = @model and v.number < @below and v.deleted_at is null order by v.number desc limit @limit", ReadVersion, ("model", modelId), ("below", belowNumber), ("limit", (long)limit))
        : ManyAsync($"select {VersionColumns} from version v where v.model_id = @model and v.stage = @stage and v.number < @below and v.deleted_at is null order by v.number desc limit @limit", ReadVersion, ("model", modelId), ("stage", stage), ("below", belowNumber), ("limit", (long)limit));

    /// <summary>How many versions a model has, and the label of the highest.</summary>
    internal async ValueTask<(long Count, string? Latest)> CountsAsync(string modelId) =>
        await OneAsync("select version_count, latest_label from model where id = @id", r => (r.GetInt64(0), Text(r, 1)), ("id", modelId));

    /// <summary>Whether the last promotion of a version that was decided ended in a rejection.</summary>
    internal async ValueTask<bool> LastWordRejectedAsync(string versionId) => (string?)await ScalarAsync(
        "select state from promotion where version_id = @id and state in ('applied', 'rejected') order by id desc limit 1", ("id", versionId)) == "rejected";
}
