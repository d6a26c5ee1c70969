using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Audit;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using ModelRegistry.Domain.Exports;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;

namespace ModelRegistry.Exports;

/// <summary>
/// Writes down all that proves one promotion, signed, for whoever has nothing but the registry's public key. Reading it changes
/// nothing and leaves no entry, whatever state the promotion is in.
/// </summary>
public sealed class PromotionExport : IDisposable
{
    // Of revisions and of refused attempts, of which there can be any number.
    private const int MostOfAKind = 50;

    /// <summary>The most exports that are made and sent at once. Each takes a few times its size in memory.</summary>
    internal const int MostOnTheirWay = 4;

    /// <summary>How long one may be on its way to whoever reads it.</summary>
    internal static readonly TimeSpan MostOfSending = TimeSpan.FromSeconds(60);

    private readonly RegistryDb _db;
    private readonly LogProofs _proofs;
    private readonly TimeProvider _time;
    private int _onTheirWay;

    internal PromotionExport(RegistryDb db, TimeProvider time) => (_db, _proofs, _time) = (db, new LogProofs(db), time);

    public void Dispose() => _proofs.Dispose();

    /// <summary>The key that exports and checkpoints verify with, to be kept where this registry cannot write.</summary>
    public Outcome<string> Key(Actor by) => Permissions.Check(by, Permission.Read) is { } no ? no : Verifier.Text;

    private VerifierKey Verifier => new(_db.AuditOrigin, _db.AuditPublicKey());

    /// <summary>
    /// The signed envelope of one promotion, as UTF-8 JSON. It is made from one state of the database; what is written meanwhile is
    /// not in it.
    /// </summary>
    public async Task<Outcome<byte[]>> ExportAsync(Actor by, string promotionId, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        var gathered = await _db.ReadAsync(session => GatherAsync(session, promotionId), cancel);
        if (gathered.Refusal is { } refused)
            return refused;
        var (record, rows, head, texts) = gathered.Value;
        var proofs = await _proofs.OfAsync(head, [.. rows.Select(r => r.Position - 1)], cancel);
        if (proofs.Refusal is { } damaged)
            return damaged;
        if (rows.FirstOrDefault(r => MerkleTree.LeafHash(r.Leaf) != r.LeafHash) is { } altered)
            return Refusals.LogDamaged($"entry {altered.Position} was changed.");

        using var key = _db.OpenAuditKey();
        var payload = (record with
        {
            Checkpoint = new Checkpoint(record.Origin, head.Size, head.Root).Sign(key),
            Entries = [.. rows.Select(r => new RecordedEntry(r.Position - 1, Encoding.UTF8.GetString(r.Leaf), proofs.Value[r.Position - 1], [.. texts[r.Position]]))],
        }).ToBytes();
        var envelope = DsseEnvelope.Sign(payload, Verifier, key);
        return envelope.Length <= DsseEnvelope.MaxBytes ? envelope : Refusals.ExportTooLarge(envelope.Length, DsseEnvelope.MaxBytes);
    }

    /// <summary>
    /// The same for whoever is at the other end of a connection, who may read as slowly as they like: a few at a time, for a time;
    /// <c>rate_limited</c> when every place is taken.
    /// </summary>
    /// <returns>To be disposed of when it is sent.</returns>
    public async Task<Outcome<HeldExport>> HoldAsync(Actor by, string promotionId, CancellationToken cancel = default)
    {
        if (Interlocked.Increment(ref _onTheirWay) > MostOnTheirWay)
        {
            Leave();
            return Refusals.RateLimited(1);
        }
        var held = false;
        try
        {
            var export = await ExportAsync(by, promotionId, cancel);
            if (export.Refusal is { } no)
                return no;
            held = true;
            return new HeldExport(export.Value, MostOfSending, _time, Leave);
        }
        finally
        {
            if (!held)
                Leave();
        }

        void Leave() => Interlocked.Decrement(ref _onTheirWay);
    }

    private sealed record Gathered(PromotionRecord Record, IReadOnlyList<AuditRow> Rows, StoredHead Head, ILookup<long, ErasableText> Texts);

