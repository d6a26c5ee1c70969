using System.Data.Common;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A promotion with what a list shows beside it.</summary>
internal sealed record StoredPromotion(Promotion Promotion, long VersionNumber);

/// <summary>Promotions and their decisions.</summary>
public sealed partial class RegistrySession
{
    private const string PromotionColumns = "p.id, p.state, p.statement, p.requirement, p.gates, p.reason, p.author_id, p.author_name, p.client, p.idempotency_key, p.requested_at, p.approved_at, p.ended_at, p.note, p.row_version, p.version_number, " + GlassColumns;
    private const string PromotionRows = "promotion p left join glass_break g on g.promotion_id = p.id";

    internal async ValueTask<StoredPromotion?> FindPromotionAsync(string id) =>
        await WithDecisionsAsync(await OneAsync($"select {PromotionColumns} from {PromotionRows} where p.id = @id", ReadPromotion, ("id", id)));

    internal async ValueTask<StoredPromotion?> LivePromotionAsync(string modelId, string stage) => await WithDecisionsAsync(await OneAsync(
        $"select {PromotionColumns} from {PromotionRows} where p.model_id = @model and p.to_stage = @stage and p.state in ('pending', 'approved')", ReadPromotion, ("model", modelId), ("stage", stage)));

    /// <summary>What is pending or approved for any stage of a model.</summary>
    internal ValueTask<List<StoredPromotion>> LivePromotionsAsync(string modelId) => PromotionsAsync([PromotionState.Pending, PromotionState.Approved], modelId, null, null, 100);

    internal async ValueTask<StoredPromotion?> PromotionByKeyAsync(string proposerId, string key) => await WithDecisionsAsync(await OneAsync(
        $"select {PromotionColumns} from {PromotionRows} where p.proposer_id = @proposer and p.idempotency_key = @key", ReadPromotion, ("proposer", proposerId), ("key", key)));

    internal ValueTask<List<string>> ApprovedPromotionIdsAsync() => ManyAsync("select id from promotion where state = 'approved' order by id limit 100", r => r.GetString(0));

    /// <summary>Promotions, newest first.</summary>
    /// <param name="states">Empty: all.</param>
    internal async ValueTask<List<StoredPromotion>> PromotionsAsync(IReadOnlyList<PromotionState> states, string? modelId, string? versionId, string? beforeId, int limit)
    {
        var where = new List<string> { "1 = 1" };
        var args = new List<(string, object?)> { ("limit", (long)limit) };
        if (states.Count > 0)
            where.Add($"p.state in ({string.Join(", ", states.Select(s => $"'{Word(s)}'"))})");
        // A version says its model.
        if (versionId is not null)
        {
            where.Add("p.version_id = @version");
            args.Add(("version", versionId));
        }
        else if (modelId is not null)
        {
            where.Add("p.model_id = @model");
            args.Add(("model", modelId));
        }
        if (beforeId is not null)
        {
            where.Add("p.id < @before");
            args.Add(("before", beforeId));
        }
        var rows = await ManyAsync($"select {PromotionColumns} from {PromotionRows} where {string.Join(" and ", where)} order by p.id desc limit @limit", ReadPromotion, [.. args]);
        var full = new List<StoredPromotion>(rows.Count);
        foreach (var row in rows)
            full.Add((await WithDecisionsAsync(row))!);
        return full;
    }

    /// <summary>Inserts a promotion; false when another one of its model and stage is live.</summary>
    internal async ValueTask<bool> InsertPromotionAsync(Promotion p, long versionNumber) => await ExecuteAsync("""
        insert into promotion (id, kind, model_id, version_id, version_number, to_stage, state, revision, statement, requirement, gates, reason, author_id, author_name,
          proposer_id, client, idempotency_key, requested_at, approved_at, ended_at, note, row_version)
        values (@id, @kind, @model, @version, @number, @stage, @state, @revision, @statement, @requirement, @gates, @reason, @author, @author_name,
          @proposer, @client, @key, @requested, @approved, @ended, @note, 1)
        on conflict do nothing
        """, ("id", p.Id), ("kind", p.Statement.Kind.ToString().ToLowerInvariant()), ("model", p.Statement.ModelId), ("version", p.Statement.VersionId), ("number", versionNumber),
        ("stage", p.Statement.ToStage), ("state", Word(p.State)), ("revision", (long)p.Revision), ("statement", CanonicalJson.Text(p.Statement.ToJson())),
        ("requirement", p.Requirement.ToJson().ToJsonString()), ("gates", p.Gates.ToJson().ToJsonString()), ("reason", p.Reason), ("author", p.AnswerableAuthor.Id), ("author_name", p.AnswerableAuthor.Name),
        ("proposer", p.Statement.Proposer.Id), ("client", p.Client), ("key", p.IdempotencyKey), ("requested", Times.Micros(p.RequestedAt)), ("approved", Micros(p.ApprovedAt)), ("ended", Micros(p.EndedAt)), ("note", p.Note)) == 1;

    /// <summary>One conditional update: false when somebody else changed it meanwhile, and then nothing was written.</summary>
    internal async ValueTask<bool> UpdatePromotionAsync(Promotion p) => await ExecuteAsync("""
        update promotion set state = @state, revision = @revision, statement = @statement, gates = @gates, approved_at = @approved, ended_at = @ended, note = @note, row_version = row_version + 1
        where id = @id and row_version = @row and state in ('pending', 'approved')
        """, ("id", p.Id), ("row", p.RowVersion), ("state", Word(p.State)), ("revision", (long)p.Revision), ("statement", CanonicalJson.Text(p.Statement.ToJson())),
        ("gates", p.Gates.ToJson().ToJsonString()), ("approved", Micros(p.ApprovedAt)), ("ended", Micros(p.EndedAt)), ("note", p.Note)) == 1;

