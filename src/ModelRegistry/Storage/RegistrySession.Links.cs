using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A link of a version's lineage as it is kept.</summary>
/// <param name="ToModelId">The model of this registry that was meant; null where it is from elsewhere.</param>
/// <param name="ToVersionId">The version of it; null where none was named.</param>
internal sealed record StoredLink(string VersionId, string Kind, string Text, string? ToModelId, string? ToVersionId);

/// <summary>A version at the other end of a link.</summary>
/// <param name="Version">Null where only a model is named.</param>
internal sealed record LineageEnd(string ModelId, string Model, bool Deleted, string? VersionId, string? Version, string? Stage);

/// <summary>Where versions can be looked for by what their metadata says.</summary>
public sealed partial class RegistrySession
{
    private const int RowsTogether = 50;

    internal async ValueTask WriteVersionMetricsAsync(ModelVersion v)
    {
        await ExecuteAsync("delete from version_metric where version_id = @id", ("id", v.Id));
        await InsertManyAsync("insert into version_metric (version_id, model_id, name, value) values ", "(@version, @model, @name{0}, @value{0})", [("version", v.Id), ("model", v.ModelId)],
            [.. v.Metadata.Metrics.Where(m => double.IsFinite(m.Value))], (m, i) => [($"name{i}", m.Key), ($"value{i}", m.Value)]);
    }

    internal async ValueTask WriteVersionLinksAsync(ModelVersion v, IReadOnlyList<StoredLink> links)
    {
        await ExecuteAsync("delete from version_link where version_id = @id", ("id", v.Id));
        await InsertManyAsync("insert into version_link (version_id, position, model_id, kind, key, text, to_model_id, to_version_id) values ",
            "(@version, @position{0}, @model, @kind{0}, @key{0}, @text{0}, cast(@to_model{0} as text), cast(@to_version{0} as text))", [("version", v.Id), ("model", v.ModelId)], [.. links.Index()],
            (l, i) => [($"position{i}", (long)l.Index), ($"kind{i}", l.Item.Kind), ($"key{i}", LineageLink.KeyOf(l.Item.Text)), ($"text{i}", l.Item.Text), ($"to_model{i}", l.Item.ToModelId), ($"to_version{i}", l.Item.ToVersionId)]);
    }

    internal ValueTask<int> MarkIndexedAsync(string versionId) => ExecuteAsync("update version set indexed = 1 where id = @id", ("id", versionId));

    /// <summary>Where a version came from, for one that was written before that was kept beside its metadata.</summary>
    internal ValueTask<int> WriteVersionSourceAsync(ModelVersion v) => ExecuteAsync("update version set source = @source, run_id = @run where id = @id", ("id", v.Id), ("source", v.Metadata.Source), ("run", v.Metadata.RunId));

    /// <summary>Versions that nobody has written into these tables yet, by id.</summary>
    internal ValueTask<List<ModelVersion>> UnindexedAsync(int limit) =>
        ManyAsync($"select {VersionColumns} from version v where v.indexed = 0 order by v.id limit @limit", ReadVersion, ("limit", (long)limit));

    internal async ValueTask<bool> AnyUnindexedAsync() => await ScalarAsync("select 1 from version where indexed = 0 limit 1") is not null;

    internal ValueTask<List<StoredLink>> LinksFromAsync(IReadOnlyList<string> versionIds)
    {
        var (keys, args) = Keys(versionIds);
        return ManyAsync($"select version_id, kind, text, to_model_id, to_version_id from version_link where version_id in ({keys}) and kind <> 'framework' order by version_id, position", ReadLink, args);
    }

    /// <summary>Links of models' versions to one of these versions, the latest versions first.</summary>
    internal ValueTask<List<StoredLink>> LinksToAsync(IReadOnlyList<string> versionIds, int limit)
    {
        var (keys, args) = Keys(versionIds);
        return ManyAsync($"select version_id, kind, text, to_model_id, to_version_id from version_link where to_version_id in ({keys}) order by version_id desc, position limit @limit", ReadLink, [.. args, ("limit", (long)limit)]);
    }

