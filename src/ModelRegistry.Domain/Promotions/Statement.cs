using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>What serves a stage at a moment: compared and swapped when a promotion is applied.</summary>
public sealed record ServingRef(string VersionId, string Label, Digest ManifestDigest);

/// <summary>
/// Exactly what a person decides on, as canonical JSON (RFC 8785). If any field other than the policy changes, the
/// promotion takes a new revision and every approval given is void.
/// </summary>
public sealed record Statement
{
    public required string PromotionId { get; init; }
    public required int Revision { get; init; }
    public required PromotionKind Kind { get; init; }
    public required string ModelId { get; init; }
    public required string ModelName { get; init; }
    public required string VersionId { get; init; }
    public required string VersionLabel { get; init; }
    public required string FromStage { get; init; }
    public required string ToStage { get; init; }
    /// <summary>The target to be served from there on, and how; null where nothing is deployed by it.</summary>
    public TargetWish? Deployment { get; init; }
    public required Digest ManifestDigest { get; init; }
    /// <summary>Over metrics, dataset, card and the rest of what is known about the version.</summary>
    public required Digest MetadataDigest { get; init; }
    /// <summary>What serves the target stage now and would be replaced; null when nothing does.</summary>
    public required ServingRef? Serving { get; init; }
    public required Digest PolicyDigest { get; init; }
    public required Digest GateReportDigest { get; init; }
    public required ActorRef Proposer { get; init; }
    public required ActorKind ProposerKind { get; init; }
    public required ActorRef Owner { get; init; }
    public required Digest ReasonDigest { get; init; }
    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset Expires { get; init; }

    public Digest Digest => CanonicalJson.Digest(ToJson());

    /// <summary>What it moves, as a policy judges it.</summary>
    public StageMove Move => new(FromStage, ToStage, Kind, Deployment?.Stage);

    /// <summary>
    /// What a passkey signs: SHA256("model-registry/approval/v1\0" ‖ decision ‖ 0x00 ‖ nonce ‖ SHA256(statement)), so
    /// that neither an approval of another promotion nor a rejection can pass for this approval.
    /// </summary>
    public byte[] Challenge(DecisionVerdict decision, ReadOnlySpan<byte> nonce) => SHA256.HashData(
        [.. "model-registry/approval/v1\0"u8, .. Encoding.ASCII.GetBytes(decision.ToString().ToLowerInvariant()), 0, .. nonce, .. Digest.ToBytes()]);

    /// <summary>Whether both ask for the same thing: all but the policy, which may only make it stricter, and the revision itself.</summary>
    public bool SameAs(Statement other) => this with { Revision = 0, PolicyDigest = default } == other with { Revision = 0, PolicyDigest = default };

    public JsonObject ToJson()
    {
        var json = Fixed();
        // Only where there is one: what was hashed before there were deployments hashes to the same.
        if (Deployment is not null)
            json["deployment"] = Deployment.ToJson();
        return json;
    }

    private JsonObject Fixed() => new()
    {
        ["type"] = "model-registry/promotion/v1",
        ["promotion_id"] = PromotionId,
        ["revision"] = Revision,
        ["kind"] = Kind.ToString().ToLowerInvariant(),
        ["model_id"] = ModelId,
        ["model_name"] = ModelName,
        ["version_id"] = VersionId,
        ["version"] = VersionLabel,
        ["from_stage"] = FromStage,
        ["to_stage"] = ToStage,
        ["manifest_sha256"] = ManifestDigest.Hex,
        ["metadata_sha256"] = MetadataDigest.Hex,
        ["serving"] = Serving is null ? null : new JsonObject { ["version_id"] = Serving.VersionId, ["version"] = Serving.Label, ["manifest_sha256"] = Serving.ManifestDigest.Hex },
        ["policy_sha256"] = PolicyDigest.Hex,
        ["gate_report_sha256"] = GateReportDigest.Hex,
        ["proposer"] = new JsonObject { ["id"] = Proposer.Id, ["name"] = Proposer.Name, ["kind"] = ProposerKind.ToString().ToLowerInvariant() },
        ["owner"] = new JsonObject { ["id"] = Owner.Id, ["name"] = Owner.Name },
        ["reason_sha256"] = ReasonDigest.Hex,
        ["not_before"] = Times.Text(NotBefore),
        ["expires"] = Times.Text(Expires),
    };

    public static Statement FromJson(JsonObject json) => new()
    {
        PromotionId = (string)json["promotion_id"]!,
        Revision = (int)json["revision"]!,
        Kind = Enum.Parse<PromotionKind>((string)json["kind"]!, ignoreCase: true),
        ModelId = (string)json["model_id"]!,
        ModelName = (string)json["model_name"]!,
        VersionId = (string)json["version_id"]!,
        VersionLabel = (string)json["version"]!,
        FromStage = (string)json["from_stage"]!,
        ToStage = (string)json["to_stage"]!,
        Deployment = json["deployment"] is JsonObject deployment ? TargetWish.FromJson(deployment) : null,
        ManifestDigest = Digest.Parse((string)json["manifest_sha256"]!),
        MetadataDigest = Digest.Parse((string)json["metadata_sha256"]!),
        Serving = json["serving"] is JsonObject s ? new ServingRef((string)s["version_id"]!, (string)s["version"]!, Digest.Parse((string)s["manifest_sha256"]!)) : null,
        PolicyDigest = Digest.Parse((string)json["policy_sha256"]!),
        GateReportDigest = Digest.Parse((string)json["gate_report_sha256"]!),
        Proposer = new ActorRef((string)json["proposer"]!["id"]!, (string)json["proposer"]!["name"]!),
        ProposerKind = Enum.Parse<ActorKind>((string)json["proposer"]!["kind"]!, ignoreCase: true),
        Owner = new ActorRef((string)json["owner"]!["id"]!, (string)json["owner"]!["name"]!),
        ReasonDigest = Digest.Parse((string)json["reason_sha256"]!),
        NotBefore = Times.Parse((string)json["not_before"]!),
        Expires = Times.Parse((string)json["expires"]!),
    };
}
