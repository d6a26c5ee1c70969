using System.Text.Json.Nodes;
using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Deployments;

public sealed class SqliteDeploymentStoryTests : DeploymentStory
{
    private protected override Task<TestRegistry> OpenAsync(string policy) => TestRegistry.OpenAsync(policy);
}

public sealed class PostgresDeploymentStoryTests(PostgresCluster cluster) : DeploymentStory, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync(string policy) => await TestRegistry.OpenAsync(policy, await cluster.NewDatabaseAsync());
}

/// <summary>Versions on targets: a gate of their stage guards what may stand there, and how it is served.</summary>
public abstract class DeploymentStory
{
    private protected abstract Task<TestRegistry> OpenAsync(string policy);

    private static JsonNode Config(int replicas) => new JsonObject { ["replicas"] = replicas };

    private static async Task<PromotionView> DeployAsync(TestRegistry it, string version, string target, JsonNode? config = null, string? key = null, Actor? by = null) =>
        Ok(await it.Services.Promotions.DeployAsync(by ?? await it.AgentAsync(), new DeploymentRequest("digits", version, target, config, "pipeline 7", "better", key)));

    private static async Task<IReadOnlyList<DeploymentView>> ListAsync(TestRegistry it, string? target = null, string? status = null) =>
        Ok(await it.Services.Deployments.ListAsync(await it.AgentAsync(), new DeploymentQuery("digits", target, status, 100))).Items;

    private static async Task<string?> OnAsync(TestRegistry it, string target) => (await ListAsync(it, target, "active")).SingleOrDefault()?.Version;

    [Fact]
    public async Task A_deployment_on_a_governed_target_waits_for_a_person_who_sees_how_it_would_be_served()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.RegisterAsync(accuracy: 0.95);
        await it.ProposeAsync("digits", "v2", "staging");

        var parked = await DeployAsync(it, "v2", "Production", Config(3));

        Assert.Equal(("pending", "deployment", "staging", "production", "production"), (parked.Status, parked.Kind, parked.FromStage, parked.ToStage, parked.Deployment!.Target));
        var statement = (await it.ReviewAsync(parked.PromotionId!)).Statement;
        Assert.Equal("""{"configuration":{"replicas":3},"stage":"production","target":"production"}""", CanonicalJson.Text(statement["deployment"]));
        Assert.Equal(("pending", "pipeline 7"), ((await ListAsync(it)).Single().Status, (await ListAsync(it)).Single().DeployedBy));
        Assert.Equal("v1", await it.ServingAsync());
        // The same again is the same; with another configuration it is another wish.
        Assert.Equal(parked.PromotionId, (await DeployAsync(it, "2", "production", Config(3))).PromotionId);
        Assert.Equal("promotion_already_live", No(await it.Services.Promotions.DeployAsync(await it.AgentAsync(), new DeploymentRequest("digits", "v2", "production", Config(9)))));

        Assert.Equal("applied", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);

        Assert.Equal("v2", await it.ServingAsync());
        var active = Assert.Single(await ListAsync(it, "production", "active"));
        Assert.Equal(("v2", true, parked.PromotionId), (active.Version, active.Met, active.PromotionId));
        Assert.Equal(3, (int)active.Configuration["replicas"]!);
        Assert.Equal("deployed", Ok(await it.Services.Catalog.GetAsync(await it.AgentAsync(), "digits", "v2")).Version!.Status);
        Assert.Equal("already_deployed", No(await it.Services.Promotions.DeployAsync(await it.AgentAsync(), new DeploymentRequest("digits", "v2", "production", Config(3)))));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task How_a_governed_target_serves_is_decided_even_where_the_version_is_in_its_stage_already()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();

        var parked = await DeployAsync(it, "v1", "production", Config(1));

