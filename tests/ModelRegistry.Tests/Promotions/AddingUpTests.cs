using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>Steps that are each allowed, or look it, and would together move what a governed stage serves.</summary>
[OnBothDatabases]
public sealed class AddingUpTests
{
    [Theory]
    [InlineData("champion")]
    [InlineData("Champion")]
    [InlineData("@champion")]
    [InlineData("@CHAMPION")]
    public async Task A_governed_alias_is_moved_by_nobody_under_any_spelling(string alias)
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        var agent = await it.AgentAsync();
        await it.RegisterAsync();

        Assert.Equal("alias_governed", (await it.Services.Metadata.SetAsync(agent, new("digits") { Version = "v2", Alias = alias })).Refusal?.Code);
        Assert.Equal("alias_governed", (await it.Services.Intake.RegisterAsync(agent, new("digits", null, null, [it.File("x")], Metadata(), Alias: alias))).Refusal?.Code);
        foreach (var spelling in new[] { "@champion", "@Champion", "@CHAMPION" })
            Assert.Equal(v1, Ok(await it.Services.Catalog.GetAsync(agent, "digits", spelling)).Version!.Version);
        Assert.Equal(new Dictionary<string, string> { ["champion"] = v1 }, Ok(await it.Services.Catalog.GetAsync(agent, "digits", null)).Aliases);
    }

    [Fact]
    public async Task An_alias_set_while_it_was_free_follows_what_serves_once_it_is_governed()
    {
        await using var it = await OpenAsync("open");
        var agent = await it.AgentAsync();
        foreach (var model in new[] { "digits", "letters" })
        {
            await it.RegisterAsync(model);
            await it.RegisterAsync(model);
            Ok(await it.Services.Metadata.SetAsync(agent, new(model) { Version = "v2", Alias = "Champion" }));
        }
        await it.ProposeAsync("digits", "v1");

        await it.AcceptAsync("team");

        Assert.Equal("v1", Ok(await it.Services.Catalog.GetAsync(agent, "digits", "@champion")).Version!.Version);
        Assert.Equal("version_not_found", (await it.Services.Catalog.GetAsync(agent, "letters", "@champion")).Refusal?.Code);
    }

    [Fact]
    public async Task Pointing_default_and_registering_a_latest_leave_what_serves_alone()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        var agent = await it.AgentAsync();
        var v2 = await it.RegisterAsync();
        Ok(await it.Services.Metadata.SetAsync(agent, new("digits") { Version = v2.Version, Alias = "default" }));
        Ok(await it.Services.Metadata.SetAsync(agent, new("digits") { Version = v2.Version, Alias = "production" }));

        Assert.Equal(v1, await it.ServingAsync());
        Assert.Equal(v1, Ok(await it.Services.Catalog.GetAsync(agent, "digits", "@champion")).ServingVersion);
        // A promotion binds the version, not the word for it.
        await it.ProposeAsync("digits", "default", "staging");
        var parked = await it.ProposeAsync("digits", "default");
        Ok(await it.Services.Metadata.SetAsync(agent, new("digits") { Version = v1, Alias = "default" }));
        await it.RegisterAsync();
        Assert.Equal(v2.Version, Ok(await it.DecideAsync("ben", parked.PromotionId!)).Version);
        Assert.Equal(v2.Version, await it.ServingAsync());
    }

    [Theory]
    [InlineData("rename")]
    [InlineData("another case")]
    [InlineData("inactive")]
    public async Task A_model_whose_version_serves_is_neither_renamed_nor_hidden(string how)
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        var edit = new MetadataEdit("digits");
        edit = how switch { "rename" => edit with { NewName = "old" }, "another case" => edit with { NewName = "Digits" }, _ => edit with { IsActive = false } };

        Assert.Equal("serves_governed_stage", (await it.Services.Metadata.SetAsync(await it.AgentAsync(), edit)).Refusal?.Code);
        Assert.Equal(v1, await it.ServingAsync());
    }

    [Fact]
    public async Task A_name_in_another_case_is_the_same_model()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        var second = await it.RegisterAsync("DIGITS");
        Assert.Equal(("digits", "v2"), (second.ModelName, second.Version));
        await it.RegisterAsync("letters");
        Assert.Equal("model_exists", (await it.Services.Metadata.SetAsync(await it.AgentAsync(), new("letters") { NewName = "Digits" })).Refusal?.Code);
        Assert.Equal(v1, await it.ServingAsync("DiGiTs"));
    }

    [Fact]
    public async Task A_pending_promotion_stays_with_its_model_when_names_are_swapped()
    {
        await using var it = await OpenAsync("team");
        var (agent, parked) = (await it.AgentAsync(), await it.ParkAsync("toy"));
        Ok(await it.Services.Metadata.SetAsync(agent, new("toy") { NewName = "fraud" }));
        await it.RegisterAsync("toy");

        var review = await it.ReviewAsync(parked.PromotionId!);
        Assert.Equal(("fraud", 2), (review.Promotion.ModelName, review.Promotion.Revision));
        Ok(await it.DecideAsync("ben", parked.PromotionId!));
        Assert.Equal("v1", await it.ServingAsync("fraud"));
        Assert.Null(await it.ServingAsync("toy"));
    }

    [Fact]
    public async Task Staging_moves_freely_and_takes_nothing_from_production_with_it()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        foreach (var stage in new[] { "staging", "validation", "development", "archived" })
        {
            var leaving = await it.ProposeAsync("digits", v1, stage, "away with it");
            Assert.Equal(("pending", 1, true), (leaving.Status, leaving.Required!.Approvals[0].Count, leaving.Required.FourEyes));
            Assert.Equal("assurance_too_low", (await it.Services.Promotions.AskAsync(await it.AgentAsync(), leaving.PromotionId!, "")).Refusal?.Code);
            Ok(await it.Services.Promotions.WithdrawAsync(await it.AgentAsync(), leaving.PromotionId!, null));
        }
        var v2 = await it.RegisterAsync();
        foreach (var stage in new[] { "Staging", "val", "archive", "dev", "staging" })
            Assert.Equal("applied", (await it.ProposeAsync("digits", v2.Version, stage)).Status);
        foreach (var spelling in new[] { "production", "Production", " PROD ", "live" })
            Assert.Equal("pending", (await it.ProposeAsync("digits", v2.Version, spelling)).Status);
        Assert.Equal(v1, await it.ServingAsync());
    }

    [Fact]
    public async Task Lowering_a_metric_of_what_serves_does_not_open_a_gate_that_compares_with_it()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync(accuracy: 0.9);
        await it.AcceptAsync(PolicyProfiles.Find("team")!.Replace("\"gates\": [", "\"gates\": [{\"rule\": \"no_regression\", \"metric\": \"accuracy\"}, {\"rule\": \"no_regression\", \"metric\": \"recall\"}, ", StringComparison.Ordinal));
        var agent = await it.AgentAsync();
        var edit = new MetadataEdit("digits") { Version = "v1" };
        foreach (var metric in new[] { "accuracy", "recall" })
            Assert.Equal("metric_compared", (await it.Services.Metadata.SetAsync(agent, edit with { Metrics = new Dictionary<string, double> { [metric] = 0.1 } })).Refusal?.Code);
        Ok(await it.Services.Metadata.SetAsync(agent, edit with { Metrics = new Dictionary<string, double> { ["accuracy"] = 0.9, ["live_accuracy"] = 0.8 } }));

        await it.RegisterAsync(accuracy: 0.5);
        await it.ProposeAsync("digits", "v2", "staging");
        var blocked = await it.ProposeAsync("digits", "v2");
        Assert.Equal("blocked", blocked.Status);
        Assert.Equal(["fail", "unknown"], blocked.Gates.Where(g => g.Rule == "no_regression").Select(g => g.Verdict));
    }

    [Fact]
    public async Task A_rollback_shows_what_was_edited_since_and_needs_its_person()
    {
        await using var it = await OpenAsync("team");
        var (v1, v2, agent) = (await it.PutIntoProductionAsync(), await it.PutIntoProductionAsync(), await it.AgentAsync());
        var rollback = Ok(await it.Services.Promotions.RollbackAsync(agent, new("digits", v1)));
        var seen = await it.ReviewAsync(rollback.PromotionId!);
        Ok(await it.Services.Metadata.SetAsync(agent, new("digits") { Version = v1, Metrics = new Dictionary<string, double> { ["accuracy"] = 1 } }));

        var ben = await it.PersonAsync("ben");
        Assert.Equal("statement_changed", (await it.Services.Promotions.DecideAsync(ben.Actor, new(rollback.PromotionId!, 1, seen.StatementDigest, DecisionVerdict.Approve, "", ben.Proof))).Refusal?.Code);
        Assert.Equal(v2, await it.ServingAsync());
        foreach (var (to, code) in new[] { ("v3", "version_not_found"), (v2, "already_in_stage") })
            Assert.Equal(code, (await it.Services.Promotions.RollbackAsync(agent, new("digits", to))).Refusal?.Code);
        await it.RegisterAsync();
        Assert.Equal("never_served", (await it.Services.Promotions.RollbackAsync(agent, new("digits", "v3"))).Refusal?.Code);
    }

    [Fact]
    public async Task What_served_staging_rolls_back_into_production_only_if_it_served_there()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        var (v2, agent) = (await it.RegisterAsync(), await it.AgentAsync());
        await it.ProposeAsync("digits", v2.Version, "staging");
        Assert.Equal("never_served", (await it.Services.Promotions.RollbackAsync(agent, new("digits", v2.Version))).Refusal?.Code);
        // Production's version served staging once: going back there is leaving production.
        var away = Ok(await it.Services.Promotions.RollbackAsync(agent, new("digits", v1, "staging")));
        Assert.Equal("pending", away.Status);
        Assert.True(away.Required!.FourEyes);
        Assert.Equal((v1, v2.Version), (await it.ServingAsync(), await it.ServingAsync(stage: "staging")));
    }

    [Fact]
    public async Task A_stage_that_is_governed_is_governed_in_both_directions_wherever_it_stands()
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync("""
            {"name": "four", "stages": ["lab", "canary", "shadow", "production", "archived"], "governed_aliases": {"Canary-One": "canary"},
             "promotions": {"canary": {"approvals": 1, "assurance": "authenticated"}, "production": {"approvals": 2, "assurance": "signed"}}}
            """);
        var (agent, v1) = (await it.AgentAsync(), await it.RegisterAsync());
        Assert.Equal("lab", v1.Stage);
        var canary = await it.ProposeAsync("digits", "v1", "canary");
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", canary.PromotionId!)).Status);
        Assert.Equal("v1", Ok(await it.Services.Catalog.GetAsync(agent, "digits", "@canary-one")).Version!.Version);

        foreach (var stage in new[] { "shadow", "lab", "archived" })
            Assert.Equal(("pending", 1, "authenticated"), Required(await it.ProposeAsync("digits", "v1", stage)));
        Assert.Equal(("pending", 2, "signed"), Required(await it.ProposeAsync("digits", "v1")));
        Assert.Equal("alias_governed", (await it.Services.Metadata.SetAsync(agent, new("digits") { Version = "v1", Alias = "canary-ONE" })).Refusal?.Code);

        static (string, int, string) Required(PromotionView p) => (p.Status, p.Required!.Approvals.Sum(a => a.Count), p.Required.Assurance);
    }

    [Theory]
    [InlineData("""{"name": "p", "stages": ["production", "archived"], "promotions": {"production": {"approvals": 1}}}""")]
    [InlineData("""{"name": "p", "promotions": {"development": {"approvals": 1}, "production": {"approvals": 1}}}""")]
    public void A_policy_does_not_govern_the_stage_where_versions_are_born(string json) =>
        Assert.Contains("is the first stage", PolicyReader.Parse(json).Refusal?.Message, StringComparison.Ordinal);
}
