using ModelRegistry.Catalog;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Changes;

/// <summary>Reading and waiting, the same on both databases.</summary>
public abstract class FeedContract
{
    // Far longer than any test: who relies on it does not come back in time.
    private static readonly TimeSpan Never = TimeSpan.FromHours(1), Soon = TimeSpan.FromMilliseconds(20);

    private protected abstract Task<TestRegistry> OpenAsync();

    [Fact]
    public async Task Changes_are_numbered_without_gaps_and_read_after_any_of_them()
    {
        await using var it = await OpenAsync();
        var feed = it.Services.Changes;
        var start = await feed.LastAsync();
        await it.RegisterAsync("a", by: Robot);
        await it.RegisterAsync("a", by: Robot);
        var all = await feed.AfterAsync(start, 100);
        Assert.Equal(["version", "model_list", "version"], all.Select(c => c.Kind));
        Assert.Equal(Enumerable.Range(1, 3).Select(i => start + i), all.Select(c => c.Number));
        Assert.Equal(all.Skip(1), await feed.AfterAsync(start + 1, 100));
        Assert.Equal(all.Take(1), await feed.AfterAsync(start, 1));
        Assert.Equal(start + 3, await feed.LastAsync());
        Assert.Empty(await feed.AfterAsync(start + 3, 100));
    }

    [Fact]
    public async Task Whoever_waits_hears_at_once_of_what_this_process_writes()
    {
        await using var it = await OpenAsync();
        var feed = it.Services.Changes;
        var waiting = feed.WaitAsync(await feed.LastAsync(), Never);
        await it.CreateAsync("a");
        await waiting.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Whoever_waits_hears_of_what_another_process_writes()
    {
        await using var it = await OpenAsync();
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        var waiting = other.Changes.WaitAsync(await other.Changes.LastAsync(), Soon);
        await it.CreateAsync("a");
        await waiting.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("model", (await other.Changes.AfterAsync(await other.Changes.LastAsync() - 2, 1))[0].Kind);
    }

    [Fact]
    public async Task What_was_there_before_is_not_waited_for()
    {
        await using var it = await OpenAsync();
        var before = await it.Services.Changes.LastAsync();
        await it.CreateAsync("a");
        await it.Services.Changes.WaitAsync(before, Never).WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Writes_that_change_nothing_wake_nobody_for_good()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("a");
        var last = await it.Services.Changes.LastAsync();
        using var stop = new CancellationTokenSource();
        var waiting = it.Services.Changes.WaitAsync(last, Never, stop.Token);
        Assert.Equal("model_exists", No(await it.Services.Metadata.CreateModelAsync(Robot, new NewModel("a"))));
        Assert.Equal(last, await it.Services.Changes.LastAsync());
        Assert.False(waiting.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}

public sealed class SqliteFeedTests : FeedContract
{
    private protected override Task<TestRegistry> OpenAsync() => EmptyAsync();
}

public sealed class PostgresFeedTests(PostgresCluster cluster) : FeedContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await EmptyAsync(database: await cluster.NewDatabaseAsync());
}
