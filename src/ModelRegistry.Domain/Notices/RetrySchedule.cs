namespace ModelRegistry.Domain;

/// <summary>When a delivery that failed is tried again: soon at first, then ever less often, until the event is too old.</summary>
public static class RetrySchedule
{
    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10),
        TimeSpan.FromHours(1), TimeSpan.FromHours(3), TimeSpan.FromHours(6),
    ];

    /// <summary>The most that somebody who asks to be left alone for a while (<c>Retry-After</c>) is left alone.</summary>
    public static TimeSpan LongestRest { get; } = TimeSpan.FromHours(1);

    /// <summary>The pause after so many failures.</summary>
    /// <param name="failures">1 after the first.</param>
    /// <param name="chance">From 0 to 1: moves the pause by up to a fifth either way, so that many do not come back at once.</param>
    public static TimeSpan After(int failures, double chance) => Steps[Math.Clamp(failures, 1, Steps.Length) - 1] * (0.8 + 0.4 * chance);

    /// <summary>Whether an event is so old that the next failure is the last.</summary>
    public static bool IsOver(DateTimeOffset happened, DateTimeOffset now, TimeSpan patience) => now - happened >= patience;
}
