using System.Globalization;
using System.Text;

namespace ModelRegistry.Mcp.Telemetry;

/// <summary>Writes measurements as Prometheus reads them (text-based exposition format, version 0.0.4).</summary>
internal static class PrometheusText
{
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    public static byte[] Write(IEnumerable<Ledger> ledgers)
    {
        var text = new StringBuilder();
        foreach (var ledger in ledgers)
        {
            var metric = ledger.Metric;
            var began = false;
            foreach (var (labels, tally) in ledger.Tallies)
            {
                if (!began)
                    text.Append(CultureInfo.InvariantCulture, $"# HELP {metric.PrometheusName} {Escaped(metric.Meaning, quoted: false)}\n# TYPE {metric.PrometheusName} {metric.Kind.ToString().ToLowerInvariant()}\n");
                began = true;
                if (metric.Kind == MetricKind.Histogram)
                    Histogram(text, ledger, labels, tally);
                else
                    Sample(text, metric, "", labels, null, tally.Read().Sum);
            }
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Histogram(StringBuilder text, Ledger ledger, object?[] labels, Tally tally)
    {
        var ((sum, counts), upTo) = (tally.Read(), 0L);
        for (var i = 0; i < counts.Length; i++)
            Sample(text, ledger.Metric, "_bucket", labels, i < ledger.Bounds.Count ? Number(ledger.Bounds[i]) : "+Inf", upTo += counts[i]);
        Sample(text, ledger.Metric, "_sum", labels, null, sum);
        Sample(text, ledger.Metric, "_count", labels, null, upTo);
    }

    /// <param name="upTo">The bound of a bucket; null for what is none.</param>
    private static void Sample(StringBuilder text, Metric metric, string suffix, object?[] labels, string? upTo, double value)
    {
        text.Append(metric.PrometheusName).Append(suffix);
        var open = '{';
        for (var i = 0; i < labels.Length; i++)
            // A label without a value is no label.
            if (Convert.ToString(labels[i], CultureInfo.InvariantCulture) is { Length: > 0 } label)
                Label(text, ref open, metric.PrometheusLabels[i], label);
        if (upTo is not null)
            Label(text, ref open, "le", upTo);
        text.Append(open == ',' ? "} " : " ").Append(Number(value)).Append('\n');
    }

    private static void Label(StringBuilder text, ref char open, string name, string value)
    {
        text.Append(open).Append(name).Append("=\"").Append(Escaped(value, quoted: true)).Append('"');
        open = ',';
    }

    private static string Escaped(string text, bool quoted)
    {
        text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quoted ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;
    }

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}
