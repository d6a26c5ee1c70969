using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Tests.Cli;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Faces;

/// <summary>One registry and its faces: MCP over stdio and over HTTP, REST, and the command line. Whoever asks is an agent of ana's at each.</summary>
public sealed partial class FacedRegistry : IAsyncLifetime
{
    private readonly CommandDesk _desk = new();
    private readonly Dictionary<string, string> _names = [];
    private SeededRegistry _registry = null!;
    private StdioClient _stdio = null!;
    private HttpRawClient _http = null!;

    // Each face's own promotion, withdrawn again; the others cannot withdraw it.
    private string _mineOverStdio = "", _mineOverHttp = "", _mineOnTheLine = "";

    /// <summary>
    /// Under <c>team</c>: churn (v1 serves, v2 is pending, v3 in staging), bare (lacks what production asks for), spam (in
    /// staging), letters (semantic versions), empty (no version), retired (inactive).
    /// </summary>
    public async ValueTask InitializeAsync()
    {
        _registry = await SeededRegistry.OpenChurnAsync("team");
        await _registry.RegisterAsync();
        await _registry.MoveAsync("v3", "staging");
        _names["pending"] = await _registry.ProposeAsync();
        await _registry.RegisterAsync("bare", metadata: new VersionMetadata());
        await _registry.RegisterAsync("spam");
        await _registry.MoveAsync("v1", "staging", "spam");
        await _registry.RegisterAsync("spam");
        await _registry.RegisterAsync("retired");
        var me = await _registry.AgentAsync();
        _names["file"] = _registry.File("weights");
        _names["not-json"] = _desk.File("not.json", "{");
        _names["large"] = _desk.File("large.json", new JsonObject { ["note"] = new string('x', 8_000) }.ToJsonString());
        SeededRegistry.Ok(await _registry.Services.Promotions.DeployAsync(me, new ModelRegistry.Deployments.DeploymentRequest("spam", "v1", "staging")));
        _names["misspelt"] = _desk.File("misspelt.json", """{"metrix": {}}""");
        SeededRegistry.Ok(await _registry.Services.Intake.RegisterAsync(me, new Registration("letters", "1.0.0", null, [_names["file"]], SeededRegistry.Metadata())));
        SeededRegistry.Ok(await _registry.Services.Metadata.CreateModelAsync(me, new NewModel("empty")));
        SeededRegistry.Ok(await _registry.Services.Metadata.SetAsync(me, new MetadataEdit("retired") { IsActive = false }));

        _stdio = await StdioClient.StartAsync(_registry.DataFolder, options: ["--toolsets", "registrar"]);
        _http = await HttpRawClient.StartAsync(_registry, token: await _registry.TokenAsync("planner"), options: ["--toolsets", "registrar"]);
        _mineOverStdio = await ProposeAndWithdrawAsync(_stdio);
        _mineOverHttp = await ProposeAndWithdrawAsync(_http);
        var line = await RunAsync("promote", "spam", "v1", "production", "--reason", "r", "--idempotency-key", "k1");
        _mineOnTheLine = (string)line.Json["promotion_id"]!;
        await RunAsync("withdraw", _mineOnTheLine);
    }

    internal Task<FaceAnswer> OverStdioAsync(SameRequest request) => AskAsync(_stdio, request, _mineOverStdio);

    internal Task<FaceAnswer> OverHttpAsync(SameRequest request) => AskAsync(_http, request, _mineOverHttp);

    /// <summary>As the same agent as over MCP and HTTP.</summary>
    internal Task<FaceAnswer> OverRestAsync(RestRequest request) => OverRestAsync(request.Method, request.Path, request.Body?.ToJsonString());

