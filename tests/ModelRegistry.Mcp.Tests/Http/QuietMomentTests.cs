using System.Globalization;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>What a server that was busy keeps of the system's memory when nobody asks anything any more.</summary>
public sealed class QuietMomentTests
{
    [Fact]
    public async Task Memory_that_work_left_behind_goes_back_and_sessions_stay()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What a process holds is read from /proc.");
        await using var registry = await SeededRegistry.OpenAsync("team");
        await using var client = await HttpRawClient.StartAsync(registry, Era.Handshake, token: await registry.TokenAsync("planner"), options: ["--rate-limit", "0"]);
        long Anonymous() => Resident(client.Server.Process.Id);
        long before = Anonymous(), busiest = before;
        // Far more than what is worth giving back.
        for (var i = 0; i < 2_000; i++)
        {
            await client.CallAsync("list_models");
            if (i % 100 == 0)
                busiest = Math.Max(busiest, Anonymous());
        }
        var patience = TimeProvider.System.GetTimestamp();
        while (Anonymous() > busiest - 4 * 1024)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(patience) < TimeSpan.FromSeconds(60), $"{before} KiB before, {busiest} KiB when busiest, {Anonymous()} KiB after a minute of rest");
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }
        Assert.False((await client.CallAsync("list_models")).IsError);
    }

    /// <summary>KiB of memory that is no file's.</summary>
    private static long Resident(int process) =>
        long.Parse(File.ReadLines($"/proc/{process}/status").Single(l => l.StartsWith("RssAnon:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
}
