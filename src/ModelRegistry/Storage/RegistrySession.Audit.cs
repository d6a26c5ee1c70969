using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;

namespace ModelRegistry.Storage;

internal sealed record AuditRow(long Position, byte[] Leaf, Digest LeafHash);

/// <param name="Refused">Null: whether it was done or refused.</param>
internal sealed record AuditFilter(string? ModelId, string? Subject, string? ActorId, string? Verb, bool? Refused);

/// <summary>Reading the audit log back.</summary>
public sealed partial class RegistrySession
{
    /// <summary>
    /// Entries below a position, newest first, and the last position that was looked at: where several filters meet, no more
    /// than <paramref name="most"/> entries are read, so that a rare meeting costs no walk through the whole log.
    /// </summary>
    internal async ValueTask<(List<AuditRow> Rows, long? LookedDownTo)> AuditRowsAsync(AuditFilter filter, long below, int limit, int most)
    {
        // The one that leaves the fewest is walked along its index; the others are asked of each entry.
        var asked = new List<(string Sql, (string, object?)[] Args)>();
        foreach (var (column, value) in new[] { ("subject_id", filter.Subject), ("model_id", filter.ModelId), ("actor_id", filter.ActorId) })
            if (value is not null)
                asked.Add(($"{column} = @{column}", [(column, value)]));
        // In words of ours, so that the index over refusals fits.
        if (filter.Refused == true)
            asked.Add(("outcome = 'refused'", []));
        if (filter.Verb is not null)
            asked.Add(("verb = @verb", [("verb", filter.Verb)]));
        if (filter.Refused == false)
            asked.Add(("outcome = 'done'", []));

        var walked = asked.Count == 0 ? "position < @below" : $"position < @below and {asked[0].Sql}";
        (string, object?)[] all = [("below", below), ("limit", (long)limit), .. asked.SelectMany(f => f.Args)];
        if (asked.Count < 2)
            return (await ManyAsync($"select position, leaf, leaf_hash from audit_entry where {walked} order by position desc limit @limit", ReadAuditRow, all), null);
        var rows = await ManyAsync($"""
            select position, leaf, leaf_hash from (select * from audit_entry where {walked} order by position desc limit @most) e
            where {string.Join(" and ", asked.Skip(1).Select(f => f.Sql))} order by position desc limit @limit
            """, ReadAuditRow, [.. all, ("most", (long)most)]);
        if (rows.Count == limit)
            return (rows, null);
        var (count, last) = await OneAsync($"select count(*), min(position) from (select position from audit_entry where {walked} order by position desc limit @most) e",
            r => (r.GetInt64(0), r.IsDBNull(1) ? 0 : r.GetInt64(1)), [("below", below), ("most", (long)most), .. asked[0].Args]);
        return (rows, count == most ? last : null);
    }

    internal ValueTask<List<AuditRow>> AuditBatchAsync(long after, long to, int limit) => ManyAsync(
        "select position, leaf, leaf_hash from audit_entry where position > @after and position <= @to order by position limit @limit", ReadAuditRow, ("after", after), ("to", to), ("limit", (long)limit));

    /// <summary>The last position that has an entry; 0 when none has. The head should say the same.</summary>
    internal async ValueTask<long> LastPositionAsync() => (long)(await ScalarAsync("select coalesce(max(position), 0) from audit_entry"))!;

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
