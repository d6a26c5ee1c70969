using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>Versions side by side.</summary>
[OnBothDatabases]
public sealed class CompareTests
{
    private static async Task RegisterAsync(TestRegistry it, params (string Name, double Value)[] metrics) => Ok(await it.Services.Intake.RegisterAsync(
        Robot, new Registration("m", null, null, [it.File($"{Guid.NewGuid()}")], new VersionMetadata { Metrics = metrics.ToDictionary(m => m.Name, m => m.Value) })));

    [Fact]
    public async Task Deltas_are_against_the_first_and_the_best_heeds_the_direction()
    {
        await using var it = await EmptyAsync();
        await RegisterAsync(it, ("accuracy", 0.9), ("log_loss", 0.3), ("same", 1), ("huge", -1e308), ("tiny", 1e-15), ("big", 1e15));
        await RegisterAsync(it, ("accuracy", 0.95), ("log_loss", 0.5), ("same", 1), ("huge", 1e308), ("tiny", 3e-15), ("big", 1e15 + 2), ("new", 5));
        await RegisterAsync(it, ("log_loss", 0.2), ("same", 1));

        var seen = Ok(await it.Services.Catalog.CompareAsync(Robot, "m", ["1", "v2", "latest"])).Metrics.ToDictionary(m => m.Metric);

        Assert.Equal(["accuracy", "big", "huge", "log_loss", "new", "same", "tiny"], seen.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([0.9, 0.95, null], seen["accuracy"].Values);
        Assert.Equal([0, 0.05, null], seen["accuracy"].Deltas);
        Assert.Equal(("higher", "v2"), (seen["accuracy"].Better, seen["accuracy"].Best));
        Assert.Equal([0, 0.2, -0.1], seen["log_loss"].Deltas);
        Assert.Equal(("lower", "v3"), (seen["log_loss"].Better, seen["log_loss"].Best));
        Assert.Null(seen["same"].Best);
        // A difference that no JSON number tells is left out; small and large ones are not rounded away.
        Assert.Equal([null, null, null], seen["huge"].Deltas.Select(d => d is 0 ? null : d));
        Assert.Equal(2e-15, seen["tiny"].Deltas[1]!.Value, 1e-20);
        Assert.Equal(2, seen["big"].Deltas[1]);
        Assert.Equal([null, 5, null], seen["new"].Values);
        Assert.Equal([null, null, null], seen["new"].Deltas);
        Assert.Null(seen["new"].Best);
    }

    [Fact]
    public async Task What_else_differs_is_said_and_what_serves_is_marked()
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("m", by: Robot);
        await it.ProposeAsync("m", "v1", by: Robot);

        var seen = Ok(await it.Services.Catalog.CompareAsync(Robot, "m", ["v1", "v2"]));

        Assert.Equal("v1", seen.ServingVersion);
        Assert.Equal([true, false], seen.Versions.Select(v => v.Serving));
        Assert.Contains(seen.Differences, d => d.StartsWith("stage: v1 = production, v2 = development", StringComparison.Ordinal));
        Assert.DoesNotContain(seen.Differences, d => d.StartsWith("format", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_version_named_twice_is_shown_once_and_one_alone_is_no_comparison()
    {
        await using var it = await EmptyAsync();
        await RegisterAsync(it, ("accuracy", 0.9));
        await RegisterAsync(it, ("accuracy", 0.8));

        Assert.Equal(["v1", "v2"], Ok(await it.Services.Catalog.CompareAsync(Robot, "m", ["v1", "1", "v2", "latest"])).Versions.Select(v => v.Version));
        Assert.Equal("too_few_versions", No(await it.Services.Catalog.CompareAsync(Robot, "m", ["v1", "1"])));
        Assert.Equal("too_few_versions", No(await it.Services.Catalog.CompareAsync(Robot, "m", ["v1"])));
        Assert.Equal("too_few_versions", No(await it.Services.Catalog.CompareAsync(Robot, "m", [])));
        Assert.Equal("too_few_versions", No(await it.Services.Catalog.CompareAsync(Robot, "m", [.. Enumerable.Repeat("v1", 11)])));
        Assert.Equal("version_not_found", No(await it.Services.Catalog.CompareAsync(Robot, "m", ["v1", "v3"])));
    }

    [Fact]
    public async Task A_rejected_version_says_so_in_list_comparison_and_detail()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();
        await it.RegisterAsync();
        var promotion = await it.ProposeAsync("digits", "v1");
        Ok(await it.DecideAsync("ben", promotion.PromotionId!, DecisionVerdict.Reject, "no"));

        Assert.Equal(["rejected", "pending_review"], Ok(await it.Services.Catalog.CompareAsync(Robot, "digits", ["v1", "v2"])).Versions.Select(v => v.Status));
        Assert.Equal(["pending_review", "rejected"], Ok(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("digits"))).Items.Select(v => v.Status));
        Assert.Equal("rejected", Ok(await it.Services.Catalog.GetAsync(Robot, "digits", "v1")).Version!.Status);

        // The last word counts: approved later, it is not rejected any more.
        var second = await it.ProposeAsync("digits", "v1", reason: "looked at again");
        Ok(await it.DecideAsync("ben", second.PromotionId!));
        Assert.Equal("deployed", Ok(await it.Services.Catalog.GetAsync(Robot, "digits", "v1")).Version!.Status);
    }
}
