using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Telemetry;
using ModelRegistry.Mcp.Tests.Rest;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Telemetry;

/// <summary>What a real server tells about itself, and to whom.</summary>
public class MetricsTests
{
    [Fact]
    public async Task Only_whoever_may_read_is_told()
    {
        await using var it = await OpenAsync();
        var token = it.Token;
        it.Token = null;
        Problem(401, "token_required", await it.GetAsync("/metrics"));
        it.Token = token;
        var stranger = await it.GetAsync("/metrics", ("Authorization", "Bearer mrt_no_such_token_at_all"));
        Problem(401, "token_invalid", stranger);
        Assert.Contains("Bearer", stranger.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Problem(403, "host_not_allowed", await it.GetAsync("/metrics", ("Host", "rebound.example")));
        Problem(403, "origin_not_allowed", await it.GetAsync("/metrics", ("Origin", "https://evil.example")));
        Problem(405, "method_not_allowed", await it.SendAsync("POST", "/metrics", "{}"));

        var viewer = await it.Registry.TokenAsync("prometheus", Permissions.Viewer);
        var told = await it.GetAsync("/metrics", ("Authorization", $"Bearer {viewer}"));
        Assert.Equal(200, told.Status);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", told.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-store", told.Response.Headers.CacheControl!.ToString());
        Assert.Equal(1, new Scrape(told.Body).Value("modelregistry_serving_version", ("model", "churn"), ("stage", "production"), ("version", "v1")));
    }

    [Fact]
    public async Task Without_a_token_it_is_as_with_every_other_door_on_a_machine_of_one_user()
    {
        await using var it = await OpenAsync("local");
        it.Token = null;
        Assert.Equal(200, (await it.GetAsync("/metrics")).Status);
        // What was passed on by a proxy may be anybody's.
        Problem(401, "token_required", await it.GetAsync("/metrics", ("X-Forwarded-For", "192.0.2.7")));
    }

