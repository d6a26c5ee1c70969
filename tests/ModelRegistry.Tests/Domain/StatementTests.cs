using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class StatementTests
{
    private static readonly Dictionary<string, Func<Statement, Statement>> Changes = new()
    {
        [nameof(Statement.PromotionId)] = s => s with { PromotionId = "prm_2" },
        [nameof(Statement.Revision)] = s => s with { Revision = 2 },
        [nameof(Statement.Kind)] = s => s with { Kind = PromotionKind.Rollback },
        [nameof(Statement.ModelId)] = s => s with { ModelId = "mdl_2" },
        [nameof(Statement.ModelName)] = s => s with { ModelName = "Digits" },
        [nameof(Statement.VersionId)] = s => s with { VersionId = "ver_v3" },
        [nameof(Statement.VersionLabel)] = s => s with { VersionLabel = "v3" },
        [nameof(Statement.FromStage)] = s => s with { FromStage = Stages.Archived },
        [nameof(Statement.ToStage)] = s => s with { ToStage = Stages.Validation },
        [nameof(Statement.Deployment)] = s => s with { Deployment = new TargetWish("eu", Stages.Production, "{}") },
        ["Deployment.Target"] = s => s with { Deployment = new TargetWish("us", Stages.Production, "{}") },
        ["Deployment.Configuration"] = s => s with { Deployment = new TargetWish("eu", Stages.Production, """{"replicas":2}""") },
        [nameof(Statement.ManifestDigest)] = s => s with { ManifestDigest = Digest.Of("other") },
        [nameof(Statement.MetadataDigest)] = s => s with { MetadataDigest = Digest.Of("other") },
        [nameof(Statement.Serving)] = s => s with { Serving = null },
        ["Serving.VersionId"] = s => s with { Serving = s.Serving! with { VersionId = "ver_x" } },
        ["Serving.Label"] = s => s with { Serving = s.Serving! with { Label = "v1.0" } },
        ["Serving.ManifestDigest"] = s => s with { Serving = s.Serving! with { ManifestDigest = Digest.Of("other") } },
        [nameof(Statement.PolicyDigest)] = s => s with { PolicyDigest = Digest.Of("other") },
        [nameof(Statement.GateReportDigest)] = s => s with { GateReportDigest = Digest.Of("other") },
        [nameof(Statement.Proposer)] = s => s with { Proposer = Some.Ref("other") },
        ["Proposer.Name"] = s => s with { Proposer = s.Proposer with { Name = "other" } },
        [nameof(Statement.ProposerKind)] = s => s with { ProposerKind = ActorKind.Service },
        [nameof(Statement.Owner)] = s => s with { Owner = Some.Ref("other") },
        ["Owner.Name"] = s => s with { Owner = s.Owner with { Name = "other" } },
        [nameof(Statement.ReasonDigest)] = s => s with { ReasonDigest = Digest.Of("other") },
        [nameof(Statement.NotBefore)] = s => s with { NotBefore = s.NotBefore.AddMicroseconds(1) },
        [nameof(Statement.Expires)] = s => s with { Expires = s.Expires.AddMicroseconds(1) },
    };

    public static TheoryData<string> Fields => [.. Changes.Keys];

    [Fact]
    public void Every_field_has_a_change_that_is_tried() =>
        Assert.Empty(typeof(Statement).GetProperties().Where(p => p.CanWrite).Select(p => p.Name).Except(Changes.Keys));

    [Theory]
    [MemberData(nameof(Fields))]
    public void Changing_one_field_changes_the_digest_and_the_challenge(string field)
    {
        var changed = Changes[field](Some.Statement);

        Assert.NotEqual(Some.Statement.Digest, changed.Digest);
        Assert.NotEqual(Some.Statement.Challenge(DecisionVerdict.Approve, [1]), changed.Challenge(DecisionVerdict.Approve, [1]));
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_statement_asks_for_the_same_unless_something_but_the_policy_or_the_revision_changed(string field) =>
        Assert.Equal(field is nameof(Statement.PolicyDigest) or nameof(Statement.Revision), Some.Statement.SameAs(Changes[field](Some.Statement)));

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_statement_reads_back_from_its_JSON_as_itself(string field)
    {
        var statement = Changes[field](Some.Statement);
        var read = Statement.FromJson(JsonNode.Parse(CanonicalJson.Bytes(statement.ToJson()))!.AsObject());

        Assert.Equal(statement, read);
        Assert.Equal(statement.Digest, read.Digest);
    }

    [Fact]
    public void All_digests_of_single_changes_differ_from_each_other() =>
        Assert.Equal(Changes.Count, Changes.Values.Select(c => c(Some.Statement).Digest).Distinct().Count());

    [Fact]
    public void A_time_is_the_same_in_every_zone()
    {
        var elsewhere = Some.Statement with { Expires = Some.Statement.Expires.ToOffset(TimeSpan.FromHours(9)) };

        Assert.Equal(Some.Statement.Digest, elsewhere.Digest);
    }

    [Fact]
    public void A_file_that_is_renamed_changes_the_statement_though_no_byte_of_it_did()
    {
        Statement With(string path) => Some.Statement with { ManifestDigest = Manifest.Of([new FileEntry(path, 10, Digest.Of("bytes")), new FileEntry("card.md", 3, Digest.Of("card"))]).Value.Digest };

        Assert.NotEqual(With("model.onnx").Digest, With("model_.onnx").Digest);
        Assert.False(With("model.onnx").SameAs(With("model_.onnx")));
    }

    /// <summary>The formula, written out once more from its parts.</summary>
    [Theory]
    [InlineData(DecisionVerdict.Approve, "approve")]
    [InlineData(DecisionVerdict.Reject, "reject")]
    public void The_challenge_is_the_hash_of_context_decision_nonce_and_statement(DecisionVerdict decision, string word)
    {
        byte[] nonce = [0, 1, 2, 255];
        using var hashed = new MemoryStream();
        hashed.Write(Encoding.ASCII.GetBytes("model-registry/approval/v1"));
        hashed.WriteByte(0);
        hashed.Write(Encoding.ASCII.GetBytes(word));
        hashed.WriteByte(0);
        hashed.Write(nonce);
        hashed.Write(SHA256.HashData(CanonicalJson.Bytes(Some.Statement.ToJson())));

        Assert.Equal(SHA256.HashData(hashed.ToArray()), Some.Statement.Challenge(decision, nonce));
    }

    [Fact]
    public void A_challenge_is_good_for_one_decision_and_one_nonce()
    {
        byte[][] challenges =
        [
            Some.Statement.Challenge(DecisionVerdict.Approve, [1, 2]),
            Some.Statement.Challenge(DecisionVerdict.Reject, [1, 2]),
            Some.Statement.Challenge(DecisionVerdict.Approve, [2, 1]),
            Some.Statement.Challenge(DecisionVerdict.Approve, [1, 2, 0]),
            Some.Statement.Challenge(DecisionVerdict.Approve, []),
        ];
        Assert.Equal(challenges.Length, challenges.Select(Convert.ToHexString).Distinct().Count());
        Assert.All(challenges, c => Assert.Equal(32, c.Length));
    }
}
