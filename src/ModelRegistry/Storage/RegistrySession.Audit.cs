using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;

namespace ModelRegistry.Storage;

internal sealed record AuditRow(long Position, byte[] Leaf, Digest LeafHash);

/// <summary>Reading the audit log back.</summary>
public sealed partial class RegistrySession
{
    internal ValueTask<List<AuditRow>> AuditRowsAsync(string? modelId, string? subject, string? actorId, string? verb, long below, int limit)
    {
        var where = new List<string> { "position < @below" };
        var args = new List<(string, object?)> { ("below", below), ("limit", (long)limit) };
        foreach (var (column, value) in new[] { ("model_id", modelId), ("subject_id", subject), ("actor_id", actorId), ("verb", verb) })
            if (value is not null)
            {
                where.Add($"{column} = @{column}");
                args.Add((column, value));
            }
        return ManyAsync($"select position, leaf, leaf_hash from audit_entry where {string.Join(" and ", where)} order by position desc limit @limit", ReadAuditRow, [.. args]);
    }

    internal ValueTask<List<AuditRow>> AuditBatchAsync(long after, int limit) => ManyAsync(
        "select position, leaf, leaf_hash from audit_entry where position > @after order by position limit @limit", ReadAuditRow, ("after", after), ("limit", (long)limit));

    internal ValueTask<List<(long Position, ErasableText Text)>> ErasablesAsync(long from, long to) => ManyAsync(
        "select position, field, salt, value from audit_erasable where position >= @from and position <= @to order by position, field",
        r => (r.GetInt64(0), new ErasableText(r.GetString(1), r.GetFieldValue<byte[]>(2), r.GetString(3))), ("from", from), ("to", to));

    /// <summary>What stands beside a page of entries.</summary>
    internal async ValueTask<ILookup<long, ErasableText>> ErasablesAsync(IReadOnlyList<long> positions)
    {
        var (keys, args) = Keys(positions);
        return (await ManyAsync($"select position, field, salt, value from audit_erasable where position in ({keys}) order by position, field",
            r => (Position: r.GetInt64(0), Text: new ErasableText(r.GetString(1), r.GetFieldValue<byte[]>(2), r.GetString(3))), args)).ToLookup(e => e.Position, e => e.Text);
    }

    internal ValueTask<StoredHead?> AuditHeadAsync() => OneAsync("select size, root, frontier from audit_tree where id = 1",
        r => new StoredHead(r.GetInt64(0), Digest.FromHash(r.GetFieldValue<byte[]>(1)), r.GetFieldValue<byte[]>(2)));

    /// <summary>
    /// The time of the registry as a write would have it: that of the clock, but not before the last entry. What is timed
    /// outside a write and compared within one must be timed by it.
    /// </summary>
    internal async ValueTask<DateTimeOffset> RegistryTimeAsync() =>
        await ScalarAsync("select at from audit_tree where id = 1") is long last && last > Times.Micros(Now) ? Times.FromMicros(last) : Now;

    internal ValueTask<List<string>> CheckpointNotesAsync() => ManyAsync("select note from audit_checkpoint order by size", r => r.GetString(0));

    private static AuditRow ReadAuditRow(System.Data.Common.DbDataReader r) => new(r.GetInt64(0), r.GetFieldValue<byte[]>(1), Digest.FromHash(r.GetFieldValue<byte[]>(2)));
}
