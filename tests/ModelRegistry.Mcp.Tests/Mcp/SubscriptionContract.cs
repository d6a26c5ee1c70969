using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Hearing of changes, in both eras. What changes is written by this process, so the server under test learns of it from the database.</summary>
public abstract class SubscriptionContract
{
    private protected abstract Task<RawClient> StartAsync(SeededRegistry registry, Era era = Era.Handshake);

    private const string Updated = "notifications/resources/updated", ListChanged = "notifications/resources/list_changed", Acknowledged = "notifications/subscriptions/acknowledged";

    private const string Mark = "io.modelcontextprotocol/subscriptionId", Pending = "registry://promotions/pending";

    [Fact]
    public async Task A_session_hears_what_another_process_changed_and_only_what_it_subscribed_to()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await registry.RegisterAsync("other");
        await using var client = await StartAsync(registry);
        await client.ListenAsync();
        // In another case than the registry writes it: the client is told in its own.
        foreach (var uri in new[] { Pending, "registry://models/CHURN", "registry://models/churn/versions/latest/card" })
            await OkAsync(client, "resources/subscribe", uri);
        await registry.RegisterAsync("other");
        await registry.ProposeAsync();
        Assert.Equal(["registry://models/CHURN", Pending], (await UrisAsync(client, 2)).Order(StringComparer.Ordinal));
        SeededRegistry.Ok(await registry.Services.Metadata.SetAsync(await registry.AgentAsync(), new MetadataEdit("churn") { Description = "what it is for" }));
        Assert.Equal(["registry://models/CHURN", "registry://models/churn/versions/latest/card"], (await UrisAsync(client, 2)).Order(StringComparer.Ordinal));
        Assert.All(client.Others, m => Assert.Equal(["uri"], m["params"]!.AsObject().Select(p => p.Key)));