    [Fact]
    public async Task What_happens_is_counted_by_what_it_came_to()
    {
        await using var it = await OpenAsync();
        var before = await ScrapeAsync(it);
        Assert.Equal(0, before.Value("modelregistry_promotions_waiting", ("state", "pending")));

        var id = await it.ProposeAsync();
        Problem(404, "model_not_found", await it.GetAsync("/models/nothing"));
        Assert.Equal(200, (await it.GetAsync("/models/churn/versions/v2")).Status);
        var content = Encoding.UTF8.GetBytes("0123456789");
        Assert.Equal(201, (await it.SendAsync("PUT", $"/blobs/{Digest.Of(content).Hex}", "0123456789", "application/octet-stream")).Status);
        await using (var mcp = await HttpRawClient.ConnectAsync(it.Address, token: it.Token))
        {
            Assert.False(await FailsAsync(mcp, "get_serving_version", "churn"));
            Assert.True(await FailsAsync(mcp, "get_serving_version", "nothing"));
        }
        var pending = await UntilAsync(it, s => s.Value("modelregistry_promotions_waiting", ("state", "pending")) == 1);
        Assert.True(pending.Value("modelregistry_promotions_oldest_wait_seconds", ("state", "pending")) > 0);
        Assert.Equal(1, pending.Value("modelregistry_promotions_total", ("outcome", "requested")));
        Assert.Equal(0, pending.Sum("modelregistry_gate_verdicts_total", ("verdict", "fail")));
        Assert.True(pending.Sum("modelregistry_gate_verdicts_total", ("verdict", "pass"), ("stage", "production")) > 0);
        Assert.Equal(1, pending.Value("http_server_request_duration_seconds_count", ("http_request_method", "GET"), ("http_route", "/models/{model}"), ("http_response_status_code", "404")));
        Assert.Equal(1, pending.Value("http_server_request_duration_seconds_count", ("http_request_method", "GET"), ("http_route", "/models/{model}/versions/{version}"), ("http_response_status_code", "200")));
        Assert.True(pending.Value("http_server_request_duration_seconds_count", ("http_route", "/mcp"), ("http_response_status_code", "200")) >= 2);
        Assert.Equal(1, pending.Value("modelregistry_refusals_total", ("code", "model_not_found"), ("face", "rest")));
        Assert.Equal(1, pending.Value("modelregistry_refusals_total", ("code", "model_not_found"), ("face", "mcp")));
        Assert.Equal(1, pending.Value("mcp_server_operation_duration_seconds_count", ("mcp_method_name", "tools/call"), ("gen_ai_tool_name", "get_serving_version"), ("error_type", "model_not_found")));
        Assert.Equal(1, Assert.Single(pending.Of("mcp_server_operation_duration_seconds_count", ("gen_ai_tool_name", "get_serving_version")), s => s["error_type"] is null).Value);
        Assert.Equal(10, pending.Value("modelregistry_artifact_io_bytes_total", ("direction", "in")));
        Assert.Equal(1, pending.Value("modelregistry_artifact_operation_duration_seconds_count", ("operation", "upload")));
        Assert.Equal(1, pending.Value("modelregistry_audit_acts_total", ("verb", "promotion.request"), ("outcome", "done")));
        Assert.True(pending.Sum("modelregistry_db_transaction_duration_seconds_count", ("access", "write")) >= 1);
        Assert.Equal(pending.Sum("modelregistry_db_commit_size_count"), pending.Value("modelregistry_db_commit_size_bucket", ("le", "+Inf")));

        Assert.Equal(200, (await it.DecideAsync(id, Decision(), ("Authorization", ""))).Status);
        var after = await UntilAsync(it, s => s.Of("modelregistry_serving_version", ("model", "churn"), ("stage", "production")).Single()["version"] == "v2");
        Assert.Equal(2, after.Value("modelregistry_serving_version", ("model", "churn"), ("stage", "production")));
        Assert.Equal((1, 1), (after.Value("modelregistry_promotions_total", ("outcome", "approved")), after.Value("modelregistry_promotions_total", ("outcome", "applied"))));
        Assert.Equal(0, after.Value("modelregistry_promotions_waiting", ("state", "pending")));
        Assert.True(after.Value("modelregistry_audit_size") > before.Value("modelregistry_audit_size"));
        Assert.Equal(1, after.Value("modelregistry_artifact_operation_duration_seconds_count", ("operation", "verify")));
    }

    [Fact]
    public async Task Whoever_asks_for_what_they_make_up_makes_no_series()
    {
        await using var it = await OpenAsync(options: ["--rate-limit", "0"]);
        await ScrapeAsync(it);
        await AskNonsenseAsync(it, "marker0");
        var some = await ScrapeAsync(it);
        for (var i = 1; i <= 60; i++)
            await AskNonsenseAsync(it, $"marker{i}");
        var much = await ScrapeAsync(it);
        Assert.DoesNotContain("marker", much.Text, StringComparison.OrdinalIgnoreCase);
        // Sixty times as much of the same: the first may have missed a status or two that the machine's load decides.
        Assert.InRange(much.Samples.Count, some.Samples.Count, some.Samples.Count + 150);
        Assert.True(much.Sum("mcp_server_operation_duration_seconds_count", ("gen_ai_tool_name", "_OTHER")) >= 60);
        Assert.True(much.Sum("http_server_request_duration_seconds_count", ("http_request_method", "_OTHER")) >= 60);
    }

