using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>What people read about metrics is in the statement that they decide on.</summary>
[OnBothDatabases]
public sealed class EvidenceTests
{
    private static async Task MeasureAsync(TestRegistry it, string version, double value, long count, bool current) => Ok(await it.Services.Metadata.MeasureAsync(
        await it.AgentAsync(), new MeasurementWish("digits", version, [new NewMeasurement("accuracy", value, new MetricEvidence("digits@2", "test", null, count))], current)));

    [Fact]
    public async Task A_measurement_voids_approvals_only_when_gates_look_at_it()
    {
        await using var it = await OpenAsync();
        var parked = await it.ParkAsync();
        var shown = await it.ReviewAsync(parked.PromotionId!);
        await MeasureAsync(it, "v1", 0.95, 540, current: false);
        Assert.Equal(shown.StatementDigest, (await it.ReviewAsync(parked.PromotionId!)).StatementDigest);
        // The same value on other samples: gates find the same, and people read something else.
        await MeasureAsync(it, "v1", 0.9, 540, current: true);
        var now = await it.ReviewAsync(parked.PromotionId!);
        Assert.Equal((1, 2), (shown.Promotion.Revision, now.Promotion.Revision));
        var ben = await it.PersonAsync("ben");
        Assert.Equal("statement_changed", No(await it.Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(parked.PromotionId!, 1, shown.StatementDigest, DecisionVerdict.Approve, "", ben.Proof))));
    }

    [Fact]
    public async Task What_serves_and_is_tested_against_is_in_the_statement_too()
    {
        await using var it = await OpenAsync();
        var first = await it.ParkAsync(accuracy: 0.91);
        Ok(await it.DecideAsync("ben", first.PromotionId!));
        var second = await it.ParkAsync(accuracy: 0.95);
        var shown = await it.ReviewAsync(second.PromotionId!);
        Assert.Null(shown.Metrics.Single(m => m.Metric == "accuracy").Significance);
        await MeasureAsync(it, "v2", 0.95, 1_000, current: true);
        Assert.Equal("not_tested", (await it.ReviewAsync(second.PromotionId!)).Metrics.Single(m => m.Metric == "accuracy").Significance![1]!.Verdict);
        await MeasureAsync(it, "v1", 0.91, 1_000, current: true);
        var now = await it.ReviewAsync(second.PromotionId!);
        Assert.Equal(3, now.Promotion.Revision);
        var test = now.Metrics.Single(m => m.Metric == "accuracy").Significance![1]!;
        Assert.Equal(("significant", "two-proportion z-test"), (test.Verdict, test.Test));
        Assert.Equal([1_000L, 1_000L], test.Counts);
        // Fewer samples of what serves: the claim goes, and with it every approval given.
        await MeasureAsync(it, "v1", 0.91, 100, current: true);
        Assert.Equal((4, "not_told_apart"), ((await it.ReviewAsync(second.PromotionId!)).Promotion.Revision, (await it.ReviewAsync(second.PromotionId!)).Metrics.Single(m => m.Metric == "accuracy").Significance![1]!.Verdict));
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", second.PromotionId!)).Status);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public void What_was_signed_before_evidence_could_be_given_keeps_its_digest()
    {
        // Of the metadata of a version, as it was hashed before: SHA-256 over the canonical JSON, computed with Python.
        var json = Metadata().ToJson();
        Assert.Equal(["format", "framework", "metrics", "hyperparameters", "dataset", "code_commit", "dependencies", "signature", "lineage", "release_notes", "card", "tags", "source", "run_id"], json.Select(m => m.Key));
        Assert.Equal("e48e", CanonicalJson.Digest(json).Hex[..4]);
        Assert.Equal(CanonicalJson.Text(json), CanonicalJson.Text(VersionMetadata.FromJson(json).ToJson()));
        var measured = Metadata() with { Evidence = new Dictionary<string, MetricEvidence> { ["accuracy"] = new("d", "test", new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), 540, 0.01, 0.88, 0.92) } };
        Assert.Equal(CanonicalJson.Text(measured.ToJson()), CanonicalJson.Text(VersionMetadata.FromJson(measured.ToJson()).ToJson()));
    }
}
