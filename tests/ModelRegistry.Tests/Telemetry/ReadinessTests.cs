using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace ModelRegistry.Tests.Telemetry;

/// <summary>Readiness tells the truth, soon, and costs what is asked nothing worth an attack.</summary>
public class ReadinessTests
{
    [Fact]
    public async Task A_part_that_hangs_is_away_and_is_not_asked_again_while_it_hangs()
    {
        var (asked, hung) = (0, new TaskCompletionSource());
        var readiness = Of(_ =>
        {
            Interlocked.Increment(ref asked);
            // It heeds no cancellation: the worst there is.
            return hung.Task;
        });
        var seen = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => readiness.LookAsync()));
        Assert.All(seen, view => Assert.Equal(new ReadinessView(false, true), view));
        Assert.False((await readiness.LookAsync()).Database);
        Assert.Equal(1, asked);

        hung.SetResult();
        await UntilAsync(readiness, ready: true);
    }

    [Fact]
    public async Task Asking_often_asks_the_parts_once()
    {
        var asked = 0;
        var readiness = Of(_ =>
        {
            Interlocked.Increment(ref asked);
            return Task.CompletedTask;
        });
        for (var i = 0; i < 1_000; i++)
            Assert.True((await readiness.LookAsync()).All);
        // Within a second once; a machine that is busy takes more than that for a thousand.
        Assert.InRange(asked, 1, 50);
    }

    [Fact]
    public async Task A_part_that_fails_is_away_until_it_answers_again()
    {
        Exception? failure = new StorageUnavailableException("It is away.", "Wait.");
        var readiness = Of(_ => failure is null ? Task.CompletedTask : Task.FromException(failure));
        Assert.Equal(new ReadinessView(false, true), await readiness.LookAsync());
        failure = new InvalidOperationException("a bug is no readiness either");
        Assert.False((await readiness.LookAsync()).Database);
        failure = null;
        await UntilAsync(readiness, ready: true);
    }

    [Fact]
    public async Task A_database_file_that_was_taken_away_is_no_database_though_it_can_still_be_read()
    {
        await using var it = await TestRegistry.OpenAsync();
        Assert.True((await it.Services.Readiness.LookAsync()).All);
        var file = Path.Combine(it.DataFolder, "registry.db");
        File.Move(file, file + ".away");
        await UntilAsync(it.Services.Readiness, ready: false);
        File.Move(file + ".away", file);
        await UntilAsync(it.Services.Readiness, ready: true);
    }

    [Fact]
    public async Task A_folder_of_contents_that_was_taken_away_is_missed()
    {
        await using var it = await TestRegistry.OpenAsync();
        var folder = Path.Combine(it.DataFolder, "artifacts");
        Directory.Move(folder, folder + ".away");
        await UntilAsync(it.Services.Readiness, ready: false);
        Assert.Equal(new ReadinessView(true, false), await it.Services.Readiness.LookAsync());
        Directory.Move(folder + ".away", folder);
        await UntilAsync(it.Services.Readiness, ready: true);
    }

    private static Readiness Of(Func<CancellationToken, Task> database) => new(database, _ => Task.CompletedTask, TimeProvider.System, NullLogger.Instance);

    private static async Task UntilAsync(Readiness readiness, bool ready)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((await readiness.LookAsync()).All != ready)
            await Task.Delay(50, patience.Token);
    }
}
