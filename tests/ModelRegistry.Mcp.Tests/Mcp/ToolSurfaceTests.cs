using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tools;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>What a client is told about the tools. It costs every conversation its room, so it is counted.</summary>
public sealed class ToolSurfaceTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_tool_list_is_the_one_on_file()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, options: ["--toolsets", "registrar"]);
        var tools = (await client.RequestAsync("tools/list"))["result"]!["tools"]!.ToJsonString(Indented) + "\n";
        if (Environment.GetEnvironmentVariable("MODELREGISTRY_UPDATE_SNAPSHOTS") == "1")
            await File.WriteAllTextAsync(Snapshot(), tools, TestContext.Current.CancellationToken);
        Assert.Equal(await File.ReadAllTextAsync(Snapshot(), TestContext.Current.CancellationToken), tools);
    }

    [Fact]
    public async Task Both_eras_list_the_same_tools_in_the_same_order_every_time()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var older = await StdioClient.StartAsync(registry.DataFolder);
        await using var newer = await StdioClient.StartAsync(registry.DataFolder, Era.Stateless);
        var list = (await older.RequestAsync("tools/list"))["result"]!["tools"]!.ToJsonString();
        Assert.Equal(list, (await older.RequestAsync("tools/list"))["result"]!["tools"]!.ToJsonString());
        Assert.Equal(list, (await newer.RequestAsync("tools/list"))["result"]!["tools"]!.ToJsonString());
    }

    [Fact]
    public void The_default_tools_take_at_most_2400_tokens()
    {
        var tools = Tools(readOnly: false);
        Assert.Equal(14, tools.Count);
        Assert.InRange(tools.Sum(t => t.Name.Length + t.Description!.Length + t.InputSchema.GetRawText().Length), 1, 4 * 2_400);
    }

    [Fact]
    public void The_instructions_take_at_most_2000_characters() => Assert.InRange(RegistryServer.Instructions.Length, 500, 2_000);

    [Fact]
    public void Every_tool_has_a_title_both_schemas_and_all_four_hints()
    {
        foreach (var tool in Tools(readOnly: false, "registrar"))
        {
            Assert.False(string.IsNullOrWhiteSpace(tool.Title));
            Assert.NotNull(tool.OutputSchema);
            Assert.Equal("object", tool.OutputSchema.Value.GetProperty("type").GetString());
            var hints = tool.Annotations!;
            Assert.True(hints is { ReadOnlyHint: not null, DestructiveHint: not null, IdempotentHint: not null, OpenWorldHint: false }, tool.Name);
            Assert.False(hints is { ReadOnlyHint: true, DestructiveHint: true }, tool.Name);
        }
    }

    [Fact]
    public void Arguments_are_flat_closed_and_without_unions()
    {
        foreach (var tool in Tools(readOnly: false, "registrar"))
        {
            var schema = tool.InputSchema.GetRawText();
            foreach (var word in new[] { "anyOf", "oneOf", "allOf", "$ref", "$defs", "null" })
                Assert.DoesNotContain($"\"{word}\"", schema);
            Assert.False(tool.InputSchema.GetProperty("additionalProperties").GetBoolean());
            foreach (var property in tool.InputSchema.GetProperty("properties").EnumerateObject())
            {
                Assert.Matches("^[a-z_]+$", property.Name);
                Assert.Contains(property.Value.GetProperty("type").GetString(), new[] { "string", "integer", "boolean", "array" });
                if (property.Value.TryGetProperty("enum", out var values))
                    Assert.All(values.EnumerateArray(), v => Assert.Matches("^[a-z_]+$", v.GetString()));
            }
        }
    }

    [Fact]
    public async Task Read_only_leaves_no_tool_that_writes()
    {
        Assert.All(Tools(readOnly: true, "registrar"), t => Assert.True(t.Annotations!.ReadOnlyHint));
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, options: ["--read-only", "--toolsets", "registrar"]);
        Assert.Equal(9, (await client.RequestAsync("tools/list"))["result"]!["tools"]!.AsArray().Count);
        var refused = await client.SendCallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production" });
        Assert.Equal(-32602, (int)refused["error"]!["code"]!);
    }

    [Fact]
    public void Tools_that_read_the_servers_files_are_for_local_callers()
    {
        Assert.DoesNotContain(ToolSurface.Select(new SurfaceSettings(false, ["registrar"], []), localFiles: false).Value.Tools, t => t.Name == "register_version");
        Assert.Contains(ToolSurface.Select(new SurfaceSettings(false, ["registrar"], []), localFiles: true).Value.Tools, t => t.Name == "register_version");
    }

    [Fact]
    public void The_page_about_tools_names_each_of_them()
    {
        var page = File.ReadAllText(ModelRegistry.Tests.Repository.At("docs/tools.md"));
        Assert.All(Tools(readOnly: false, "registrar"), tool => Assert.Contains($"`{tool.Name}`", page, StringComparison.Ordinal));
        Assert.Contains("`register_version` over HTTP", page, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_toolset_is_refused_with_the_nearest() =>
        Assert.Contains("'registrar'", ToolSurface.Select(new SurfaceSettings(false, ["registrars"], []), true).Refusal!.Message);

    [Fact]
    public async Task An_unknown_tool_is_answered_with_the_nearest()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        var error = (await client.SendCallAsync("promote_modle", []))["error"]!;
        Assert.Equal(-32602, (int)error["code"]!);
        Assert.Contains("Did you mean 'promote_model'?", (string?)error["message"]);
    }

    private static List<ModelContextProtocol.Protocol.Tool> Tools(bool readOnly, params string[] toolsets) =>
        [.. ToolSurface.Select(new SurfaceSettings(readOnly, toolsets, []), localFiles: true).Value.Tools.Select(t => t.Describe())];

    private static string Snapshot([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "Snapshots", "tools.json");
}
