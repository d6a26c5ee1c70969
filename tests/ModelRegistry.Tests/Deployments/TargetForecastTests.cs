using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Deployments;

public sealed class SqliteTargetForecastTests : TargetForecast
{
    private protected override Task<TestRegistry> OpenAsync(string policy) => TestRegistry.OpenAsync(policy);
}

public sealed class PostgresTargetForecastTests(PostgresCluster cluster) : TargetForecast, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync(string policy) => await TestRegistry.OpenAsync(policy, await cluster.NewDatabaseAsync());
}

/// <summary>Whoever decides sees what becomes of the targets, and that is what becomes of them.</summary>
public abstract class TargetForecast
{
    private protected abstract Task<TestRegistry> OpenAsync(string policy);

    private static JsonNode Config(int replicas) => new JsonObject { ["replicas"] = replicas };

    private static async Task<PromotionView> DeployAsync(TestRegistry it, string version, string target, JsonNode? config = null) =>
        Ok(await it.Services.Promotions.DeployAsync(await it.AgentAsync(), new DeploymentRequest("digits", version, target, config, Reason: "better")));

    private static async Task DeployedAsync(TestRegistry it, string version, string target, JsonNode? config = null)
    {
        var asked = await DeployAsync(it, version, target, config);
        if (asked.Status == "pending")
            Ok(await it.DecideAsync("ben", asked.PromotionId!));
        it.Clock.Advance(TimeSpan.FromMinutes(1));
    }

    private static async Task<DeploymentView?> OnAsync(TestRegistry it, string target) =>
        Ok(await it.Services.Deployments.ListAsync(await it.AgentAsync(), new DeploymentQuery("digits", target, "active"))).Items.SingleOrDefault();

    /// <summary>What the review says, once it is approved and every word of it has come true.</summary>
    private static async Task<IReadOnlyList<TargetChangeView>> ComesTrueAsync(TestRegistry it, PromotionView parked)
    {
        Assert.Equal("pending", parked.Status);
        var told = (await it.ReviewAsync(parked.PromotionId!)).Promotion.Targets!;
        foreach (var same in new[] { parked.Targets, (await it.PromotionAsync(parked.PromotionId!)).Targets })
            Assert.Equal(JsonSerializer.Serialize(told), JsonSerializer.Serialize(same));
        var before = new Dictionary<string, DeploymentView?>();
        foreach (var target in new[] { "production", "staging", "lab" })
            before[target] = await OnAsync(it, target);
        it.Clock.Advance(TimeSpan.FromMinutes(1));

        var applied = Ok(await it.DecideAsync("ben", parked.PromotionId!));

        Assert.Equal(("applied", null), (applied.Status, applied.Targets));
        foreach (var (target, was) in before)
        {
            var now = await OnAsync(it, target);
            if (told.SingleOrDefault(t => t.Target == target) is not { } said)
            {
                Assert.Equal(was?.DeploymentId, now?.DeploymentId);
                continue;
            }
            Assert.Equal((was?.Version, now?.Version), (said.Now, said.Becomes));
            Assert.Equal(now?.Configuration.ToJsonString(), said.Configuration?.ToJsonString());
            if (was is not null)
                Assert.Equal(said.Why, Ok(await it.Services.Deployments.GetAsync(await it.AgentAsync(), was.DeploymentId)).Note);
        }
        await it.VerifyAuditAsync();
        return told;
    }

    [Fact]
    public async Task A_promotion_says_which_targets_follow_it_and_with_what_configuration()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await DeployedAsync(it, "v1", "production", Config(1));
        await it.RegisterAsync(accuracy: 0.95);
        await it.ProposeAsync("digits", "v2", "staging");

        var followed = Assert.Single(await ComesTrueAsync(it, await it.ProposeAsync("digits", "v2")));
        Assert.Equal(("production", "production", "v1", "v2", "follows", true), (followed.Target, followed.Stage, followed.Now, followed.Becomes, followed.Change, followed.ConfigurationDecided));

        await DeployedAsync(it, "v2", "production", Config(2));
        var back = Ok(await it.Services.Promotions.RollbackAsync(await it.AgentAsync(), new RollbackRequest("digits", Reason: "worse")));
        var goes = Assert.Single(await ComesTrueAsync(it, back));
        Assert.Equal(("v2", "v1", "goes_back", 1, true), (goes.Now, goes.Becomes, goes.Change, (int)goes.Configuration!["replicas"]!, goes.ConfigurationDecided));

