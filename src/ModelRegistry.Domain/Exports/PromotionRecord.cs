using System.Text.Json.Nodes;
using ModelRegistry.Domain.Audit;

namespace ModelRegistry.Domain.Exports;

/// <summary>One entry of the log with the proof that it is in it.</summary>
/// <param name="Index">In the tree, counted from 0.</param>
/// <param name="Leaf">The bytes that the tree is made of: canonical JSON, as text.</param>
/// <param name="Proof">RFC 6962 section 2.1.1, up to the root of the export's checkpoint.</param>
/// <param name="Texts">What the leaf knows by digest only, as far as it was not erased.</param>
public sealed record RecordedEntry(long Index, string Leaf, IReadOnlyList<Digest> Proof, IReadOnlyList<ErasableText> Texts)
{
    internal JsonObject ToJson() => new()
    {
        ["index"] = Index,
        ["leaf"] = Leaf,
        ["proof"] = new JsonArray([.. Proof.Select(p => (JsonNode)p.Hex)]),
        ["texts"] = new JsonArray([.. Texts.Select(t => (JsonNode)new JsonObject { ["field"] = t.Field, ["salt"] = Convert.ToHexStringLower(t.Salt), ["text"] = t.Text })]),
    };
}

/// <summary>A passkey that signed something in the export.</summary>
/// <param name="PublicKey">As its authenticator gave it (COSE_Key).</param>
public sealed record RecordedKey(string CredentialId, string PersonId, byte[] PublicKey);

/// <summary>
/// All that is needed to prove one promotion to somebody who has nothing but the registry's public key: an in-toto Statement v1
/// whose subjects are the version's files. <c>docs/export.md</c> describes it; <see cref="ExportVerification"/> holds it against itself.
/// </summary>
/// <remarks>Names and free texts stand beside the entries of the log that know them by digest, and nowhere else: what was erased there is gone from here.</remarks>
public sealed record PromotionRecord
{
    /// <summary>Of the in-toto statement.</summary>
    public const string StatementType = "https://in-toto.io/Statement/v1";

    /// <summary>Of what is stated. Another shape gets another number.</summary>
    public const string PredicateType = "urn:model-registry:promotion-export:v1";

    /// <summary>The most entries that are read. Of whatever machines bring about an export holds the last few only; the rest takes persons.</summary>
    public const int MaxEntries = 20_000;

    /// <summary>The most decisions that are read.</summary>
    public const int MaxDecisions = 5_000;

    public required string RegistryId { get; init; }

    /// <summary>The log's name, which is that of its key.</summary>
    public required string Origin { get; init; }

    public required DateTimeOffset ExportedAt { get; init; }

    public required Promotion Promotion { get; init; }

    public required IReadOnlyList<FileEntry> Files { get; init; }

    /// <summary>What was known of the version when the statement was made (card, dataset, code commit, lineage …); null where it is not at hand any more.</summary>
    public JsonObject? Metadata { get; init; }

    public IReadOnlyList<RecordedKey> Keys { get; init; } = [];

    /// <summary>The text of each policy that was in force from the request to the end, the first one first.</summary>
    public IReadOnlyList<string> Policies { get; init; } = [];

    /// <summary>A signed checkpoint of the log that holds every entry.</summary>
    public required string Checkpoint { get; init; }

    public required IReadOnlyList<RecordedEntry> Entries { get; init; }

    /// <summary>Entries about the promotion that were left out because there are so many: revisions without a decision, and refused attempts.</summary>
    public long Omitted { get; init; }

    /// <summary>The canonical bytes of the in-toto statement.</summary>
    public byte[] ToBytes() => CanonicalJson.Bytes(new JsonObject
    {
        ["_type"] = StatementType,
        ["subject"] = new JsonArray([.. Files.Select(f => (JsonNode)new JsonObject
        {
            ["name"] = f.Path,
            ["digest"] = new JsonObject { ["sha256"] = f.Sha256.Hex },
            ["annotations"] = new JsonObject { ["size"] = f.Size },
        })]),
        ["predicateType"] = PredicateType,
        ["predicate"] = Predicate(),
    });

    private JsonObject Predicate() => new()
    {
        ["registry"] = new JsonObject { ["id"] = RegistryId, ["origin"] = Origin },
        ["exported_at"] = Times.Text(ExportedAt),
        ["promotion"] = new JsonObject
        {
            ["id"] = Promotion.Id,
            ["status"] = Promotion.State.ToString().ToLowerInvariant(),
            ["requested_at"] = Times.Text(Promotion.RequestedAt),
            ["approved_at"] = Time(Promotion.ApprovedAt),
            ["ended_at"] = Time(Promotion.EndedAt),
            ["statement"] = CanonicalJson.Text(Promotion.Statement.ToJson()),
            ["statement_sha256"] = Promotion.Statement.Digest.Hex,
            ["gates"] = Promotion.Gates.ToJson(),
        },
        ["decisions"] = new JsonArray([.. Promotion.Decisions.Select(d => (JsonNode)new JsonObject
        {
            ["id"] = d.Id,
            ["revision"] = d.Revision,
            ["person_id"] = d.Person.Id,
            ["decision"] = Promotion.Word(d.Verdict),
            ["statement_sha256"] = d.StatementDigest.Hex,
            ["at"] = Times.Text(d.At),
            ["proof"] = Of(d.Proof),
        })]),
        ["break_glass"] = Promotion.Glass is not { } glass ? null : new JsonObject
        {
            ["person_id"] = glass.Person.Id,
            ["statement_sha256"] = glass.StatementDigest.Hex,
            ["at"] = Times.Text(glass.At),
            ["proof"] = Of(glass.Proof),
            ["review"] = glass.Review is not { } review ? null : new JsonObject
            {
                ["person_id"] = review.Person.Id,
                ["verdict"] = review.Verdict.ToString().ToLowerInvariant(),
                ["at"] = Times.Text(review.At),
                ["proof"] = Of(review.Proof),
            },
        },
        ["keys"] = new JsonArray([.. Keys.Select(k => (JsonNode)new JsonObject { ["credential_id"] = k.CredentialId, ["person_id"] = k.PersonId, ["public_key"] = Convert.ToBase64String(k.PublicKey) })]),
        ["policies"] = new JsonArray([.. Policies.Select(p => (JsonNode)p)]),
        ["metadata"] = Metadata?.DeepClone(),
        ["log"] = new JsonObject
        {
            ["checkpoint"] = Checkpoint,
            ["entries"] = new JsonArray([.. Entries.Select(e => (JsonNode)e.ToJson())]),
            ["omitted"] = Omitted,
        },
    };

    private static JsonObject Of(Proof proof) => new()
    {
        ["method"] = proof.Method.ToString().ToLowerInvariant(),
        ["assurance"] = proof.Assurance.ToString().ToLowerInvariant(),
        ["channel"] = proof.Channel,
        ["credential_id"] = proof.CredentialId,
        ["proven_at"] = Times.Text(proof.ProvenAt),
        ["evidence"] = proof.Method == ProofMethod.Passkey ? PasskeyEvidence.Kept(proof.Evidence)?.ToJson() : null,
    };

    private static string? Time(DateTimeOffset? time) => time is { } at ? Times.Text(at) : null;
}
