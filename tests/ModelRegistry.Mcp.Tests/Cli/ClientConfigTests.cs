using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Cli;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>What <c>mcp-config</c> prints is read as each client reads it, and works.</summary>
public class ClientConfigTests
{
    private static readonly Dictionary<string, string> Environment = new() { ["MODELREGISTRY_TOKEN"] = "mrt_not-a-real-one" };

    public static TheoryData<string> Clients => [.. ClientConfiguration.Clients];

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task What_is_printed_for_stdio_starts_a_server_that_lists_its_tools(string client)
    {
        using var program = new ProgramProcess();
        // Nothing in a path is taken for a variable, an option or two words.
        var folder = Path.Combine(program.Folder, "my $HOME registry");
        var printed = await program.RunAsync(["mcp-config", "--client", client, "--data", folder]);
        Assert.Equal(0, printed.Exit);
        await using var server = await StdioClient.StartAsync(new PrintedConfiguration(client, printed.Out, Environment).Command);
        Assert.Equal("modelregistry", (string?)server.Welcome!["serverInfo"]!["name"]);
        Assert.Equal(14, await ToolsAsync(server));
        Assert.Contains("registry_not_found", (await server.CallAsync("list_models")).Text, StringComparison.Ordinal);
        Assert.Contains(folder, (await server.CallAsync("list_models")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_client_is_to_have_of_the_tools_is_carried_into_the_command()
    {
        using var program = new ProgramProcess();
        var printed = await program.RunAsync(["mcp-config", "--client", "claude", "--read-only", "--toolsets", "registrar"]);
        await using var server = await StdioClient.StartAsync(new PrintedConfiguration("claude", printed.Out, Environment).Command);
        Assert.Equal(9, await ToolsAsync(server));
        printed = await program.RunAsync(["mcp-config", "--client", "vscode", "--tools", "list_models,promote_model"]);
        await using var smaller = await StdioClient.StartAsync(new PrintedConfiguration("vscode", printed.Out, Environment).Command);
        Assert.Equal(2, await ToolsAsync(smaller));
    }

    [Fact]
    public async Task Tools_that_are_not_there_are_refused_before_anything_is_printed()
    {
        using var desk = new CommandDesk();
        var unknown = await desk.RunAsync("mcp-config", "--client", "claude", "--toolsets", "registrars");
        Assert.Equal((64, ""), (unknown.Exit, unknown.Out));
        Assert.Contains("Did you mean 'registrar'?", unknown.Err, StringComparison.Ordinal);
        // A server's files are not its clients'.
        Assert.Equal(0, (await desk.RunAsync("mcp-config", "--client", "claude", "--tools", "register_version")).Exit);
        Assert.StartsWith("tool_unknown: ", (await desk.RunAsync("mcp-config", "--client", "claude", "--transport", "http", "--tools", "register_version")).Err, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task What_is_printed_for_http_has_the_address_the_headers_and_no_token_of_its_own(string client)
    {
        using var desk = new CommandDesk();
        desk.Environment["MODELREGISTRY_TOKEN"] = "mrt_of-this-process";
        var ran = await desk.DoneAsync("mcp-config", "--client", client, "--transport", "http", "--url", "https://models.example.org/registry/", "--read-only", "--toolsets", "registrar", "--tools", "list_models");
        Assert.DoesNotContain("mrt_", ran.Out + ran.Err, StringComparison.Ordinal);
        var printed = new PrintedConfiguration(client, ran.Out, Environment);
        Assert.Equal("https://models.example.org/registry/mcp", printed.Url.AbsoluteUri);
        Assert.Equal(
            new Dictionary<string, string> { ["Authorization"] = "Bearer mrt_not-a-real-one", ["X-MCP-Readonly"] = "true", ["X-MCP-Toolsets"] = "registrar", ["X-MCP-Tools"] = "list_models" },
            printed.Headers);
        var without = new PrintedConfiguration(client, (await desk.DoneAsync("mcp-config", "--client", client, "--transport", "http", "--no-token")).Out, Environment);
        Assert.Equal("http://localhost:8003/mcp", without.Url.AbsoluteUri);
        Assert.Empty(without.Headers);
    }

    [Fact]
    public async Task The_address_is_the_public_url_unless_another_is_named()
    {
        using var desk = new CommandDesk();
        string[] line = ["mcp-config", "--client", "cursor", "--transport", "http", "--no-token"];
        Assert.Equal("https://a.example.org/mcp", (string?)(await desk.DoneAsync([.. line, "--public-url", "https://a.example.org"])).Json["mcpServers"]!["model-registry"]!["url"]);
        Assert.Equal("http://127.0.0.1:9000/mcp", (string?)(await desk.DoneAsync([.. line, "--public-url", "https://a.example.org", "--url", "http://127.0.0.1:9000/mcp"])).Json["mcpServers"]!["model-registry"]!["url"]);
    }

    [Theory]
    [InlineData("url", "--transport", "http", "--url", "models.example.org")]
    [InlineData("url", "--transport", "http", "--url", "https://ana:secret@models.example.org")]
    [InlineData("url", "--transport", "http", "--url", "https://models.example.org/?token=x")]
    [InlineData("url", "--url", "https://models.example.org")]
    [InlineData("no-token", "--no-token")]
    public async Task An_address_that_is_none_and_options_of_the_other_transport_are_refused(string field, params string[] options)
    {
        using var desk = new CommandDesk();
        var ran = await desk.RunAsync(["mcp-config", "--client", "claude", .. options]);
        Assert.Equal((64, ""), (ran.Exit, ran.Out));
        Assert.StartsWith($"invalid_arguments: {field}: ", ran.Err, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", ran.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_over_plain_http_to_another_machine_is_warned_of()
    {
        using var desk = new CommandDesk();
        string[] line = ["mcp-config", "--client", "claude", "--transport", "http", "--url"];
        Assert.Contains("not https", (await desk.DoneAsync([.. line, "http://models.example.org"])).Err, StringComparison.Ordinal);
        Assert.DoesNotContain("not https", (await desk.DoneAsync([.. line, "https://models.example.org"])).Err, StringComparison.Ordinal);
        Assert.DoesNotContain("not https", (await desk.DoneAsync([.. line, "http://127.0.0.1:8003"])).Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_lines_that_install_it_say_the_same_as_the_file()
    {
        using var desk = new CommandDesk();
        foreach (var options in new[] { new[] { "--data", Path.Combine(desk.Folder, "it's $HOME") }, ["--transport", "http", "--toolsets", "registrar"] })
        {
            var cursor = await desk.DoneAsync(["mcp-config", "--client", "cursor", .. options]);
            var link = cursor.Err.Trim().Split('\n')[0].Split("open: ")[1];
            Assert.StartsWith("cursor://anysphere.cursor-deeplink/mcp/install?name=model-registry&config=", link, StringComparison.Ordinal);
            var config = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(Uri.UnescapeDataString(link.Split("&config=")[1]))));
            Assert.True(JsonNode.DeepEquals(cursor.Json["mcpServers"]!["model-registry"], config));

            var vscode = await desk.DoneAsync(["mcp-config", "--client", "vscode", .. options]);
            var words = await WordsAsync(vscode.Err.Split('\n')[0].Split("In one line: ")[1]);
            Assert.Equal(["code", "--add-mcp"], words[..2]);
            var added = JsonNode.Parse(Assert.Single(words[2..]))!.AsObject();
            Assert.Equal("model-registry", (string?)added["name"]);
            Assert.True(JsonNode.DeepEquals(vscode.Json["inputs"], added["inputs"]));
            added.Remove("name");
            added.Remove("inputs");
            Assert.True(JsonNode.DeepEquals(vscode.Json["servers"]!["model-registry"], added));

            var claude = await desk.DoneAsync(["mcp-config", "--client", "claude", .. options]);
            var server = claude.Json["mcpServers"]!["model-registry"]!;
            words = await WordsAsync(claude.Err.Split('\n')[0].Split("In one line: ")[1]);
            Assert.Equal(
                server["url"] is { } url
                    ? ["claude", "mcp", "add", "--scope", "project", "--transport", "http", "model-registry", (string)url!, .. server["headers"]!.AsObject().SelectMany(h => new[] { "--header", $"{h.Key}: {h.Value}" })]
                    : ["claude", "mcp", "add", "model-registry", "--", (string)server["command"]!, .. server["args"]!.AsArray().Select(word => (string)word!)],
                words);
        }
    }

    private static async Task<int> ToolsAsync(StdioClient server) => (await server.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().Count;

    /// <summary>The words a POSIX shell makes of a line.</summary>
    private static async Task<string[]> WordsAsync(string line)
    {
        var start = new ProcessStartInfo(Needs.Program("sh", "it reads a line of a shell"), ["-c", $"printf '%s\\0' {line}"]) { RedirectStandardOutput = true };
        start.Environment["HOME"] = "/expanded";
        using var shell = Process.Start(start)!;
        var words = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return words.Split('\0')[..^1];
    }
}
