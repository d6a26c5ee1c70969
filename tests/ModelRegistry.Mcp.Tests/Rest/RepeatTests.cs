using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>Requests that are repeated, and edits of what somebody else has edited meanwhile.</summary>
public sealed class RepeatTests
{
    private const string Key = "Idempotency-Key";

    private static async Task<int> EntriesAsync(ServedRest rest, string verb) => (await rest.GetAsync($"/audit?verb={verb}&limit=100")).Json["items"]!.AsArray().Count(e => (string?)e!["outcome"] == "done");

    private static async Task<RestAnswer> FormAsync(ServedRest rest, string key, string content)
    {
        using var http = new HttpClient { BaseAddress = rest.Address };
        using var form = new MultipartFormDataContent { { new StringContent("v1"), "version" }, { new ByteArrayContent(Encoding.UTF8.GetBytes(content)), "file", "model.bin" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/models/forms/versions") { Content = form };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", rest.Token);
        request.Headers.Add(Key, key);
        var response = await http.SendAsync(request);
        return new RestAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    [Fact]
    public async Task What_is_sent_twice_with_one_key_is_done_once_and_answered_alike()
    {
        await using var rest = await OpenAsync();
        JsonObject Model(string text) => new() { ["name"] = "digits", ["description"] = text };

        var first = await rest.PostAsync("/models", Model("one"), (Key, "k-1"));
        var again = await rest.PostAsync("/models", Model("one"), (Key, "\"k-1\""));
        Assert.Equal((201, 201, first.Body), (first.Status, again.Status, again.Body));
        Problem(409, "idempotency_key_reused", await rest.PostAsync("/models", Model("two"), (Key, "k-1")));
        Problem(409, "idempotency_key_reused", await rest.SendAsync("PATCH", "/models/digits", Model("one").ToJsonString(), headers: (Key, "k-1")));
        // Without the key it is another request, and is told so.
        Problem(409, "model_exists", await rest.PostAsync("/models", Model("one")));
        Problem(400, "invalid_arguments", await rest.PostAsync("/models", Model("one"), (Key, new string('x', 201))));
        // Another caller's key is another key.
        var planner = rest.Token;
        rest.Token = await rest.Registry.TokenAsync("other");
        Problem(409, "model_exists", await rest.PostAsync("/models", Model("one"), (Key, "k-1")));
        rest.Token = planner;

        // What was refused was not done, and may be asked again with the same key.
        var patch = new JsonObject { ["deprecated"] = true }.ToJsonString();
        Problem(404, "version_not_found", await rest.SendAsync("PATCH", "/models/churn/versions/9", patch, headers: (Key, "k-2")));
        Problem(404, "version_not_found", await rest.SendAsync("PATCH", "/models/churn/versions/9", patch, headers: (Key, "k-2")));

        Assert.Equal(201, (await FormAsync(rest, "k-3", "content")).Status);
        var repeated = await FormAsync(rest, "k-3", "content");
        Assert.Equal((201, "v1"), (repeated.Status, repeated["version"]));
        Problem(409, "idempotency_key_reused", await FormAsync(rest, "k-3", "other content"));
        Assert.Equal(200, (await rest.SendAsync("DELETE", "/models/digits", null, headers: (Key, "k-4"))).Status);
        Assert.Equal(200, (await rest.SendAsync("DELETE", "/models/digits", null, headers: (Key, "k-4"))).Status);
        Assert.Equal(1, await EntriesAsync(rest, "model.delete"));

        // Promotions keep their own keys, and answer with where they stand now.
        var wish = new JsonObject { ["stage"] = "production", ["reason"] = "better" };
        var parked = await rest.PostAsync("/models/churn/versions/v2/promotions", wish, (Key, "k-5"));
        await rest.DecideAsync(parked["promotion_id"]!, Decision());
        var after = await rest.PostAsync("/models/churn/versions/v2/promotions", wish, (Key, "k-5"));
        Assert.Equal((parked["promotion_id"], "applied"), (after["promotion_id"], after["status"]));
    }

    [Fact]
    public async Task Twenty_at_once_with_one_key_make_one_version()
    {
        await using var rest = await OpenAsync(churn: false);
        var content = Encoding.UTF8.GetBytes("weights");
        var sha = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
        Assert.Equal(201, (await rest.SendAsync("PUT", $"/blobs/{sha}", "weights", "application/octet-stream")).Status);
        var wish = new JsonObject { ["files"] = new JsonArray(new JsonObject { ["path"] = "model.bin", ["sha256"] = sha }) };

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => rest.PostAsync("/models/racing/versions", (JsonObject)wish.DeepClone(), (Key, "once"))));

        Assert.All(all, a => Assert.True(a.Status == 201, a.Body));
        Assert.Single(all.Select(a => a["version_id"]).Distinct());
        Assert.Equal(1, await EntriesAsync(rest, "version.register"));
    }

