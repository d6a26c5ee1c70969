using System.Globalization;
using ModelRegistry.Measured;

namespace ModelRegistry.Bench;

/// <summary>A number of bytes as a person writes it: <c>300MiB</c>, <c>5GiB</c>, <c>1000</c>.</summary>
internal static class ByteCount
{
    /// <param name="usual">What it is where the option is not there.</param>
    /// <exception cref="ArgumentException">It is no number of bytes.</exception>
    public static long Of(RunOptions options, string usual)
    {
        var text = options.Text("size") ?? usual;
        var (digits, unit) = text switch
        {
            [.. var n, 'G', 'i', 'B'] => (n, 1L << 30),
            [.. var n, 'M', 'i', 'B'] => (n, 1L << 20),
            [.. var n, 'K', 'i', 'B'] => (n, 1L << 10),
            _ => (text, 1L),
        };
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number * unit : throw new ArgumentException("--size is a number of bytes, such as 300MiB or 5GiB.");
    }
}
