using System.Collections.Concurrent;
using System.Diagnostics;
using ModelRegistry.Catalog;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Changes;

/// <summary>Reading and waiting, the same on both databases.</summary>
public abstract class FeedContract
{
    // Far longer than any test: who relies on it does not come back in time.
    private protected static readonly TimeSpan Never = TimeSpan.FromHours(1), Long = TimeSpan.FromMinutes(1);

    private protected abstract Task<TestRegistry> OpenAsync();

    /// <summary>How often to look for what other processes did: never, where the database tells of it.</summary>
    private protected abstract TimeSpan? ForOthers { get; }

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
        feed.Pace = Never;
        // Some of them look before it is written, and hear of their look when others have been told already.
        foreach (var round in Enumerable.Range(0, 25))
        {
            var last = await feed.LastAsync();
            var waiting = Enumerable.Range(0, 50).Select(_ => Task.Run(() => feed.WaitAsync(last))).ToList();
            await it.CreateAsync($"m{round}");
            await Task.WhenAll(waiting).WaitAsync(Long);
        }
    }

    [Fact]
    public async Task Nothing_committed_between_two_looks_is_missed()
    {
        await using var it = await OpenAsync();
        var feed = it.Services.Changes;
        feed.Pace = Never;
        var (from, models) = (await feed.LastAsync(), 60);
        var following = Task.Run(async () =>
        {
            for (var seen = from; seen < from + models;)
            {
                await feed.WaitAsync(seen);
                seen = (await feed.AfterAsync(seen, 2))[^1].Number;
            }
        });
        foreach (var i in Enumerable.Range(0, models))
            await it.CreateAsync($"m{i}");
        await following.WaitAsync(Long);
    }

    [Fact]
    public async Task Whoever_waits_hears_of_what_another_process_writes()
    {
        await using var it = await OpenAsync();
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        other.Changes.Pace = ForOthers;
        var waiting = other.Changes.WaitAsync(await other.Changes.LastAsync());
        await it.CreateAsync("a");
        await waiting.WaitAsync(Long);
        Assert.Equal("model", (await other.Changes.AfterAsync(await other.Changes.LastAsync() - 2, 1))[0].Kind);
    }

    [Fact]
    public async Task What_was_there_before_is_not_waited_for()
    {
        await using var it = await OpenAsync();
        var before = await it.Services.Changes.LastAsync();
        await it.CreateAsync("a");
        await it.Services.Changes.WaitAsync(before).WaitAsync(Long);
    }

    [Fact]
    public async Task Writes_that_change_nothing_wake_nobody_for_good()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("a");
        var last = await it.Services.Changes.LastAsync();
        using var stop = new CancellationTokenSource();
        var waiting = it.Services.Changes.WaitAsync(last, stop.Token);
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

    private protected override TimeSpan? ForOthers => null;

    [Fact]
    public async Task On_one_machine_nobody_is_counted()
    {
        await using var it = await OpenAsync();
        await it.Services.Replicas.RunAsync(CancellationToken.None).WaitAsync(Long);
        Assert.Equal(1, it.Services.Replicas.Count);
    }
}

public sealed class PostgresFeedTests(PostgresCluster cluster) : FeedContract, IClassFixture<PostgresCluster>
{
    private string _database = "";

    private protected override async Task<TestRegistry> OpenAsync() => await EmptyAsync(database: _database = await cluster.NewDatabaseAsync());

    private protected override TimeSpan? ForOthers => Never;

    [Fact]
    public async Task Whoever_waits_hears_again_after_every_connection_was_cut()
    {
        await using var it = await OpenAsync();
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        other.Changes.Pace = Never;
        foreach (var model in (string[])["a", "b"])
        {
            var waiting = other.Changes.WaitAsync(await LastAsync(other));
            await cluster.CutConnectionsAsync(_database);
            // The first may find its connection gone; it says so, and nothing was written.
            for (var made = false; !made;)
                try
                {
                    made = (await it.Services.Metadata.CreateModelAsync(Robot, new NewModel(model))).Refusal is null;
                }
                catch (StorageUnavailableException)
                {
                }
            // A look that met the outage says so; whoever waits asks again.
            await waiting.ContinueWith(w => w.IsFaulted ? other.Changes.WaitAsync(0) : w, TaskScheduler.Default).Unwrap().WaitAsync(Long);
            Assert.Contains(await other.Changes.AfterAsync(0, 100), c => c.Kind == "model");
        }
    }

    [Fact]
    public async Task What_is_looked_for_on_behalf_of_all_is_in_nobodys_trace()
    {
        await using var it = await OpenAsync();
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        other.Changes.Pace = Never;
        var last = await other.Changes.LastAsync();
        var seen = new ConcurrentQueue<(ActivityTraceId Trace, string? Statement)>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span => seen.Enqueue((span.TraceId, (string?)(span.GetTagItem("db.query.text") ?? span.GetTagItem("db.statement")))),
        };
        ActivitySource.AddActivityListener(listener);
        Task waiting;
        ActivityTraceId asked;
        using (var request = new Activity("request").Start())
            (asked, waiting) = (request.TraceId, other.Changes.WaitAsync(last));
        await it.CreateAsync("a");
        await waiting.WaitAsync(Long);
        // Its own look is the caller's; what is heard and looked for from then on is everybody's.
        int Looks(bool callers) => seen.Count(s => s.Trace == asked == callers && s.Statement?.Contains("select feed_seq from audit_tree", StringComparison.Ordinal) == true);
        bool Listens(bool callers) => seen.Any(s => s.Trace == asked == callers && s.Statement?.StartsWith("listen ", StringComparison.Ordinal) == true);
        await UntilAsync(() => Listens(true) || Listens(false));
        Assert.Equal((1, false), (Looks(callers: true), Listens(callers: true)));
        Assert.True(Looks(callers: false) >= 1);
    }

    private static async Task<long> LastAsync(RegistryServices registry)
    {
        while (true)
            try
            {
                return await registry.Changes.LastAsync();
            }
            catch (StorageUnavailableException)
            {
            }
    }

    [Fact]
    public async Task Who_serves_is_counted_while_it_lives()
    {
        await using var it = await OpenAsync();
        await using var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        using CancellationTokenSource one = new(), two = new();
        var first = it.Services.Replicas.RunAsync(one.Token);
        var second = other.Replicas.RunAsync(two.Token);
        await UntilAsync(() => it.Services.Replicas.Count == 2 && other.Replicas.Count == 2);
        await two.CancelAsync();
        await second;
        await UntilAsync(() => it.Services.Replicas.Count == 1);
        // What was lost with its connection is joined again.
        await cluster.CutConnectionsAsync(_database);
        using var again = new CancellationTokenSource();
        var third = other.Replicas.RunAsync(again.Token);
        await UntilAsync(() => it.Services.Replicas.Count == 2 && other.Replicas.Count == 2);
        await one.CancelAsync();
        await again.CancelAsync();
        await Task.WhenAll(first, third);
    }

    private static async Task UntilAsync(Func<bool> so)
    {
        using var patience = new CancellationTokenSource(Long);
        while (!so())
            await Task.Delay(50, patience.Token);
    }
}
