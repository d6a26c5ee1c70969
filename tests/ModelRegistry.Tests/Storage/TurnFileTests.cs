using ModelRegistry.Storage;
using Xunit;

namespace ModelRegistry.Tests.Storage;

public sealed class TurnFileTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();

    private TurnFile Open() => new(_folder.File("registry.db"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_turn_at_a_time_and_a_wait_that_was_given_up_takes_none()
    {
        using var one = Open();
        using var two = Open();
        one.Take(Long);
        Assert.Throws<TimeoutException>(() => two.Take(TimeSpan.Zero));
        Assert.Throws<TimeoutException>(() => two.Take(TimeSpan.Zero));

        // The wait of the other, given up, ends with the turn going back: else this would wait for ever.
        one.Release();
        one.Take(Long);
        one.Release();
        two.Take(Long);
        Assert.Throws<TimeoutException>(() => one.Take(TimeSpan.Zero));
        two.Release();
    }

    [Fact]
    public async Task Who_waits_comes_before_who_has_just_had_it()
    {
        using var one = Open();
        using var two = Open();
        using var queue = LockedFile.Open(_folder.File("registry.queue"));
        List<string> turns = [];
        one.Take(Long);
        var waiting = Task.Run(() =>
        {
            two.Take(Long);
            turns.Add("two");
            two.Release();
        }, TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() =>
        {
            if (!queue.TryTake())
                return true;
            queue.Release();
            return false;
        });

        one.Release();
        one.Take(Long);
        turns.Add("one");
        one.Release();

        await waiting;
        Assert.Equal(["two", "one"], turns);
    }

    [Fact]
    public void Closing_while_waiting_lets_go()
    {
        using var one = Open();
        var two = Open();
        one.Take(Long);
        Assert.Throws<TimeoutException>(() => two.Take(TimeSpan.Zero));
        two.Dispose();
        two.Dispose();
        one.Release();
        one.Take(Long);
    }
}