    [Fact]
    public async Task What_is_told_is_what_the_catalogue_says()
    {
        await using var it = await OpenAsync();
        await ScrapeAsync(it);
        await AskNonsenseAsync(it, "marker");
        await it.ProposeAsync();
        var told = await ScrapeAsync(it);
        var known = MetricCatalog.All.ToDictionary(m => m.PrometheusName);
        foreach (var (name, type) in told.Types)
            Assert.Equal(known[name].Kind.ToString().ToLowerInvariant(), type);
        foreach (var sample in told.Samples)
        {
            var metric = known.GetValueOrDefault(sample.Name) ?? known[sample.Name[..sample.Name.LastIndexOf('_')]];
            Assert.Empty(sample.Labels.Keys.Except([.. metric.PrometheusLabels, "le"]));
        }
        // Each gauge is told from the first time on, so that none is missed for want of an event.
        Assert.Empty(MetricCatalog.All.Where(m => m.Kind == MetricKind.Gauge).Select(m => m.PrometheusName).Except(told.Types.Keys));
    }

    [Fact]
    public async Task Sessions_and_streams_are_counted_while_they_are_open()
    {
        await using var it = await OpenAsync();
        await using (var client = await HttpRawClient.ConnectAsync(it.Address, Era.Handshake, token: it.Token))
        {
            Assert.Equal(1, (await ScrapeAsync(it)).Value("modelregistry_mcp_sessions"));
            using var listening = client.Request(HttpMethod.Get);
            using var stream = await client.SendAsync(listening);
            Assert.Equal(1, (await UntilAsync(it, s => s.Value("modelregistry_mcp_streams") == 1)).Value("modelregistry_mcp_sessions"));
            using var leaving = client.Request(HttpMethod.Delete);
            using var left = await client.SendAsync(leaving);
            Assert.Equal(204, (int)left.StatusCode);
        }
        var after = await UntilAsync(it, s => s.Value("modelregistry_mcp_streams") == 0);
        Assert.Equal(0, after.Value("modelregistry_mcp_sessions"));
        Assert.Equal(1, after.Value("mcp_server_session_duration_seconds_count", ("network_transport", "tcp")));
    }

    private static async Task AskNonsenseAsync(ServedRest it, string marker)
    {
        foreach (var path in (string[])[$"/{marker}", $"/models/{marker}", $"/models/churn/versions/{marker}", $"/promotions/{marker}", $"/models?search={marker}", $"/api/2.0/mlflow/{marker}", $"/ui/{marker}", $"/blobs/{marker}"])
            await it.GetAsync(path);
        await it.SendAsync(marker.ToUpperInvariant(), "/models", null);
        await it.PostAsync($"/models/churn/versions/v2/promotions", new JsonObject { ["stage"] = marker, ["reason"] = marker });
        await it.GetAsync("/models", ("Authorization", $"Bearer {marker}"));
        await using var mcp = await HttpRawClient.ConnectAsync(it.Address, token: it.Token, begin: false);
        foreach (var (method, parameters) in new[]
        {
            ("tools/call", new JsonObject { ["name"] = marker, ["arguments"] = new JsonObject() }), ("tools/call", new JsonObject { ["name"] = "get_model_info", ["arguments"] = new JsonObject { ["model_name"] = marker } }),
            (marker, []), ("prompts/get", new JsonObject { ["name"] = marker }), ("resources/read", new JsonObject { ["uri"] = $"registry://models/{marker}" }),
        })
        {
            using var answer = await mcp.PostAsync(mcp.Message(method, parameters, 7));
        }
    }

    private static async Task<bool> FailsAsync(HttpRawClient mcp, string tool, string model)
    {
        using var answer = await mcp.PostCallAsync(tool, new JsonObject { ["model_name"] = model });
        Assert.Equal(200, (int)answer.StatusCode);
        return (bool?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["result"]!["isError"] == true;
    }

    internal static async Task<Scrape> ScrapeAsync(ServedRest it)
    {
        var told = await it.GetAsync("/metrics");
        Assert.True(told.Status == 200, told.Body);
        return new Scrape(told.Body);
    }

    /// <summary>Asks until it is as wished: what comes from the database is looked at every few seconds.</summary>
    internal static async Task<Scrape> UntilAsync(ServedRest it, Func<Scrape, bool> wished)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var told = await ScrapeAsync(it);
            if (wished(told))
                return told;
            await Task.Delay(200, patience.Token);
        }
    }
}
