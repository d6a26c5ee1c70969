using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Telemetry;

/// <summary>One line of numbers.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    public string? this[string label] => Labels.GetValueOrDefault(label);
}

/// <summary>What <c>/metrics</c> said, read as the format is described and by none of the writer's code.</summary>
internal sealed partial class Scrape
{
    private readonly Dictionary<string, string> _types = [];
    private readonly List<Sample> _samples = [];

    public Scrape(string text)
    {
        Text = text;
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                Assert.True(_types.TryAdd(line.Split(' ')[2], line.Split(' ')[3]), $"Told twice: {line}");
            else if (!line.StartsWith("# HELP ", StringComparison.Ordinal))
                _samples.Add(Read(line));
        foreach (var sample in _samples)
            Assert.True(_types.ContainsKey(sample.Name) || _types.GetValueOrDefault(Family().Replace(sample.Name, "")) == "histogram", $"No type: {sample.Name}");
        Assert.Equal(_samples.Count, _samples.Select(Key).Distinct().Count());
    }

    public string Text { get; }

    public IReadOnlyList<Sample> Samples => _samples;

    /// <summary>Names of metrics, with how they are to be read.</summary>
    public IReadOnlyDictionary<string, string> Types => _types;

    public IEnumerable<Sample> Of(string name, params (string Label, string Value)[] labels) => _samples.Where(s => s.Name == name && labels.All(l => s[l.Label] == l.Value));

    /// <summary>The one number of that name and those labels.</summary>
    public double Value(string name, params (string Label, string Value)[] labels) => Assert.Single(Of(name, labels)).Value;

    /// <summary>All numbers of that name and those labels together; 0 where there are none.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) => Of(name, labels).Sum(s => s.Value);

    private static string Key(Sample sample) => $"{sample.Name}{{{string.Join(',', sample.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"))}}}";

    private static Sample Read(string line)
    {
        var match = Line().Match(line);
        Assert.True(match.Success, $"No sample: {line}");
        var labels = Label().Matches(match.Groups["labels"].Value).ToDictionary(l => l.Groups[1].Value, l => l.Groups[2].Value.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal));
        var number = match.Groups["value"].Value;
        return new Sample(match.Groups["name"].Value, labels, number switch { "+Inf" => double.PositiveInfinity, "-Inf" => double.NegativeInfinity, _ => double.Parse(number, CultureInfo.InvariantCulture) });
    }

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>([a-zA-Z_]\w*="([^"\\]|\\.)*",?)*)\})? (?<value>\S+)$""")]
    private static partial Regex Line();

    [GeneratedRegex("""([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?""")]
    private static partial Regex Label();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Family();
}
