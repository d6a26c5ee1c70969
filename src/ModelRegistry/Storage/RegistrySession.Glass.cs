using System.Data.Common;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>Broken glasses, and what a change of the policy would meet.</summary>
public sealed partial class RegistrySession
{
    private const string GlassColumns = """
        g.promotion_id, g.person_id, g.person_name, g.reason, g.channel, g.credential_id, g.credential_since, g.proven_at, g.evidence, g.statement_digest, g.at,
        g.reviewer_id, g.reviewer_name, g.verdict, g.comment, g.review_method, g.review_channel, g.review_credential_id, g.review_credential_since, g.review_proven_at, g.review_evidence, g.reviewed_at
        """;

    internal ValueTask<int> InsertGlassAsync(string promotionId, GlassBreak g) => ExecuteAsync("""
        insert into glass_break (promotion_id, person_id, person_name, reason, channel, credential_id, credential_since, proven_at, statement_digest, evidence, at)
        values (@id, @person, @name, @reason, @channel, @credential, @since, @proven, @digest, @evidence, @at)
        """, ("id", promotionId), ("person", g.Person.Id), ("name", g.Person.Name), ("reason", g.Reason), ("channel", g.Proof.Channel), ("credential", g.Proof.CredentialId),
        ("since", Times.Micros(g.Proof.CredentialSince)), ("proven", Times.Micros(g.Proof.ProvenAt)), ("digest", g.StatementDigest.Hex), ("evidence", g.Proof.Evidence), ("at", Times.Micros(g.At)));

    /// <summary>One conditional update: false when somebody else reviewed it meanwhile.</summary>
    internal async ValueTask<bool> ReviewGlassAsync(string promotionId, GlassReview review) => await ExecuteAsync("""
        update glass_break set reviewer_id = @person, reviewer_name = @name, verdict = @verdict, comment = @comment, review_method = @method, review_channel = @channel, review_credential_id = @credential,
          review_credential_since = @since, review_proven_at = @proven, review_evidence = @evidence, reviewed_at = @at
        where promotion_id = @id and reviewed_at is null
        """, ("id", promotionId), ("person", review.Person.Id), ("name", review.Person.Name), ("verdict", review.Verdict.ToString().ToLowerInvariant()), ("comment", review.Comment),
        ("method", review.Proof.Method.ToString().ToLowerInvariant()), ("channel", review.Proof.Channel), ("credential", review.Proof.CredentialId), ("since", Times.Micros(review.Proof.CredentialSince)),
        ("proven", Times.Micros(review.Proof.ProvenAt)), ("evidence", review.Proof.Evidence), ("at", Times.Micros(review.At))) == 1;

    /// <summary>Names of those who answer for a promotion: who approved its last decided revision, and whoever broke the glass for it, which is no approval.</summary>
    internal async ValueTask<(IReadOnlyList<string> Approvers, string? GlassBreaker)> AnsweringAsync(string promotionId)
    {
        var rows = await ManyAsync("""
            select cast(0 as bigint), revision, person_name, at, id from decision where promotion_id = @id and verdict = 'approve'
            union all select cast(1 as bigint), cast(0 as bigint), person_name, at, promotion_id from glass_break where promotion_id = @id
            order by 1, 4, 5
            """, r => (Glass: r.GetInt64(0) == 1, Revision: r.GetInt64(1), Name: r.GetString(2)), ("id", promotionId));
        var last = rows.Where(r => !r.Glass).Select(r => r.Revision).DefaultIfEmpty().Max();
        return ([.. rows.Where(r => !r.Glass && r.Revision == last).Select(r => r.Name)], rows.Where(r => r.Glass).Select(r => r.Name).FirstOrDefault());
    }

    /// <summary>Promotions whose glass was broken, newest first.</summary>
    /// <param name="owed">Only those whose review is owed.</param>
    internal async ValueTask<List<StoredPromotion>> BrokenGlassAsync(bool owed, string? beforeId, int limit)
    {
        var ids = await ManyAsync($"select promotion_id from glass_break where promotion_id < @before {(owed ? "and reviewed_at is null" : "")} order by promotion_id desc limit @limit",
            r => r.GetString(0), ("before", beforeId ?? "q"), ("limit", (long)limit));
        var found = new List<StoredPromotion>(ids.Count);
        foreach (var id in ids)
            found.Add((await FindPromotionAsync(id))!);
        return found;
    }

    internal async ValueTask<long> GlassReviewsOwedAsync() => (long)(await ScalarAsync("select count(*) from glass_break where reviewed_at is null"))!;

    /// <summary>How many versions stand in each stage, and how many models a stage serves.</summary>
    internal async ValueTask<IReadOnlyList<(string Stage, long Versions, long Serving)>> StagesInUseAsync()
    {
        var versions = await ManyAsync("select stage, count(*) from version where deleted_at is null group by stage", r => (Stage: r.GetString(0), Count: r.GetInt64(1)));
        var serving = await ManyAsync("select stage, count(*) from serving group by stage", r => (Stage: r.GetString(0), Count: r.GetInt64(1)));
        return [.. versions.Select(v => v.Stage).Union(serving.Select(s => s.Stage)).Order(StringComparer.Ordinal)
            .Select(stage => (stage, versions.FirstOrDefault(v => v.Stage == stage).Count, serving.FirstOrDefault(s => s.Stage == stage).Count))];
    }

    /// <summary>How many promotions wait for each stage.</summary>
    internal ValueTask<List<(string Stage, long Count)>> LiveByStageAsync() => ManyAsync(
        "select to_stage, count(*) from promotion where state in ('pending', 'approved') group by to_stage order by to_stage", r => (r.GetString(0), r.GetInt64(1)));

    /// <summary>Models where an alias does not point at what serves a stage: where it points, and what serves. Either may be null.</summary>
    internal ValueTask<List<(string Model, string? Points, string? Serves)>> AliasesApartAsync(string alias, string stage, int limit) => ManyAsync("""
        select m.name, av.label, sv.label from model m
        left join alias a on a.model_id = m.id and a.alias_key = @key left join version av on av.id = a.version_id
        left join serving s on s.model_id = m.id and s.stage = @stage left join version sv on sv.id = s.version_id
        where m.deleted_at is null and (a.version_id is not null or s.version_id is not null) and (a.version_id is null or s.version_id is null or a.version_id <> s.version_id)
        order by m.name_key limit @limit
        """, r => (r.GetString(0), Text(r, 1), Text(r, 2)), ("key", Names.Fold(alias)), ("stage", stage), ("limit", (long)limit));

    private static GlassBreak? ReadGlass(DbDataReader r, int at)
    {
        if (r.IsDBNull(at))
            return null;
        var digest = Digest.Parse(r.GetString(at + 9));
        var glass = new GlassBreak(new ActorRef(r.GetString(at + 1), r.GetString(at + 2)), r.GetString(at + 3), Proven("passkey", r, at + 4, new SignedDecision(GlassBreak.Word, digest)), digest, Times.FromMicros(r.GetInt64(at + 10)));
        if (r.IsDBNull(at + 21))
            return glass;
        var verdict = Enum.Parse<GlassVerdict>(r.GetString(at + 13), ignoreCase: true);
        var proof = Proven(r.GetString(at + 15), r, at + 16, new SignedDecision(GlassBreak.ReviewWord(verdict), digest));
        return glass with { Review = new GlassReview(new ActorRef(r.GetString(at + 11), r.GetString(at + 12)), verdict, r.GetString(at + 14), proof, Times.FromMicros(r.GetInt64(at + 21))) };
    }
}