    [Fact]
    public async Task An_edit_names_what_it_was_meant_for()
    {
        await using var rest = await OpenAsync();
        foreach (var path in new[] { "/models/churn", "/models/churn/versions/v1" })
        {
            var seen = await rest.GetAsync(path);
            var tag = seen.Response.Headers.ETag!.ToString();
            Assert.Equal($"\"{seen["revision"]}\"", tag);
            Assert.Equal(304, (await rest.GetAsync(path, ("If-None-Match", tag))).Status);
            Task<RestAnswer> EditAsync(string owner, string when) => rest.SendAsync("PATCH", path, new JsonObject { ["tags"] = new JsonObject { ["who"] = owner } }.ToJsonString(), headers: ("If-Match", when));

            Assert.Equal(200, (await EditAsync("first", tag)).Status);
            Problem(412, "revision_changed", await EditAsync("second", tag));
            Problem(412, "revision_changed", await EditAsync("second", $"W/{(await rest.GetAsync(path)).Response.Headers.ETag}"));
            Assert.Equal("first", (string?)(await rest.GetAsync(path)).Json["tags"]!["who"]);
            Assert.Equal(200, (await EditAsync("second", $"\"nothing\", {(await rest.GetAsync(path)).Response.Headers.ETag}")).Status);
            Assert.Equal(200, (await EditAsync("third", "*")).Status);

            // Each answer names what the next edit may build on; one that changes nothing as well.
            var edited = await EditAsync("fourth", "*");
            foreach (var who in new[] { "fifth", "fifth", "sixth" })
            {
                Assert.Equal($"\"{edited["revision"]}\"", edited.Response.Headers.ETag!.ToString());
                edited = await EditAsync(who, edited.Response.Headers.ETag!.ToString());
                Assert.Equal(200, edited.Status);
            }
            Assert.Equal(edited["revision"], (await rest.GetAsync(path))["revision"]);
            Assert.Equal("sixth", (string?)(await rest.GetAsync(path)).Json["tags"]!["who"]);
        }
        // Measurements count as edits, and a new name as any other.
        var measured = await rest.PostAsync("/models/churn/versions/v1/metrics", new JsonObject { ["metric"] = "auc", ["value"] = 0.8, ["current"] = true });
        Assert.Equal((await rest.GetAsync("/models/churn/versions/v1"))["revision"], measured["revision"]);
        await rest.PostAsync("/models", new JsonObject { ["name"] = "digits" });
        var old = (await rest.GetAsync("/models/digits")).Response.Headers.ETag!.ToString();
        await rest.SendAsync("PATCH", "/models/digits", """{"description": "meanwhile"}""");
        Problem(412, "revision_changed", await rest.SendAsync("DELETE", "/models/digits", null, headers: ("If-Match", old)));
        Assert.Equal(200, (await rest.GetAsync("/models/digits")).Status);
        var renamed = await rest.SendAsync("PATCH", "/models/digits", """{"name": "figures"}""");
        Assert.Equal((await rest.GetAsync("/models/figures"))["revision"], renamed["revision"]);
        var deleted = await rest.SendAsync("DELETE", "/models/figures", null, headers: ("If-Match", renamed.Response.Headers.ETag!.ToString()));
        Assert.Equal((200, false, false), (deleted.Status, deleted.Json.ContainsKey("revision"), deleted.Response.Headers.Contains("ETag")));
    }
}
