using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>What a page of models shows of its versions: a handful of statements, however many models and versions there are.</summary>
public sealed partial class RegistrySession
{
    /// <summary>
    /// The highest version of each of these stages of each of these models, at most a page of them: one step each in the index by
    /// model, stage and number, however many versions stand there.
    /// </summary>
    /// <returns>Ids, with the length of the version's metadata in characters.</returns>
    internal async ValueTask<List<(string ModelId, string VersionId, long Length)>> HighestAsync(IReadOnlyList<string> modelIds, IReadOnlyList<string> stages)
    {
        var (keys, args) = Keys(modelIds);
        var found = await ManyAsync(HighestSql(stages, keys),
            r => (ModelId: r.GetString(0), VersionId: r.IsDBNull(1) ? null : r.GetString(1), Length: r.IsDBNull(2) ? 0 : Convert.ToInt64(r.GetValue(2), System.Globalization.CultureInfo.InvariantCulture)),
            [.. args, .. stages.Select((stage, i) => ($"stage{i}", (object?)stage))]);
        return [.. found.Where(f => f.VersionId is not null).Select(f => (f.ModelId, f.VersionId!, f.Length))];
    }

    /// <param name="keys">Of the models, as <c>in (…)</c> takes them.</param>
    internal static string HighestSql(IReadOnlyList<string> stages, string keys)
    {
        const string highest = "from version h where h.model_id = m.id and h.stage = w.stage and h.deleted_at is null order by h.number desc limit 1";
        return $"select m.id, (select h.id {highest}), (select length(h.metadata) {highest}) from model m cross join ({string.Join(" union all ", stages.Select((_, i) => $"select @stage{i} as stage"))}) w where m.id in ({keys})";
    }

    /// <summary>Versions by their ids, in no order; those that are deleted are left out.</summary>
    internal async ValueTask<List<ModelVersion>> VersionsAsync(IReadOnlyList<string> ids)
    {
        var found = new List<ModelVersion>();
        foreach (var batch in ids.Chunk(Cursor.MaxLimit + 1))
        {
            var (keys, args) = Keys(batch);
            found.AddRange(await ManyAsync($"select {VersionColumns} from version v where v.id in ({keys}) and v.deleted_at is null", ReadVersion, args));
        }
        return found;
    }

    /// <summary>Aliases of a page of models, in their order, with the versions that they point at.</summary>
    internal async ValueTask<ILookup<string, (string Alias, string VersionId, long Number)>> AliasesOfModelsAsync(IReadOnlyList<string> modelIds)
    {
        var (keys, args) = Keys(modelIds);
        return (await ManyAsync($"select a.model_id, a.alias, a.version_id, v.number from alias a join version v on v.id = a.version_id where a.model_id in ({keys}) and v.deleted_at is null order by a.model_id, a.alias",
            r => (ModelId: r.GetString(0), Alias: (r.GetString(1), r.GetString(2), r.GetInt64(3))), args)).ToLookup(a => a.ModelId, a => a.Alias);
    }

    /// <summary>How long the tags of a page of models are, each model's together, in characters; a model without any is not there.</summary>
    /// <summary>How many aliases each of a page of models has.</summary>
    internal async ValueTask<IReadOnlyDictionary<string, long>> AliasCountsAsync(IReadOnlyList<string> modelIds)
    {
        var (keys, args) = Keys(modelIds);
        return (await ManyAsync($"select model_id, count(*) from alias where model_id in ({keys}) group by model_id", r => (Id: r.GetString(0), Count: r.GetInt64(1)), args)).ToDictionary(a => a.Id, a => a.Count);
    }

    internal async ValueTask<IReadOnlyDictionary<string, long>> TagLengthsAsync(IReadOnlyList<string> modelIds)
    {
        var (keys, args) = Keys(modelIds);
        return (await ManyAsync($"select model_id, sum(length(key) + length(value)) from model_tag where model_id in ({keys}) group by model_id", r => (Id: r.GetString(0), Length: r.GetInt64(1)), args)).ToDictionary(t => t.Id, t => t.Length);
    }
}
