using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>Resources, prompts and completions as official clients see them, and hearing of what others change.</summary>
public sealed class RealClientResourceTests
{
    private const string Churn = "registry://models/churn", Pending = "registry://promotions/pending", Policy = "registry://policy";

    public static TheoryData<Library, Door> Everybody => RealClientTests.Everybody;

    [Theory]
    [MemberData(nameof(Everybody))]
    public async Task Resources_are_listed_and_read(Library library, Door door)
    {
        await using var reached = await ReachedRegistry.OpenAsync(door);
        var id = await reached.Registry.ProposeAsync();
        await using var client = await reached.ConnectAsync(library);
        Assert.Equal([Pending, Policy, Churn], Strings((await client.InvokeAsync("listResources"))["resources"]!, "uri"));
        Assert.Equal(["registry://models/{name}", "registry://models/{name}/versions/{version}/card"], Strings((await client.InvokeAsync("listResourceTemplates"))["resourceTemplates"]!, "uriTemplate"));

        Assert.Equal("v1", (string?)JsonNode.Parse(await ReadAsync(client, Churn))!["serving_version"]);
        Assert.Contains("Reading digits.", await ReadAsync(client, $"{Churn}/versions/v2/card"), StringComparison.Ordinal);
        Assert.Contains(id, await ReadAsync(client, Pending), StringComparison.Ordinal);
        Assert.Equal("local", (string?)JsonNode.Parse(await ReadAsync(client, Policy))!["name"]);
        var unknown = await Assert.ThrowsAsync<ClientException>(() => ReadAsync(client, "registry://models/chrun"));
        Assert.Contains("model_not_found", unknown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Library.Sdk1)]
    [InlineData(Library.Sdk2Modern)]
    public async Task A_long_list_of_resources_comes_whole(Library library)
    {
        await using var reached = await ReachedRegistry.OpenAsync(Door.Http);
        var models = Enumerable.Range(0, 60).Select(n => $"model-{n:00}").ToList();
        foreach (var model in models)
            await reached.Registry.RegisterAsync(model);
        await using var client = await reached.ConnectAsync(library);
        var (uris, page) = (new List<string>(), await client.InvokeAsync("listResources"));
        uris.AddRange(Strings(page["resources"]!, "uri"));
        // The newer library fetches all pages by itself.
        Assert.Equal(library == Library.Sdk1, page["nextCursor"] is not null);
        while ((string?)page["nextCursor"] is { } cursor)
        {
            page = await client.InvokeAsync("listResources", new JsonObject { ["cursor"] = cursor });
            uris.AddRange(Strings(page["resources"]!, "uri"));
        }
        Assert.Equal([Pending, Policy, Churn, .. models.Select(m => $"registry://models/{m}")], uris);
    }

    [Theory]
    [MemberData(nameof(Everybody))]
    public async Task Prompts_are_listed_and_filled_and_what_can_be_said_is_suggested(Library library, Door door)
    {
        await using var reached = await ReachedRegistry.OpenAsync(door);
        var id = await reached.Registry.ProposeAsync();
        await using var client = await reached.ConnectAsync(library);
        var prompts = Strings((await client.InvokeAsync("listPrompts"))["prompts"]!, "name");
        Assert.Contains("review_promotion", prompts);
        var prompt = await client.InvokeAsync("getPrompt", new JsonObject { ["name"] = "review_promotion", ["arguments"] = new JsonObject { ["promotion_id"] = id } });
        Assert.Contains(id, (string?)prompt["messages"]![0]!["content"]!["text"], StringComparison.Ordinal);
        var incomplete = await Assert.ThrowsAsync<ClientException>(() => client.InvokeAsync("getPrompt", new JsonObject { ["name"] = "review_promotion", ["arguments"] = new JsonObject() }));
        Assert.Contains("promotion_id", incomplete.Message, StringComparison.Ordinal);

        var (model, card) = (Template("registry://models/{name}"), Template("registry://models/{name}/versions/{version}/card"));
        Assert.Equal(["churn"], await SuggestedAsync(client, model, "name", "ch"));
        Assert.Equal(["v2", "v1"], await SuggestedAsync(client, card, "version", "v", new JsonObject { ["name"] = "churn" }));
        Assert.Contains(id, await SuggestedAsync(client, new JsonObject { ["type"] = "ref/prompt", ["name"] = "review_promotion" }, "promotion_id", "prm_"));
    }

    [Theory]
    [MemberData(nameof(Everybody))]
    public async Task Who_subscribes_hears_what_another_client_changed(Library library, Door door)
    {
        await using var reached = await ReachedRegistry.OpenAsync(door);
        await reached.Registry.RegisterAsync(accuracy: 0.97);
        await using var listener = await reached.ConnectAsync(library);
        await using var other = await reached.ConnectAsync(Library.Sdk1);
        await listener.InvokeAsync("subscribeResource", new JsonObject { ["uri"] = Churn });
        await listener.InvokeAsync("subscribeResource", new JsonObject { ["uri"] = Pending });

        Assert.Equal("applied", (string?)(await PromoteAsync(other, "staging"))["status"]);
        await HearsAsync(listener, Churn);
        var info = await listener.CallAsync("get_model_info", new JsonObject { ["model_name"] = "churn", ["version"] = "v3" });
        Assert.Equal("staging", (string?)info.Structured!["version"]!["stage"]);

        var id = (string?)(await PromoteAsync(other, "production"))["promotion_id"];
        await HearsAsync(listener, Pending);
        Assert.Contains(id!, await ReadAsync(listener, Pending), StringComparison.Ordinal);
    }

    /// <summary>One change may touch more than one resource; they come in no order.</summary>
    private static async Task HearsAsync(RealClient client, string uri)
    {
        while (await client.Updates.ReadAsync() != uri)
        {
            // Another one; what is waited for still comes.
        }
    }

    private static async Task<JsonObject> PromoteAsync(RealClient client, string stage) =>
        (await client.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v3", ["stage"] = stage, ["reason"] = "better" })).Structured!;

    private static async Task<string> ReadAsync(RealClient client, string uri) =>
        (string)(await client.InvokeAsync("readResource", new JsonObject { ["uri"] = uri }))["contents"]![0]!["text"]!;

    private static async Task<List<string>> SuggestedAsync(RealClient client, JsonObject about, string argument, string typed, JsonObject? known = null)
    {
        var parameters = new JsonObject { ["ref"] = about.DeepClone(), ["argument"] = new JsonObject { ["name"] = argument, ["value"] = typed } };
        if (known is not null)
            parameters["context"] = new JsonObject { ["arguments"] = known };
        return [.. (await client.InvokeAsync("complete", parameters))["completion"]!["values"]!.AsArray().Select(v => (string)v!)];
    }

    private static JsonObject Template(string uri) => new() { ["type"] = "ref/resource", ["uri"] = uri };

    private static List<string> Strings(JsonNode items, string member) => [.. items.AsArray().Select(i => (string)i![member]!)];
}
