using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Mcp.Tools;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Faces;

/// <summary>The same request is answered alike at every face: one code, one sentence, one remedy.</summary>
public sealed class SameRefusalTests(FacedRegistry registry) : IClassFixture<FacedRegistry>
{
    private static readonly Dictionary<string, RefusalKind> Kinds =
        RefusalRows.All.SelectMany(row => RefusalRows.Call(row, p => RefusalRows.Of(p, "x"))).DistinctBy(r => r.Code).ToDictionary(r => r.Code, r => r.Kind);

    public static TheoryData<string> Requests => [.. SameRequests.All.Select(r => r.About)];

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Every_face_says_the_same(string about)
    {
        var request = SameRequests.All.Single(r => r.About == about);
        var (mcp, line) = (await registry.OverStdioAsync(request), await registry.OnTheLineAsync(request));
        Assert.Equal((request.Answer, request.Answer), (mcp.Code, line.Code));
        Assert.Equal(mcp.Remedy, line.Remedy);
        Assert.Equal(mcp.Fields, line.Fields);
        // What does not fit the tool's schema is told in the schema's words, before the registry sees it.
        if (FitsSchema(request))
            Assert.Equal(mcp.Message, line.Message);
        // A server's files are not its clients', so it has no tool that reads them.
        if (!Tool(request).LocalFiles)
            Assert.Equivalent(mcp, await registry.OverHttpAsync(request), strict: true);
        if (RestRequest.Of(request) is { } asked)
        {
            var rest = await registry.OverRestAsync(asked);
            Assert.Equal((request.Answer, request.Answer == "blocked" ? 422 : Replies.Sign(Kinds[request.Answer]).Http), (rest.Code, rest.Sign));
            Assert.Equal(line.Fields, rest.Fields);
            // What waits or is stopped is told of as it is, not as a no.
            if (request.Answer != "blocked")
                Assert.Equal(line.Remedy, rest.Remedy);
        }
        if (MlflowRequest.Of(request) is { } wanted && request.Answer != "already_in_stage")
        {
            var mlflow = await registry.OverMlflowAsync(wanted);
            Assert.Equal(request.Answer, mlflow.Code);
            // Its clients try these again, or take them for done.
            Assert.DoesNotContain(mlflow.Sign!.Value, (int[])[200, 202, 408, 429, 500, 502, 503, 504]);
            if (request.Answer != "blocked")
                Assert.Equal(line.Remedy, mlflow.Remedy);
        }
        // Through a server the line says what it says here, where that is done through one.
        var far = await registry.OnTheLineThroughServerAsync(request);
        if (far.Code == "not_over_server")
            Assert.Equal("register", request.Line[0]);
        else
            Assert.Equivalent(line, FitsSchema(request) ? far : far with { Message = line.Message }, strict: true);
        Assert.Equal(request.Answer == "blocked" ? Replies.Exit.PolicyUnmet : Replies.Sign(Kinds[request.Answer]).Exit, line.Sign);
    }

    public static TheoryData<string> Toolless => [.. SameRequests.WithoutTool.Select(r => r.About)];

    [Theory]
    [MemberData(nameof(Toolless))]
    public async Task What_no_tool_asks_is_refused_alike_over_rest_and_on_the_line(string about)
    {
        var request = SameRequests.WithoutTool.Single(r => r.About == about);
        var asked = new SameRequest(about, request.Answer, "", [], request.Line.Split(' '));
        var (rest, line) = (await registry.OverRestAsync(new HttpMethod(request.Method), request.Path, request.Body), await registry.OnTheLineAsync(asked));
        Assert.Equal((request.Answer, request.Answer), (rest.Code, line.Code));
        Assert.Equal((Replies.Sign(Kinds[request.Answer]).Http, Replies.Sign(Kinds[request.Answer]).Exit), (rest.Sign, line.Sign));
        Assert.Equal((rest.Message, rest.Remedy), (line.Message, line.Remedy));
        Assert.Equal(rest.Fields, line.Fields);
        Assert.Equivalent(line, await registry.OnTheLineThroughServerAsync(asked), strict: true);
    }