    private async ValueTask<Outcome<Gathered>> GatherAsync(RegistrySession session, string promotionId)
    {
        if (await session.FindPromotionAsync(promotionId) is not { Promotion: var promotion })
            return Refusals.PromotionNotFound(promotionId);
        var keys = new List<RecordedKey>();
        foreach (var used in ProofsOf(promotion).Where(p => p.Proof.Method == ProofMethod.Passkey).GroupBy(p => p.Person.Id))
            foreach (var key in await session.PasskeysOfAsync(used.Key))
                if (used.Any(p => p.Proof.CredentialId == key.Credential.Id))
                    keys.Add(new RecordedKey(key.Credential.Id, used.Key, key.Info.PublicKey));
        var policies = await PoliciesAsync(session, promotion);

        var (rows, omitted) = await session.PromotionEntriesAsync(promotionId, MostOfAKind);
        rows.AddRange(await session.EntriesAboutAsync([.. ProofsOf(promotion).Select(p => p.Person.Id).Distinct()], "person.init", "person.add", "person.disable", "passphrase.change"));
        rows.AddRange(await session.EntriesAboutAsync([.. keys.Select(k => k.CredentialId)], "passkey.enrol", "passkey.revoke"));
        rows.AddRange(await session.EntriesAboutAsync([promotion.Statement.VersionId], "version.register"));
        rows.AddRange(await session.EntriesAboutAsync([_db.RegistryId, .. policies.Select(p => p.Digest)], "registry.create", "policy.accept"));
        rows.Sort((a, b) => a.Position.CompareTo(b.Position));

        var record = new PromotionRecord
        {
            RegistryId = _db.RegistryId,
            Origin = _db.AuditOrigin,
            ExportedAt = session.Now,
            Promotion = promotion,
            Files = Manifest.Of(await session.FilesAsync(promotion.Statement.VersionId)) is { Refusal: null } files ? files.Value.Files : [],
            Metadata = await MetadataAsync(session, promotion.Statement),
            Keys = keys,
            Policies = [.. policies.Select(p => p.Json)],
            Checkpoint = "",
            Entries = [],
            Omitted = omitted,
        };
        return new Gathered(record, rows, await session.AuditHeadAsync() ?? throw new InvalidOperationException("The audit log has lost its head."), await session.ErasablesAsync([.. rows.Select(r => r.Position)]));
    }

    private static IEnumerable<(ActorRef Person, Proof Proof)> ProofsOf(Promotion promotion)
    {
        foreach (var decision in promotion.Decisions)
            yield return (decision.Person, decision.Proof);
        if (promotion.Glass is not { } glass)
            yield break;
        yield return (glass.Person, glass.Proof);
        if (glass.Review is { } review)
            yield return (review.Person, review.Proof);
    }

    /// <summary>The policy the statement names, and those in force whenever something was settled; each once.</summary>
    private static async ValueTask<List<StoredPolicy>> PoliciesAsync(RegistrySession session, Promotion promotion)
    {
        var found = new List<StoredPolicy?> { await session.PolicyByDigestAsync(promotion.Statement.PolicyDigest.Hex) };
        foreach (var moment in new[] { promotion.RequestedAt, promotion.ApprovedAt, promotion.EndedAt, promotion.Glass?.At })
            if (moment is { } at)
                found.Add(await session.PolicyAtAsync(at));
        return [.. found.OfType<StoredPolicy>().DistinctBy(p => p.Digest).OrderBy(p => p.Seq)];
    }

    /// <summary>What the statement's digest of metadata stands for: kept when the statement was made, or still so.</summary>
    private static async ValueTask<JsonObject?> MetadataAsync(RegistrySession session, Statement statement)
    {
        if (await session.KeptMetadataAsync(statement.MetadataDigest) is { } kept)
            return JsonNode.Parse(kept)!.AsObject();
        return await session.FindVersionAsync(statement.VersionId) is { } version && PromotionCase.MetadataOf(version, await session.GetModelAsync(statement.ModelId), await PromotionCase.ComparedAsync(session, statement)) is var now
            && CanonicalJson.Digest(now) == statement.MetadataDigest ? now : null;
    }
}
