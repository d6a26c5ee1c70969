using System.Text;
using ModelRegistry.Mcp.Telemetry;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Telemetry;

/// <summary>The table of metrics in the documentation, as the catalogue has them.</summary>
public class MetricPageTests
{
    private const string Page = "docs/observability.md", Begin = "<!-- metrics: written by a test -->\n", End = "<!-- end of metrics -->\n";

    [Fact]
    public void The_page_has_every_metric_as_the_code_tells_it()
    {
        var path = Repository.At(Page);
        var page = File.ReadAllText(path);
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        Assert.True(begin >= Begin.Length && end >= begin, $"{Page} has lost its marks.");
        var now = Write();
        if (Environment.GetEnvironmentVariable("MODELREGISTRY_UPDATE_SNAPSHOTS") == "1")
            File.WriteAllText(path, page = page[..begin] + now + page[end..]);
        Assert.True(page.Contains(Begin + now + End, StringComparison.Ordinal), $"The metrics differ from {Page}. If that is meant, run this test with MODELREGISTRY_UPDATE_SNAPSHOTS=1 and commit the file.");
    }

    [Fact]
    public void Names_are_told_apart()
    {
        var names = MetricCatalog.All.Select(m => m.PrometheusName).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(MetricCatalog.All, m => Assert.Equal(m.PrometheusLabels.Count, m.PrometheusLabels.Distinct().Count()));
    }

    private static string Write()
    {
        var table = new StringBuilder();
        foreach (var (chapter, metrics) in MetricCatalog.Chapters)
        {
            table.Append($"\n### {chapter}\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n");
            foreach (var metric in metrics)
                table.Append($"| `{metric.PrometheusName}` | {metric.Kind.ToString().ToLowerInvariant()} | {string.Join(", ", metric.PrometheusLabels.Select(l => $"`{l}`"))} | {metric.Meaning} |\n");
        }
        return table.Append('\n').ToString();
    }
}