    [Fact]
    public void No_request_is_there_twice_and_they_ask_for_many_noes()
    {
        Assert.Equal(SameRequests.All.Count, SameRequests.All.Select(r => r.About).Distinct().Count());
        var asked = SameRequests.All.Select(r => r.Answer).Where(Kinds.ContainsKey).Distinct().ToList();
        Assert.InRange(asked.Count, 20, Kinds.Count);
        Assert.Equal(
            [RefusalKind.Invalid, RefusalKind.NotFound, RefusalKind.Conflict, RefusalKind.Forbidden],
            asked.Select(code => Kinds[code]).Distinct().Order());
        Assert.InRange(SameRequests.All.Count(r => !FitsSchema(r)), 1, 10);
    }

    // A line has a grammar before it has a meaning; what breaks it is no request yet, and has no code.
    [Theory]
    [InlineData("list_models", """{"limit": "five"}""", "list-models --limit five")]
    [InlineData("list_models", """{"limt": 5}""", "list-models --limt 5")]
    [InlineData("get_history", """{"model_name": "churn", "at": "yesterday"}""", "history churn --at yesterday")]
    [InlineData("promote_model", """{"model_name": "churn", "version": "v1"}""", "promote churn v1")]
    [InlineData("register_version", """{"model_name": "churn", "files": ["f"], "bump": "huge"}""", "register churn --file f --bump huge")]
    [InlineData("register_version", """{"model_name": "churn", "files": ["f"], "metrics": ["accuracy"]}""", "register churn --file f --metric accuracy")]
    public async Task What_cannot_be_read_is_invalid_over_mcp_and_a_matter_of_usage_on_the_line(string tool, string arguments, string line)
    {
        var request = new SameRequest(line, "", tool, JsonNode.Parse(arguments)!.AsObject(), line.Split(' '));
        Assert.Equal("invalid_arguments", (await registry.OverStdioAsync(request)).Code);
        Assert.Equal(("", Replies.Exit.Usage), ((await registry.OnTheLineAsync(request)) is var told ? told.Code : "", told.Sign));
    }

    [Fact]
    public void Most_requests_are_asked_over_rest_too() =>
        Assert.InRange(SameRequests.All.Count(r => RestRequest.Of(r) is not null), 40, SameRequests.All.Count);

    [Fact]
    public void Some_requests_are_those_of_MLflow_too() =>
        Assert.InRange(SameRequests.All.Count(r => MlflowRequest.Of(r) is not null), 8, SameRequests.All.Count);

    // Over MCP the question is put to a person, who was not there; a line of a machine's is refused. None decides, and all are on record alike.
    [Fact]
    public async Task A_machine_that_decides_is_told_so_in_its_own_way_and_put_on_record_in_one()
    {
        var before = await registry.RecordAsync();
        var request = new SameRequest("to decide", "", "confirm_promotion", new JsonObject { ["promotion_id"] = "{pending}", ["decision"] = "approve" }, ["approve", "{pending}"]);
        Assert.Equal("pending", (await registry.OverStdioAsync(request)).Code);
        Assert.Equal("pending", (await registry.OverHttpAsync(request)).Code);
        Assert.Equal("terminal_required", (await registry.OnTheLineAsync(request)).Code);
        Assert.Equal("terminal_required", (await registry.OnTheLineThroughServerAsync(request)).Code);
        var since = (await registry.RecordAsync()).Skip(before.Count).ToList();
        Assert.Equal(4, since.Count);
        Assert.All(since, entry => Assert.Equal("promotion.decide refused person_required", entry));
    }

    [Fact]
    public async Task Where_no_registry_is_both_say_so()
    {
        using var desk = new CommandDesk();
        await using var client = await StdioClient.StartAsync(desk.Data);
        var mcp = (await client.CallAsync("list_models")).Text.Split('\n');
        var line = (await desk.RunAsync("list-models")).Err.TrimEnd().Split('\n');
        Assert.Equal("error: registry_not_found", mcp[0]);
        Assert.Equal([$"registry_not_found: {mcp[1]}", mcp[2]["Next: ".Length..]], line);
    }

    private static RegistryTool Tool(SameRequest request) => new[] { CatalogTools.All, PromotionTools.All, RegistrarTools.All }.SelectMany(tools => tools).Single(t => t.Name == request.Tool);

    private static bool FitsSchema(SameRequest request) =>
        Arguments.Read(Tool(request).Arguments, request.Arguments.ToDictionary(a => a.Key, a => JsonSerializer.SerializeToElement(a.Value))).Refusal is null;
}
