using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>The story on the embedded database.</summary>
public sealed class SqlitePromotionStoryTests : PromotionStory
{
    private protected override Task<TestRegistry> OpenAsync(string policy) => TestRegistry.OpenAsync(policy);
}

/// <summary>The same story on a real PostgreSQL.</summary>
public sealed class PostgresPromotionStoryTests(PostgresCluster cluster) : PromotionStory, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync(string policy) => await TestRegistry.OpenAsync(policy, await cluster.NewDatabaseAsync());
}

/// <summary>The story that must always work, on a real database and real files. One suite for both dialects.</summary>
public abstract class PromotionStory
{
    private protected abstract Task<TestRegistry> OpenAsync(string policy);

    [Fact]
    public async Task An_agent_proposes_a_second_person_confirms_and_production_moves()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync(accuracy: 0.90);
        it.Clock.Advance(TimeSpan.FromHours(1));
        var before = it.Clock.GetUtcNow();
        it.Clock.Advance(TimeSpan.FromHours(1));

        var v2 = await it.RegisterAsync(accuracy: 0.95);
        await it.ProposeAsync("digits", v2.Version, "staging");
        var parked = await it.ProposeAsync("digits", v2.Version);
        Assert.Equal(("pending", v1, "production"), (parked.Status, parked.Replaces, parked.ToStage));
        Assert.Equal(v1, await it.ServingAsync());

        var applied = Ok(await it.DecideAsync("ben", parked.PromotionId!));

        Assert.Equal("applied", applied.Status);
        Assert.Equal(v2.Version, await it.ServingAsync());
        Assert.Equal(v1, await it.ServingAsync(at: before));
        var serving = Ok(await it.Services.Catalog.ServingAsync(await it.AgentAsync(), "digits", null, null));
        Assert.Equal(("ben", parked.PromotionId), (Assert.Single(serving.ApprovedBy), serving.PromotionId));
        var info = Ok(await it.Services.Catalog.GetAsync(await it.AgentAsync(), "digits", "@champion"));
        Assert.Equal(v2.Version, info.Version!.Version);
        Assert.Equal("archived", Ok(await it.Services.Catalog.GetAsync(await it.AgentAsync(), "digits", v1)).Version!.Stage);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task The_same_request_again_returns_the_same_promotion()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();

        var first = await it.ProposeAsync("digits", "v1");
        var second = await it.ProposeAsync("digits", "1");

        Assert.Equal(first.PromotionId, second.PromotionId);
        Assert.Single(await it.VerbsAsync(first.PromotionId), "promotion.request");
    }

    [Fact]
    public async Task A_promotion_that_a_gate_fails_is_blocked_and_recorded_and_nothing_is_parked()
    {
        await using var it = await OpenAsync("team");
        await it.RegisterAsync();

        var blocked = await it.ProposeAsync("digits", "v1");

        Assert.Equal(("blocked", null), (blocked.Status, blocked.PromotionId));
        Assert.Contains(blocked.Gates, g => g is { Rule: "from_stage", Verdict: "fail", Measured: "development" });
        Assert.Empty(Ok(await it.Services.Promotions.ListAsync(await it.AgentAsync(), new PromotionQuery())).Items);
        Assert.Contains("promotion.block", await it.VerbsAsync());
    }

    [Fact]
    public async Task A_rollback_goes_back_and_supersedes_what_was_pending()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        var v2 = await it.PutIntoProductionAsync();
        var v3 = await it.RegisterAsync();
        await it.ProposeAsync("digits", v3.Version, "staging");
        var pending = await it.ProposeAsync("digits", v3.Version);

        var rollback = Ok(await it.Services.Promotions.RollbackAsync(await it.AgentAsync(), new RollbackRequest("digits", Reason: "errors rise")));
        Assert.Equal(("pending", v1, v2, "rollback"), (rollback.Status, rollback.Version, rollback.Replaces, rollback.Kind));
        // The owner of the proposing agent may decide a rollback: policy "team" asks no four eyes there.
        Assert.Equal("applied", Ok(await it.DecideAsync("ana", rollback.PromotionId!)).Status);

        Assert.Equal(v1, await it.ServingAsync());
        Assert.Equal("superseded", Ok(await it.Services.Promotions.GetAsync(await it.AgentAsync(), pending.PromotionId!)).Status);
        var history = Ok(await it.Services.Catalog.HistoryAsync(await it.AgentAsync(), new HistoryQuery("digits"))).Items.Where(p => p.Stage == "production").Select(p => p.Version);
        Assert.Equal([v1, v2, v1], history);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_rejection_rejects_with_its_comment()
    {
        await using var it = await OpenAsync("team");
        var version = await it.RegisterAsync();
        await it.ProposeAsync("digits", version.Version, "staging");
        var promotion = await it.ProposeAsync("digits", version.Version);

        var rejected = Ok(await it.DecideAsync("ben", promotion.PromotionId!, DecisionVerdict.Reject, "not enough data"));

        Assert.Equal("rejected", rejected.Status);
        Assert.Equal("not enough data", Assert.Single(rejected.Decisions).Comment);
        Assert.Null(await it.ServingAsync());
    }

    [Fact]
    public async Task Leaving_production_passes_the_same_gate()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();

        var demotion = await it.ProposeAsync("digits", v1, "archived", "retire it");

        Assert.Equal("pending", demotion.Status);
        Assert.Equal(v1, await it.ServingAsync());
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", demotion.PromotionId!)).Status);
        Assert.Null(await it.ServingAsync());
    }

    [Fact]
    public async Task Under_open_every_promotion_applies_at_once()
    {
        await using var it = await OpenAsync("open");
        await it.RegisterAsync();

        Assert.Equal("applied", (await it.ProposeAsync("digits", "v1")).Status);
        Assert.Equal("v1", await it.ServingAsync());
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Two_persons_are_needed_where_two_are_asked_for_and_one_rejection_ends_it()
    {
        await using var it = await OpenAsync("team");
        var json = PolicyProfiles.Find("team")!.Replace("\"count\": 1}", "\"count\": 2}", StringComparison.Ordinal);
        await it.AcceptAsync(json);
        var version = await it.RegisterAsync();
        await it.ProposeAsync("digits", version.Version, "staging");
        var promotion = await it.ProposeAsync("digits", version.Version);

        var half = Ok(await it.DecideAsync("ben", promotion.PromotionId!));
        Assert.Equal(("pending", 1), (half.Status, half.Missing.Count));
        Assert.Equal("already_decided", (await it.DecideAsync("ben", promotion.PromotionId!)).Refusal?.Code);
        Assert.Equal("applied", Ok(await it.DecideAsync("cora", promotion.PromotionId!)).Status);
    }
}
