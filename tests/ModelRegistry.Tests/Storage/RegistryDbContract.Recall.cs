using System.Text.Json;
using ModelRegistry.Storage;
using Xunit;

namespace ModelRegistry.Tests.Storage;

/// <summary>What is asked again and again, and given from memory while nobody committed anything.</summary>
public abstract partial class RegistryDbContract
{
    private static readonly RecallKey Lines = new("lines", "all");

    [Fact]
    public async Task What_is_recalled_is_what_would_be_read_whoever_commits()
    {
        await using var one = await Ledger.OpenAsync(Options);
        await using var two = await Ledger.OpenAsync(Options);
        var read = 0;
        Task<long> CountAsync(RegistryDb of) => of.RecallAsync(Lines, async session =>
        {
            Interlocked.Increment(ref read);
            return (long)(await session.ScalarAsync("select count(*) from ledger"))!;
        }, _ => true, default);

        for (var i = 1; i <= 20; i++)
        {
            // Once it is kept by each, and what the other commits or this one itself is seen at once all the same.
            Assert.Equal((i - 1, i - 1), (await CountAsync(one), await CountAsync(two)));
            await (i % 2 == 0 ? one : two).AddAsync($"{i}");
            Assert.Equal((i, i), (await CountAsync(one), await CountAsync(two)));
        }
        // Kept for a second at most: on a slow machine one or the other is read again.
        var tries = 0;
        for (var before = -1; before != read && tries < 100; tries++)
        {
            before = read;
            Assert.Equal(20, await CountAsync(one));
        }
        Assert.InRange(tries, 1, 99);
    }

    [Fact]
    public async Task What_is_not_to_be_kept_is_read_each_time_and_a_failure_is_kept_by_nobody()
    {
        await using var db = await Ledger.OpenAsync(Options);
        var read = 0;
        for (var i = 0; i < 3; i++)
            Assert.Equal(i, await db.RecallAsync(Lines, _ => ValueTask.FromResult(read++), _ => false, default));
        await Assert.ThrowsAsync<InvalidDataException>(() => db.RecallAsync<int>(Lines, _ => throw new InvalidDataException("no"), _ => true, default));
        Assert.Equal(7, await db.RecallAsync(Lines, _ => ValueTask.FromResult(7), _ => true, default));
        // Another question, another answer.
        Assert.Equal(8, await db.RecallAsync(Lines with { At = "x" }, _ => ValueTask.FromResult(8), _ => true, default));
        Assert.Empty(await db.LinesAsync());
    }

    [Fact]
    public async Task Readers_beside_a_writer_recall_no_less_than_what_was_acknowledged_before_they_asked()
    {
        await using var one = await Ledger.OpenAsync(Options);
        await using var two = await Ledger.OpenAsync(Options);
        var acknowledged = 0L;
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                await one.AddAsync($"{i:000}");
                Interlocked.Increment(ref acknowledged);
            }
        });
        async Task ReadAsync(RegistryDb of)
        {
            while (!writing.IsCompleted)
            {
                var least = Interlocked.Read(ref acknowledged);
                Assert.InRange(await of.RecallAsync(Lines, async session => (long)(await session.ScalarAsync("select count(*) from ledger"))!, _ => true, default), least, 200);
            }
        }
        await Task.WhenAll([writing, .. ((RegistryDb[])[one, one, two, two]).Select(db => Task.Run(() => ReadAsync(db)))]);
        Assert.Equal(200, Interlocked.Read(ref acknowledged));
    }

    [Fact]
    public async Task What_was_kept_is_not_given_once_it_is_known_that_the_registry_was_moved()
    {
        await using var db = await Ledger.OpenAsync(Options);
        // From here it is not looked again for a second.
        Assert.Empty(await db.LinesAsync());
        var mark = JsonSerializer.Serialize(new MoveMark("move_1", "elsewhere", DateTimeOffset.UnixEpoch));
        Assert.Null((await db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("a"), async session =>
        {
            await session.ExecuteAsync("insert into meta (name, value) values ('moved_to', @mark)", ("mark", mark));
            return new Written<string>("a", [Ledger.Adding("a")], []);
        }, default)).Refusal);
        Task<int> RecallAsync() => db.RecallAsync(Lines, _ => ValueTask.FromResult(1), _ => true, default);

        // On two connections, so that it is another that finds out.
        var (begun, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var one = db.ReadAsync(async _ =>
        {
            begun.SetResult();
            await go.Task;
            return 0;
        }, default);
        await Task.WhenAny(begun.Task, one);
        // Late in the second after it was last looked: what is kept now would be kept after the next look.
        await Task.Delay(600);
        var kept = await Record.ExceptionAsync(RecallAsync);
        go.SetResult();
        await Record.ExceptionAsync(() => one);
        Exception? moved = null;
        while (moved is null)
            moved = await Record.ExceptionAsync(() => db.ReadAsync(_ => ValueTask.FromResult(0), default));

        Assert.Equal("registry_moved", Assert.IsType<StorageUnavailableException>(moved).Code);
        Assert.Equal("registry_moved", (await Assert.ThrowsAsync<StorageUnavailableException>(RecallAsync)).Code);
        // On a machine so slow that it was found out at once, nothing was kept.
        Assert.True(kept is null or StorageUnavailableException);
    }
}
