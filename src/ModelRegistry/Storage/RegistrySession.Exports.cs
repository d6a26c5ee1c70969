using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>What the export of a promotion is made of, and is not read by anything else.</summary>
public sealed partial class RegistrySession
{
    private const string EntryColumns = "position, leaf, leaf_hash";

    /// <summary>
    /// The entries about a promotion, in order, with how many were left out. What led to its outcome is always there; of
    /// revisions and of refused attempts, which anybody can make many of, the last ones.
    /// </summary>
    internal async ValueTask<(List<AuditRow> Rows, long Omitted)> PromotionEntriesAsync(string promotionId, int mostOfAKind)
    {
        const string Decisive = "subject_id = @id and outcome = 'done' and verb <> 'promotion.revise'";
        string[] kinds = ["subject_id = @id and outcome = 'done' and verb = 'promotion.revise'", "subject_id = @id and outcome = 'refused'"];
        var rows = await ManyAsync($"select {EntryColumns} from audit_entry where {Decisive} order by position", ReadAuditRow, ("id", promotionId));
        var omitted = 0L;
        foreach (var kind in kinds)
        {
            var last = await ManyAsync($"select {EntryColumns} from audit_entry where {kind} order by position desc limit @limit", ReadAuditRow, ("id", promotionId), ("limit", (long)mostOfAKind));
            omitted += last.Count < mostOfAKind ? 0 : (long)(await ScalarAsync($"select count(*) from audit_entry where {kind}", ("id", promotionId)))! - last.Count;
            rows.AddRange(last);
        }
        return (rows, omitted);
    }

    /// <summary>What was done to these subjects, by these verbs.</summary>
    internal async ValueTask<List<AuditRow>> EntriesAboutAsync(IReadOnlyCollection<string> subjects, params string[] verbs)
    {
        if (subjects.Count == 0)
            return [];
        var (keys, args) = Keys([.. subjects]);
        return await ManyAsync($"select {EntryColumns} from audit_entry where subject_id in ({keys}) and outcome = 'done' and verb in ({string.Join(", ", verbs.Select(v => $"'{v}'"))}) order by position", ReadAuditRow, args);
    }

    /// <summary>The hashes of leaves after a position, up to another.</summary>
    internal ValueTask<List<Digest>> LeafHashesAsync(long after, long to) => ManyAsync(
        "select leaf_hash from audit_entry where position > @after and position <= @to order by position", r => Digest.FromHash(r.GetFieldValue<byte[]>(0)), ("after", after), ("to", to));

    /// <summary>Keeps what a statement's digest of metadata stands for.</summary>
    internal ValueTask<int> KeepMetadataAsync(Digest digest, string json) => ExecuteAsync(
        "insert into kept_metadata (sha256, json, kept_at) values (@digest, @json, @now) on conflict do nothing", ("digest", digest.Hex), ("json", json), ("now", Times.Micros(Now)));

    /// <summary>Null where it was not kept, as before this was done.</summary>
    internal async ValueTask<string?> KeptMetadataAsync(Digest digest) => (string?)await ScalarAsync("select json from kept_metadata where sha256 = @digest", ("digest", digest.Hex));
}
