using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

/// <summary>What a person reads before a policy comes into force.</summary>
public sealed class PolicyDifferenceTests
{
    private static readonly string Team = PolicyProfiles.Find("team")!;

    private static PromotionPolicy Read(string json) => PolicyReader.Parse(json) is { Refusal: null } read ? read.Value : throw new InvalidOperationException(PolicyReader.Parse(json).Refusal!.Message);

    private static PolicyLine Only(string was, string now) => Assert.Single(PolicyDifference.Between(Read(was), Read(now)));

    private static string With(string text, string instead) => Team.Contains(text, StringComparison.Ordinal) ? Team.Replace(text, instead, StringComparison.Ordinal) : throw new InvalidOperationException(text);

    private const string Last = "\"rollback\": {\"production\": {\"approvals\": 1, \"assurance\": \"authenticated\", \"four_eyes\": false}}";

    [Theory]
    [InlineData("\"count\": 1}", "\"count\": 2}", "production", "takes 2 approvers, not 1")]
    [InlineData("\"role\": \"approver\", \"count\": 1}", "\"role\": \"approver\", \"count\": 1}, {\"role\": \"risk\"}", "production", "takes 1 risk, not 0")]
    [InlineData("\"assurance\": \"authenticated\",\n", "\"assurance\": \"signed\",\n", "production", "the proof of a decision is 'signed', not 'authenticated'")]
    [InlineData("\"from\": [\"staging\", \"archived\"]", "\"from\": [\"staging\"]", "production", "from archived no more")]
    [InlineData("\"pending_hours\": 24", "\"pending_hours\": 12", "production", "a promotion waits for its decision at most 12 h, not 24")]
    [InlineData("\"apply_hours\": 1", "\"apply_hours\": 0.5", "production", "an approval waits to be applied at most 0.5 h, not 1")]
    [InlineData("\"fields\": [\"dataset\"", "\"fields\": [\"lineage\", \"dataset\"", "production", "must be known too: lineage")]
    [InlineData("\"gates\": [", "\"gates\": [{\"rule\": \"freeze\", \"windows\": [{\"from\": \"2026-12-20\", \"to\": \"2027-01-04\"}]}, ", "production", "is frozen 2026-12-20..2027-01-04")]
    [InlineData("\"gates\": [", "\"gates\": [{\"rule\": \"metric_min\", \"metric\": \"accuracy\", \"value\": 0.9}, ", "production", "asks for accuracy of at least 0.9")]
    [InlineData("\"gates\": [", "\"gates\": [{\"rule\": \"format_in\", \"formats\": [\"onnx\"]}, ", "production", "asks for the format onnx")]
    [InlineData("\"gates\": [", "\"gates\": [{\"rule\": \"soak_hours\", \"stage\": \"staging\", \"hours\": 24}, ", "production", "asks for 24 h in staging before")]
    [InlineData("\"gates\": [", "\"gates\": [{\"rule\": \"no_regression\", \"metric\": \"accuracy\"}, ", "production", "asks for accuracy no worse than what serves")]
    [InlineData("\"four_eyes\": false", "\"four_eyes\": true", "rollback production", "four eyes")]
    [InlineData(Last, Last + ", \"policy_change\": {\"approvals\": 2}", "policy_change", "takes 2 admins, not 1")]
    [InlineData(Last, Last + ", \"policy_change\": {\"assurance\": \"signed\"}", "policy_change", "the proof of accepting a policy is 'signed', not 'authenticated'")]
    public void What_asks_for_more_is_stricter_and_the_way_back_is_looser(string text, string instead, string subject, string words)
    {
        var line = Only(Team, With(text, instead));

        Assert.Equal((subject, words, Bearing.Stricter), (line.Subject, line.Words, line.Bearing));
        Assert.Equal((subject, Bearing.Looser), (Only(With(text, instead), Team).Subject, Only(With(text, instead), Team).Bearing));
    }

    [Theory]
    [InlineData(Last, Last + ", \"break_glass\": {\"persons\": [\"ana\"]}", "break_glass", "ana may break the glass")]
    [InlineData(Last, Last + ", \"waivers\": [{\"rule\": \"requires\", \"model\": \"digits\", \"version\": \"v3\", \"reason\": \"no data set\", \"expires\": \"2027-01-31\"}]", "waiver requires of digits v3", "is waived until 2027-01-31: no data set")]
    [InlineData("\"governed_aliases\": {\"champion\": \"production\"},", "", "alias champion", "is free: it stays where it is, and whoever registers may move it (it followed production)")]
    [InlineData("\"name\": \"team\"", "\"name\": \"local\"", "name", "is 'local', was 'team': callers on this machine need no token any more")]
    public void What_lets_somebody_past_is_looser(string text, string instead, string subject, string words)
    {
        var line = Only(Team, With(text, instead));

        Assert.Equal((subject, words, Bearing.Looser), (line.Subject, line.Words, line.Bearing));
        Assert.Equal(Bearing.Stricter, Only(With(text, instead), Team).Bearing);
    }