        await OkAsync(client, "resources/unsubscribe", "registry://models/CHURN");
        await OkAsync(client, "resources/unsubscribe", "registry://models/never");
        await registry.RegisterAsync();
        Assert.Equal(["registry://models/churn/versions/latest/card"], await UrisAsync(client, 1));
        Assert.Equal(0, await client.EndAsync());
        Assert.DoesNotContain(client.Others, m => (string?)m["params"]?["uri"] == "registry://models/other" || (string?)m["method"] == ListChanged);
    }

    [Fact]
    public async Task A_session_that_has_listed_hears_when_the_list_changes()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StartAsync(registry);
        await client.ListenAsync();
        await client.RequestAsync("resources/list");
        await registry.RegisterAsync("one");
        await client.NotificationAsync(ListChanged);
        await registry.RegisterAsync("one");
        SeededRegistry.Ok(await registry.Services.Metadata.SetAsync(await registry.AgentAsync(), new MetadataEdit("one") { NewName = "two" }));
        await client.NotificationAsync(ListChanged);
        Assert.DoesNotContain(client.Others, m => (string?)m["method"] == Updated);
    }

    [Theory]
    [InlineData("registry://models/later")]
    [InlineData("registry://models/later/versions/1/card")]
    [InlineData("registry://models/churn/versions/2/card")]
    public async Task What_is_not_there_yet_is_told_when_it_comes(string uri)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        await using var client = await StartAsync(registry);
        await client.ListenAsync();
        Assert.NotNull((await client.RequestAsync("resources/subscribe", new JsonObject { ["uri"] = uri }))["result"]);
        await registry.RegisterAsync(uri.Contains("churn", StringComparison.Ordinal) ? "churn" : "later");
        Assert.Equal(uri, (string?)(await client.NotificationAsync(Updated))["params"]!["uri"]);
        // From then on it is told of like any other, and of nothing else.
        await registry.RegisterAsync("another");
        SeededRegistry.Ok(await registry.Services.Metadata.SetAsync(await registry.AgentAsync(), new MetadataEdit(uri.Contains("churn", StringComparison.Ordinal) ? "churn" : "later") { Description = "what it is for" }));
        Assert.Equal(uri, (string?)(await client.NotificationAsync(Updated))["params"]!["uri"]);
        Assert.Equal(2, client.Others.Count(m => (string?)m["method"] == Updated));
    }

    [Fact]
    public async Task An_address_longer_than_any_is_not_kept()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StartAsync(registry);
        var error = (await client.RequestAsync("resources/subscribe", new JsonObject { ["uri"] = "registry://models/" + new string('a', 100_000) }))["error"]!;
        Assert.StartsWith("resource_not_found:", (string?)error["message"]);
        Assert.InRange(((string)error["message"]!).Length, 1, 1_000);
    }

    [Fact]
    public async Task A_session_takes_two_hundred_subscriptions_and_the_same_one_again()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        await using var client = await StartAsync(registry);
        var uris = Spellings(201);
        foreach (var uri in uris.Take(200))
            await OkAsync(client, "resources/subscribe", uri);
        await OkAsync(client, "resources/subscribe", uris[0]);
        var error = (await client.RequestAsync("resources/subscribe", new JsonObject { ["uri"] = uris[200] }))["error"]!;
        Assert.StartsWith("too_many_subscriptions:", (string?)error["message"]);
        await OkAsync(client, "resources/unsubscribe", uris[0]);
        await OkAsync(client, "resources/subscribe", uris[200]);
    }

    [Fact]
    public async Task A_stream_is_acknowledged_first_then_tells_and_every_message_bears_its_mark()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StartAsync(registry, Era.Stateless);
        await ListenAsync(client, 501, list: true, Pending, "registry://models/churn", "registry://models/nothing", "file:///etc/passwd", Pending);
        var first = await AcknowledgedAsync(client, 501);
        await ListenAsync(client, 502, list: false, "registry://models/churn");
        Assert.Equal([Pending, "registry://models/churn"], first["resourceSubscriptions"]!.AsArray().Select(u => (string)u!));
        Assert.True((bool)first["resourcesListChanged"]!);
        Assert.Null(first["toolsListChanged"]);
        Assert.Null((await AcknowledgedAsync(client, 502))["resourcesListChanged"]);
        Assert.Equal(Acknowledged, (string?)client.Others.First()["method"]);

        await registry.ProposeAsync();
        await client.OtherAsync(m => IsUpdate(m, 501, Pending));
        await client.OtherAsync(m => IsUpdate(m, 501, "registry://models/churn"));
        await client.OtherAsync(m => IsUpdate(m, 502, "registry://models/churn"));
        await registry.RegisterAsync("new");
        await client.OtherAsync(m => (string?)m["method"] == ListChanged && (int)m["params"]!["_meta"]![Mark]! == 501);

        await client.CancelAsync(502);
        await client.RequestAsync("resources/templates/list");
        await registry.RegisterAsync();
        await client.OtherAsync(m => IsUpdate(m, 501, "registry://models/churn"));
        Assert.Equal(0, await client.EndAsync());
        // The stream that was open is answered; the cancelled one is not, and heard nothing after it.
        var answer = Assert.Single(client.Others, m => m["id"] is not null);
        Assert.Equal(501, (int)answer["id"]!);
        Assert.Equal(501, (int)answer["result"]!["_meta"]![Mark]!);
        Assert.Single(client.Others, m => IsUpdate(m, 502, "registry://models/churn"));
        Assert.All(client.Others.Where(m => m["method"] is not null), m => Assert.NotNull(m["params"]!["_meta"]![Mark]));
    }

    [Fact]
    public async Task Each_era_has_its_own_way_and_refuses_the_others()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var older = await StartAsync(registry);
        Assert.Equal(-32601, (int)(await older.RequestAsync("subscriptions/listen", new JsonObject { ["notifications"] = new JsonObject() }))["error"]!["code"]!);
        await using var newer = await StartAsync(registry, Era.Stateless);
        Assert.Equal(-32601, (int)(await newer.RequestAsync("resources/subscribe", new JsonObject { ["uri"] = Pending }))["error"]!["code"]!);
    }

    [Fact]
    public async Task A_stream_that_wants_too_much_is_refused()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync();
        await using var client = await StartAsync(registry, Era.Stateless);
        var uris = new JsonArray([.. Spellings(201).Select(u => (JsonNode)u)]);
        var error = (await client.RequestAsync("subscriptions/listen", new JsonObject { ["notifications"] = new JsonObject { ["resourceSubscriptions"] = uris } }))["error"]!;
        Assert.StartsWith("too_many_subscriptions:", (string?)error["message"]);
        Assert.Empty(client.Others);
    }

    /// <summary>One model and its card have very many addresses: other case, other references to the same version.</summary>
    private static List<string> Spellings(int count) => [.. Enumerable.Range(0, count).Select(i =>
        "registry://models/" + string.Concat("churn".Select((letter, bit) => (i >> bit & 1) == 1 ? char.ToUpperInvariant(letter) : letter)) + (i < 32 ? "" : $"/versions/{new string('0', i / 32)}1/card"))];

    private static Task ListenAsync(RawClient client, int id, bool list, params string[] uris) => client.BeginRequestAsync(id, "subscriptions/listen", new JsonObject
    {
        ["notifications"] = new JsonObject { ["resourcesListChanged"] = list, ["toolsListChanged"] = true, ["promptsListChanged"] = true, ["resourceSubscriptions"] = new JsonArray([.. uris.Select(u => (JsonNode)u)]) },
    });

    private static async Task<JsonObject> AcknowledgedAsync(RawClient client, int id) =>
        (await client.OtherAsync(m => (string?)m["method"] == Acknowledged && (int)m["params"]!["_meta"]![Mark]! == id))["params"]!["notifications"]!.AsObject();

    private static bool IsUpdate(JsonObject message, int id, string uri) =>
        (string?)message["method"] == Updated && (int?)message["params"]!["_meta"]?[Mark] == id && (string?)message["params"]!["uri"] == uri;

    private static async Task<List<string>> UrisAsync(RawClient client, int count)
    {
        var uris = new List<string>();
        while (uris.Distinct().Count() < count)
            uris.Add((string)(await client.NotificationAsync(Updated))["params"]!["uri"]!);
        return [.. uris.Distinct()];
    }

    private static async Task OkAsync(RawClient client, string method, string uri)
    {
        var message = await client.RequestAsync(method, new JsonObject { ["uri"] = uri });
        Assert.True(message["result"] is JsonObject, $"{uri}: {message.ToJsonString()}");
    }
}
