using System.Data.Common;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>Models and their tags.</summary>
public sealed partial class RegistrySession
{
    private const string ModelColumns = "m.id, m.name, m.description, m.task, m.owner, m.versioning, m.card, m.is_active, m.highest_number, m.created_at, m.updated_at, m.row_version";

    internal async ValueTask<RegisteredModel?> FindModelAsync(string name)
    {
        var model = await OneAsync($"select {ModelColumns} from model m where m.name_key = @key and m.deleted_at is null", ReadModel, ("key", Names.Fold(name)));
        return model is null ? null : model with { Tags = await TagsOfModelAsync(model.Id) };
    }

    /// <summary>A model by its id, if it is not deleted. Tags are left empty.</summary>
    internal ValueTask<RegisteredModel?> FindModelByIdAsync(string id) =>
        OneAsync($"select {ModelColumns} from model m where m.id = @id and m.deleted_at is null", ReadModel, ("id", id));

    internal async ValueTask<RegisteredModel> GetModelAsync(string id) =>
        await OneAsync($"select {ModelColumns} from model m where m.id = @id", ReadModel, ("id", id))
        ?? throw new InvalidOperationException($"Model {id} is gone.");

    /// <summary>Whether a model has or had this id.</summary>
    internal async ValueTask<bool> HasModelIdAsync(string id) => await ScalarAsync("select 1 from model where id = @id", ("id", id)) is not null;

    internal async ValueTask<IReadOnlyDictionary<string, string>> TagsOfModelAsync(string modelId) =>
        (await ManyAsync("select key, value from model_tag where model_id = @id order by key", r => (r.GetString(0), r.GetString(1)), ("id", modelId))).ToDictionary(t => t.Item1, t => t.Item2);

    /// <summary>A name close to one that was not found, for the refusal: by prefix first, then by edit distance over a bounded number of names.</summary>
    internal async ValueTask<string?> NearestModelNameAsync(string name)
    {
        var key = Names.Fold(name);
        var start = key.Length == 0 ? "" : key[..1];
        var names = await ManyAsync("select name from model where deleted_at is null and name_key >= @start and name_key < @end order by name_key limit 500",
            r => r.GetString(0), ("start", start), ("end", start + "\uffff"));
        return Nearest.Of(name, names);
    }

    /// <summary>Names of active models that begin so, by name.</summary>
    internal ValueTask<List<string>> ModelNamesAsync(string startKey, int limit) => ManyAsync(
        "select name from model where deleted_at is null and is_active = 1 and name_key >= @start and name_key < @end order by name_key limit @limit",
        r => r.GetString(0), ("start", startKey), ("end", startKey + "\uffff"), ("limit", (long)limit));

    internal async ValueTask InsertModelAsync(RegisteredModel m)
    {
        await ExecuteAsync("""
            insert into model (id, name, name_key, description, description_key, task, owner, versioning, card, is_active, highest_number, version_count, latest_label, created_at, updated_at, deleted_at, row_version)
            values (@id, @name, @key, @description, @description_key, @task, @owner, @versioning, @card, @active, 0, 0, null, @created, @updated, null, 1)
            """, ("id", m.Id), ("name", m.Name), ("key", Names.Fold(m.Name)), ("description", m.Description), ("description_key", Names.FoldText(m.Description)), ("task", m.Task), ("owner", m.Owner),
            ("versioning", m.Versioning.ToString().ToLowerInvariant()), ("card", m.Card), ("active", m.IsActive ? 1L : 0L), ("created", Times.Micros(m.CreatedAt)), ("updated", Times.Micros(m.UpdatedAt)));
        await AddGramsAsync(m.Id);
    }

    /// <summary>Writes the editable columns where nobody else did meanwhile.</summary>
    internal async ValueTask<bool> UpdateModelAsync(RegisteredModel was, RegisteredModel m)
    {
        var reworded = (was.Name, was.Description) != (m.Name, m.Description);
        if (reworded)
            await RemoveGramsAsync(m.Id);
        var written = await ExecuteAsync("""
            update model set name = @name, name_key = @key, description = @description, description_key = @description_key, task = @task, owner = @owner, card = @card, is_active = @active,
              highest_number = @highest, updated_at = @updated, row_version = row_version + 1
            where id = @id and row_version = @row
            """, ("id", m.Id), ("row", m.RowVersion), ("name", m.Name), ("key", Names.Fold(m.Name)), ("description", m.Description), ("description_key", Names.FoldText(m.Description)), ("task", m.Task), ("owner", m.Owner),
            ("card", m.Card), ("active", m.IsActive ? 1L : 0L), ("highest", m.HighestNumber), ("updated", Times.Micros(m.UpdatedAt))) == 1;
        if (reworded)
            await AddGramsAsync(m.Id);
        return written;
    }

    /// <summary>Says that something of a model changed beside its own columns.</summary>
    internal ValueTask<int> TouchModelAsync(string modelId) => ExecuteAsync("update model set updated_at = @now, row_version = row_version + 1 where id = @id", ("id", modelId), ("now", Times.Micros(Now)));

    /// <summary>Leaves a tombstone where nobody else changed the model meanwhile.</summary>
    internal async ValueTask<bool> DeleteModelAsync(RegisteredModel m)
    {
        await RemoveGramsAsync(m.Id);
        return await ExecuteAsync(
            "update model set deleted_at = @now, updated_at = @now, row_version = row_version + 1 where id = @id and row_version = @row", ("now", Times.Micros(Now)), ("id", m.Id), ("row", m.RowVersion)) == 1;
    }

    internal ValueTask<int> CountVersionAsync(string modelId, string label) => ExecuteAsync(
        "update model set version_count = version_count + 1, latest_label = @label where id = @id", ("id", modelId), ("label", label));

    internal ValueTask<int> SetModelTagAsync(string modelId, string key, string value) => ExecuteAsync(
        "insert into model_tag (model_id, key, value) values (@id, @key, @value) on conflict (model_id, key) do update set value = excluded.value",
        ("id", modelId), ("key", key), ("value", value));

    internal ValueTask<int> RemoveModelTagAsync(string modelId, string key) => ExecuteAsync(
        "delete from model_tag where model_id = @id and key = @key", ("id", modelId), ("key", key));

    private static RegisteredModel ReadModel(DbDataReader r) => new()
    {
        Id = r.GetString(0),
        Name = r.GetString(1),
        Description = r.GetString(2),
        Task = r.GetString(3),
        Owner = r.GetString(4),
        Versioning = VersionLabels.FindScheme(r.GetString(5)) ?? Versioning.Auto,
        Card = r.GetString(6),
        IsActive = r.GetInt64(7) != 0,
        HighestNumber = r.GetInt64(8),
        CreatedAt = Times.FromMicros(r.GetInt64(9)),
        UpdatedAt = Times.FromMicros(r.GetInt64(10)),
        RowVersion = r.GetInt64(11),
    };
}
