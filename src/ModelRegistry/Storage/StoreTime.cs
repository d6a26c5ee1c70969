namespace ModelRegistry.Storage;

/// <summary>Times in the store are whole microseconds since 1970, UTC: both databases keep those exactly.</summary>
public static class StoreTime
{
    /// <summary>Microseconds since 1970; what is finer is cut off.</summary>
    public static long Micros(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset At(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);
}
