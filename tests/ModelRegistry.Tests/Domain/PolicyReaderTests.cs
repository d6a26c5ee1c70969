using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class PolicyReaderTests
{
    private static PromotionPolicy Read(string json) => PolicyReader.Parse(json).Match(p => p, r => throw new InvalidOperationException(r.ToString()));

    [Theory]
    [InlineData("open", 0)]
    [InlineData("local", 1)]
    [InlineData("team", 1)]
    [InlineData("regulated", 1)]
    public void Every_profile_parses(string name, int governed)
    {
        var policy = Read(PolicyProfiles.Find(name)!);

        Assert.Equal((name, governed), (policy.Name, policy.Promotions.Count));
        Assert.Equal(Stages.Ladder, policy.StageNames);
        Assert.Equal(Better.Lower, policy.DirectionOf("log_loss"));
        Assert.Equal(Better.Higher, policy.DirectionOf("accuracy"));
    }

    [Fact]
    public void The_profiles_ask_what_they_promise()
    {
        var (local, team, regulated) = (Read(PolicyProfiles.Find("local")!).Promotions["production"], Read(PolicyProfiles.Find("team")!).Promotions["production"], Read(PolicyProfiles.Find("regulated")!).Promotions["production"]);

        Assert.Equal((Assurance.Attested, false), (local.Assurance, local.FourEyes));
        Assert.Empty(local.From);
        Assert.Equal((Assurance.Authenticated, true, true), (team.Assurance, team.FourEyes, team.ReasonRequired));
        Assert.Equal([new Approvals("approver", 1)], team.Approvals);
        Assert.Equal((Assurance.Signed, true), (regulated.Assurance, regulated.FourEyes));
        Assert.Equal([new Approvals("approver", 2)], regulated.Approvals);
        Assert.Contains(new Gate.ScanClean(), regulated.Gates);
    }

    /// <summary>The example that the interface gives, every member of it.</summary>
    private const string Everything = """
        { "name": "team",
          "stages": ["development", "validation", "staging", "production", "archived"],
          "governed_aliases": {"champion": "production"},
          "better": {"log_loss": "lower", "mae": "lower", "rmse": "lower", "latency_ms": "lower"},
          "targets": {"production": {"stage": "production"}, "staging": {"stage": "staging"}},
          "promotions": {
            "production": {
              "from": ["staging", "archived"], "approvals": [{"role": "approver", "count": 1}, {"role": "risk"}], "assurance": "authenticated",
              "four_eyes": true, "reason_required": true, "pending_hours": 24, "apply_hours": 1, "on_replace": "archived",
              "gates": [ {"rule": "metric_min", "metric": "accuracy", "value": 0.9},
                         {"rule": "metric_max", "metric": "latency_ms", "value": 40},
                         {"rule": "no_regression", "metric": "accuracy", "tolerance": 0.0},
                         {"rule": "requires", "fields": ["dataset", "code_commit", "card.intended_use"]},
                         {"rule": "format_in", "formats": ["onnx", "safetensors"]},
                         {"rule": "scan_clean"}, {"rule": "soak_hours", "stage": "staging", "hours": 24},
                         {"rule": "freeze", "windows": [{"from": "2026-12-20", "to": "2027-01-04"}]} ] } },
          "rollback": {"production": {"approvals": 1, "assurance": "authenticated", "four_eyes": false}},
          "waivers": [{"rule": "scan_clean", "model": "digits", "version": "v2", "reason": "by hand", "expires": "2027-01-31"},
                      {"rule": "freeze", "model": "digits", "version": "v3", "reason": "fix", "expires": "2027-01-31T12:00:00+02:00"}],
          "break_glass": {"persons": ["anna"]} }
        """;

    [Fact]
    public void Every_member_is_read()
    {
        var policy = Read(Everything);
        var rule = policy.Promotions["production"];

        Assert.Equal("production", policy.GovernedAliases["champion"]);
        Assert.Equal([new Target("production", "production"), new Target("staging", "staging")], policy.Targets);
        Assert.Equal(["staging", "archived"], rule.From);
        Assert.Equal([new Approvals("approver", 1), new Approvals("risk", 1)], rule.Approvals);
        Assert.Equal((24, 1, "archived"), (rule.PendingHours, rule.ApplyHours, rule.OnReplace));
        Assert.Equal(Gate.Rules.Order(), rule.Gates.Select(g => g.Rule).Order());
        Assert.Contains(new Gate.Freeze([new(new(2026, 12, 20), new(2027, 1, 4))]), rule.Gates);
        Assert.Equal([new Approvals("approver", 1)], policy.Rollbacks["production"].Approvals);
        Assert.Equal([new(2027, 1, 31, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2027, 1, 31, 10, 0, 0, TimeSpan.Zero)], policy.Waivers.Select(w => w.Expires));
        Assert.Equal(["anna"], policy.BreakGlass);
    }

    [Fact]
    public void The_digest_is_that_of_the_value_and_not_of_its_layout()
    {
        var reordered = JsonNode.Parse(Everything)!.AsObject();
        var name = reordered["name"]!.DeepClone();
        reordered.Remove("name");
        reordered["name"] = name;

        Assert.Equal(Read(Everything).Digest, Read(reordered.ToJsonString()).Digest);
        Assert.NotEqual(Read(Everything).Digest, Read(Everything.Replace("0.9}", "0.91}", StringComparison.Ordinal)).Digest);
        Assert.Equal(Read(Everything).Digest, Read(Everything.Replace("0.9}", "0.90}", StringComparison.Ordinal)).Digest);
    }

    [Fact]
    public void Every_member_at_every_level_that_is_not_known_is_an_error()
    {
        var checkedObjects = 0;
        foreach (var path in Objects(JsonNode.Parse(Everything)!, []))
        {
            // Maps whose keys are free have no unknown keys; their values are checked by the table of errors.
            if (path is ["better"] or ["governed_aliases"] or ["targets"] or ["promotions"] or ["rollback"])
                continue;
            var root = JsonNode.Parse(Everything)!;
            var at = path.Aggregate(root, (node, step) => step is int i ? node[i]! : node[(string)step]!);
            at.AsObject()["four_eye"] = true;
            var refusal = PolicyReader.Parse(root.ToJsonString()).Refusal;
            Assert.True(refusal is not null, string.Join('.', path));
            Assert.Contains("four_eye is unknown (known here: ", refusal.Message);
            checkedObjects++;
        }
        Assert.Equal(19, checkedObjects);
    }

    private static IEnumerable<object[]> Objects(JsonNode node, object[] path)
    {
        if (node is JsonObject)
            yield return path;
        var children = node switch
        {
            JsonObject o => o.Select(m => ((object)m.Key, m.Value!)),
            JsonArray a => a.Select((n, i) => ((object)i, n!)),
            _ => [],
        };
        foreach (var (step, child) in children)
            foreach (var below in Objects(child, [.. path, step]))
                yield return below;
    }

    [Fact]
    public void A_governed_alias_is_found_in_any_case()
    {
        var policy = Read(PolicyProfiles.Find("team")!);

        Assert.True(policy.GovernedAliases.ContainsKey("Champion"));
    }

    [Fact]
    public void Only_open_may_leave_production_and_the_stages_of_aliases_ungoverned()
    {
        Assert.Empty(Read("""{"name": "open"}""").Promotions);
        Assert.Empty(Read("""{"name": "open", "promotions": {}}""").Promotions);
        Assert.NotNull(PolicyReader.Parse("""{"name": "Open"}""").Refusal);
        Assert.NotNull(PolicyReader.Parse("""{"name": "open "}""").Refusal);
        Assert.NotNull(PolicyReader.Parse("""{"name": "open", "promotions": {"staging": {"approvals": 1}}}""").Refusal);
    }

    [Fact]
    public void A_ladder_of_ones_own_is_governed_too()
    {
        Assert.Equal(["lab", "shop"], Read("""{"name": "x", "stages": ["lab", "shop"], "promotions": {"shop": {"approvals": 2, "on_replace": "lab"}}}""").StageNames);
        Assert.Contains("govern at least one stage", PolicyReader.Parse("""{"name": "x", "stages": ["lab", "shop"]}""").Refusal!.Message);
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_unread() =>
        Assert.Contains("256 KiB", PolicyReader.Parse(new string(' ', 256 * 1024) + "{}").Refusal!.Message);
}
