namespace ModelRegistry.Storage;

/// <summary>What is shown by name.</summary>
public sealed partial class RegistrySession
{
    /// <summary>The name of a model; null when it is deleted.</summary>
    internal async ValueTask<string?> LiveModelNameAsync(string modelId) => (string?)await ScalarAsync("select name from model where id = @id and deleted_at is null", ("id", modelId));

    /// <summary>Ids of a model's versions, oldest first.</summary>
    internal ValueTask<List<string>> LiveVersionIdsAsync(string modelId) => ManyAsync("select id from version where model_id = @model and deleted_at is null order by number", r => r.GetString(0), ("model", modelId));
}