        Assert.Equal(("pending", "production", "production"), (parked.Status, parked.FromStage, parked.ToStage));
        // Where it came from was asked when it came.
        Assert.DoesNotContain(parked.Gates, g => g.Rule is "from_stage" or "soak_hours");
        Assert.Null(await OnAsync(it, "production"));
        var since = Ok(await it.Services.Catalog.ServingAsync(await it.AgentAsync(), "digits", null, null)).Since;
        it.Clock.Advance(TimeSpan.FromMinutes(1));
        Ok(await it.DecideAsync("ben", parked.PromotionId!));
        Assert.Equal("v1", await OnAsync(it, "production"));
        // Nothing began to serve by it: no stage moved.
        Assert.Equal(since, Ok(await it.Services.Catalog.ServingAsync(await it.AgentAsync(), "digits", null, null)).Since);

        var again = await DeployAsync(it, "v1", "production", Config(2));
        Assert.Equal("pending", again.Status);
        Ok(await it.DecideAsync("ben", again.PromotionId!));
        Assert.Equal(["active", "replaced"], (await ListAsync(it, "production")).Select(d => d.Status));
    }

    [Fact]
    public async Task A_target_follows_what_its_stage_serves_and_goes_back_to_how_it_was()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        Ok(await it.DecideAsync("ben", (await DeployAsync(it, "v1", "production", Config(1))).PromotionId!));
        it.Clock.Advance(TimeSpan.FromHours(1));
        await it.PutIntoProductionAsync(accuracy: 0.95);
        Assert.Equal("v2", await OnAsync(it, "production"));
        var config = await DeployAsync(it, "v2", "production", Config(2));
        Ok(await it.DecideAsync("ben", config.PromotionId!));
        it.Clock.Advance(TimeSpan.FromHours(1));

        var back = Ok(await it.Services.Promotions.RollbackAsync(await it.AgentAsync(), new RollbackRequest("digits", Reason: "too many false alarms")));
        Ok(await it.DecideAsync("ben", back.PromotionId!));

        var active = Assert.Single(await ListAsync(it, "production", "active"));
        Assert.Equal(("v1", 1), (active.Version, (int)active.Configuration["replicas"]!));
        var undone = Assert.Single(await ListAsync(it, "production", "rolled_back"));
        Assert.Equal(("v2", undone.EndedAt, "too many false alarms"), (undone.Version, undone.RollbackAt, undone.RollbackReason));
        Assert.NotNull(undone.RollbackAt);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Where_no_gate_is_a_deployment_applies_at_once_and_what_has_come_further_stays_there()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.RegisterAsync(accuracy: 0.95);

        Assert.Equal(("applied", "staging"), ((await DeployAsync(it, "v2", "staging")).Status, Ok(await it.Services.Catalog.GetAsync(await it.AgentAsync(), "digits", "v2")).Version!.Stage));
        Assert.Equal("v2", await OnAsync(it, "staging"));
        // Production's version on the staging target: it is not taken out of production for that.
        Assert.Equal("applied", (await DeployAsync(it, "v1", "staging")).Status);
        Assert.Equal(("v1", "v1"), (await OnAsync(it, "staging"), await it.ServingAsync()));

        var stopped = Ok(await it.Services.Deployments.StopAsync(await it.AgentAsync(), (await ListAsync(it, "staging", "active")).Single().DeploymentId, "done with it"));
        Assert.Equal("stopped", stopped.Status);
        Assert.Equal("deployment_over", No(await it.Services.Deployments.StopAsync(await it.AgentAsync(), stopped.DeploymentId, null)));
        Assert.Null(await OnAsync(it, "staging"));
        await it.VerifyAuditAsync();
    }

    [Fact]
    [Attack(1, "rules")]
    public async Task Nobody_takes_a_version_off_a_governed_target_but_by_its_stage()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        Ok(await it.DecideAsync("ben", (await DeployAsync(it, "v1", "production")).PromotionId!));
        var active = (await ListAsync(it, "production", "active")).Single();

        foreach (var by in new[] { await it.AgentAsync(), (await it.PersonAsync("ben")).Actor })
            Assert.Equal("deployment_governed", No(await it.Services.Deployments.StopAsync(by, active.DeploymentId, "an agent said so")));
        Assert.Equal("v1", await OnAsync(it, "production"));

        // Its stage is left by a decision, and nothing comes instead.
        var leave = await it.ProposeAsync("digits", "v1", "archived");
        Ok(await it.DecideAsync("ben", leave.PromotionId!));
        Assert.Equal("stopped", (await ListAsync(it, "production")).Single().Status);
    }

    [Fact]
    public async Task What_is_rejected_withdrawn_or_overtaken_is_cancelled()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        var rejected = await DeployAsync(it, "v1", "production", Config(1));
        Ok(await it.DecideAsync("ben", rejected.PromotionId!, DecisionVerdict.Reject, "one is too few"));
        var withdrawn = await DeployAsync(it, "v1", "production", Config(2));
        Ok(await it.Services.Promotions.WithdrawAsync(await it.AgentAsync(), withdrawn.PromotionId!, null));
        var overtaken = await DeployAsync(it, "v1", "production", Config(3));
        // The policy no longer knows the target.
        await it.AcceptAsync(JsonNode.Parse(PolicyProfiles.Find("team")!)!.AsObject() is var policy && policy["targets"]!.AsObject().Remove("production") ? policy.ToJsonString() : "");
        var decided = await it.DecideAsync("ben", overtaken.PromotionId!);

        Assert.Equal("promotion_superseded", No(decided));
        Assert.Equal(["cancelled", "cancelled", "cancelled"], (await ListAsync(it)).Select(d => d.Status));
        Assert.Null(await OnAsync(it, "production"));
        Assert.Equal("target_unknown", No(await it.Services.Promotions.DeployAsync(await it.AgentAsync(), new DeploymentRequest("digits", "v1", "production"))));
        await it.VerifyAuditAsync();
    }

    [Fact]
    [Attack(15, "rules")]
    public async Task What_was_configured_before_a_target_was_governed_gets_onto_no_version_that_people_decided_on()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.RegisterAsync(accuracy: 0.95);
        // Nobody decides on this: the stage is not governed.
        Assert.Equal("applied", (await DeployAsync(it, "v1", "staging", Config(666))).Status);
        Assert.Equal("applied", (await DeployAsync(it, "v2", "staging", Config(667))).Status);
        var policy = JsonNode.Parse(PolicyProfiles.Find("team")!)!.AsObject();
        policy["targets"]!["staging"]!["stage"] = "production";
        await it.AcceptAsync(policy.ToJsonString());

        // Any promotion sets right what stands there, the agent's own too.
        await it.RegisterAsync(accuracy: 0.96);
        Assert.Equal("applied", (await it.ProposeAsync("digits", "v3", "staging")).Status);
        Assert.Null(await OnAsync(it, "staging"));
        Assert.Contains("nobody decided", (await ListAsync(it, "staging", "stopped")).Single().Note, StringComparison.Ordinal);

        // What a person decided on goes along, and what the agent had said of an earlier version does not come back with it.
        Ok(await it.DecideAsync("ben", (await DeployAsync(it, "v1", "staging", Config(1))).PromotionId!));
        it.Clock.Advance(TimeSpan.FromHours(1));
        var third = await it.ProposeAsync("digits", "v3");
        Ok(await it.DecideAsync("ben", third.PromotionId!));
        var active = Assert.Single(await ListAsync(it, "staging", "active"));
        Assert.Equal(("v3", 1), (active.Version, (int)active.Configuration["replicas"]!));
        it.Clock.Advance(TimeSpan.FromHours(1));
        var back = Ok(await it.Services.Promotions.RollbackAsync(await it.AgentAsync(), new RollbackRequest("digits", Reason: "worse")));
        Ok(await it.DecideAsync("ben", back.PromotionId!));
        active = Assert.Single(await ListAsync(it, "staging", "active"));
        Assert.Equal(("v1", 1), (active.Version, (int)active.Configuration["replicas"]!));
        await it.VerifyAuditAsync();
    }

    [Fact]
    [Attack(15, "rules")]
    public async Task A_decision_on_one_target_is_none_on_how_another_is_configured()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        Assert.Equal("applied", (await DeployAsync(it, "v1", "staging", Config(666))).Status);
        var policy = JsonNode.Parse(PolicyProfiles.Find("team")!)!.AsObject();
        policy["targets"]!["staging"]!["stage"] = "production";
        await it.AcceptAsync(policy.ToJsonString());
        await it.RegisterAsync(accuracy: 0.95);
        await it.ProposeAsync("digits", "v2", "staging");

        Ok(await it.DecideAsync("ben", (await DeployAsync(it, "v2", "production", Config(1))).PromotionId!));
        Assert.Equal(("v2", null), (await OnAsync(it, "production"), await OnAsync(it, "staging")));
        it.Clock.Advance(TimeSpan.FromHours(1));
        await it.PutIntoProductionAsync(accuracy: 0.96);
        Assert.Equal(("v3", null), (await OnAsync(it, "production"), await OnAsync(it, "staging")));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_key_stands_for_one_wish()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        var first = await DeployAsync(it, "v1", "staging", Config(1), key: "k");
        Assert.Equal(first.PromotionId, (await DeployAsync(it, "v1", "staging", Config(1), key: "k")).PromotionId);
        Assert.Equal("idempotency_key_reused", No(await it.Services.Promotions.DeployAsync(await it.AgentAsync(), new DeploymentRequest("digits", "v1", "staging", Config(2), IdempotencyKey: "k"))));
    }

    [Fact]
    public async Task Configurations_are_bounded_and_roles_asked()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        async Task<string> NoAsync(JsonNode? config, Actor? by = null) => No(await it.Services.Promotions.DeployAsync(by ?? await it.AgentAsync(), new DeploymentRequest("digits", "v1", "staging", config)));
        foreach (var bad in new[] { new JsonArray(), (JsonNode)"text", new JsonObject { ["a"] = new string('x', 5000) }, new JsonObject { ["a"] = "\0" }, JsonNode.Parse("""{"a":1,"a":2}""")! })
            Assert.Equal("invalid_arguments", await NoAsync(bad));
        Assert.Equal("role_missing", await NoAsync(null, await it.TokenAsync("reader", "ana", ["viewer"])));
        Assert.Equal("model_out_of_scope", await NoAsync(null, await it.TokenAsync("other", "ana", null, false, "other-*")));
    }

    [Fact]
    public async Task A_service_says_what_it_runs_and_moves_nothing_by_it()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.RegisterAsync(accuracy: 0.95);
        Ok(await it.DecideAsync("ben", (await DeployAsync(it, "v1", "production")).PromotionId!));
        var service = await it.TokenAsync("scorer", "ana", ["viewer"], service: true);
        async Task<DeploymentView> SayAsync(string version, string status) => Ok(await it.Services.Deployments.ObserveAsync(service, new ObservationReport("digits", "production", version, status)));

        Assert.Equal((true, "running", "scorer"), ((await SayAsync("v1", "running")).Observed is { } o ? (o.Matches, o.Status, o.ReportedBy) : default));
        var entries = (await it.VerbsAsync()).Count;
        it.Clock.Advance(TimeSpan.FromMinutes(5));
        await SayAsync("v1", "running");
        // A heartbeat is no news.
        Assert.Equal(entries, (await it.VerbsAsync()).Count);
        it.Clock.Advance(TimeSpan.FromHours(1));
        await SayAsync("v1", "running");
        Assert.Equal(entries + 1, (await it.VerbsAsync()).Count);
        Assert.False((await SayAsync("v2", "running")).Observed!.Matches);
        Assert.Equal("v1", await OnAsync(it, "production"));

        Assert.Equal("nothing_deployed", No(await it.Services.Deployments.ObserveAsync(service, new ObservationReport("digits", "staging", "v1", "running"))));
        Assert.Equal("role_missing", No(await it.Services.Deployments.ObserveAsync(await it.TokenAsync("reader", "ana", ["viewer"]), new ObservationReport("digits", "production", "v2", "running"))));
        Assert.Equal("model_out_of_scope", No(await it.Services.Deployments.ObserveAsync(await it.TokenAsync("other", "ana", ["viewer"], true, "other-*"), new ObservationReport("digits", "production", "v2", "running"))));
    }
}
