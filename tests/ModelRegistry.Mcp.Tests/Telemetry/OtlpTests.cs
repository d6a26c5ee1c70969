using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Cli;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Telemetry;

/// <summary>Metrics and traces go to a collector where OpenTelemetry's variables name one, and nothing else goes with them.</summary>
public class OtlpTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c", Parent = "b7ad6b7169203331", OtherTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Fact]
    public async Task A_server_pushes_what_it_measures_and_the_spans_of_what_it_is_asked()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        var token = await registry.TokenAsync("planner");
        await using (var server = await ServeProcess.StartAsync(registry.DataFolder, new Dictionary<string, string>(receiver.Environment)
        {
            ["OTEL_SERVICE_NAME"] = "registry-of-tests",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment=trial",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-tenant=models",
        }))
        {
            await using var client = await HttpRawClient.ConnectAsync(server.Address, token: token, begin: false);
            using (var proposed = await client.PostAsync(Call(client, "promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "a reason of nobody's business" }, $"00-{Trace}-{Parent}-01", "7")))
                Assert.True((int)proposed.StatusCode == 200, await proposed.Content.ReadAsStringAsync());
            using (var unknown = await client.PostAsync(Call(client, "get_serving_version", new JsonObject { ["model_name"] = "nothing" }, $"00-{Trace}-{Parent}-01", "my own id, with words")))
                Assert.True((int)unknown.StatusCode == 200, await unknown.Content.ReadAsStringAsync());
            using var http = new HttpClient();
            using var asked = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "/models/churn"));
            asked.Headers.Add("Authorization", $"Bearer {token}");
            asked.Headers.Add("traceparent", $"00-{OtherTrace}-{Parent}-01");
            asked.Headers.Add("User-Agent", "whatever-i-am");
            using var searched = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "/models?search=what-i-look-for"));
            searched.Headers.Add("Authorization", $"Bearer {token}");
            using (var found = await http.SendAsync(searched))
                Assert.Equal(200, (int)found.StatusCode);
            using (var shown = await http.SendAsync(asked))
                Assert.Equal(200, (int)shown.StatusCode);
            await receiver.WaitAsync("/v1/traces", "tools/call promote_model", "tools/call get_serving_version", "model_not_found", "GET /models/{model}", "POST /mcp", "db write", "promotion.request", "registry-of-tests", "deployment.environment", "trial");
            await receiver.WaitAsync("/v1/metrics", "registry-of-tests", "mcp.server.operation.duration", "http.server.request.duration", "modelregistry.serving.version", "modelregistry.promotions", "modelregistry.db.transaction.duration", "dotnet.gc.pause.time", "modelregistry.ready", "churn");
            Assert.Equal(0, await server.EndAsync());
        }
        // Both ways of saying where a request comes from count.
        Assert.True(receiver.Has("/v1/traces", Convert.FromHexString(Trace)));
        Assert.True(receiver.Has("/v1/traces", Convert.FromHexString(OtherTrace)));
        Assert.Contains("x-tenant: models", receiver.Headers, StringComparison.Ordinal);
        Assert.Equal(["/v1/metrics", "/v1/traces"], receiver.Paths);
        foreach (var path in receiver.Paths)
            foreach (var secret in (string[])[token, "nobody's business", "what-i-look-for", "whatever-i-am", "my own id", "nothing", SeededRegistry.Passphrase, registry.DataFolder])
                Assert.False(receiver.Has(path, secret), $"{path} has {secret}");
        // A path names what it names; a trace has its template.
        Assert.False(receiver.Has("/v1/traces", "churn"));
    }

    [Theory]
    [InlineData("OTEL_TRACES_EXPORTER", "none", "/v1/metrics")]
    [InlineData("OTEL_METRICS_EXPORTER", "none", "/v1/traces")]
    [InlineData("OTEL_SDK_DISABLED", "true", null)]
    public async Task What_is_switched_off_is_not_sent(string variable, string value, string? sent)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var registry = await SeededRegistry.OpenAsync("local");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, new Dictionary<string, string>(receiver.Environment) { [variable] = value });
        using var http = new HttpClient();
        using var shown = await http.GetAsync(new Uri(server.Address, "/models"));
        Assert.Equal(200, (int)shown.StatusCode);
        // At its end it sends what there is.
        Assert.Equal(0, await server.EndAsync());
        Assert.Equal(sent is null ? [] : [sent], receiver.Paths);
    }

    [Fact]
    public async Task A_collector_that_is_away_keeps_nobody_from_anything()
    {
        await using var registry = await SeededRegistry.OpenAsync("local");
        await using var receiver = await OtlpReceiver.StartAsync();
        var away = receiver.Environment;
        await receiver.DisposeAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, away);
        using var http = new HttpClient();
        for (var i = 0; i < 20; i++)
            Assert.Equal(200, (int)(await http.GetAsync(new Uri(server.Address, "/models"))).StatusCode);
        Assert.Equal(0, await server.EndAsync());
    }

    [Fact]
    public async Task Stdio_pushes_as_well()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var registry = await SeededRegistry.OpenAsync("local");
        using var program = new ProgramProcess();
        foreach (var (name, value) in receiver.Environment)
            program.Environment[name] = value;
        var ran = await program.RunAsync(["stdio", "--data", registry.DataFolder], """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}

            """);
        Assert.Equal(0, ran.Exit);
        Assert.StartsWith("{", ran.Out, StringComparison.Ordinal);
        Assert.True(receiver.Has("/v1/traces", "initialize") && receiver.Has("/v1/traces", "pipe"));
        Assert.True(receiver.Has("/v1/metrics", "mcp.server.operation.duration"));
    }

    private static JsonObject Call(HttpRawClient client, string tool, JsonObject arguments, string traceparent, string id)
    {
        var message = client.Message("tools/call", new JsonObject { ["name"] = tool, ["arguments"] = arguments }, 7);
        message["id"] = id;
        message["params"]!["_meta"]!["traceparent"] = traceparent;
        return message;
    }
}
