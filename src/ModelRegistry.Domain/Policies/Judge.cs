using System.Globalization;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>What came of one gate. Unknown counts as fail.</summary>
public enum Verdict { Pass, Fail, Unknown, Waived }

/// <summary>One line of a gate report.</summary>
/// <param name="Measured">What was found, as text.</param>
/// <param name="Threshold">What was asked, as text, with the waiver where there is one.</param>
/// <param name="Elapses">Whether <paramref name="Measured"/> moves with the clock alone; such values are not part of the report's digest.</param>
public sealed record GateFinding(string Rule, Verdict Verdict, string Measured, string Threshold, bool Elapses = false)
{
    public bool Holds => Verdict is Verdict.Pass or Verdict.Waived;
}

/// <summary>The facts that gates look at.</summary>
/// <param name="Card">The card that counts: the candidate's own, or else the model's.</param>
/// <param name="Reason">Why it was proposed.</param>
/// <param name="Serving">What serves the target stage now; null when nothing does.</param>
/// <param name="Inspection">What looking inside the candidate's files came to; null when nobody has.</param>
public sealed record GateFacts(string ModelName, ModelVersion Candidate, ModelCard Card, string Reason, ModelVersion? Serving, InspectionReport? Inspection, DateTimeOffset Now);

/// <summary>All findings for one version and stage.</summary>
public sealed record GateReport(IReadOnlyList<GateFinding> Findings)
{
    public bool Holds => Findings.All(f => f.Holds);

    /// <summary>Whether the one finding holds that no policy, waiver or person can set aside.</summary>
    public bool ContentHolds => Findings.Any(f => f.Rule == Judge.ContentVerified && f.Verdict == Verdict.Pass);

    /// <summary>
    /// Over rules, verdicts, thresholds and measured values, in whatever order, but not over clocks: a soak going on
    /// must not void approvals.
    /// </summary>
    public Digest Digest => CanonicalJson.Digest(new JsonArray([.. Findings.Select(f => Json(f, measured: !f.Elapses)).OrderBy(CanonicalJson.Text, StringComparer.Ordinal)]));

    public JsonArray ToJson() => new([.. Findings.Select(f => (JsonNode)Json(f, measured: true))]);

    public static GateReport FromJson(JsonArray json) => new([.. json.Select(f => new GateFinding(
        (string)f!["rule"]!, Enum.Parse<Verdict>((string)f["verdict"]!, ignoreCase: true), (string?)f["measured"] ?? "", (string)f["threshold"]!, (bool?)f["elapses"] ?? false))]);

    private static JsonObject Json(GateFinding f, bool measured)
    {
        var json = new JsonObject { ["rule"] = f.Rule, ["verdict"] = f.Verdict.ToString().ToLowerInvariant(), ["threshold"] = f.Threshold };
        if (measured)
            json["measured"] = f.Measured;
        if (f.Elapses)
            json["elapses"] = true;
        return json;
    }
}

/// <summary>Holds a version against the gates of a policy.</summary>
public static class Judge
{
    public static GateReport Evaluate(PromotionPolicy policy, IReadOnlyList<Gate> gates, GateFacts facts)
    {
        var findings = new List<GateFinding> { Verified(facts.Candidate) };
        findings.AddRange(gates.Select(g => Waive(policy, g, facts, Find(policy, g, facts))));
        return new GateReport(findings);
    }

    /// <summary>The rule that is no matter of policy: content nobody has hashed enters no governed stage.</summary>
    public const string ContentVerified = "content_verified";

    private static GateFinding Verified(ModelVersion version) =>
        new(ContentVerified, version.ContentVerified ? Verdict.Pass : Verdict.Fail, version.ContentVerified ? "hashed by the registry" : "not hashed by the registry", "every file hashed");

