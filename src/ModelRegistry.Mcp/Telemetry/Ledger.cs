using System.Collections.Concurrent;

namespace ModelRegistry.Mcp.Telemetry;

/// <summary>What was measured under one set of labels.</summary>
internal sealed class Tally(int buckets)
{
    private readonly Lock _turn = new();
    private readonly long[] _counts = new long[buckets];
    private double _sum;

    public void Add(double value, int bucket)
    {
        lock (_turn)
        {
            _sum += value;
            if (bucket < _counts.Length)
                _counts[bucket]++;
        }
    }

    /// <summary>The sum of all, and how many fell into each bucket; the last one has no upper bound.</summary>
    public (double Sum, long[] Counts) Read()
    {
        lock (_turn)
            return (_sum, [.. _counts]);
    }
}

/// <summary>All that was measured of one metric.</summary>
/// <param name="bounds">Upper bounds of a histogram's buckets, rising; empty for what is none.</param>
internal sealed class Ledger(Metric metric, double[] bounds)
{
    private readonly ConcurrentDictionary<object?[], Tally> _tallies = new(new ByLabels(metric));

    public Metric Metric => metric;

    public IReadOnlyList<double> Bounds => bounds;

    /// <summary>In an order of their own each time.</summary>
    public IEnumerable<(object?[] Labels, Tally Tally)> Tallies => _tallies.Select(t => (t.Key, t.Value));

    /// <summary>Takes a measurement. Where its labels were seen before, nothing is allocated.</summary>
    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var known = _tallies.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
        if (!known.TryGetValue(tags, out var tally))
            tally = _tallies.Count < Metric.MostSeries
                ? _tallies.GetOrAdd(ByLabels.Of(metric, tags), static (_, buckets) => new Tally(buckets), Buckets)
                : _tallies.GetOrAdd([.. metric.Labels.Select(_ => Metric.Beyond)], static (_, buckets) => new Tally(buckets), Buckets);
        tally.Add(value, metric.Kind == MetricKind.Histogram ? BucketOf(value) : int.MaxValue);
    }

    /// <summary>Forgets everything: what is observed is told anew each time, and what is not told any more is no more.</summary>
    public void Clear() => _tallies.Clear();

    private int Buckets => metric.Kind == MetricKind.Histogram ? bounds.Length + 1 : 0;

    // A bound belongs to the bucket below it.
    private int BucketOf(double value)
    {
        var at = Array.BinarySearch(bounds, value);
        return at >= 0 ? at : ~at;
    }

    /// <summary>Compares measurements by the labels that are told, in whatever order they come and whatever else comes along.</summary>
    private sealed class ByLabels(Metric metric) : IEqualityComparer<object?[]>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, object?[]>
    {
        public static object?[] Of(Metric metric, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = new object?[metric.Labels.Count];
            for (var i = 0; i < labels.Length; i++)
                labels[i] = Find(tags, metric.Labels[i]);
            return labels;
        }

        public object?[] Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => Of(metric, alternate);

        public bool Equals(object?[]? x, object?[]? y) => x is not null && y is not null && x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, object?[] other)
        {
            for (var i = 0; i < other.Length; i++)
                if (!Equals(Find(alternate, metric.Labels[i]), other[i]))
                    return false;
            return true;
        }

        public int GetHashCode(object?[] obj)
        {
            var hash = new HashCode();
            foreach (var label in obj)
                hash.Add(label);
            return hash.ToHashCode();
        }

        public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
        {
            var hash = new HashCode();
            for (var i = 0; i < metric.Labels.Count; i++)
                hash.Add(Find(alternate, metric.Labels[i]));
            return hash.ToHashCode();
        }

        private static object? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags, string label)
        {
            foreach (var tag in tags)
                if (tag.Key == label)
                    return tag.Value;
            return null;
        }
    }
}
