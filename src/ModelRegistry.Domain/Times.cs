using System.Globalization;

namespace ModelRegistry.Domain;

/// <summary>How the registry writes times: UTC, RFC 3339, microseconds; and as whole microseconds since 1970 in storage.</summary>
public static class Times
{
    private const string Format = "yyyy-MM-ddTHH:mm:ss.ffffffZ";

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    public static DateTimeOffset Parse(string text) => DateTimeOffset.ParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    public static long Micros(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicros(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    /// <summary>Cuts off what storage cannot hold, so that a value read back equals the one written.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset time) => FromMicros(Micros(time));
}
