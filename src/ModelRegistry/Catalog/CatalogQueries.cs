using System.Globalization;
using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <param name="Search">Part of the name or description, any case.</param>
/// <param name="Stage">Models with a version in this stage.</param>
/// <param name="OnlyInactive">Those that are not listed otherwise, and no others.</param>
public sealed record ModelQuery(string? Search = null, string? Task = null, string? Stage = null, bool IncludeInactive = false, int Limit = 20, string? Cursor = null, bool OnlyInactive = false)
{
    /// <summary>Each <c>key</c> or <c>key:value</c>, of the model or of a version; <c>framework:NAME</c> is a version's framework too. All that is said of tags, stage and metrics holds of one and the same version; the model's own tags count for each of its versions.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Bounds of metrics of that version.</summary>
    public IReadOnlyList<MetricBound> Metrics { get; init; } = [];
}

/// <param name="Status">One of <see cref="ModelRegistry.Domain.VersionStatus.Words"/>.</param>
/// <param name="IsDefault">The version given when none is named, or all others.</param>
public sealed record VersionQuery(string ModelName, string? Stage = null, int Limit = 20, string? Cursor = null, string? Status = null, bool? IsDefault = null)
{
    /// <summary>Tags that the version has itself, all of them: <c>key</c> or <c>key:value</c>; <c>framework:NAME</c> is its framework too.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Bounds of its metrics, all of them.</summary>
    public IReadOnlyList<MetricBound> Metrics { get; init; } = [];
}

/// <summary>Where a metric's current value must lie, both ends included. A version that does not report it is outside.</summary>
public sealed record MetricBound(string Metric, double? Least, double? Most)
{
    /// <summary>Reads bounds such as <c>accuracy&gt;=0.9</c> and <c>latency_ms&lt;=50</c>.</summary>
    public static Outcome<IReadOnlyList<MetricBound>> Parse(IEnumerable<string> texts)
    {
        var bounds = new List<MetricBound>();
        foreach (var text in texts)
        {
            var at = text.IndexOfAny(['<', '>']);
            if (at <= 0 || at + 1 >= text.Length || text[at + 1] != '=' || !double.TryParse(text[(at + 2)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
                return Refusals.InvalidArgument("metrics", "each must be name>=number or name<=number, such as accuracy>=0.9");
            bounds.Add(text[at] == '>' ? new MetricBound(text[..at].Trim(), number, null) : new MetricBound(text[..at].Trim(), null, number));
        }
        return (Outcome<IReadOnlyList<MetricBound>>)bounds;
    }
}

/// <param name="Dataset">Exactly as a version gave it, in <c>dataset</c> or its lineage.</param>
/// <param name="CodeCommit">A commit, or at least seven hexadecimal digits that it begins with.</param>
public sealed record SourceQuery(string? Dataset, string? CodeCommit, int Limit = 20, string? Cursor = null);

/// <param name="Metric">Only of this metric.</param>
public sealed record MeasurementQuery(string ModelName, string? Version, string? Metric = null, int Limit = 20, string? Cursor = null);

/// <param name="Version">Whose card; null: the model's own.</param>
public sealed record CardQuery(string ModelName, string? Version = null, int Limit = 20, string? Cursor = null);

/// <param name="At">Only what served at this moment.</param>
public sealed record HistoryQuery(string ModelName, DateTimeOffset? At = null, int Limit = 20, string? Cursor = null);
