using ModelContextProtocol.Client;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>The transport: both eras of the protocol, and a standard output that carries messages and nothing else.</summary>
public sealed class StdioTests
{
    [Fact]
    public async Task The_older_era_shakes_hands_lists_and_calls()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        Assert.Equal("2025-11-25", (string?)client.Welcome!["protocolVersion"]);
        Assert.Equal("modelregistry", (string?)client.Welcome["serverInfo"]!["name"]);
        Assert.InRange(((string)client.Welcome["instructions"]!).Length, 200, 2_000);
        Assert.Equal(14, (await client.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().Count);
        Assert.Contains("churn", (await client.CallAsync("list_models")).Text);
    }

    [Fact]
    public async Task The_newer_era_discovers_lists_and_calls_without_a_handshake()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, Era.Stateless);
        var discovered = (await client.RequestAsync("server/discover"))["result"]!;
        Assert.Contains("2026-07-28", discovered["supportedVersions"]!.AsArray().Select(v => (string?)v));
        Assert.InRange(((string)discovered["instructions"]!).Length, 200, 2_000);
        Assert.Equal(14, (await client.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().Count);
        Assert.Contains("churn", (await client.CallAsync("list_models")).Text);
    }

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2025-06-18")]
    [InlineData(null)]
    public async Task The_official_client_works_with_it(string? version)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        var transport = new StdioClientTransport(new StdioClientTransportOptions { Command = "dotnet", Arguments = [Path.Combine(AppContext.BaseDirectory, "modelregistry.dll"), "stdio", "--data", registry.DataFolder] });
        await using var client = await McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = version }, null, TestContext.Current.CancellationToken);
        Assert.Equal(14, (await client.ListToolsAsync((ModelContextProtocol.RequestOptions?)null, TestContext.Current.CancellationToken)).Count);
        var answer = await client.CallToolAsync("get_serving_version", new Dictionary<string, object?> { ["model_name"] = "churn" }, null, null, TestContext.Current.CancellationToken);
        Assert.NotEqual(true, answer.IsError);
        Assert.Equal("v1", answer.StructuredContent!.Value.GetProperty("version").GetString());
    }

    [Fact]
    public async Task Rubbish_on_its_input_is_answered_with_messages_and_it_goes_on()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, options: ["--log-level", "debug"]);
        foreach (var line in new[]
        {
            "", "   ", "hello", "{", "[]", "null", "42", "\"text\"", "{}", """{"jsonrpc":"2.0"}""", """{"jsonrpc":"1.0","id":1,"method":"ping"}""", """{"jsonrpc":"2.0","id":{},"method":"ping"}""", "\u0000\u0001", new string('[', 5_000),
            """{"jsonrpc":"2.0","id":1,"method":"ping"} {}""", """{"jsonrpc":"2.0","id":77001,"method":"no/such"}""", """{"jsonrpc":"2.0","id":77002,"method":"tools/call","params":7}""",
            """{"jsonrpc":"2.0","id":77003,"method":"tools/call","params":{"name":"list_models","arguments":{"search":"\ud800"}}}""",
            """{"jsonrpc":"2.0","id":"seven","method":7}""", """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[]}}""", """{"jsonrpc":"2.0","id":99,"result":{}}""",
        })
            await client.SendLineAsync(line);
        Assert.False((await client.CallAsync("list_models")).IsError);
        Assert.NotNull((await client.RequestAsync("ping"))["result"]);
        Assert.Equal(0, await client.EndAsync());
        Assert.NotEmpty(client.Errors);
        Assert.Contains(client.Others, m => (int?)m["error"]?["code"] == -32700);
        Assert.Contains(client.Others, m => (string?)m["id"]?.ToString() == "seven" && (int?)m["error"]?["code"] == -32600);
        Assert.Contains(client.Others, m => (string?)m["id"]?.ToString() == "77003" && (int?)m["error"]?["code"] == -32600);
    }

    [Fact]
    public async Task A_line_too_long_is_refused_and_the_next_one_taken()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        await client.SendLineAsync(new string('a', 3 * ModelRegistry.Mcp.Tools.MessageLines.MostBytes));
        Assert.NotNull((await client.RequestAsync("ping"))["result"]);
        Assert.Equal(-32600, (int)Assert.Single(client.Others)["error"]!["code"]!);
    }

    [Fact]
    public async Task What_was_asked_before_the_input_ended_is_answered()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, Era.Stateless);
        var answers = Enumerable.Range(0, 5).Select(_ => client.CallAsync("list_models")).ToList();
        Assert.Equal(0, await client.EndAsync());
        foreach (var answer in answers)
            Assert.Contains("churn", (await answer).Text);
    }

    [Fact]
    public async Task The_end_of_its_input_ends_it_while_a_question_is_open()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, forms: true);
        var id = await registry.ProposeAsync();
        var asked = new TaskCompletionSource();
        client.Person = _ =>
        {
            asked.SetResult();
            return null;
        };
        var call = client.CallAsync("confirm_promotion", ConfirmationContract.Arguments(id));
        await asked.Task;
        Assert.Equal(0, await client.EndAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => call);
        Assert.Equal("pending", (await registry.PromotionAsync(id)).Status);
    }

    [Theory]
    [InlineData(Era.Handshake)]
    [InlineData(Era.Stateless)]
    public async Task The_end_of_its_input_ends_it(Era era)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, era);
        await client.CallAsync("list_models");
        Assert.Equal(0, await client.EndAsync());
    }

    [Fact]
    public async Task The_end_of_its_input_ends_it_before_anything_was_said()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, Era.Stateless);
        Assert.Equal(0, await client.EndAsync());
    }

    [Fact]
    public async Task A_registry_under_another_policy_answers_each_call_with_the_way_out()
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        await using var client = await StdioClient.StartAsync(registry.DataFolder, options: ["--policy", "open"]);
        Assert.Equal(14, (await client.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().Count);
        var answer = await client.CallAsync("list_models");
        Assert.True(answer.IsError);
        Assert.Contains("error: policy_differs", answer.Text);
        Assert.Contains("policy accept", answer.Text);
        Assert.Null(answer.Structured);
    }

    [Fact]
    public async Task A_registry_that_is_not_there_is_not_made_and_answers_with_the_way_to_make_it()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"registry-mcp-{Guid.NewGuid():N}");
        await using var client = await StdioClient.StartAsync(folder);
        var answer = await client.CallAsync("list_models");
        Assert.True(answer.IsError);
        Assert.StartsWith("error: registry_not_found\n", answer.Text);
        Assert.Contains("init --person", answer.Text);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_database_that_is_none_is_said_to_be_none_and_one_that_comes_later_works()
    {
        var folder = Directory.CreateTempSubdirectory("registry-mcp-").FullName;
        var database = Path.Combine(folder, "registry.db");
        await File.WriteAllTextAsync(database, new string('x', 10_000), TestContext.Current.CancellationToken);
        await using var client = await StdioClient.StartAsync(folder);
        var answer = await client.CallAsync("list_models");
        Assert.True(answer.IsError, answer.Text);
        Assert.StartsWith("error: storage_unavailable\n", answer.Text);
        Assert.Contains("\nNext: ", answer.Text);
        File.Delete(database);
        await using (SeededRegistry.Ok(await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = folder }, TimeProvider.System)))
            Assert.False((await client.CallAsync("list_models")).IsError);
        await client.EndAsync();
        Directory.Delete(folder, recursive: true);
    }
}
