using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class RequirementTests
{
    private static readonly PromotionPolicy Policy = PolicyReader.Parse("""
        { "name": "house",
          "promotions": {
            "production": {"from": ["staging", "archived"], "approvals": [{"role": "approver", "count": 2}], "assurance": "signed", "four_eyes": true, "pending_hours": 12, "apply_hours": 2,
                           "gates": [{"rule": "scan_clean"}]},
            "staging": {"approvals": [{"role": "risk"}], "assurance": "attested", "apply_hours": 1, "gates": [{"rule": "requires", "fields": ["dataset"]}]}},
          "rollback": {"production": {"approvals": 1, "assurance": "authenticated"}} }
        """).Value;

    private static Requirement? For(string from, string to, PromotionKind kind = PromotionKind.Promotion) => Requirement.For(Policy, new StageMove(from, to, kind));

    [Fact]
    public void A_move_between_ungoverned_stages_takes_nothing()
    {
        Assert.Null(For("development", "validation"));
        Assert.Null(For("validation", "archived"));
        Assert.Null(For("archived", "development", PromotionKind.Rollback));
    }

    [Fact]
    public void Entering_a_governed_stage_takes_its_rule_and_its_gates_and_coming_from_where_it_says()
    {
        var asked = For("archived", "production")!;

        Assert.Equal([new Approvals("approver", 2)], asked.Approvals);
        Assert.Equal((Assurance.Signed, true, 12, 2), (asked.Assurance, asked.FourEyes, asked.PendingHours, asked.ApplyHours));
        Assert.Equal([new Gate.FromStage(["staging", "archived"]), new Gate.ScanClean()], asked.Gates);
    }

    [Theory]
    [InlineData("archived")]
    [InlineData("development")]
    [InlineData("validation")]
    public void Leaving_a_governed_stage_takes_its_quorum_without_its_gates(string to)
    {
        var asked = For("production", to)!;

        Assert.Equal([new Approvals("approver", 2)], asked.Approvals);
        Assert.Equal((Assurance.Signed, true), (asked.Assurance, asked.FourEyes));
        Assert.Empty(asked.Gates);
    }

    [Fact]
    public void Moving_from_one_governed_stage_to_another_takes_both()
    {
        var asked = For("staging", "production")!;

        Assert.Equal([new Approvals("approver", 2), new Approvals("risk", 1)], asked.Approvals);
        Assert.Equal((Assurance.Signed, true, 12, 1), (asked.Assurance, asked.FourEyes, asked.PendingHours, asked.ApplyHours));
    }

    [Fact]
    public void A_rollback_takes_its_own_quorum_and_no_gates()
    {
        var asked = For("archived", "production", PromotionKind.Rollback)!;

        Assert.Equal([new Approvals("approver", 1)], asked.Approvals);
        Assert.Equal((Assurance.Authenticated, false, 12), (asked.Assurance, asked.FourEyes, asked.PendingHours));
        Assert.Empty(asked.Gates);
    }

    [Fact]
    public void A_rollback_without_a_rule_of_its_own_takes_the_stages_quorum() =>
        Assert.Equal([new Approvals("risk", 1)], For("archived", "staging", PromotionKind.Rollback)!.Approvals);

    [Fact]
    public void A_rollback_out_of_a_governed_stage_takes_that_stages_quorum_as_well() =>
        Assert.Equal([new Approvals("approver", 1), new Approvals("risk", 1)], For("staging", "production", PromotionKind.Rollback)!.Approvals);

    private static readonly Gen<Gate> Gates = Gen.Elements<Gate>(new Gate.ScanClean(), new Gate.MetricMin("a", 0.9), new Gate.MetricMin("a", 0.95), new Gate.Requires(["dataset"]),
        new Gate.FormatIn(["onnx"]), new Gate.SoakHours("staging", 24), new Gate.Freeze([new(new(2026, 1, 1), new(2026, 1, 2))]), new Gate.FromStage(["staging"]));

    private static readonly Gen<Requirement> Requirements =
        from roles in Gen.SubListOf("approver", "risk", "legal", "admin").Where(r => r.Count > 0)
        from counts in Gen.ArrayOf(Gen.Choose(1, 4), roles.Count)
        from assurance in Gen.Elements(Assurance.Attested, Assurance.Authenticated, Assurance.Signed)
        from fourEyes in Gen.Elements(true, false)
        from pending in Gen.Elements(0.01, 1, 24, 2160)
        from apply in Gen.Elements(0.01, 0.5, 1, 168)
        from gates in Gates.ListOf()
        select new Requirement([.. roles.Zip(counts, (r, c) => new Approvals(r, c))], assurance, fourEyes, pending, apply, [.. gates.Distinct()]);

    /// <summary>What a requirement asks, whatever the order it is written in.</summary>
    private static string Effect(Requirement r) => CanonicalJson.Text(new Requirement(
        [.. r.Approvals.OrderBy(a => a.Role, StringComparer.Ordinal)], r.Assurance, r.FourEyes, r.PendingHours, r.ApplyHours, [.. r.Gates.OrderBy(g => g.Identity, StringComparer.Ordinal)]).ToJson());

    private static bool AtLeast(Requirement stricter, Requirement than) =>
        than.Approvals.All(a => stricter.Approvals.Single(s => s.Role == a.Role).Count >= a.Count)
        && stricter.Assurance >= than.Assurance && (stricter.FourEyes || !than.FourEyes)
        && stricter.PendingHours <= than.PendingHours && stricter.ApplyHours <= than.ApplyHours
        && than.Gates.All(g => stricter.Gates.Contains(g));

    [Fact]
    public void The_stricter_of_two_is_never_weaker_than_either() =>
        Prop.ForAll(Requirements.Two().ToArbitrary(), p => AtLeast(p.Item1.Stricter(p.Item2), p.Item1) && AtLeast(p.Item1.Stricter(p.Item2), p.Item2)).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void The_stricter_of_two_asks_no_more_than_they_do() =>
        Prop.ForAll(Requirements.Two().ToArbitrary(), p =>
        {
            var (a, b, both) = (p.Item1, p.Item2, p.Item1.Stricter(p.Item2));
            return both.Approvals.All(x => a.Approvals.Contains(x) || b.Approvals.Contains(x)) && both.Gates.All(g => a.Gates.Contains(g) || b.Gates.Contains(g))
                && both.Gates.Distinct().Count() == both.Gates.Count;
        }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void Stricter_is_commutative_associative_and_idempotent_in_effect() =>
        Prop.ForAll(Requirements.Three().ToArbitrary(), t =>
        {
            var (a, b, c) = t;
            return Effect(a.Stricter(b)) == Effect(b.Stricter(a))
                && Effect(a.Stricter(b).Stricter(c)) == Effect(a.Stricter(b.Stricter(c)))
                && Effect(a.Stricter(a)) == Effect(a) && Effect(a.Stricter(null)) == Effect(a);
        }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void A_requirement_reads_back_from_its_JSON_as_itself() =>
        Prop.ForAll(Requirements.ToArbitrary(), r =>
        {
            var read = Requirement.FromJson(JsonNode.Parse(r.ToJson().ToJsonString())!.AsObject());
            return read.ToJson().ToJsonString() == r.ToJson().ToJsonString() && read.Approvals.SequenceEqual(r.Approvals) && read.Gates.SequenceEqual(r.Gates);
        }).Check(Config.QuickThrowOnFailure);
}
