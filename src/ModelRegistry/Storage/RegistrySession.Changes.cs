using ModelRegistry.Changes;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>The feed of changes.</summary>
public sealed partial class RegistrySession
{
    /// <summary>The number of the last change: one row by its key, so that it can be asked often.</summary>
    internal async ValueTask<long> LastChangeAsync() => (long)(await ScalarAsync("select feed_seq from audit_tree where id = 1") ?? 0L);

    internal ValueTask<List<ChangeView>> ChangesAfterAsync(long number, int most) => ManyAsync(
        "select seq, at, kind, model_id, reference from change_feed where seq > @after order by seq limit @limit",
        r => new ChangeView(r.GetInt64(0), Times.FromMicros(r.GetInt64(1)), r.GetString(2), Text(r, 3), Text(r, 4)), ("after", number), ("limit", (long)most));
}
