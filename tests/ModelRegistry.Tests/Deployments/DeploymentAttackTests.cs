using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Deployments;

/// <summary>What an agent tries to get onto a governed target, or off it.</summary>
[OnBothDatabases]
public sealed class DeploymentAttackTests
{
    private static async Task<(TestRegistry Registry, PromotionView Parked)> ParkAsync()
    {
        var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.RegisterAsync(accuracy: 0.95);
        await it.ProposeAsync("digits", "v2", "staging");
        var parked = Ok(await it.Services.Promotions.DeployAsync(await it.AgentAsync(), new DeploymentRequest("digits", "v2", "production", new JsonObject { ["replicas"] = 2 }, Reason: "better")));
        Assert.Equal("pending", parked.Status);
        return (it, parked);
    }

    private static async Task NothingStandsAsync(TestRegistry it)
    {
        Assert.Empty(Ok(await it.Services.Deployments.ListAsync(await it.AgentAsync(), new DeploymentQuery(Target: "production", Status: "active"))).Items);
        Assert.Equal("v1", await it.ServingAsync());
        await it.VerifyAuditAsync();
    }

    [Fact]
    [Attack(1, "rules")]
    public async Task An_agent_deploys_nothing_onto_a_governed_target_whatever_it_carries()
    {
        var (it, parked) = await ParkAsync();
        await using var _ = it;
        var agent = await it.AgentAsync();
        var review = await it.ReviewAsync(parked.PromotionId!);
        var stolen = (await it.PersonAsync("ben")).Proof;
        foreach (var by in new[] { agent, agent with { Roles = [.. Permissions.Roles] }, await it.TokenAsync("mole", "ben"), await it.TokenAsync("cron", "ben", service: true) })
            Assert.Equal("person_required", No(await it.Services.Promotions.DecideAsync(by, new DecisionRequest(parked.PromotionId!, 1, review.StatementDigest, DecisionVerdict.Approve, "", stolen))));
        // To say that it runs there is to say it, and to take another off the way is not the agent's either.
        Assert.Equal("nothing_deployed", No(await it.Services.Deployments.ObserveAsync(agent, new ObservationReport("digits", "production", "v2"))));
        Assert.Equal("deployment_over", No(await it.Services.Deployments.StopAsync(agent, Ok(await it.Services.Deployments.ListAsync(agent, new DeploymentQuery())).Items.Single().DeploymentId, null)));
        await NothingStandsAsync(it);
    }

    [Fact]
    [Attack(6, "rules")]
    public async Task The_owner_deploys_nothing_that_their_own_agent_proposed()
    {
        var (it, parked) = await ParkAsync();
        await using var _ = it;
        Assert.Equal("four_eyes", No(await it.DecideAsync("ana", parked.PromotionId!)));
        await NothingStandsAsync(it);
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
    }

    [Fact]
    [Attack(13, "rules")]
    public async Task What_is_edited_while_a_deployment_waits_makes_it_another_statement_and_its_configuration_cannot_be_swapped()
    {
        var (it, parked) = await ParkAsync();
        await using var _ = it;
        var (ben, seen) = (await it.PersonAsync("ben"), await it.ReviewAsync(parked.PromotionId!));
        Ok(await it.Services.Metadata.SetAsync(await it.AgentAsync(), new MetadataEdit("digits") { Version = "v2", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.99 } }));
        Assert.Equal("statement_changed", No(await it.Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(parked.PromotionId!, 1, seen.StatementDigest, DecisionVerdict.Approve, "", ben.Proof))));
        // Neither with another key nor by another agent of the same owner.
        foreach (var by in new[] { await it.AgentAsync(), await it.TokenAsync("other", "ana") })
            Assert.Equal("promotion_already_live", No(await it.Services.Promotions.DeployAsync(by, new DeploymentRequest("digits", "v2", "production", new JsonObject { ["replicas"] = 9 }, IdempotencyKey: by.Name))));
        Assert.Equal("""{"replicas":2}""", CanonicalJson.Text((await it.ReviewAsync(parked.PromotionId!)).Statement["deployment"]!["configuration"]));
        await NothingStandsAsync(it);
    }

    [Fact]
    [Attack(15, "rules")]
    public async Task A_target_that_was_loosened_meanwhile_takes_nothing_that_waits()
    {
        var (it, parked) = await ParkAsync();
        await using var _ = it;
        var policy = JsonNode.Parse(PolicyProfiles.Find("team")!)!.AsObject();
        policy["targets"]!["production"]!["stage"] = "staging";
        await it.AcceptAsync(policy.ToJsonString());
        Assert.Equal("promotion_superseded", No(await it.DecideAsync("ben", parked.PromotionId!)));
        await NothingStandsAsync(it);
        Assert.Equal("cancelled", Ok(await it.Services.Deployments.ListAsync(await it.AgentAsync(), new DeploymentQuery())).Items.Single().Status);
    }
}
