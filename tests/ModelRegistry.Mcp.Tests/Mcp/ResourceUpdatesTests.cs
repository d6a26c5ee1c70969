using Microsoft.Extensions.Logging.Abstractions;
using ModelRegistry.Catalog;
using ModelRegistry.Changes;
using ModelRegistry.Mcp.Tools;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>The one place that follows the feed for everybody: who is slow, who leaves, and what is kept of them.</summary>
public sealed class ResourceUpdatesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Nothing_is_followed_while_nobody_listens()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        using var updates = new ResourceUpdates(NullLogger.Instance);
        Assert.False(updates.IsFollowing);
        var (one, two) = (Listening("u", ResourceTopic.Policy), Listening("u", ResourceTopic.Policy));
        await updates.AddAsync(one, registry.Services.Changes, default);
        await updates.AddAsync(two, registry.Services.Changes, default);
        updates.Remove(one);
        Assert.True(updates.IsFollowing);
        updates.Remove(two);
        updates.Remove(two);
        Assert.False(updates.IsFollowing);
        Assert.Equal(0, updates.Listeners);
        await updates.AddAsync(one, registry.Services.Changes, default);
        Assert.True(updates.IsFollowing);
    }

    [Fact]
    public async Task A_slow_listener_holds_nobody_up_and_finds_each_address_once()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        var id = SeededRegistry.Ok(await registry.Services.Catalog.GetAsync(await registry.AgentAsync(), "churn", null)).ModelId;
        using var updates = new ResourceUpdates(NullLogger.Instance);
        var (slow, quick) = (Listening("slow", ResourceTopic.Model(id)), Listening("quick", ResourceTopic.Model(id)));
        Assert.True(slow.Add("card", ResourceTopic.Cards(id)));
        await updates.AddAsync(slow, registry.Services.Changes, default);
        await updates.AddAsync(quick, registry.Services.Changes, default);
        foreach (var i in Enumerable.Range(0, 20))
        {
            SeededRegistry.Ok(await registry.Services.Metadata.SetAsync(await registry.AgentAsync(), new MetadataEdit("churn") { Description = $"{i}" }));
            Assert.Equal(["quick"], (await quick.NextAsync(default).AsTask().WaitAsync(Patience))!.Uris);
        }
        Assert.Equal(["slow", "card"], (await slow.NextAsync(default).AsTask().WaitAsync(Patience))!.Uris);
        slow.End();
        Assert.Null(await slow.NextAsync(default));
    }

    [Fact]
    public async Task The_end_gives_out_what_waits_and_lets_nobody_in_again()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        using var updates = new ResourceUpdates(NullLogger.Instance);
        var listener = Listening("policy", ResourceTopic.Policy);
        await updates.AddAsync(listener, registry.Services.Changes, default);
        listener.Hear(new HashSet<ResourceTopic> { ResourceTopic.Policy });
        updates.End();
        Assert.Equal(["policy"], (await listener.NextAsync(default))!.Uris);
        Assert.Null(await listener.NextAsync(default));
        var late = Listening("policy", ResourceTopic.Policy);
        await updates.AddAsync(late, registry.Services.Changes, default);
        Assert.Null(await late.NextAsync(default));
        Assert.Equal(0, updates.Listeners);
        Assert.False(updates.IsFollowing);
    }

    [Fact]
    public async Task An_address_given_up_is_not_told_of_even_if_it_waits_already()
    {
        var listener = Listening("a", ResourceTopic.Policy);
        listener.Add("b", ResourceTopic.Policy);
        listener.Hear(new HashSet<ResourceTopic> { ResourceTopic.Policy });
        listener.Remove("a");
        Assert.Equal(["b"], (await listener.NextAsync(default))!.Uris);
        listener.Remove("b");
        Assert.True(listener.IsIdle);
    }

    [Fact]
    public async Task Every_kind_of_change_touches_what_shows_it()
    {
        IEnumerable<ResourceTopic> Touched(string kind, string? model = "m") => ResourceTopic.TouchedBy(new ChangeView(1, default, kind, model, null));
        Assert.Equal([ResourceTopic.Pending, ResourceTopic.Model("m")], Touched("promotion"));
        foreach (var kind in new[] { "serving", "version", "model", "deployment" })
            Assert.Equal([ResourceTopic.Model("m"), ResourceTopic.Cards("m")], Touched(kind));
        Assert.Equal([ResourceTopic.List], Touched("model_list"));
        Assert.Equal([ResourceTopic.Pending], Touched("person", null));
        Assert.Empty(Touched("other", null));
        var listener = Listening("m", ResourceTopic.Model("m"));
        listener.Add("n", ResourceTopic.Cards("n"));
        listener.Add("pending", ResourceTopic.Pending);
        listener.Hear(Touched("policy", null).ToHashSet());
        Assert.Equal(["m", "n", "pending"], (await listener.NextAsync(default))!.Uris);
    }

    [Fact]
    public async Task A_listener_whose_feed_cannot_be_read_at_first_is_told_so_and_not_kept()
    {
        var registry = await SeededRegistry.OpenAsync();
        var feed = registry.Services.Changes;
        await registry.DisposeAsync();
        using var updates = new ResourceUpdates(NullLogger.Instance);
        await Assert.ThrowsAnyAsync<Exception>(() => updates.AddAsync(Listening("policy", ResourceTopic.Policy), feed, default));
        Assert.Equal(0, updates.Listeners);
        Assert.False(updates.IsFollowing);
    }

    private static ResourceListener Listening(string uri, ResourceTopic topic)
    {
        var listener = new ResourceListener();
        Assert.True(listener.Add(uri, topic));
        return listener;
    }
}
