using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Long work over stdio: it says how far it is to whoever asked for that, and stops when nobody wants it any more.</summary>
public sealed class ProgressTests
{
    private const string Progress = "notifications/progress";

    [Theory]
    [InlineData(Era.Handshake)]
    [InlineData(Era.Stateless)]
    public async Task Registering_tells_how_far_it_is_over_all_files_and_nothing_after_its_answer(Era era)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, era, options: ["--toolsets", "registrar"]);
        var files = new[] { Large(registry, 40 << 20, "a.onnx"), Large(registry, 3 << 20, "b.json") };
        await client.BeginRequestAsync(701, "tools/call", Call("big", files, "upload-1"));
        var answer = await client.OtherAsync(m => (int?)m["id"] == 701);
        Assert.False((bool?)answer["result"]!["isError"] ?? false, answer.ToJsonString());
        var told = client.Others.TakeWhile(m => m != answer).Where(m => (string?)m["method"] == Progress).Select(m => m["params"]!).ToList();
        Assert.InRange(told.Count, 10, 101);
        Assert.All(told, p => Assert.Equal("upload-1", (string?)p["progressToken"]));
        Assert.All(told, p => Assert.Equal(43 << 20, (float)p["total"]!));
        Assert.Equal(told.Select(p => (double)p["progress"]!).Distinct().Order(), told.Select(p => (double)p["progress"]!));
        Assert.Equal(43 << 20, (float)told[^1]["progress"]!);
        Assert.Equal(["a.onnx", "b.json"], told.Select(p => (string)p["message"]!).Distinct());
        await client.EndAsync();
        Assert.Equal(told.Count, client.Others.Count(m => (string?)m["method"] == Progress));
    }

    [Fact]
    public async Task Who_did_not_ask_is_told_nothing()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, options: ["--toolsets", "registrar"]);
        Assert.False((await client.CallAsync("register_version", Call("big", [Large(registry, 8 << 20, "a.onnx")], null)["arguments"]!.AsObject())).IsError);
        Assert.Empty(client.Others);
    }

    [Theory]
    [InlineData(Era.Handshake)]
    [InlineData(Era.Stateless)]
    public async Task A_registration_that_is_cancelled_stops_and_leaves_nothing_behind(Era era)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, era, options: ["--toolsets", "registrar"]);
        await client.CallAsync("list_models");
        // So large that it cannot be through before the client hears of its beginning: it is stopped long before its end.
        await client.BeginRequestAsync(702, "tools/call", Call("big", [Large(registry, 1L << 30, "a.onnx")], "t"));
        await client.NotificationAsync(Progress);
        await client.CancelAsync(702);
        Assert.Contains("no model", (await client.CallAsync("list_models")).Text);
        // The server ends when what it was doing has ended.
        Assert.Equal(0, await client.EndAsync());
        Assert.DoesNotContain(client.Others, m => (int?)m["id"] == 702);
        var agent = await registry.AgentAsync();
        Assert.Equal("model_not_found", (await registry.Services.Catalog.GetAsync(agent, "big", null)).Refusal?.Code);
        Assert.DoesNotContain("version.register", await registry.VerbsAsync("big"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(registry.DataFolder, "artifacts"), "*", SearchOption.AllDirectories));
    }

    /// <summary>A file with a hole instead of content: quick to make, and as long to read as any.</summary>
    private static string Large(SeededRegistry registry, long bytes, string name)
    {
        var path = registry.File(name, name);
        using var file = File.OpenWrite(path);
        file.SetLength(bytes);
        return path;
    }

    private static JsonObject Call(string model, string[] files, string? token)
    {
        var call = new JsonObject { ["name"] = "register_version", ["arguments"] = new JsonObject { ["model_name"] = model, ["files"] = new JsonArray([.. files.Select(f => (JsonNode)f)]) } };
        if (token is not null)
            call["_meta"] = new JsonObject { ["progressToken"] = token };
        return call;
    }
}
