using ModelRegistry.Catalog;
using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

public sealed class SqliteDeleteVersionTests : DeleteVersionContract
{
    private protected override Task<TestRegistry> OpenAsync(string policy) => TestRegistry.OpenAsync(policy);
}

public sealed class PostgresDeleteVersionTests(PostgresCluster cluster) : DeleteVersionContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync(string policy) => await TestRegistry.OpenAsync(policy, await cluster.NewDatabaseAsync());
}

/// <summary>What may be deleted, and what stays of it.</summary>
public abstract class DeleteVersionContract
{
    private protected abstract Task<TestRegistry> OpenAsync(string policy);

    private static async Task<Outcome<MetadataView>> DeleteAsync(TestRegistry it, string version, Actor? by = null) =>
        await it.Services.Metadata.DeleteVersionAsync(by ?? await it.AgentAsync(), "digits", version, "leaked labels");

    [Fact]
    public async Task A_deleted_version_is_gone_and_its_number_is_never_given_again()
    {
        await using var it = await OpenAsync("team");
        await it.RegisterAsync();
        await it.RegisterAsync(accuracy: 0.95);
        Ok(await it.Services.Metadata.SetAsync(await it.AgentAsync(), new MetadataEdit("digits") { Version = "v2", Alias = "candidate" }));

        Assert.Equal("deleted", Assert.Single(Ok(await DeleteAsync(it, "v2")).Changed));

        Assert.Equal("version_not_found", No(await DeleteAsync(it, "v2")));
        var info = Ok(await it.Services.Catalog.GetAsync(await it.AgentAsync(), "digits", null));
        Assert.Equal(("v1", 1L, 0), (info.LatestVersion, info.Versions, info.Aliases.Count));
        Assert.Equal(["v1"], Ok(await it.Services.Catalog.ListVersionsAsync(await it.AgentAsync(), new VersionQuery("digits"))).Items.Select(v => v.Version));
        Assert.Equal("v3", (await it.RegisterAsync(accuracy: 0.96)).Version);
        await it.VerifyAuditAsync();
    }

    [Fact]
    [Attack(26, "rules")]
    public async Task What_serves_stands_on_a_target_or_is_proposed_is_not_deleted()
    {
        await using var it = await OpenAsync("team");
        var serving = await it.PutIntoProductionAsync();
        await it.RegisterAsync(accuracy: 0.95);
        await it.ProposeAsync("digits", "v2", "staging");
        Assert.Equal(("version_serves", "version_serves"), (No(await DeleteAsync(it, serving)), No(await DeleteAsync(it, "v2"))));
        Ok(await it.Services.Promotions.DeployAsync(await it.AgentAsync(), new DeploymentRequest("digits", "v2", "staging")));
        await it.RegisterAsync(accuracy: 0.97);
        await it.ProposeAsync("digits", "v3", "staging");
        // v3 serves staging now; v2 still stands on the target, and then is only proposed.
        Assert.Equal("version_deployed", No(await DeleteAsync(it, "v2")));
        var parked = await it.ProposeAsync("digits", "v2");
        var deployment = Assert.Single(Ok(await it.Services.Deployments.ListAsync(await it.AgentAsync(), new DeploymentQuery("digits", "staging", "active"))).Items);
        Ok(await it.Services.Deployments.StopAsync(await it.AgentAsync(), deployment.DeploymentId, null));
        Assert.Equal("version_has_live_promotion", No(await DeleteAsync(it, "v2")));
        Ok(await it.Services.Promotions.WithdrawAsync(await it.AgentAsync(), parked.PromotionId!, null));
        Ok(await DeleteAsync(it, "v2"));
    }

    [Fact]
    [Attack(26, "rules")]
    public async Task What_served_a_governed_stage_is_kept_as_long_as_the_policy_says()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        it.Clock.Advance(TimeSpan.FromDays(1));
        await it.PutIntoProductionAsync(accuracy: 0.95);

        Assert.Equal("version_retained", No(await DeleteAsync(it, "v1")));
        Assert.Equal("serves_governed_stage", No(await it.Services.Metadata.DeleteModelAsync(await it.AgentAsync(), "digits")));
        it.Clock.Advance(TimeSpan.FromDays(29));
        Assert.Equal("version_retained", No(await DeleteAsync(it, "1")));
        it.Clock.Advance(TimeSpan.FromDays(2));
        Ok(await DeleteAsync(it, "1"));
        // What served when is still known.
        Assert.Equal(["v2", "v1"], Ok(await it.Services.Catalog.HistoryAsync(await it.AgentAsync(), new HistoryQuery("digits"))).Items.Where(p => p.Stage == "production").Select(p => p.Version));
        Assert.Equal("nothing_to_roll_back_to", No(await it.Services.Promotions.RollbackAsync(await it.AgentAsync(), new ModelRegistry.Promotions.RollbackRequest("digits"))));

        // A model goes with its versions, and is held up by any of them.
        var leave = await it.ProposeAsync("digits", "v2", "archived");
        Ok(await it.DecideAsync("ben", leave.PromotionId!));
        Assert.Equal("version_retained", No(await it.Services.Metadata.DeleteModelAsync(await it.AgentAsync(), "digits")));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Only_who_registers_deletes_and_only_by_a_name_that_stays()
    {
        await using var it = await OpenAsync("team");
        await it.RegisterAsync();
        foreach (var word in new[] { "latest", "default", "@champion", "" })
            Assert.Equal("invalid_arguments", No(await DeleteAsync(it, word)));
        Assert.Equal("role_missing", No(await DeleteAsync(it, "v1", await it.TokenAsync("proposer", "ana", ["viewer", "proposer"]))));
        Assert.Equal("model_out_of_scope", No(await DeleteAsync(it, "v1", await it.TokenAsync("other", "ana", null, false, "other-*"))));
    }
}
