using System.Data.Common;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A policy that is, or was, in force. They are kept for ever.</summary>
/// <param name="AcceptedBy">Names of those who accepted it.</param>
/// <param name="Until">When the next one came into force; null for the one in force.</param>
internal sealed record StoredPolicy(long Seq, string Name, string Digest, string Json, string AcceptedBy, DateTimeOffset At, string? Reason, string? Assurance, string? ChangeId, DateTimeOffset? Until);

/// <summary>A change of the policy with the text that is to be in force.</summary>
internal sealed record StoredPolicyChange(PolicyChange Change, string Json, long RowVersion);

/// <summary>The policy in force, those before it, and the one that waits.</summary>
public sealed partial class RegistrySession
{
    private const string PolicyColumns = "p.seq, p.name, p.digest, p.json, p.accepted_by, p.accepted_at, p.reason, p.assurance, p.change_id, (select min(n.accepted_at) from policy n where n.seq = p.seq + 1)";
    private const string ChangeColumns = "id, replaces, digest, name, json, proposer_id, proposer_name, reason, proposed_at, state, ended_at, note, row_version";

    internal ValueTask<StoredPolicy?> PolicyRowAsync() => OneAsync($"select {PolicyColumns} from policy p order by p.seq desc limit 1", ReadPolicy);

    internal async ValueTask<string?> PolicyDigestAsync() => (string?)await ScalarAsync("select digest from policy order by seq desc limit 1");

    /// <summary>What was in force at a moment; null before there was a registry.</summary>
    internal ValueTask<StoredPolicy?> PolicyAtAsync(DateTimeOffset at) => OneAsync($"select {PolicyColumns} from policy p where p.accepted_at <= @at order by p.seq desc limit 1", ReadPolicy, ("at", Times.Micros(at)));

    /// <summary>The last one whose digest begins so.</summary>
    internal ValueTask<StoredPolicy?> PolicyByDigestAsync(string beginning) => OneAsync(
        $"select {PolicyColumns} from policy p where p.digest >= @from and p.digest < @to order by p.seq desc limit 1", ReadPolicy, ("from", beginning), ("to", beginning + "g"));

    /// <summary>Newest first.</summary>
    internal ValueTask<List<StoredPolicy>> PoliciesAsync(long? before, int limit) => ManyAsync(
        $"select {PolicyColumns} from policy p where p.seq < @before order by p.seq desc limit @limit", ReadPolicy, ("before", before ?? long.MaxValue), ("limit", (long)limit));

    internal ValueTask<int> InsertPolicyAsync(PromotionPolicy policy, string json, string by, string? reason = null, string? assurance = null, string? changeId = null) => ExecuteAsync("""
        insert into policy (seq, name, digest, json, accepted_by, accepted_at, reason, assurance, change_id)
        select coalesce(max(seq), 0) + 1, @name, @digest, @json, @by, @now, @reason, @assurance, @change from policy
        """, ("name", policy.Name), ("digest", policy.Digest.Hex), ("json", json), ("by", by), ("now", Times.Micros(Now)), ("reason", reason), ("assurance", assurance), ("change", changeId));

    internal async ValueTask<StoredPolicyChange?> PendingPolicyChangeAsync() => await WithConsentsAsync(await OneAsync($"select {ChangeColumns} from policy_change where state = 'pending'", ReadChange));

    internal async ValueTask<StoredPolicyChange?> FindPolicyChangeAsync(string id) => await WithConsentsAsync(await OneAsync($"select {ChangeColumns} from policy_change where id = @id", ReadChange, ("id", id)));

    /// <summary>False when another one waits.</summary>
    internal async ValueTask<bool> InsertPolicyChangeAsync(PolicyChange c, string json) => await ExecuteAsync("""
        insert into policy_change (id, replaces, digest, name, json, proposer_id, proposer_name, reason, proposed_at, state, ended_at, note, row_version)
        values (@id, @replaces, @digest, @name, @json, @proposer, @proposer_name, @reason, @proposed, @state, @ended, @note, 1)
        on conflict do nothing
        """, ("id", c.Id), ("replaces", c.Replaces.Hex), ("digest", c.Digest.Hex), ("name", c.Name), ("json", json), ("proposer", c.Proposer.Id), ("proposer_name", c.Proposer.Name), ("reason", c.Reason),
        ("proposed", Times.Micros(c.ProposedAt)), ("state", Word(c.State)), ("ended", Micros(c.EndedAt)), ("note", c.Note)) == 1;

