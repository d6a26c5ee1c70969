using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A card as it stood from one edit to the next.</summary>
/// <param name="By">Null where it was written before this was kept; so is <paramref name="At"/>.</param>
internal sealed record CardEdit(string Id, Digest Sha256, ActorRef? By, DateTimeOffset? At, long Characters);

/// <summary>What cards said before. A card is a version's own, or a model's where no version is given.</summary>
public sealed partial class RegistrySession
{
    internal async ValueTask KeepCardAsync(string modelId, string? versionId, string text, ActorRef? by, DateTimeOffset? at)
    {
        var digest = Digest.Of(text).Hex;
        await ExecuteAsync("insert into kept_text (sha256, text) values (@sha, @text) on conflict do nothing", ("sha", digest), ("text", text));
        await ExecuteAsync("insert into card_edit (id, model_id, version_id, sha256, edited_by, edited_by_name, edited_at) values (@id, @model, cast(@version as text), @sha, cast(@by as text), cast(@by_name as text), cast(@at as bigint))",
            ("id", Ids.New("ced", at ?? DateTimeOffset.UnixEpoch)), ("model", modelId), ("version", versionId), ("sha", digest), ("by", by?.Id), ("by_name", by?.Name), ("at", at is { } when ? Times.Micros(when) : null));
    }

    internal async ValueTask<long> CardEditCountAsync(string modelId, string? versionId) => (long)(await ScalarAsync($"select count(*) from card_edit where {OfCard(versionId)}", CardArgs(modelId, versionId)))!;

    /// <summary>Newest first.</summary>
    internal ValueTask<List<CardEdit>> CardEditsAsync(string modelId, string? versionId, string? beforeId, int limit) => ManyAsync(
        $"select e.id, e.sha256, e.edited_by, e.edited_by_name, e.edited_at, length(t.text) from card_edit e join kept_text t on t.sha256 = e.sha256 where {OfCard(versionId)}{(beforeId is null ? "" : " and id < @before")} order by e.id desc limit @limit",
        r => new CardEdit(r.GetString(0), Digest.Parse(r.GetString(1)), r.IsDBNull(2) ? null : new ActorRef(r.GetString(2), r.GetString(3)), r.IsDBNull(4) ? null : Times.FromMicros(r.GetInt64(4)), r.GetInt64(5)),
        [.. CardArgs(modelId, versionId), .. beforeId is null ? Array.Empty<(string, object?)>() : [("before", beforeId)], ("limit", (long)limit)]);

    internal async ValueTask<string?> CardTextAsync(string modelId, string? versionId, string editId) => (string?)await ScalarAsync(
        $"select t.text from card_edit e join kept_text t on t.sha256 = e.sha256 where e.id = @id and {OfCard(versionId)}", [("id", editId), .. CardArgs(modelId, versionId)]);

    private static string OfCard(string? versionId) => versionId is null ? "model_id = @model and version_id is null" : "version_id = @version";

    private static (string, object?)[] CardArgs(string modelId, string? versionId) => versionId is null ? [("model", modelId)] : [("version", versionId)];
}
