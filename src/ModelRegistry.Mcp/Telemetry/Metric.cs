namespace ModelRegistry.Mcp.Telemetry;

/// <summary>How the numbers of a metric are to be read.</summary>
internal enum MetricKind
{
    /// <summary>It only grows, from when measuring began.</summary>
    Counter,
    /// <summary>How it is now.</summary>
    Gauge,
    /// <summary>How many measurements were at most how large.</summary>
    Histogram,
}

/// <summary>Something that is told about this process, and how.</summary>
/// <param name="Name">As OpenTelemetry writes names; by it the instrument is found.</param>
/// <param name="Unit">By UCUM: <c>s</c>, <c>By</c>; what is counted stands in braces.</param>
/// <param name="Labels">All that it is told by. What an instrument says beyond that is added up.</param>
internal sealed record Metric(string Name, MetricKind Kind, string Unit, string Meaning, params IReadOnlyList<string> Labels)
{
    /// <summary>The most series of one metric. What comes after them is told as one, labelled <see cref="Beyond"/>.</summary>
    public const int MostSeries = 2_000;

    /// <summary>The value of every label of what is beyond <see cref="MostSeries"/>.</summary>
    public const string Beyond = "_OTHER";

    /// <summary>Its name for Prometheus: with the unit, and what it is (OpenTelemetry, Prometheus and OpenMetrics Compatibility).</summary>
    public string PrometheusName { get; } = Plain(Name) + Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" } + (Kind == MetricKind.Counter ? "_total" : "");

    /// <summary>Names of labels for Prometheus, in order.</summary>
    public IReadOnlyList<string> PrometheusLabels { get; } = [.. Labels.Select(Plain)];

    private static string Plain(string name) => string.Create(name.Length, name, (plain, from) =>
    {
        for (var i = 0; i < plain.Length; i++)
            plain[i] = char.IsAsciiLetterOrDigit(from[i]) || from[i] == ':' ? from[i] : '_';
    });
}