    /// <summary>One conditional update: false when somebody else changed it meanwhile.</summary>
    internal async ValueTask<bool> UpdatePolicyChangeAsync(PolicyChange c, long rowVersion) => await ExecuteAsync(
        "update policy_change set state = @state, ended_at = @ended, note = @note, row_version = row_version + 1 where id = @id and row_version = @row and state = 'pending'",
        ("id", c.Id), ("row", rowVersion), ("state", Word(c.State)), ("ended", Micros(c.EndedAt)), ("note", c.Note)) == 1;

    internal ValueTask<int> InsertConsentAsync(string changeId, PolicyConsent c) => ExecuteAsync("""
        insert into policy_consent (id, change_id, person_id, person_name, method, channel, credential_id, credential_since, proven_at, evidence, at)
        values (@id, @change, @person, @name, @method, @channel, @credential, @since, @proven, @evidence, @at)
        """, ("id", c.Id), ("change", changeId), ("person", c.Person.Id), ("name", c.Person.Name), ("method", c.Proof.Method.ToString().ToLowerInvariant()), ("channel", c.Proof.Channel),
        ("credential", c.Proof.CredentialId), ("since", Times.Micros(c.Proof.CredentialSince)), ("proven", Times.Micros(c.Proof.ProvenAt)), ("evidence", c.Proof.Evidence), ("at", Times.Micros(c.At)));

    private async ValueTask<StoredPolicyChange?> WithConsentsAsync(StoredPolicyChange? row) => row is null ? null : row with
    {
        Change = row.Change with
        {
            Consents = await ManyAsync("select id, person_id, person_name, method, channel, credential_id, credential_since, proven_at, evidence, at from policy_consent where change_id = @id order by at, id",
                r => new PolicyConsent(r.GetString(0), new ActorRef(r.GetString(1), r.GetString(2)), Proven(r.GetString(3), r, 4, new SignedDecision(PolicyChange.AcceptWord, row.Change.Statement)), Times.FromMicros(r.GetInt64(9))), ("id", row.Change.Id)),
        },
    };

    /// <summary>A proof as kept from a column on: channel, credential, since when, when, evidence.</summary>
    /// <param name="signed">What a passkey signed then; it was over just this, or it would not have been taken.</param>
    private static Proof Proven(string method, DbDataReader r, int at, SignedDecision signed)
    {
        var how = Enum.Parse<ProofMethod>(method, ignoreCase: true);
        return new Proof(how, r.GetString(at), r.GetString(at + 1), Times.FromMicros(r.GetInt64(at + 2)), Times.FromMicros(r.GetInt64(at + 3)))
        {
            Signed = how == ProofMethod.Passkey ? signed : null,
            Evidence = Text(r, at + 4),
        };
    }

    private static StoredPolicy ReadPolicy(DbDataReader r) => new(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), Times.FromMicros(r.GetInt64(5)), Text(r, 6), Text(r, 7), Text(r, 8), Time(r, 9));

    private static StoredPolicyChange ReadChange(DbDataReader r) => new(new PolicyChange
    {
        Id = r.GetString(0),
        Replaces = Digest.Parse(r.GetString(1)),
        Digest = Digest.Parse(r.GetString(2)),
        Name = r.GetString(3),
        Proposer = new ActorRef(r.GetString(5), r.GetString(6)),
        Reason = r.GetString(7),
        ProposedAt = Times.FromMicros(r.GetInt64(8)),
        State = Enum.Parse<PolicyChangeState>(r.GetString(9), ignoreCase: true),
        EndedAt = Time(r, 10),
        Note = r.GetString(11),
    }, r.GetString(4), r.GetInt64(12));

    private static string Word(PolicyChangeState state) => state.ToString().ToLowerInvariant();
}
