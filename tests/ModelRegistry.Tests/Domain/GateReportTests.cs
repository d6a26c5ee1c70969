using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class GateReportTests
{
    private static readonly GateFinding Finding = new("metric_min", Verdict.Pass, "accuracy = 0.95", "accuracy >= 0.9");

    private static readonly GateFinding Soak = new("soak_hours", Verdict.Pass, "25 h in staging", "24 h in staging", Elapses: true);

    private static Digest DigestOf(params GateFinding[] findings) => new GateReport(findings).Digest;

    [Fact]
    public void The_digest_covers_rule_verdict_threshold_and_what_was_measured()
    {
        Digest[] digests =
        [
            DigestOf(Finding),
            DigestOf(Finding with { Rule = "metric_max" }),
            DigestOf(Finding with { Verdict = Verdict.Waived }),
            DigestOf(Finding with { Threshold = "accuracy >= 0.91" }),
            DigestOf(Finding with { Measured = "accuracy = 0.96" }),
            DigestOf(Finding, Finding),
            DigestOf(),
        ];
        Assert.Equal(digests.Length, digests.Distinct().Count());
    }

    [Fact]
    public void A_clock_that_goes_on_leaves_the_digest_alone_but_its_verdict_and_threshold_do_not()
    {
        Assert.Equal(DigestOf(Soak), DigestOf(Soak with { Measured = "31.4 h in staging" }));
        Assert.NotEqual(DigestOf(Soak), DigestOf(Soak with { Verdict = Verdict.Fail }));
        Assert.NotEqual(DigestOf(Soak), DigestOf(Soak with { Threshold = "12 h in staging" }));
    }

    [Fact]
    public void The_order_of_findings_leaves_the_digest_alone() => Assert.Equal(DigestOf(Finding, Soak), DigestOf(Soak, Finding));

    [Fact]
    public void A_report_reads_back_from_its_JSON_with_the_same_digest()
    {
        var report = new GateReport([Finding, Soak, Finding with { Verdict = Verdict.Unknown }]);
        var read = GateReport.FromJson(JsonNode.Parse(report.ToJson().ToJsonString())!.AsArray());

        Assert.Equal(report.Findings, read.Findings);
        Assert.Equal(report.Digest, read.Digest);
    }

    [Theory]
    [InlineData(Verdict.Pass, true)]
    [InlineData(Verdict.Waived, true)]
    [InlineData(Verdict.Fail, false)]
    [InlineData(Verdict.Unknown, false)]
    public void One_finding_that_does_not_hold_fails_the_report(Verdict verdict, bool holds) =>
        Assert.Equal(holds, new GateReport([Finding, Finding with { Verdict = verdict }]).Holds);

    private static readonly PromotionPolicy Policy = new() { Name = "test", StageNames = Stages.Ladder, Digest = default };

    private static GateReport Judged(IReadOnlyList<Gate> gates, DateTimeOffset now, ModelVersion? candidate = null, PromotionPolicy? policy = null) =>
        Judge.Evaluate(policy ?? Policy, gates, new GateFacts("digits", candidate ?? Some.Version(), ModelCard.None, "better", null, new InspectionReport { Verdict = ScanVerdict.Clean }, now));

    [Fact]
    public void A_soak_and_a_freeze_that_hold_on_do_not_void_approvals()
    {
        Gate[] gates = [new Gate.SoakHours(Stages.Staging, 24), new Gate.Freeze([new(new(2027, 1, 1), new(2027, 1, 2))])];

        Assert.Equal(Judged(gates, Some.Noon).Digest, Judged(gates, Some.Noon.AddHours(30)).Digest);
        Assert.NotEqual(Judged(gates, Some.Noon).Digest, Judged(gates, new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero)).Digest);
    }

    [Fact]
    public void The_smallest_change_of_a_metric_changes_the_digest()
    {
        Gate[] gates = [new Gate.MetricMin("accuracy", 0.9)];
        var edited = Some.Version() with { Metadata = Some.Metadata with { Metrics = new Dictionary<string, double> { ["accuracy"] = Math.BitIncrement(0.95) } } };

        Assert.NotEqual(Judged(gates, Some.Noon).Digest, Judged(gates, Some.Noon, edited).Digest);
    }

    [Fact]
    public void Another_reason_for_a_waiver_changes_the_digest_even_where_a_clock_was_measured()
    {
        Gate[] gates = [new Gate.SoakHours(Stages.Staging, 1000)];
        PromotionPolicy Waived(string reason) => Policy with { Waivers = [new Waiver("soak_hours", "digits", "v2", reason, Some.Noon.AddDays(1))] };
        var one = Judged(gates, Some.Noon, policy: Waived("hotfix"));

        Assert.True(one.Holds);
        Assert.Equal(one.Digest, Judged(gates, Some.Noon.AddHours(1), policy: Waived("hotfix")).Digest);
        Assert.NotEqual(one.Digest, Judged(gates, Some.Noon, policy: Waived("because")).Digest);
    }
}
