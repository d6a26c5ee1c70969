namespace ModelRegistry.Storage;

/// <summary>What is shown by name.</summary>
public sealed partial class RegistrySession
{
    /// <summary>Where a deleted version was to be seen: the name of its model and its label; null while either is as it was.</summary>
    internal ValueTask<(string Model, string Label)?> DeletedVersionAsync(string versionId) => OneAsync<(string, string)?>(
        "select m.name, v.label from version v join model m on m.id = v.model_id where v.id = @id and v.deleted_at is not null and m.deleted_at is null", r => (r.GetString(0), r.GetString(1)), ("id", versionId));

    /// <summary>The name of a model; null when it is deleted.</summary>
    internal async ValueTask<string?> LiveModelNameAsync(string modelId) => (string?)await ScalarAsync("select name from model where id = @id and deleted_at is null", ("id", modelId));

    /// <summary>Ids of a model's versions, oldest first.</summary>
    internal ValueTask<List<string>> LiveVersionIdsAsync(string modelId) => ManyAsync("select id from version where model_id = @model and deleted_at is null order by number", r => r.GetString(0), ("model", modelId));
}
