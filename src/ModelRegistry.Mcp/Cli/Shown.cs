using System.Globalization;

namespace ModelRegistry.Mcp.Cli;

/// <summary>How values are written for people.</summary>
internal static class Shown
{
    public static string Number(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "-";

    public static string Delta(double? value) => value?.ToString("+0.######;-0.######;0", CultureInfo.InvariantCulture) ?? "-";

    public static string Count(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>UTC, to the second.</summary>
    public static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";

    public static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        double size = bytes;
        for (; size >= 1024 && unit < units.Length - 1; unit++)
            size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }

    public static string YesNo(bool value) => value ? "yes" : "no";

    public static string List(IEnumerable<string> items) => string.Join(", ", items);

    public static string Pairs(IEnumerable<KeyValuePair<string, string>> pairs) => string.Join(", ", pairs.Select(p => $"{p.Key}={p.Value}"));

    public static string Metrics(IReadOnlyDictionary<string, double> metrics, int most = int.MaxValue) =>
        string.Join(", ", metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Take(most).Select(m => $"{m.Key}={Number(m.Value)}")) + (metrics.Count > most ? ", …" : "");
}
