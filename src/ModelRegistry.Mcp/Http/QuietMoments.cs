namespace ModelRegistry.Mcp.Http;

/// <summary>
/// Gives memory back when nobody asks anything. Work leaves garbage behind, and room for more of it, several times what is
/// alive; the runtime collects when more is asked for, and so would keep all of it through a quiet night.
/// </summary>
/// <remarks>
/// A full collection stops the process for some tens of milliseconds. It comes at most once in <see cref="Pace"/>, only when
/// next to nothing was asked for during that time, and only after as much work as <see cref="Worthwhile"/>.
/// </remarks>
internal static class QuietMoments
{
    /// <summary>How often to look, and how long a quiet moment is.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

    /// <summary>Bytes taken since the last time, below which there is nothing to gain.</summary>
    public const long Worthwhile = 16 * 1024 * 1024;

    /// <summary>Bytes taken in a quiet moment at most: open streams and the process's own chores take no more.</summary>
    private const long Quiet = 1024 * 1024;

    /// <summary>Looks from time to time, until cancelled.</summary>
    public static async Task GiveBackAsync(TimeProvider time, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Pace, time);
        long seen = 0, given = 0;
        while (await timer.WaitForNextTickAsync(cancel))
        {
            var taken = GC.GetTotalAllocatedBytes();
            var quiet = taken - seen < Quiet;
            seen = taken;
            if (!quiet || taken - given < Worthwhile)
                continue;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            given = taken;
        }
    }
}