    /// <summary>Links to a model that name none of its versions.</summary>
    internal ValueTask<List<StoredLink>> LinksToModelAsync(string modelId, int limit) => ManyAsync(
        "select version_id, kind, text, to_model_id, to_version_id from version_link where to_model_id = @model and to_version_id is null order by version_id desc, position limit @limit", ReadLink, ("model", modelId), ("limit", (long)limit));

    internal async ValueTask<IReadOnlyDictionary<string, LineageEnd>> VersionEndsAsync(IReadOnlyList<string> versionIds)
    {
        var (keys, args) = Keys(versionIds);
        return (await ManyAsync($"select m.id, m.name, m.deleted_at, v.id, v.label, v.stage, v.deleted_at from version v join model m on m.id = v.model_id where v.id in ({keys})",
            r => new LineageEnd(r.GetString(0), r.GetString(1), !r.IsDBNull(2) || !r.IsDBNull(6), r.GetString(3), r.GetString(4), r.GetString(5)), args)).ToDictionary(e => e.VersionId!);
    }

    internal async ValueTask<LineageEnd?> ModelEndAsync(string modelId) => await OneAsync("select id, name, deleted_at from model where id = @id",
        r => new LineageEnd(r.GetString(0), r.GetString(1), !r.IsDBNull(2), null, null, null), ("id", modelId));

    /// <summary>Versions of active and inactive models that link to a dataset, a commit or both, newest first.</summary>
    /// <param name="commitStart">A commit, or at least seven digits that it begins with.</param>
    internal ValueTask<List<(string Model, ModelVersion Version)>> VersionsLinkedAsync(string? dataset, string? commitStart, string? beforeId, int limit)
    {
        var (where, args) = (new List<string> { "v.deleted_at is null", "m.deleted_at is null" }, new List<(string, object?)> { ("limit", (long)limit) });
        var from = "version v join model m on m.id = v.model_id";
        if (dataset is not null)
        {
            from = "version_link d join " + from.Replace("version v", "version v on v.id = d.version_id", StringComparison.Ordinal);
            where.Add("d.kind = 'dataset' and d.key = @dataset");
            where.Add("not exists (select 1 from version_link e where e.version_id = d.version_id and e.kind = d.kind and e.key = d.key and e.position < d.position)");
            args.Add(("dataset", LineageLink.KeyOf(dataset)));
        }
        if (commitStart is not null)
        {
            where.Add("v.id in (select c.version_id from version_link c where c.kind = 'code_commit' and c.key >= @commit and c.key < @commit_end)");
            args.AddRange([("commit", LineageLink.KeyOf(commitStart)), ("commit_end", LineageLink.KeyOf(commitStart) + (IsCommitStart(commitStart) ? "\uffff" : "\u0001"))]);
        }
        if (beforeId is not null)
        {
            where.Add(dataset is null ? "v.id < @before" : "d.version_id < @before");
            args.Add(("before", beforeId));
        }
        return ManyAsync($"select {VersionColumns}, m.name from {from} where {string.Join(" and ", where)} order by {(dataset is null ? "v.id" : "d.version_id")} desc limit @limit", r => (r.GetString(19), ReadVersion(r)), [.. args]);
    }

    private static bool IsCommitStart(string text) => text.Length is >= 7 and < 64 && text.All(char.IsAsciiHexDigit);

    /// <summary>Many rows to a statement; the texts of statements stay few.</summary>
    private async ValueTask InsertManyAsync<T>(string insert, string row, (string, object?)[] common, IReadOnlyList<T> items, Func<T, int, (string, object?)[]> args)
    {
        for (var done = 0; done < items.Count;)
        {
            var rows = items.Count - done >= RowsTogether ? RowsTogether : 1;
            var values = string.Join(", ", Enumerable.Range(0, rows).Select(i => row.Replace("{0}", i.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)));
            await ExecuteAsync(insert + values, [.. common, .. items.Skip(done).Take(rows).SelectMany(args)]);
            done += rows;
        }
    }

    private static StoredLink ReadLink(System.Data.Common.DbDataReader r) => new(r.GetString(0), r.GetString(1), r.GetString(2), Text(r, 3), Text(r, 4));
}
