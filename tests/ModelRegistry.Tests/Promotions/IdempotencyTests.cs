using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>The same key with the same wish is the same promotion, whatever became of it.</summary>
[OnBothDatabases]
public sealed class IdempotencyTests
{
    [Fact]
    public async Task A_key_gives_the_same_promotion_also_after_it_ended()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();
        var (agent, desk) = (await it.AgentAsync(), it.Services.Promotions);
        var wish = new PromotionRequest("digits", "v1", "production", "better", "key-1");
        var first = Ok(await desk.RequestAsync(agent, wish));

        Assert.Equal(first.PromotionId, Ok(await desk.RequestAsync(agent, wish with { Version = "latest", Stage = "PROD", Reason = "other words" })).PromotionId);
        Ok(await desk.WithdrawAsync(agent, first.PromotionId!, null));
        var again = Ok(await desk.RequestAsync(agent, wish));
        Assert.Equal((first.PromotionId, "withdrawn"), (again.PromotionId, again.Status));

        var second = Ok(await desk.RequestAsync(agent, wish with { IdempotencyKey = "key-2" }));
        Assert.NotEqual(first.PromotionId, second.PromotionId);
        Ok(await it.DecideAsync("ben", second.PromotionId!));
        again = Ok(await desk.RequestAsync(agent, wish with { IdempotencyKey = "key-2" }));
        Assert.Equal((second.PromotionId, "applied"), (again.PromotionId, again.Status));
        Assert.Equal("already_in_stage", (await desk.RequestAsync(agent, wish with { IdempotencyKey = "key-3" })).Refusal?.Code);
    }

    [Fact]
    public async Task A_key_used_for_another_wish_is_a_conflict()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();
        await it.RegisterAsync();
        await it.RegisterAsync("letters");
        var (agent, desk) = (await it.AgentAsync(), it.Services.Promotions);
        var wish = new PromotionRequest("digits", "v1", "production", "better", "key");
        Ok(await desk.RequestAsync(agent, wish));

        foreach (var other in new[] { wish with { Version = "v2" }, wish with { Stage = "staging" }, wish with { ModelName = "letters" } })
            Assert.Equal("idempotency_key_reused", (await desk.RequestAsync(agent, other)).Refusal?.Code);
        Assert.Equal("idempotency_key_reused", (await desk.RollbackAsync(agent, new RollbackRequest("digits", IdempotencyKey: "key"))).Refusal?.Code);
        Assert.Equal("invalid_arguments", (await desk.RequestAsync(agent, wish with { IdempotencyKey = "" })).Refusal?.Code);
        Assert.Equal("invalid_arguments", (await desk.RequestAsync(agent, wish with { IdempotencyKey = new string('k', 201) })).Refusal?.Code);
    }

    [Fact]
    public async Task Another_callers_key_is_another_key()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();
        await it.RegisterAsync();
        var (scout, drone, desk) = (await it.TokenAsync("scout", "ana"), await it.TokenAsync("drone", "ben"), it.Services.Promotions);
        var first = Ok(await desk.RequestAsync(scout, new PromotionRequest("digits", "v1", "production", null, "key")));
        Ok(await desk.WithdrawAsync(scout, first.PromotionId!, null));

        var second = Ok(await desk.RequestAsync(drone, new PromotionRequest("digits", "v2", "production", null, "key")));

        Assert.Equal(("pending", "v2"), (second.Status, second.Version));
        Assert.Equal("withdrawn", Ok(await desk.RequestAsync(scout, new PromotionRequest("digits", "v1", "production", null, "key"))).Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("v1")]
    public async Task A_rollback_repeated_after_it_was_applied_does_not_roll_forward(string? to)
    {
        await using var it = await OpenAsync("local");
        await it.PutIntoProductionAsync();
        await it.PutIntoProductionAsync();
        var (agent, wish) = (await it.AgentAsync(), new RollbackRequest("digits", to, Reason: "errors", IdempotencyKey: "key"));
        var first = Ok(await it.Services.Promotions.RollbackAsync(agent, wish));
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", first.PromotionId!)).Status);

        var again = Ok(await it.Services.Promotions.RollbackAsync(agent, wish));

        Assert.Equal((first.PromotionId, "applied", "v1"), (again.PromotionId, again.Status, again.Version));
        Assert.Equal("v1", await it.ServingAsync());
        Assert.Equal("idempotency_key_reused", (await it.Services.Promotions.RollbackAsync(agent, wish with { ToVersion = "v2" })).Refusal?.Code);
    }

    [Theory]
    [InlineData(true, "local")]
    [InlineData(false, "local")]
    [InlineData(true, "open")]
    public async Task Identical_requests_at_once_make_one_promotion(bool keyed, string policy)
    {
        await using var it = await OpenAsync(policy);
        await it.RegisterAsync();
        var agent = await it.AgentAsync();
        await using var second = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));

        var views = await Task.WhenAll(Enumerable.Range(0, 30).Select(n => Task.Run(async () =>
            Ok(await (n % 2 == 0 ? it.Services : second).Promotions.RequestAsync(agent, new PromotionRequest("digits", "v1", "production", "better", keyed ? "key" : null))))));

        Assert.Single(views.Select(v => v.PromotionId).Distinct());
        Assert.Single(await it.RowsAsync("select id from promotion"));
        Assert.Single(await it.VerbsAsync(views[0].PromotionId), "promotion.request");
        await it.VerifyAuditAsync();
    }
}