    private static GateFinding Find(PromotionPolicy policy, Gate gate, GateFacts facts)
    {
        var metrics = facts.Candidate.Metadata.Metrics;
        switch (gate)
        {
            case Gate.MetricMin g:
                return Metric(g.Rule, g.Metric, metrics, v => v >= g.Value, $">= {Text(g.Value)}");
            case Gate.MetricMax g:
                return Metric(g.Rule, g.Metric, metrics, v => v <= g.Value, $"<= {Text(g.Value)}");
            case Gate.NoRegression g:
                return NoRegression(policy, g, facts);
            case Gate.Requires g:
                var missing = g.Fields.Where(f => !MetadataFields.IsFilled(f, facts.Candidate.Metadata, facts.Card)).ToList();
                return new(g.Rule, missing.Count == 0 ? Verdict.Pass : Verdict.Fail, missing.Count == 0 ? "all present" : $"missing: {string.Join(", ", missing)}", string.Join(", ", g.Fields));
            case Gate.FormatIn g:
                var format = facts.Candidate.Metadata.Format;
                return new(g.Rule, g.Formats.Contains(format, StringComparer.OrdinalIgnoreCase) ? Verdict.Pass : Verdict.Fail, format, string.Join(" or ", g.Formats));
            case Gate.ScanClean g:
                var inspected = facts.Inspection?.Against(facts.Candidate.Metadata.Format);
                return new(g.Rule, inspected?.Verdict switch
                {
                    ScanVerdict.Clean => Verdict.Pass,
                    ScanVerdict.Findings or ScanVerdict.Unsafe => Verdict.Fail,
                    _ => Verdict.Unknown,
                }, inspected?.Measured() ?? InspectionReport.Word(ScanVerdict.NotScanned), "clean");
            case Gate.FromStage g:
                return new(g.Rule, g.Stages.Contains(facts.Candidate.Stage) ? Verdict.Pass : Verdict.Fail, facts.Candidate.Stage, string.Join(" or ", g.Stages));
            case Gate.ReasonRequired g:
                return new(g.Rule, facts.Reason.Trim().Length > 0 ? Verdict.Pass : Verdict.Fail, facts.Reason.Trim().Length > 0 ? "given" : "missing", "a reason");
            case Gate.SoakHours g:
                return Soak(g, facts);
            case Gate.Freeze g:
                var today = DateOnly.FromDateTime(facts.Now.UtcDateTime);
                var window = g.Windows.FirstOrDefault(w => w.From <= today && today <= w.To);
                var asked = "outside " + string.Join(", ", g.Windows.Select(w => $"{w.From:yyyy-MM-dd}..{w.To:yyyy-MM-dd}"));
                return new(g.Rule, window is null ? Verdict.Pass : Verdict.Fail, $"{today:yyyy-MM-dd}", asked, Elapses: true);
            default:
                return new(gate.Rule, Verdict.Unknown, "no such rule", "known rule");
        }
    }

    private static GateFinding Metric(string rule, string metric, IReadOnlyDictionary<string, double> metrics, Func<double, bool> holds, string threshold) =>
        metrics.TryGetValue(metric, out var value)
            ? new(rule, !double.IsFinite(value) ? Verdict.Unknown : holds(value) ? Verdict.Pass : Verdict.Fail, $"{metric} = {Text(value)}", $"{metric} {threshold}")
            : new(rule, Verdict.Unknown, $"{metric} not reported", $"{metric} {threshold}");

    private static GateFinding NoRegression(PromotionPolicy policy, Gate.NoRegression gate, GateFacts facts)
    {
        if (facts.Serving is not { } serving)
            return new(gate.Rule, Verdict.Pass, "nothing serves yet", $"{gate.Metric} no worse than what serves");
        if (!serving.Metadata.Metrics.TryGetValue(gate.Metric, out var now) || !double.IsFinite(now))
            return new(gate.Rule, Verdict.Unknown, $"{gate.Metric} of {serving.Label}, which serves, not reported", $"{gate.Metric} no worse than what serves");
        var higher = policy.DirectionOf(gate.Metric) == Better.Higher;
        var bound = Shifted(now, higher ? -gate.Tolerance : gate.Tolerance);
        return Metric(gate.Rule, gate.Metric, facts.Candidate.Metadata.Metrics, v => higher ? v >= bound : v <= bound, $"{(higher ? ">=" : "<=")} {Text(bound)} ({serving.Label} serves)");
    }

    // In decimals where they reach: 0.8 with a tolerance of 0.1 asks for 0.7, not for the 0.7000000000000001 of doubles.
    private static double Shifted(double value, double by) =>
        by == 0 ? value : Math.Abs(value) < 1e12 && Math.Abs(by) < 1e12 ? (double)((decimal)value + (decimal)by) : value + by;

    private static GateFinding Soak(Gate.SoakHours gate, GateFacts facts)
    {
        var threshold = $"{Text(gate.Hours)} h in {gate.Stage}";
        if (facts.Candidate.Stage != gate.Stage)
            return new(gate.Rule, Verdict.Fail, $"is in {facts.Candidate.Stage}", threshold, Elapses: true);
        var hours = (facts.Now - facts.Candidate.StageSince).TotalHours;
        return new(gate.Rule, hours >= gate.Hours ? Verdict.Pass : Verdict.Fail, $"{Text(Math.Floor(hours * 10) / 10)} h in {gate.Stage}", threshold, Elapses: true);
    }

    private static GateFinding Waive(PromotionPolicy policy, Gate gate, GateFacts facts, GateFinding finding)
    {
        if (finding.Holds)
            return finding;
        var waiver = policy.Waivers.FirstOrDefault(w => w.Expires > facts.Now && w.Covers(gate.Rule, facts.ModelName, facts.Candidate.Label));
        // The waiver stands with what was asked, so that the digest covers it even where what was measured is a clock.
        return waiver is null ? finding : finding with { Verdict = Verdict.Waived, Threshold = $"{finding.Threshold}; waived until {Times.Text(waiver.Expires)}: {waiver.Reason}" };
    }

    // Every digit: two values that differ must not read, or digest, the same.
    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
