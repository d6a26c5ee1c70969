using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Completing arguments of prompts and variables of resource templates.</summary>
public sealed class SuggestionTests
{
    private const string Model = "registry://models/{name}", Card = "registry://models/{name}/versions/{version}/card";

    [Theory]
    [InlineData(Era.Handshake)]
    [InlineData(Era.Stateless)]
    public async Task Names_versions_stages_and_promotions_are_completed(Era era)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await registry.RegisterAsync("chat");
        await registry.RegisterAsync("fraud");
        var agent = await registry.AgentAsync();
        SeededRegistry.Ok(await registry.Services.Metadata.SetAsync(agent, new MetadataEdit("fraud") { IsActive = false }));
        var id = await registry.ProposeAsync();
        SeededRegistry.Ok(await registry.Services.Promotions.RequestAsync(agent, new ModelRegistry.Promotions.PromotionRequest("chat", "v1", "validation", "newer")));
        await using var client = await StdioClient.StartAsync(registry.DataFolder, era);

        Assert.Equal(["chat", "churn"], await ValuesAsync(client, Template(Model), "name", "CH"));
        Assert.Equal(["chat", "churn"], await ValuesAsync(client, Prompt("roll_back"), "model_name", ""));
        Assert.Equal(["v2", "v1"], await ValuesAsync(client, Template(Card), "version", "", ("name", "churn")));
        Assert.Equal(["v2"], await ValuesAsync(client, Prompt("propose_promotion"), "version", "2", ("model_name", "churn")));
        Assert.Empty(await ValuesAsync(client, Template(Card), "version", ""));
        Assert.Equal(["staging"], await ValuesAsync(client, Prompt("propose_promotion"), "stage", "S"));
        var promotions = await ValuesAsync(client, Prompt("review_promotion"), "promotion_id", "prm_");
        Assert.Equal(id, promotions[0]);
        Assert.True(promotions.Count > 1 && promotions.Distinct().Count() == promotions.Count);
        // An argument that is free text has nothing to suggest.
        Assert.Empty(await ValuesAsync(client, Prompt("choose_model"), "task", "a"));
    }

    [Fact]
    public async Task A_hundred_are_given_and_it_is_said_that_there_are_more()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        var agent = await registry.AgentAsync();
        foreach (var i in Enumerable.Range(0, 101))
            SeededRegistry.Ok(await registry.Services.Metadata.CreateModelAsync(agent, new NewModel($"m{i:000}")));
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        var many = (await CompleteAsync(client, Template(Model), "name", "m"))["result"]!["completion"]!;
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"m{i:000}"), many["values"]!.AsArray().Select(v => (string)v!));
        Assert.True((bool)many["hasMore"]!);
        Assert.Null(many["total"]);
        var few = (await CompleteAsync(client, Template(Model), "name", "m05"))["result"]!["completion"]!;
        Assert.Equal((false, 10), ((bool)few["hasMore"]!, (int)few["total"]!));
    }

    [Fact]
    public async Task An_unknown_reference_has_nothing_to_offer()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, options: ["--read-only"]);
        foreach (var reference in new[] { Prompt("nothing"), Prompt("roll_back"), Template("registry://models/churn"), Template("file:///{x}"), Template("") })
        {
            var completion = (await CompleteAsync(client, reference, "name", ""))["result"]!["completion"]!;
            Assert.Empty(completion["values"]!.AsArray());
            Assert.False((bool?)completion["hasMore"]);
        }
    }

    [Fact]
    public async Task Whatever_is_typed_is_answered()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        foreach (var typed in new[] { "%", "_", "c%", "'", "\\", "\u0000", "ch\u0000", "\u00e4", "\uffff", "\U0001F389", "..", " ", "churn ", "churn\n", "{{x}}", new string('a', 256), new string('a', 100_000), "null" })
        {
            Assert.Empty(await ValuesAsync(client, Template(Model), "name", typed));
            Assert.Empty(await ValuesAsync(client, Prompt("review_promotion"), "promotion_id", typed == "" ? "x" : typed));
            Assert.Empty(await ValuesAsync(client, Prompt("propose_promotion"), "stage", typed));
            Assert.Empty(await ValuesAsync(client, Template(Card), "version", typed, ("name", "churn")));
            Assert.Empty(await ValuesAsync(client, Template(Card), "version", "v", ("name", typed == "churn " ? "x" : typed)));
            Assert.Empty(await ValuesAsync(client, Template(Card), typed, "v"));
        }
        foreach (var broken in new[] { """{"ref":{"type":"ref/other"},"argument":{"name":"a","value":"b"}}""", """{"ref":7}""", "{}", """{"ref":{"type":"ref/prompt"},"argument":{}}""", """{"ref":{"type":"ref/prompt","name":"roll_back"},"argument":null}""" })
            Assert.NotNull((await client.RequestAsync("completion/complete", JsonNode.Parse(broken)!.AsObject()))["error"] ?? new JsonObject());
        Assert.Equal(["churn"], await ValuesAsync(client, Template(Model), "name", "churn"));
    }

    private static JsonObject Prompt(string name) => new() { ["type"] = "ref/prompt", ["name"] = name };

    private static JsonObject Template(string uri) => new() { ["type"] = "ref/resource", ["uri"] = uri };

    private static Task<JsonObject> CompleteAsync(StdioClient client, JsonObject reference, string argument, string typed, (string Name, string Value)? known = null)
    {
        var parameters = new JsonObject { ["ref"] = reference, ["argument"] = new JsonObject { ["name"] = argument, ["value"] = typed } };
        if (known is var (name, value))
            parameters["context"] = new JsonObject { ["arguments"] = new JsonObject { [name] = value } };
        return client.RequestAsync("completion/complete", parameters);
    }

    private static async Task<List<string>> ValuesAsync(StdioClient client, JsonObject reference, string argument, string typed, (string Name, string Value)? known = null)
    {
        var message = await CompleteAsync(client, reference, argument, typed, known);
        Assert.True(message["result"] is JsonObject, message.ToJsonString());
        return [.. message["result"]!["completion"]!["values"]!.AsArray().Select(v => (string)v!)];
    }
}