        var stopped = Assert.Single(await ComesTrueAsync(it, await it.ProposeAsync("digits", "v1", "archived")));
        Assert.Equal(("v1", null, "stopped", null), (stopped.Now, stopped.Becomes, stopped.Change, stopped.Configuration?.ToJsonString()));
        Assert.Contains("nothing serves it", stopped.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deployment_names_its_own_target_and_those_that_its_stage_takes_along()
    {
        await using var it = await OpenAsync("team");
        var policy = JsonNode.Parse(PolicyProfiles.Find("team")!)!.AsObject();
        policy["targets"]!["lab"] = new JsonObject { ["stage"] = "production" };
        await it.AcceptAsync(policy.ToJsonString());
        await it.PutIntoProductionAsync();
        await DeployedAsync(it, "v1", "lab");
        await it.RegisterAsync(accuracy: 0.95);
        await it.ProposeAsync("digits", "v2", "staging");

        var told = await ComesTrueAsync(it, await DeployAsync(it, "v2", "production", Config(3)));

        Assert.Equal(
            [("production", null, "v2", "deployed", true), ("lab", "v1", "v2", "follows", (bool?)null)],
            told.Select(t => (t.Target, t.Now, t.Becomes, t.Change, t.ConfigurationDecided)));
        var replaced = Assert.Single(await ComesTrueAsync(it, await DeployAsync(it, "v2", "production", Config(4))));
        Assert.Equal(("v2", "v2", "deployed"), (replaced.Now, replaced.Becomes, replaced.Change));
    }

    [Fact]
    [Attack(15, "rules")]
    public async Task What_nobody_decided_on_is_told_to_whoever_decides()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.RegisterAsync(accuracy: 0.95);
        await it.RegisterAsync(accuracy: 0.96);
        await it.ProposeAsync("digits", "v2", "staging");
        await it.ProposeAsync("digits", "v3", "staging");
        // Nobody decided on this: the stage is not governed.
        await DeployedAsync(it, "v3", "staging", Config(666));
        // It stands in production still on what requires staging.
        Assert.Empty(await ComesTrueAsync(it, await it.ProposeAsync("digits", "v3")));

        // Leaving is a decision too; the staging target goes to what serves staging since.
        var left = Assert.Single(await ComesTrueAsync(it, await it.ProposeAsync("digits", "v3", "archived")));
        Assert.Equal(("staging", "v3", "v2", "follows", false), (left.Target, left.Now, left.Becomes, left.Change, left.ConfigurationDecided));
        Assert.Equal(666, (int)left.Configuration!["replicas"]!);

        // Where the target is governed now, such a configuration goes no further, and the review says so.
        var policy = JsonNode.Parse(PolicyProfiles.Find("team")!)!.AsObject();
        policy["targets"]!["staging"]!["stage"] = "production";
        await it.AcceptAsync(policy.ToJsonString());
        var stopped = Assert.Single(await ComesTrueAsync(it, await it.ProposeAsync("digits", "v2")));
        Assert.Equal(("staging", "v2", null, "stopped"), (stopped.Target, stopped.Now, stopped.Becomes, stopped.Change));
        Assert.Contains("nobody decided that it be served there", stopped.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_and_what_has_ended_tell_of_no_targets()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await DeployedAsync(it, "v1", "production", Config(1));
        var parked = await it.ProposeAsync("digits", "v1", "archived");
        Assert.Single(parked.Targets!);
        Assert.All(Ok(await it.Services.Promotions.ListAsync(await it.AgentAsync(), new PromotionQuery())).Items, p => Assert.Null(p.Targets));
        Assert.Null(Ok(await it.Services.Promotions.WithdrawAsync(await it.AgentAsync(), parked.PromotionId!, null)).Targets);
        Assert.Null((await it.ReviewAsync(parked.PromotionId!)).Promotion.Targets);
    }

    /// <summary>Versions in different stages come to one target by different promotions; still only one of them waits.</summary>
    [Fact]
    public async Task One_deployment_waits_for_a_target_at_a_time_whatever_stage_it_comes_from()
    {
        await using var it = await OpenAsync("team");
        var policy = JsonNode.Parse(PolicyProfiles.Find("team")!)!.AsObject();
        policy["promotions"]!["staging"] = JsonNode.Parse("""{"approvals": 1, "assurance": "authenticated"}""");
        await it.PutIntoProductionAsync();
        await it.RegisterAsync(accuracy: 0.95);
        await it.ProposeAsync("digits", "v2", "staging");
        await it.AcceptAsync(policy.ToJsonString());
        var first = await DeployAsync(it, "v2", "staging", Config(2));
        Assert.Equal(("pending", "staging"), (first.Status, first.ToStage));

        var second = await it.Services.Promotions.DeployAsync(await it.AgentAsync(), new DeploymentRequest("digits", "v1", "Staging", Config(1)));
        Assert.Equal("promotion_already_live", No(second));
        Assert.Contains(first.PromotionId!, second.Refusal!.Message, StringComparison.Ordinal);
        // The same again is the same, and another target of the same stage is another matter.
        Assert.Equal(first.PromotionId, (await DeployAsync(it, "v2", "staging", Config(2))).PromotionId);
        Assert.Equal("pending", (await DeployAsync(it, "v1", "production", Config(1))).Status);

        // What has ended makes room, also by time alone.
        it.Clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal(("pending", "production"), await DeployAsync(it, "v1", "staging", Config(1)) is var third ? (third.Status, third.ToStage) : default);
        Assert.Equal("promotion_already_live", No(await it.Services.Promotions.DeployAsync(await it.AgentAsync(), new DeploymentRequest("digits", "v2", "staging", Config(2)))));
        await it.VerifyAuditAsync();
    }
}