    internal async Task<FaceAnswer> OverRestAsync(HttpMethod method, string path, string? body)
    {
        using var message = new HttpRequestMessage(method, new Uri(_http.Address, Filled(path, _mineOverHttp)));
        message.Headers.Authorization = new("Bearer", _http.Token);
        if (body is not null)
            message.Content = new StringContent(Filled(body, _mineOverHttp), System.Text.Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(message);
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        return new FaceAnswer((string?)json["code"] ?? (string?)json["status"] ?? "done", Hidden((string?)json["title"] ?? ""), (string?)json["remedy"] ?? "", [.. json["code"]?.ToString() == "invalid_arguments" ? json["errors"]!.AsObject().Select(e => e.Key) : []], (int)response.StatusCode);
    }

    internal async Task<FaceAnswer> OverMlflowAsync(MlflowRequest request)
    {
        using var message = new HttpRequestMessage(request.Method, new Uri(_http.Address, "/api/2.0/mlflow/" + Filled(request.Path, _mineOverHttp)));
        message.Headers.Authorization = new("Bearer", _http.Token);
        if (request.Body is not null)
            message.Content = new StringContent(Filled(request.Body.ToJsonString(), _mineOverHttp), System.Text.Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(message);
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        return new FaceAnswer((string?)json["status"] ?? (string?)json["code"] ?? "done", (string?)json["message"] ?? "", (string?)json["remedy"] ?? "", [], (int)response.StatusCode);
    }

    internal async Task<FaceAnswer> OnTheLineAsync(SameRequest request) =>
        Read(await RunAsync([.. request.Line.Select(word => Filled(word, _mineOnTheLine))]));

    /// <summary>On the command line that speaks to the server, as the same agent as over MCP and HTTP.</summary>
    internal async Task<FaceAnswer> OnTheLineThroughServerAsync(SameRequest request) =>
        Read(await _desk.RunAsync([.. request.Line.Select(word => Filled(word, _mineOverHttp)), "--server", _http.Address.GetLeftPart(UriPartial.Authority), "--token", _http.Token!, "--output", "json"]));

    /// <summary>What is on record about the promotion that is pending; refused attempts with their code.</summary>
    internal Task<IReadOnlyList<string>> RecordAsync() => _registry.VerbsAsync(_names["pending"]);

    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _stdio.DisposeAsync();
        await _registry.DisposeAsync();
        _desk.Dispose();
    }

    private async Task<FaceAnswer> AskAsync(RawClient client, SameRequest request, string mine) =>
        Read(await client.CallAsync(request.Tool, JsonNode.Parse(Filled(request.Arguments.ToJsonString(), mine))!.AsObject()));

    private static async Task<string> ProposeAndWithdrawAsync(RawClient client)
    {
        var proposed = await client.CallAsync("promote_model", new JsonObject { ["model_name"] = "spam", ["version"] = "v1", ["stage"] = "production", ["reason"] = "r", ["idempotency_key"] = "k1" });
        var id = (string)proposed.Structured!["promotion_id"]!;
        Assert.False((await client.CallAsync("withdraw_promotion", new JsonObject { ["promotion_id"] = id })).IsError);
        return id;
    }

    private Task<Ran> RunAsync(params string[] line) => _desk.RunAsync([.. line, "--data", _registry.DataFolder, "--output", "json"]);

    private string Filled(string text, string mine)
    {
        foreach (var (name, value) in _names.Append(KeyValuePair.Create("mine", mine)))
            text = text.Replace($"{{{name}}}", value, StringComparison.Ordinal);
        return text;
    }

    // Their own promotions have ids of their own.
    private string Hidden(string text) => new[] { _mineOverStdio, _mineOverHttp, _mineOnTheLine }.Aggregate(text, (shown, id) => shown.Replace(id, "{mine}", StringComparison.Ordinal));

    // error: CODE, the message or a line for each bad field, Next: REMEDY.
    private FaceAnswer Read(ToolAnswer answer)
    {
        if (!answer.IsError)
            return new FaceAnswer((string?)answer.Structured!["status"] ?? "done", "", "", []);
        var lines = answer.Text.Split('\n');
        var told = lines[1..^1].Select(line => line.StartsWith("- ", StringComparison.Ordinal) ? line[2..] : line).ToList();
        return new FaceAnswer(lines[0]["error: ".Length..], Hidden(string.Join(' ', told)), lines[^1]["Next: ".Length..], [.. told.Where(_ => lines[1].StartsWith("- ", StringComparison.Ordinal)).Select(line => line.Split(':')[0])]);
    }

    // CODE: the message, which has a sentence for each bad field; then the remedy.
    private FaceAnswer Read(Ran ran)
    {
        if (ran.Err.Length == 0)
            return new FaceAnswer((string?)ran.Json["status"] ?? "done", "", "", [], ran.Exit);
        var lines = ran.Err.TrimEnd().Split('\n');
        if (ran.Exit == Replies.Exit.Usage)
            return new FaceAnswer("", lines[0], lines[^1], [], ran.Exit);
        var (code, message) = lines[0].Split(": ", 2) is [var first, var rest] ? (first, rest) : (lines[0], "");
        return new FaceAnswer(code, Hidden(message), lines[^1], code == "invalid_arguments" ? [.. Fields().Matches(message).Select(field => field.Groups[1].Value)] : [], ran.Exit);
    }

    [GeneratedRegex(@"(?:\A|[.?] )([a-z_-]+): ")]
    private static partial Regex Fields();
}
