using ModelRegistry.Catalog;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Changes;

/// <summary>Every write that somebody may wait for leaves a row in the feed that says what sort of thing changed.</summary>
[OnBothDatabases]
public sealed class FeedRowTests
{
    [Fact]
    public async Task Models_that_come_go_change_their_name_or_are_hidden_change_the_list_and_others_do_not()
    {
        await using var it = await EmptyAsync();
        var metadata = it.Services.Metadata;
        await it.CreateAsync("a");
        Assert.Equal(["model", "model_list"], await KindsAsync(it));
        Ok(await metadata.SetAsync(Robot, new MetadataEdit("a") { Description = "better" }));
        Assert.Equal(["model"], await KindsAsync(it));
        Ok(await metadata.SetAsync(Robot, new MetadataEdit("a") { Description = "better" }));
        Assert.Empty(await KindsAsync(it));
        Ok(await metadata.SetAsync(Robot, new MetadataEdit("a") { NewName = "b" }));
        Assert.Equal(["model", "model_list"], await KindsAsync(it));
        Ok(await metadata.SetAsync(Robot, new MetadataEdit("b") { IsActive = false }));
        Assert.Equal(["model", "model_list"], await KindsAsync(it));
        Ok(await metadata.SetAsync(Robot, new MetadataEdit("b") { IsActive = true }));
        Ok(await metadata.DeleteModelAsync(Robot, "b"));
        Assert.Equal(["model", "model_list", "model", "model_list"], await KindsAsync(it));
        await it.RegisterAsync("c", by: Robot);
        Assert.Equal(["version", "model_list"], await KindsAsync(it));
        await it.RegisterAsync("c", by: Robot);
        Assert.Equal(["version"], await KindsAsync(it));
    }

    [Fact]
    public async Task Versions_their_metadata_and_aliases_name_their_model()
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync("a", by: Robot);
        var id = Ok(await it.Services.Catalog.GetAsync(Robot, "a", null)).ModelId;
        await KindsAsync(it);
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("a") { Version = "v1", Card = "# New" }));
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("a") { Version = "v1", Alias = "canary" }));
        Assert.Equal(["version", "version"], await KindsAsync(it, id));
    }

    [Fact]
    public async Task A_promotion_from_request_to_end_names_its_model_and_what_serves_changes_with_it()
    {
        await using var it = await OpenAsync();
        var parked = await it.ParkAsync();
        var id = Ok(await it.Services.Catalog.GetAsync(Robot, "digits", null)).ModelId;
        await KindsAsync(it);
        Ok(await it.DecideAsync("ben", parked.PromotionId!));
        Assert.Equal(["promotion", "promotion", "serving"], await KindsAsync(it, id));
        var next = await it.ParkAsync(accuracy: 0.95);
        await KindsAsync(it);
        Ok(await it.Services.Promotions.WithdrawAsync(await it.AgentAsync(), next.PromotionId!, "no"));
        Assert.Equal(["promotion"], await KindsAsync(it, id));
    }

    [Fact]
    public async Task A_promotion_that_time_ended_is_told_by_whoever_notices()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("a");
        await it.ProposeAsync("a", "v1", "staging");
        await it.ProposeAsync("a", "v1");
        it.Clock.Advance(TimeSpan.FromDays(30));
        await KindsAsync(it);
        Ok(await it.Services.Metadata.DeleteModelAsync(await it.AgentAsync(), "a"));
        Assert.Contains("promotion", await KindsAsync(it));
    }

    [Fact]
    public async Task The_policy_and_persons_are_told()
    {
        await using var it = await OpenAsync();
        await KindsAsync(it);
        await it.AcceptAsync("local");
        Assert.Equal(["policy"], await KindsAsync(it));
        Ok(await it.Services.People.DisableAsync((await it.PersonAsync("ana")).Actor, "cora"));
        Assert.Equal(["person"], await KindsAsync(it));
    }

    private readonly Dictionary<TestRegistry, long> _seen = [];

    /// <summary>The kinds of the changes since it was called last; of one model, when one is given.</summary>
    private async Task<IReadOnlyList<string>> KindsAsync(TestRegistry it, string? modelId = null)
    {
        var changes = await it.Services.Changes.AfterAsync(_seen.GetValueOrDefault(it), 1_000);
        _seen[it] = await it.Services.Changes.LastAsync();
        Assert.All(changes, c => Assert.True(modelId is null || c.ModelId == modelId));
        return [.. changes.Select(c => c.Kind)];
    }
}