    [Theory]
    [InlineData("\"on_replace\": \"archived\"", "\"on_replace\": \"validation\"", "production", "what is replaced goes to validation, not to archived")]
    [InlineData("\"staging\": {\"stage\": \"staging\"}", "\"staging\": {\"stage\": \"staging\"}, \"canary\": {\"stage\": \"staging\"}", "target canary", "is added; it takes versions in staging")]
    [InlineData("\"name\": \"team\"", "\"name\": \"ours\"", "name", "is 'ours', was 'team'")]
    [InlineData("\"mae\": \"lower\"", "\"mae\": \"higher\"", "metric mae", "is better when higher, not when lower")]
    public void What_asks_neither_more_nor_less_is_neutral(string text, string instead, string subject, string words)
    {
        var line = Only(Team, With(text, instead));

        Assert.Equal((subject, words, Bearing.Neutral), (line.Subject, line.Words, line.Bearing));
        Assert.Equal(Bearing.Neutral, Only(With(text, instead), Team).Bearing);
    }

    [Fact]
    public void From_open_to_team_and_back_is_told_in_the_order_of_the_document()
    {
        var lines = PolicyDifference.Between(Read(PolicyProfiles.Find("open")!), Read(Team));
        Assert.Equal(["name", "alias champion", "production"], lines.Select(l => l.Subject));
        Assert.All(lines, l => Assert.Equal(Bearing.Stricter, l.Bearing));
        Assert.Equal("becomes governed: 1 approver, 'authenticated', four eyes, and dataset, code_commit, card.intended_use", lines[2].Words);
        var back = PolicyDifference.Between(Read(Team), Read(PolicyProfiles.Find("open")!));
        Assert.All(back, l => Assert.Equal(Bearing.Looser, l.Bearing));
        Assert.Contains("is governed no more: a promotion into it applies at once", back[2].Words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_comparison_turned_round_is_looser_where_a_gate_relies_on_it()
    {
        var gated = With("\"gates\": [", "\"gates\": [{\"rule\": \"no_regression\", \"metric\": \"mae\"}, ");
        Assert.Equal(Bearing.Looser, Only(gated, gated.Replace("\"mae\": \"lower\"", "\"mae\": \"higher\"", StringComparison.Ordinal)).Bearing);
    }

    [Fact]
    public void A_waiver_that_ends_later_is_looser_and_of_two_the_later_one_counts()
    {
        static string Waived(params string[] until) => With(Last, $"{Last}, \"waivers\": [{string.Join(", ", until.Select(u => $$"""{"rule": "requires", "model": "digits", "version": "v3", "reason": "r", "expires": "{{u}}"}"""))}]");
        Assert.Equal(("is waived until 2027-02-01, not 2027-01-01", Bearing.Looser), (Only(Waived("2027-01-01"), Waived("2027-02-01")).Words, Only(Waived("2027-01-01"), Waived("2027-02-01")).Bearing));
        Assert.Equal(Bearing.Stricter, Only(Waived("2027-02-01"), Waived("2027-01-01")).Bearing);
        Assert.Empty(PolicyDifference.Between(Read(Waived("2027-01-01", "2027-02-01")), Read(Waived("2027-02-01"))));
    }

    private static readonly string[] GateTexts =
    [
        """{"rule": "metric_min", "metric": "a", "value": 0.8}""", """{"rule": "metric_min", "metric": "a", "value": 0.9}""", """{"rule": "metric_max", "metric": "b", "value": 3}""", """{"rule": "metric_max", "metric": "b", "value": 2}""",
        """{"rule": "no_regression", "metric": "a"}""", """{"rule": "no_regression", "metric": "a", "tolerance": 0.1}""", """{"rule": "requires", "fields": ["dataset"]}""", """{"rule": "requires", "fields": ["dataset", "card"]}""",
        """{"rule": "format_in", "formats": ["onnx"]}""", """{"rule": "format_in", "formats": ["ONNX", "gguf"]}""", """{"rule": "scan_clean"}""", """{"rule": "soak_hours", "stage": "staging", "hours": 2}""", """{"rule": "soak_hours", "stage": "staging", "hours": 3}""",
        """{"rule": "freeze", "windows": [{"from": "2026-01-01", "to": "2026-01-02"}]}""", """{"rule": "freeze", "windows": [{"from": "2026-01-01", "to": "2026-01-02"}, {"from": "2026-02-01", "to": "2026-02-02"}]}""",
    ];

    private static readonly Gen<string> Rules =
        from origin in Gen.Elements("", "\"from\": [\"staging\"],", "\"from\": [\"staging\", \"archived\"],")
        from count in Gen.Choose(1, 3)
        from role in Gen.Elements("", ", {\"role\": \"risk\"}")
        from assurance in Gen.Elements("attested", "authenticated", "signed")
        from eyes in Gen.Elements("true", "false")
        from reason in Gen.Elements("true", "false")
        from hours in Gen.Elements("1", "24")
        from gates in Gen.SubListOf(GateTexts)
        select $$"""{ {{origin}} "approvals": [{"role": "approver", "count": {{count}}}{{role}}], "assurance": "{{assurance}}", "four_eyes": {{eyes}}, "reason_required": {{reason}}, "pending_hours": {{hours}}, "gates": [{{string.Join(", ", gates)}}]}""";

    private static readonly Gen<PromotionPolicy> Policies =
        from production in Rules
        from staging in Gen.Elements(true, false)
        from other in Rules
        from rollback in Gen.Elements("", "\"production\": {\"approvals\": 1}", "\"production\": {\"approvals\": 2, \"assurance\": \"signed\", \"four_eyes\": true}")
        select Read($$"""{"name": "p", "promotions": {"production": {{production}}{{(staging ? $", \"staging\": {other}" : "")}}}, "rollback": { {{rollback}} } }""");

    [Fact]
    public void Where_no_line_is_looser_every_move_takes_at_least_what_it_took()
    {
        var stricter = 0;
        Prop.ForAll(Policies.Two().ToArbitrary(), p =>
        {
            // A random pair is rarely ordered: the second is also tried made of the first's stricter parts.
            foreach (var (was, now) in new[] { (p.Item1, p.Item2), (p.Item1, Both(p.Item1, p.Item2)) })
            {
                if (PolicyDifference.Between(was, now).Any(l => l.Bearing == Bearing.Looser))
                    continue;
                stricter++;
                foreach (var from in Stages.Ladder)
                    foreach (var to in Stages.Ladder.Where(s => s != from))
                        foreach (var kind in Enum.GetValues<PromotionKind>())
                            if (!AtLeast(Requirement.For(now, new StageMove(from, to, kind)), Requirement.For(was, new StageMove(from, to, kind))))
                                return false;
            }
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
        Assert.True(stricter > 100, $"Only {stricter} pairs were ordered.");
    }

    [Fact]
    public void A_policy_does_not_differ_from_itself_and_what_is_stricter_one_way_is_looser_the_other() =>
        Prop.ForAll(Policies.Two().ToArbitrary(), p =>
        {
            var (there, back) = (PolicyDifference.Between(p.Item1, p.Item2), PolicyDifference.Between(p.Item2, p.Item1));
            return PolicyDifference.Between(p.Item1, p.Item1).Count == 0
                && there.Count(l => l.Bearing == Bearing.Stricter) == back.Count(l => l.Bearing == Bearing.Looser) && there.Count(l => l.Bearing == Bearing.Neutral) == back.Count(l => l.Bearing == Bearing.Neutral);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static PromotionPolicy Both(PromotionPolicy one, PromotionPolicy other)
    {
        var promotions = new Dictionary<string, StageRule>(one.Promotions);
        foreach (var (stage, rule) in other.Promotions)
            promotions[stage] = promotions.TryGetValue(stage, out var was)
                ? was with { FourEyes = was.FourEyes || rule.FourEyes, ReasonRequired = was.ReasonRequired || rule.ReasonRequired, Assurance = was.Assurance > rule.Assurance ? was.Assurance : rule.Assurance, Gates = [.. was.Gates.Union(rule.Gates)] }
                : rule;
        return one with { Promotions = promotions };
    }

    private static bool AtLeast(Requirement? now, Requirement? was) => was is null || (now is not null
        && was.Approvals.All(a => now.Approvals.Any(n => n.Role == a.Role && n.Count >= a.Count)) && now.Assurance >= was.Assurance && (now.FourEyes || !was.FourEyes)
        && now.PendingHours <= was.PendingHours && now.ApplyHours <= was.ApplyHours && was.Gates.All(g => Asked(now.Gates, g)));

    /// <summary>Whether whatever these gates let pass the other one lets pass too.</summary>
    private static bool Asked(IReadOnlyList<Gate> gates, Gate gate) => gate switch
    {
        Gate.MetricMin g => gates.OfType<Gate.MetricMin>().Any(n => n.Metric == g.Metric && n.Value >= g.Value),
        Gate.MetricMax g => gates.OfType<Gate.MetricMax>().Any(n => n.Metric == g.Metric && n.Value <= g.Value),
        Gate.NoRegression g => gates.OfType<Gate.NoRegression>().Any(n => n.Metric == g.Metric && n.Tolerance <= g.Tolerance),
        Gate.SoakHours g => gates.OfType<Gate.SoakHours>().Any(n => n.Stage == g.Stage && n.Hours >= g.Hours),
        Gate.Requires g => g.Fields.All(f => gates.OfType<Gate.Requires>().Any(n => n.Fields.Contains(f))),
        Gate.Freeze g => g.Windows.All(w => gates.OfType<Gate.Freeze>().Any(n => n.Windows.Contains(w))),
        Gate.FormatIn g => gates.OfType<Gate.FormatIn>().Any(n => n.Formats.All(f => g.Formats.Contains(f, StringComparer.OrdinalIgnoreCase))),
        Gate.FromStage g => gates.OfType<Gate.FromStage>().Any(n => n.Stages.All(g.Stages.Contains)),
        _ => gates.Contains(gate),
    };
}
