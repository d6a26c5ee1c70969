using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <summary>Metrics of versions side by side.</summary>
internal static class Comparison
{
    /// <summary>Every metric that any of them reports, with its differences to the first one and the best of them.</summary>
    public static IReadOnlyList<MetricComparisonView> Metrics(PromotionPolicy policy, IReadOnlyList<ModelVersion> versions) =>
    [
        .. versions.SelectMany(v => v.Metadata.Metrics.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(metric =>
        {
            double?[] values = [.. versions.Select(v => v.Metadata.Metrics.TryGetValue(metric, out var value) ? value : (double?)null)];
            var direction = policy.DirectionOf(metric);
            var known = values.OfType<double>().ToList();
            var best = direction == Better.Higher ? known.Max() : known.Min();
            var winner = known.Count > 1 && known.Distinct().Count() > 1 ? versions[Array.IndexOf(values, best)].Label : null;
            return new MetricComparisonView(metric, direction.ToString().ToLowerInvariant(), values, [.. values.Select(v => Delta(v, values[0]))], winner, Tests(metric, versions));
        }),
    ];

    /// <summary>Each against the first; null where nobody gave anything that a test could use.</summary>
    private static SignificanceView?[]? Tests(string metric, IReadOnlyList<ModelVersion> versions)
    {
        var tests = versions.Select((v, i) => i == 0 ? null : Test(metric, versions[0].Metadata, v.Metadata)).ToArray();
        return tests.All(t => t is null) ? null : tests;
    }

    private static SignificanceView? Test(string metric, VersionMetadata before, VersionMetadata after)
    {
        var (first, second) = (before.Evidence.GetValueOrDefault(metric), after.Evidence.GetValueOrDefault(metric));
        return before.Metrics.TryGetValue(metric, out var was) && after.Metrics.TryGetValue(metric, out var now) && Significance.Of(metric, was, first, now, second) is { } found
            ? new SignificanceView(found.Verdict, found.PValue, found.Test, [first?.Count, second?.Count], found.Why) : null;
    }

    /// <summary>What else differs, in words.</summary>
    public static IReadOnlyList<string> Differences(IReadOnlyList<ModelVersion> versions)
    {
        (string Name, Func<ModelVersion, string> Of)[] fields =
        [
            ("stage", v => v.Stage), ("format", v => v.Metadata.Format), ("framework", v => v.Metadata.Framework), ("dataset", v => v.Metadata.Dataset),
            ("code_commit", v => v.Metadata.CodeCommit), ("size_bytes", v => v.SizeBytes.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("files", v => v.ManifestDigest.Hex[..12]),
            ("hyperparameters", v => CanonicalJson.Text(v.Metadata.Hyperparameters)),
        ];
        return [.. fields.Where(f => versions.Select(f.Of).Distinct().Count() > 1).Select(f => $"{f.Name}: {string.Join(", ", versions.Select(v => $"{v.Label} = {Short(f.Of(v))}"))}")];
    }

    // In decimals where both fit: 0.95 and 0.9 differ by 0.05. JSON has no number for a difference beyond all bounds.
    private static double? Delta(double? value, double? first) => (value, first) switch
    {
        ({ } v, { } f) when Fits(v) && Fits(f) => (double)((decimal)v - (decimal)f),
        ({ } v, { } f) when double.IsFinite(v - f) => v - f,
        _ => null,
    };

    private static bool Fits(double number) => number == 0 || Math.Abs(number) is > 1e-12 and < 1e12;

    private static string Short(string text) => text.Length == 0 ? "none" : text.Length > 80 ? text[..80] + "…" : text;
}
