using System.Globalization;

namespace ModelRegistry.Bench;

/// <summary>What one arm was measured at, round by round.</summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    public double Median => Sorted() is var sorted ? sorted[sorted.Count / 2] : 0;

    public void Add(double value) => _values.Add(value);

    /// <summary>Each round's value against another arm's of the same round.</summary>
    public Samples Over(Samples other)
    {
        var ratios = new Samples();
        foreach (var (mine, its) in _values.Zip(other._values))
            ratios.Add(mine / its);
        return ratios;
    }

    /// <summary>The median, and between which values half of the rounds lay.</summary>
    public string Told(string format)
    {
        var sorted = Sorted();
        string Text(int at) => sorted[Math.Min(at, sorted.Count - 1)].ToString(format, CultureInfo.InvariantCulture);
        return $"{Text(sorted.Count / 2)} ({Text(sorted.Count / 4)}–{Text(sorted.Count * 3 / 4)})";
    }

    private List<double> Sorted() => [.. _values.Order()];
}
