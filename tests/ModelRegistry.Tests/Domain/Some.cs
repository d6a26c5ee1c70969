using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Tests.Domain;

/// <summary>Small honest builders: everything is valid, and a test changes the one thing it is about.</summary>
internal static class Some
{
    public static DateTimeOffset Noon { get; } = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    public static ActorRef Ref(string name) => new($"act_{name}", name);

    public static Actor Person(string name, params string[] roles) => new($"act_{name}", name, ActorKind.Person, roles, [], null);

    public static Actor Machine(string name, string owner, ActorKind kind = ActorKind.Agent, params string[] roles) =>
        new($"act_{name}", name, kind, roles, [], Ref(owner));

    public static Approver Approver(string name, params string[] further) =>
        new(Ref(name), [Permissions.Approver, .. further], Noon.AddDays(-30));

    public static VersionMetadata Metadata { get; } = new()
    {
        Format = "onnx",
        Framework = "scikit-learn",
        Metrics = new Dictionary<string, double> { ["accuracy"] = 0.95, ["log_loss"] = 0.2 },
        Dataset = "digits-2026-01",
        CodeCommit = "3f1c2ab",
        Card = "---\nintended_use: reading digits\n---\n## Limitations\nPrinted digits only.\n",
        Lineage = new JsonObject { ["parent"] = "ver_0" },
    };

    public static ModelVersion Version(string label = "v2", string stage = Stages.Staging) => new()
    {
        Id = $"ver_{label}",
        ModelId = "mdl_1",
        Number = 2,
        Label = label,
        Stage = stage,
        StageSince = Noon.AddHours(-48),
        ManifestDigest = Digest.Of(label),
        SizeBytes = 10,
        FileCount = 1,
        ContentVerified = true,
        Metadata = Metadata,
        Author = Ref("pipeline"),
        AnswerableAuthor = Ref("author"),
        CreatedAt = Noon.AddDays(-3),
        UpdatedAt = Noon.AddDays(-3),
    };

    public static Requirement Requirement(int count = 1, Assurance assurance = Assurance.Authenticated, bool fourEyes = true) =>
        new([new Approvals(Permissions.Approver, count)], assurance, fourEyes, 24, 1, []);

    public static GateReport Report { get; } = new([new GateFinding("content_verified", Verdict.Pass, "hashed by the registry", "every file hashed")]);

    public static Statement Statement { get; } = new()
    {
        PromotionId = "prm_1",
        Revision = 1,
        Kind = PromotionKind.Promotion,
        ModelId = "mdl_1",
        ModelName = "digits",
        VersionId = "ver_v2",
        VersionLabel = "v2",
        FromStage = Stages.Staging,
        ToStage = Stages.Production,
        ManifestDigest = Digest.Of("v2"),
        MetadataDigest = Digest.Of("metadata"),
        Serving = new ServingRef("ver_v1", "v1", Digest.Of("v1")),
        PolicyDigest = Digest.Of("policy"),
        GateReportDigest = Report.Digest,
        Proposer = Ref("agent"),
        ProposerKind = ActorKind.Agent,
        Owner = Ref("owner"),
        ReasonDigest = Digest.Of("reason"),
        NotBefore = Noon,
        Expires = Noon.AddHours(24),
    };

    /// <summary>Proposed at noon by the agent of "owner"; "author" answers for the version's author.</summary>
    public static Promotion Promotion(Requirement? requirement = null) => new()
    {
        Statement = Statement,
        State = PromotionState.Pending,
        Requirement = requirement ?? Requirement(),
        Gates = Report,
        Reason = "better",
        AnswerableAuthor = Ref("author"),
        RequestedAt = Noon,
    };

    public static Proof Proof(ProofMethod method, DateTimeOffset at) =>
        new(method, "page", method == ProofMethod.Elicitation ? "" : "crd_1", Noon.AddDays(-20), at);

    /// <summary>A decision on the promotion as it stands, proven a moment ago.</summary>
    public static Decision Decision(Promotion promotion, string person, DateTimeOffset now, DecisionVerdict verdict = DecisionVerdict.Approve, ProofMethod method = ProofMethod.Passphrase) =>
        new($"dec_{person}", promotion.Revision, Ref(person), verdict, "", Proof(method, now.AddSeconds(-5)) with { Signed = Signed(method, verdict, promotion.Statement.Digest) }, promotion.Statement.Digest, now);

    /// <summary>What a passkey would have signed; nothing for other methods.</summary>
    public static SignedDecision? Signed(ProofMethod method, DecisionVerdict verdict, Digest statement) =>
        method == ProofMethod.Passkey ? new SignedDecision(ModelRegistry.Domain.Promotion.Word(verdict), statement) : null;

    /// <summary>Lets a person with the approver role decide, everything in order.</summary>
    public static Outcome<Promotion> Decide(this Promotion promotion, string person, DateTimeOffset now, DecisionVerdict verdict = DecisionVerdict.Approve, ProofMethod method = ProofMethod.Passphrase)
    {
        var earlier = promotion.Decisions.Select(d => Approver(d.Person.Name)).ToList();
        return promotion.Decide(Person(person, Permissions.Approver), Approver(person), Decision(promotion, person, now, verdict, method), promotion.Requirement, earlier, now);
    }
}
