using ModelRegistry.Catalog;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>What serves, and what served when.</summary>
[OnBothDatabases]
public sealed class ServingTests
{
    [Fact]
    public async Task What_served_at_any_moment_is_told_to_the_microsecond()
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("m", by: Robot);
        it.Clock.Advance(TimeSpan.FromMinutes(1));
        var first = it.Clock.GetUtcNow();
        await it.ProposeAsync("m", "v1", by: Robot);
        it.Clock.Advance(TimeSpan.FromMinutes(1));
        var second = it.Clock.GetUtcNow();
        await it.ProposeAsync("m", "v2", by: Robot);
        it.Clock.Advance(TimeSpan.FromMinutes(1));

        var microsecond = TimeSpan.FromTicks(10);
        Assert.Null(await it.ServingAsync("m", at: first - microsecond));
        Assert.Equal("v1", await it.ServingAsync("m", at: first));
        Assert.Equal("v1", await it.ServingAsync("m", at: second - microsecond));
        Assert.Equal("v2", await it.ServingAsync("m", at: second));
        Assert.Equal("v2", await it.ServingAsync("m", at: it.Clock.GetUtcNow().AddYears(1)));
        Assert.Equal("v2", await it.ServingAsync("m"));

        var periods = Ok(await it.Services.Catalog.HistoryAsync(Robot, new HistoryQuery("m"))).Items;
        Assert.Equal([("v2", second, null), ("v1", first, second)], periods.Select(p => (p.Version, p.From, p.Until)));
        Assert.Equal("v1", Assert.Single(Ok(await it.Services.Catalog.HistoryAsync(Robot, new HistoryQuery("m", At: second - microsecond))).Items).Version);
        Assert.Empty(Ok(await it.Services.Catalog.HistoryAsync(Robot, new HistoryQuery("m", At: first - microsecond))).Items);
    }

    [Fact]
    public async Task History_pages_tell_who_asked_and_who_approved()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.PutIntoProductionAsync();

        var periods = new List<ServingPeriodView>();
        for (var query = new HistoryQuery("digits", Limit: 1); ;)
        {
            var page = Ok(await it.Services.Catalog.HistoryAsync(Robot, query));
            periods.AddRange(page.Items);
            if (page.NextCursor is null)
                break;
            query = query with { Cursor = page.NextCursor };
        }

        Assert.Equal([("production", "v2"), ("staging", "v2"), ("production", "v1"), ("staging", "v1")], periods.Select(p => (p.Stage, p.Version)));
        Assert.All(periods.Where(p => p.Stage == "production"), p => Assert.Equal(("test agent", "ben", "authenticated", "better"), (p.RequestedBy, Assert.Single(p.ApprovedBy), p.Assurance, p.Reason)));
        Assert.All(periods.Where(p => p.Stage == "staging"), p => Assert.Equal((0, null), (p.ApprovedBy.Count, p.Assurance)));
    }

    [Fact]
    public async Task Nothing_serving_is_an_answer_and_a_wrong_name_or_stage_a_refusal()
    {
        await using var it = await EmptyAsync();
        await it.CreateAsync("m");

        var view = Ok(await it.Services.Catalog.ServingAsync(Robot, "M", " ", null));
        Assert.Equal(("m", false, null, "production"), (view.ModelName, view.Serving, view.Version, view.Stage));
        Assert.Equal(["production"], view.Targets);
        Assert.Equal("stage_unknown", No(await it.Services.Catalog.ServingAsync(Robot, "m", "prod'--", null)));
        Assert.Equal("model_not_found", No(await it.Services.Catalog.ServingAsync(Robot, "m' or '1'='1", null, null)));
        Assert.Equal("model_not_found", No(await it.Services.Catalog.HistoryAsync(Robot, new HistoryQuery("x\0"))));
        Assert.Equal("role_missing", No(await it.Services.Catalog.ServingAsync(Robot with { Roles = [] }, "m", null, null)));
    }

    [Fact]
    public async Task The_default_alias_does_not_change_what_serves()
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("m", by: Robot);
        await it.ProposeAsync("m", "v1", by: Robot);
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { Version = "v2", Alias = "default" }));

        Assert.Equal("v1", await it.ServingAsync("m"));
    }
}
