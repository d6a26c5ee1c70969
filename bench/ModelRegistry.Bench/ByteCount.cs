using System.Globalization;

namespace ModelRegistry.Bench;

/// <summary>A number of bytes as a person writes it: <c>300MiB</c>, <c>5GiB</c>, <c>1000</c>.</summary>
internal static class ByteCount
{
    /// <param name="usual">What it is where the option is not there.</param>
    public static long Of(string[] options, string name, string usual)
    {
        var at = Array.IndexOf(options, name);
        var text = at >= 0 && at + 1 < options.Length ? options[at + 1] : usual;
        var (digits, unit) = text switch
        {
            [.. var n, 'G', 'i', 'B'] => (n, 1L << 30),
            [.. var n, 'M', 'i', 'B'] => (n, 1L << 20),
            [.. var n, 'K', 'i', 'B'] => (n, 1L << 10),
            _ => (text, 1L),
        };
        return long.Parse(digits, CultureInfo.InvariantCulture) * unit;
    }
}