    internal ValueTask<int> InsertDecisionAsync(string promotionId, Decision d) => ExecuteAsync("""
        insert into decision (id, promotion_id, revision, person_id, person_name, verdict, comment, method, channel, credential_id, credential_since, proven_at, client, agent, statement_digest, at, evidence)
        values (@id, @promotion, @revision, @person, @person_name, @verdict, @comment, @method, @channel, @credential, @since, @proven, @client, @agent, @digest, @at, @evidence)
        """, ("id", d.Id), ("promotion", promotionId), ("revision", (long)d.Revision), ("person", d.Person.Id), ("person_name", d.Person.Name), ("verdict", d.Verdict.ToString().ToLowerInvariant()),
        ("comment", d.Comment), ("method", d.Proof.Method.ToString().ToLowerInvariant()), ("channel", d.Proof.Channel), ("credential", d.Proof.CredentialId), ("since", Times.Micros(d.Proof.CredentialSince)),
        ("proven", Times.Micros(d.Proof.ProvenAt)), ("client", d.Proof.Client), ("agent", d.Proof.Agent), ("digest", d.StatementDigest.Hex), ("at", Times.Micros(d.At)), ("evidence", d.Proof.Evidence));

    internal ValueTask<List<Decision>> DecisionsAsync(string promotionId) => ManyAsync("""
        select id, revision, person_id, person_name, verdict, comment, method, channel, credential_id, credential_since, proven_at, client, agent, statement_digest, at, evidence
        from decision where promotion_id = @id order by at, id
        """, ReadDecision, ("id", promotionId));

    /// <summary>At most a page of promotions, by id.</summary>
    internal async ValueTask<IReadOnlyDictionary<string, Promotion>> PromotionsByIdAsync(IReadOnlyList<string> ids)
    {
        var (keys, args) = Keys(ids);
        var decisions = (await ManyAsync($"""
            select id, revision, person_id, person_name, verdict, comment, method, channel, credential_id, credential_since, proven_at, client, agent, statement_digest, at, evidence, promotion_id
            from decision where promotion_id in ({keys}) order by at, id
            """, r => (PromotionId: r.GetString(16), Decision: ReadDecision(r)), args)).ToLookup(d => d.PromotionId, d => d.Decision);
        return (await ManyAsync($"select {PromotionColumns} from {PromotionRows} where p.id in ({keys})", ReadPromotion, args))
            .ToDictionary(p => p.Promotion.Id, p => p.Promotion with { Decisions = [.. decisions[p.Promotion.Id]] });
    }

    private async ValueTask<StoredPromotion?> WithDecisionsAsync(StoredPromotion? row) =>
        row is null ? null : row with { Promotion = row.Promotion with { Decisions = await DecisionsAsync(row.Promotion.Id) } };

    private static StoredPromotion ReadPromotion(DbDataReader r) => new(new Promotion
    {
        State = Enum.Parse<PromotionState>(r.GetString(1), ignoreCase: true),
        Statement = Statement.FromJson(JsonNode.Parse(r.GetString(2))!.AsObject()),
        Requirement = Requirement.FromJson(JsonNode.Parse(r.GetString(3))!.AsObject()),
        Gates = GateReport.FromJson(JsonNode.Parse(r.GetString(4))!.AsArray()),
        Reason = r.GetString(5),
        AnswerableAuthor = new ActorRef(r.GetString(6), r.GetString(7)),
        Client = r.IsDBNull(8) ? null : r.GetString(8),
        IdempotencyKey = r.IsDBNull(9) ? null : r.GetString(9),
        RequestedAt = Times.FromMicros(r.GetInt64(10)),
        ApprovedAt = Time(r, 11),
        EndedAt = Time(r, 12),
        Note = r.GetString(13),
        RowVersion = r.GetInt64(14),
        Glass = ReadGlass(r, 16),
    }, r.GetInt64(15));

    private static Decision ReadDecision(DbDataReader r) => new(r.GetString(0), (int)r.GetInt64(1), new ActorRef(r.GetString(2), r.GetString(3)),
        Enum.Parse<DecisionVerdict>(r.GetString(4), ignoreCase: true), r.GetString(5),
        new Proof(Enum.Parse<ProofMethod>(r.GetString(6), ignoreCase: true), r.GetString(7), r.GetString(8), Times.FromMicros(r.GetInt64(9)), Times.FromMicros(r.GetInt64(10)), Text(r, 11), Text(r, 12))
        {
            // The signature was over just this, or it would not have been taken.
            Signed = r.GetString(6) == "passkey" ? new SignedDecision(r.GetString(4), Digest.Parse(r.GetString(13))) : null,
            Evidence = Text(r, 15),
        },
        Digest.Parse(r.GetString(13)), Times.FromMicros(r.GetInt64(14)));

    private static string Word(PromotionState state) => state.ToString().ToLowerInvariant();

    private static long? Micros(DateTimeOffset? time) => time is null ? null : Times.Micros(time.Value);

    private static DateTimeOffset? Time(DbDataReader r, int column) => r.IsDBNull(column) ? null : Times.FromMicros(r.GetInt64(column));

    private static string? Text(DbDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);
}
