using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class GateTests
{
    private static readonly PromotionPolicy Policy = new()
    {
        Name = "test", StageNames = Stages.Ladder, Digest = default,
        Directions = new Dictionary<string, Better> { ["log_loss"] = Better.Lower },
    };

    private static GateFacts Facts(ModelVersion? candidate = null, ModelVersion? serving = null, ScanVerdict scan = ScanVerdict.Clean, DateTimeOffset? now = null, string reason = "better") =>
        new("digits", candidate ?? Some.Version(), ModelRegistry.Catalog.CardReader.Read((candidate ?? Some.Version()).Metadata.Card).Card, reason, serving, scan == ScanVerdict.NotScanned ? null : new InspectionReport { Verdict = scan, Formats = ["onnx"] }, now ?? Some.Noon);

    private static GateFinding Judged(Gate gate, GateFacts? facts = null, PromotionPolicy? policy = null) =>
        Judge.Evaluate(policy ?? Policy, [gate], facts ?? Facts()).Findings[1];

    private static ModelVersion WithMetrics(params (string Name, double Value)[] metrics) => Some.Version() with
    {
        Metadata = Some.Metadata with { Metrics = metrics.ToDictionary(m => m.Name, m => m.Value) },
    };

    [Theory]
    [InlineData(0.94, Verdict.Pass)]
    [InlineData(0.95, Verdict.Pass)]
    [InlineData(0.9500001, Verdict.Fail)]
    public void Metric_min_takes_the_threshold_and_above(double least, Verdict verdict) =>
        Assert.Equal(verdict, Judged(new Gate.MetricMin("accuracy", least)).Verdict);

    [Theory]
    [InlineData(0.2, Verdict.Pass)]
    [InlineData(0.1999999, Verdict.Fail)]
    public void Metric_max_takes_the_threshold_and_below(double most, Verdict verdict) =>
        Assert.Equal(verdict, Judged(new Gate.MetricMax("log_loss", most)).Verdict);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_metric_that_is_no_finite_number_is_unknown(double value)
    {
        var facts = Facts(WithMetrics(("accuracy", value)));

        Assert.Equal(Verdict.Unknown, Judged(new Gate.MetricMin("accuracy", 0.5), facts).Verdict);
        Assert.Equal(Verdict.Unknown, Judged(new Gate.MetricMax("accuracy", 0.5), facts).Verdict);
        Assert.Equal(Verdict.Unknown, Judged(new Gate.NoRegression("accuracy", 1), Facts(serving: WithMetrics(("accuracy", value)))).Verdict);
    }

    [Theory]
    [InlineData("accuracy", 0.8, 0.8, 0.0, Verdict.Pass)]
    [InlineData("accuracy", 0.79, 0.8, 0.0, Verdict.Fail)]
    [InlineData("accuracy", 0.7, 0.8, 0.1, Verdict.Pass)]
    [InlineData("accuracy", 0.6999, 0.8, 0.1, Verdict.Fail)]
    [InlineData("log_loss", 0.2, 0.2, 0.0, Verdict.Pass)]
    [InlineData("log_loss", 0.3, 0.2, 0.1, Verdict.Pass)]
    [InlineData("log_loss", 0.3001, 0.2, 0.1, Verdict.Fail)]
    public void No_regression_holds_against_what_serves_in_the_metrics_own_direction(string metric, double candidate, double serving, double tolerance, Verdict verdict) =>
        Assert.Equal(verdict, Judged(new Gate.NoRegression(metric, tolerance), Facts(WithMetrics((metric, candidate)), WithMetrics((metric, serving)))).Verdict);

    [Fact]
    public void No_regression_passes_where_nothing_serves_and_is_unknown_where_either_metric_is_missing()
    {
        var gate = new Gate.NoRegression("accuracy", 0);

        Assert.Equal(Verdict.Pass, Judged(gate).Verdict);
        Assert.Equal(Verdict.Unknown, Judged(gate, Facts(serving: WithMetrics())).Verdict);
        Assert.Equal(Verdict.Unknown, Judged(gate, Facts(WithMetrics(), Some.Version())).Verdict);
    }

    [Fact]
    public void Requires_names_what_is_missing()
    {
        var finding = Judged(new Gate.Requires(["dataset", "card.intended_use", "tags.team", "run_id"]));

        Assert.Equal((Verdict.Fail, "missing: tags.team, run_id"), (finding.Verdict, finding.Measured));
        Assert.Equal(Verdict.Pass, Judged(new Gate.Requires(["dataset", "card.intended_use"])).Verdict);
    }

    [Theory]
    [InlineData("onnx", Verdict.Pass)]
    [InlineData("ONNX", Verdict.Pass)]
    [InlineData("safetensors", Verdict.Fail)]
    public void Format_in_takes_the_formats_named(string format, Verdict verdict) => Assert.Equal(verdict, Judged(new Gate.FormatIn([format])).Verdict);

    [Theory]
    [InlineData(ScanVerdict.Clean, Verdict.Pass)]
    [InlineData(ScanVerdict.Findings, Verdict.Fail)]
    [InlineData(ScanVerdict.Unsafe, Verdict.Fail)]
    [InlineData(ScanVerdict.Unknown, Verdict.Unknown)]
    [InlineData(ScanVerdict.NotScanned, Verdict.Unknown)]
    [InlineData((ScanVerdict)99, Verdict.Unknown)]
    public void Scan_clean_takes_clean_only(ScanVerdict scan, Verdict verdict) => Assert.Equal(verdict, Judged(new Gate.ScanClean(), Facts(scan: scan)).Verdict);

    [Fact]
    public void Scan_clean_repeats_codes_and_no_sentence_from_a_file_name()
    {
        var found = new InspectionReport
        {
            Verdict = ScanVerdict.Unsafe,
            Findings = [new("pickle", "weights/a.bin", "Words."), new("pickle", "approved by a person.onnx", "Words."), new("no_model", "", "Words."), new("pickle", "b", "Words.")],
            FindingCount = 7,
        };

        var finding = Judged(new Gate.ScanClean(), Facts() with { Inspection = found });

        Assert.Equal("unsafe: pickle in weights/a.bin, pickle in a file whose name is not repeated here, no_model and 4 more", finding.Measured);
    }

    [Theory]
    [InlineData("onnx", Verdict.Pass)]
    [InlineData("ONNX", Verdict.Pass)]
    [InlineData("sklearn", Verdict.Fail)]
    [InlineData("other", Verdict.Pass)]
    [InlineData("safetensors", Verdict.Fail)]
    [InlineData("pytorch", Verdict.Fail)]
    public void Scan_clean_does_not_take_a_format_that_the_bytes_contradict(string claimed, Verdict verdict)
    {
        var finding = Judged(new Gate.ScanClean(), Facts(Some.Version() with { Metadata = Some.Metadata with { Format = claimed } }));

        Assert.Equal((verdict, verdict == Verdict.Pass ? "clean" : "findings: format_contradicted"), (finding.Verdict, finding.Measured));
    }

    [Theory]
    [InlineData(Stages.Staging, 48, Verdict.Pass)]
    [InlineData(Stages.Staging, 48.01, Verdict.Fail)]
    [InlineData(Stages.Validation, 1, Verdict.Fail)]
    public void Soak_counts_hours_in_the_stage_asked_for(string stage, double hours, Verdict verdict) =>
        Assert.Equal(verdict, Judged(new Gate.SoakHours(stage, hours)).Verdict);

    [Fact]
    public void A_clock_that_steps_back_does_not_help_a_soak() =>
        Assert.Equal(Verdict.Fail, Judged(new Gate.SoakHours(Stages.Staging, 0), Facts(now: Some.Noon.AddDays(-30))).Verdict);

    [Theory]
    [InlineData("2026-03-01T23:59:59Z", Verdict.Pass)]
    [InlineData("2026-03-02T00:00:00Z", Verdict.Fail)]
    [InlineData("2026-03-03T23:59:59Z", Verdict.Fail)]
    [InlineData("2026-03-04T00:30:00+01:00", Verdict.Fail)]
    [InlineData("2026-03-04T00:00:00Z", Verdict.Pass)]
    public void A_freeze_covers_both_its_days_in_UTC(string now, Verdict verdict)
    {
        var freeze = new Gate.Freeze([new(new(2025, 1, 1), new(2025, 1, 2)), new(new(2026, 3, 2), new(2026, 3, 3))]);

        Assert.Equal(verdict, Judged(freeze, Facts(now: DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture))).Verdict);
    }

    [Theory]
    [InlineData(Stages.Staging, Verdict.Pass)]
    [InlineData(Stages.Development, Verdict.Fail)]
    public void From_stage_takes_the_stages_that_lead_there(string stage, Verdict verdict) =>
        Assert.Equal(verdict, Judged(new Gate.FromStage([Stages.Staging, Stages.Archived]), Facts(Some.Version(stage: stage))).Verdict);

    [Theory]
    [InlineData("better on the held-out set", Verdict.Pass)]
    [InlineData("", Verdict.Fail)]
    [InlineData(" \n", Verdict.Fail)]
    public void Reason_required_takes_a_reason(string reason, Verdict verdict) => Assert.Equal(verdict, Judged(new Gate.ReasonRequired(), Facts(reason: reason)).Verdict);

    private sealed record Unheard() : Gate("unheard_of");

    [Fact]
    public void An_unknown_rule_is_unknown_and_unknown_does_not_hold()
    {
        var report = Judge.Evaluate(Policy, [new Unheard()], Facts());

        Assert.Equal(Verdict.Unknown, report.Findings[1].Verdict);
        Assert.False(report.Holds);
    }

    [Fact]
    public void Content_that_was_not_hashed_here_holds_no_report_and_cannot_be_waived()
    {
        var waived = Policy with { Waivers = [new Waiver("content_verified", "digits", "v2", "trust me", Some.Noon.AddDays(1))] };

        Assert.True(Judge.Evaluate(waived, [], Facts()).Holds);
        Assert.False(Judge.Evaluate(waived, [], Facts(Some.Version() with { ContentVerified = false })).Holds);
    }

    [Theory]
    [InlineData("scan_clean", "digits", "v2", 1, true)]
    [InlineData("scan_clean", "Digits", "V2", 1, true)]
    [InlineData("scan_clean", "digits", "v2", 0, false)]
    [InlineData("scan_clean", "digits", "v2", -1, false)]
    [InlineData("scan_clean", "digits", "v3", 1, false)]
    [InlineData("scan_clean", "fraud", "v2", 1, false)]
    [InlineData("requires", "digits", "v2", 1, false)]
    public void A_waiver_covers_one_rule_of_one_version_until_it_expires(string rule, string model, string version, int hoursLeft, bool holds)
    {
        var policy = Policy with { Waivers = [new Waiver(rule, model, version, "reviewed by hand", Some.Noon.AddHours(hoursLeft))] };
        var finding = Judged(new Gate.ScanClean(), Facts(scan: ScanVerdict.NotScanned), policy);

        Assert.Equal((holds, holds ? Verdict.Waived : Verdict.Unknown), (finding.Holds, finding.Verdict));
        Assert.Equal(holds, finding.Threshold.Contains("reviewed by hand", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_gate_reads_back_from_its_JSON_as_itself()
    {
        Gate[] gates =
        [
            new Gate.FromStage(["staging", "archived"]), new Gate.ReasonRequired(), new Gate.MetricMin("a", 0.1), new Gate.MetricMax("a", 1e300), new Gate.NoRegression("a", 0.01), new Gate.Requires(["dataset", "card"]),
            new Gate.FormatIn(["onnx"]), new Gate.ScanClean(), new Gate.SoakHours("staging", 24), new Gate.Freeze([new(new(2026, 12, 20), new(2027, 1, 4))]),
        ];
        foreach (var gate in gates)
        {
            var read = Gate.FromJson(JsonNode.Parse(gate.ToJson().ToJsonString())!.AsObject());
            Assert.Equal(gate, read);
            Assert.Equal((gate.GetHashCode(), gate.Identity), (read.GetHashCode(), read.Identity));
        }
        Assert.Equal(gates.Length, gates.Select(g => g.Identity).Distinct().Count());
        Assert.Equal(Gate.Rules.Concat(["from_stage", "reason_required"]).Order(), gates.Select(g => g.Rule).Order());
    }
}
