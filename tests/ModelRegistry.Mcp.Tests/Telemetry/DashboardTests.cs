using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Telemetry;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Telemetry;

/// <summary>The dashboard and the alerts in <c>deploy/</c> ask for what there is: a real Prometheus is asked, of a real server at work.</summary>
public partial class DashboardTests
{
    private const string Dashboard = "deploy/grafana/model-registry.json", Alerts = "deploy/prometheus/alerts.yml";

    [Fact]
    public async Task Every_expression_gives_data()
    {
        await using var it = await OpenAsync(options: ["--rate-limit", "0"]);
        var viewer = await it.Registry.TokenAsync("prometheus", Permissions.Viewer);
        await using var prometheus = await PrometheusProcess.StartAsync(it.Server.Address, viewer, Repository.At(Alerts));
        var rules = await prometheus.RulesAsync();
        Assert.True(rules.Count >= 10);
        var wanted = Expressions().Concat(rules.SelectMany(rule => Series((string)rule["query"]!))).Distinct().ToList();
        Assert.True(wanted.Count > 50);

        // What happened before it looked for the first time was not measured.
        await UntilAsync(prometheus, "modelregistry_build_info");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        for (var round = 0; wanted.Count > 0; round++)
        {
            Assert.False(patience.IsCancellationRequested, $"No data:\n{string.Join('\n', wanted)}");
            await ActAsync(it, round);
            foreach (var expression in wanted.ToList())
                if (await prometheus.QueryAsync(expression) is { Count: > 0 })
                    wanted.Remove(expression);
            // It looks once a second.
            await Task.Delay(500, CancellationToken.None);
        }
        Assert.All(await prometheus.RulesAsync(), rule => Assert.True((string?)rule["health"] is "ok" or "unknown", $"{rule}"));
        // It sees what people see: the model by its name, with the version that serves.
        Assert.Equal("2", (string?)(await UntilAsync(prometheus, "modelregistry_serving_version{model=\"churn\",stage=\"production\",version=\"v2\"}"))["value"]![1]);
        Assert.Empty(await prometheus.QueryAsync("ALERTS{alertstate=\"firing\"}"));
    }

    [Fact]
    public async Task Each_alert_fires_when_it_should_and_not_otherwise()
    {
        var promtool = Needs.Program("promtool", "it runs the alerts against series that are made up");
        using var run = Process.Start(new ProcessStartInfo(promtool, ["test", "rules", "alerts.test.yml"]) { WorkingDirectory = Repository.At("deploy/prometheus"), RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        Assert.True(run.ExitCode == 0, $"{await output}{await errors}");
        var tested = await File.ReadAllTextAsync(Repository.At("deploy/prometheus/alerts.test.yml"));
        foreach (Match alert in AlertName().Matches(await File.ReadAllTextAsync(Repository.At(Alerts))))
        {
            Assert.Contains($"alertname: {alert.Groups[1].Value}}}", tested, StringComparison.Ordinal);
            Assert.Contains($"alertname=\"{alert.Groups[1].Value}\"", tested, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_dashboard_asks_for_nothing_that_is_not_in_the_catalogue()
    {
        var known = MetricCatalog.All.SelectMany(m => m.Kind == MetricKind.Histogram ? [$"{m.PrometheusName}_bucket", $"{m.PrometheusName}_sum", $"{m.PrometheusName}_count"] : (string[])[m.PrometheusName]).ToHashSet();
        var asked = Expressions().Append(File.ReadAllText(Repository.At(Alerts))).SelectMany(e => MetricName().Matches(e).Select(m => m.Value)).Distinct().ToList();
        Assert.True(asked.Count > 30);
        Assert.Empty(asked.Except(known));
    }

    /// <summary>What the panels and annotations ask, with the variables filled in as Grafana does.</summary>
    private static IEnumerable<string> Expressions()
    {
        var dashboard = JsonNode.Parse(File.ReadAllText(Repository.At(Dashboard)))!;
        var ids = dashboard["panels"]!.AsArray().Select(p => (int)p!["id"]!).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        return dashboard["panels"]!.AsArray().SelectMany(panel => panel!["targets"]?.AsArray() ?? []).Concat(dashboard["annotations"]!["list"]!.AsArray()).Select(target => (string)target!["expr"]!)
            // An annotation marks a moment; whether there was one is not asked here, what it looks at is.
            .SelectMany(e => e.StartsWith("changes(", StringComparison.Ordinal) ? [e.Replace(" > 0", "", StringComparison.Ordinal)] : (string[])[e])
            .Select(e => e.Replace("$job", "modelregistry", StringComparison.Ordinal).Replace("$model", ".*", StringComparison.Ordinal).Replace("$stage", ".*", StringComparison.Ordinal).Replace("$__rate_interval", "5m", StringComparison.Ordinal));
    }

    /// <summary>The series that an alert looks at: whether it fires is tried elsewhere.</summary>
    private static IEnumerable<string> Series(string query) => MetricName().Matches(query).Select(m => m.Value);

    /// <summary>A little of everything: requests, refusals, tool calls, uploads, a blocked promotion, one that is approved.</summary>
    private static async Task ActAsync(ServedRest it, int round)
    {
        await it.GetAsync("/models/churn");
        await it.GetAsync("/models/nothing");
        var content = Encoding.UTF8.GetBytes($"content {round}");
        await it.SendAsync("PUT", $"/blobs/{Digest.Of(content).Hex}", $"content {round}", "application/octet-stream");
        await it.GetAsync("/models/churn/versions/v1/files/model.onnx");
        await using var mcp = await HttpRawClient.ConnectAsync(it.Address, round % 2 == 0 ? Era.Stateless : Era.Handshake, token: it.Token);
        foreach (var model in (string[])["churn", "nothing"])
        {
            using var answer = await mcp.PostCallAsync("get_serving_version", new JsonObject { ["model_name"] = model });
        }
        if (round == 3)
            Assert.Equal(200, (await it.DecideAsync(await it.ProposeAsync(), Decision(), ("Authorization", ""))).Status);
        if (round > 3)
            await it.PostAsync("/models/churn/versions/v1/promotions", new JsonObject { ["stage"] = "validation", ["reason"] = "back and forth" });
    }

    private static async Task<JsonNode> UntilAsync(PrometheusProcess prometheus, string expression)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            if (await prometheus.QueryAsync(expression) is [{ } only])
                return only;
            await Task.Delay(200, patience.Token);
        }
    }

    [GeneratedRegex(@"\b(?:modelregistry|http_server|mcp_server|dotnet|process)_[a-z_]+\b(?!"")")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex AlertName();
}
