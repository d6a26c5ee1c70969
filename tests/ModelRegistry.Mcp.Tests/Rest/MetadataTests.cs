using System.Text.Json.Nodes;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>Measurements, cards, lineage and search over REST, as pipelines ask for them.</summary>
public sealed class MetadataTests
{
    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    private static Task<RestAnswer> PatchAsync(ServedRest rest, string path, string body) => rest.SendAsync("PATCH", path, body);

    [Fact]
    public async Task What_is_said_of_versions_is_recorded_kept_and_found()
    {
        await using var rest = await OpenAsync();
        rest.Token = await rest.Registry.TokenAsync("pipeline");
        const string v2 = "/models/churn/versions/v2";

        var measured = await rest.PostAsync($"{v2}/metrics", Json("""{"metric": "accuracy", "value": 0.97, "dataset": "churn@2", "split": "test", "count": 5000, "measured_at": "2026-01-31T12:00:00Z", "current": true}"""));
        Assert.True(measured.Status == 201, measured.Body);
        Assert.Equal(201, (await rest.PostAsync("/models/churn/versions/v1/metrics", Json("""{"measurements": [{"metric": "accuracy", "value": 0.9, "dataset": "churn@2", "split": "test", "count": 5000}], "current": true}"""))).Status is var status && status is 201 or 403 ? 201 : status);
        Problem(400, "invalid_arguments", await rest.PostAsync($"{v2}/metrics", Json("""{"metric": "accuracy", "valu": 0.97}""")));
        Problem(400, "invalid_arguments", await rest.PostAsync($"{v2}/metrics", Json("""{"metric": "accuracy", "value": 1e999}""")));
        Problem(400, "invalid_arguments", await rest.PostAsync($"{v2}/metrics", Json("""{"measurements": {}}""")));
        Problem(400, "invalid_arguments", await rest.PostAsync($"{v2}/metrics", Json("""{"metric": ["a"], "value": "x", "count": 1.5}""")));
        var history = (await rest.GetAsync($"{v2}/metrics?metric=accuracy&limit=1")).Json;
        Assert.Equal((0.97, 5000, true), ((double)history["items"]![0]!["value"]!, (int)history["items"]![0]!["count"]!, history["next_cursor"] is not null));

        Assert.Equal(200, (await PatchAsync(rest, v2, """{"framework": "PyTorch", "lineage": {"parents": ["v1"], "datasets": ["churn@2"]}, "hyperparameters": {"lr": 0.1}, "dependencies": ["torch"], "code_commit": "abcdef012345"}""")).Status);
        var lineage = (await rest.GetAsync($"{v2}/lineage")).Json;
        Assert.Equal(("churn", "v1"), ((string?)lineage["comes_from"]![0]!["model_name"], (string?)lineage["comes_from"]![0]!["version"]));
        Assert.Equal("v2", (string?)(await rest.GetAsync("/models/churn/versions/v1/lineage")).Json["derived"]![0]!["version"]);
        Assert.Equal("v2", (string?)(await rest.GetAsync("/versions?dataset=churn@2&code_commit=abcdef0")).Json["items"]!.AsArray().Single()!["version"]);
        Problem(400, "invalid_arguments", await rest.GetAsync("/versions"));
        Problem(400, "invalid_arguments", await rest.GetAsync("/versions?dataset=a&dataset=b"));

        Assert.Equal(200, (await PatchAsync(rest, v2, """{"tags": {"team": "eu, west"}}""")).Status);
        async Task<int> CountAsync(string path) => (await rest.GetAsync(path)).Json["items"]!.AsArray().Count;
        Assert.Equal(1, await CountAsync("/models?tag=framework:pytorch&tag=team:eu,%20west&min_accuracy=0.95"));
        Assert.Equal(0, await CountAsync("/models?tag=framework:pytorch&tag=team:eu&min_accuracy=0.95"));
        Assert.Equal(0, await CountAsync("/models?tag=framework:pytorch&stage=production"));
        Assert.Equal(1, await CountAsync("/models/churn/versions?tag=team&max_accuracy=0.98&min_accuracy=0.96"));
        Problem(400, "invalid_arguments", await rest.GetAsync("/models?min_accuracy=much"));
        Problem(400, "invalid_arguments", await rest.GetAsync("/models?min_accuracy=1&min_accuracy=2"));
        Problem(400, "invalid_arguments", await rest.GetAsync("/models?stage=production&stage=staging"));
        Problem(400, "invalid_arguments", await rest.GetAsync("/models?" + string.Join('&', Enumerable.Repeat("tag=a", 500).Select((t, i) => t + i))));

        Problem(400, "card_unreadable", await PatchAsync(rest, v2, """{"card": "---\na: [\n---\n"}"""));
        Assert.Equal("licence", (string?)((await PatchAsync(rest, v2, """{"card": "---\nlicence: mit\n---\n# New\n"}""")).Json["warnings"]![0]!.GetValue<string>() is var w && w.Contains("licence", StringComparison.Ordinal) ? "licence" : w));
        var card = (await rest.GetAsync($"{v2}/card")).Json;
        Assert.Equal(("mit", "# New\n", 2), ((string?)card["front_matter"]!["licence"], (string?)card["markdown"], (int)card["problems"]![0]!["line"]!));
        var edits = (await rest.GetAsync($"{v2}/card/history")).Json["items"]!.AsArray();
        Assert.Equal(2, edits.Count);
        Assert.Contains("+# New", (await rest.GetAsync($"{v2}/card/history/{edits[0]!["edit_id"]}")).Json["difference"]!.AsArray().Select(l => (string?)l));
        Problem(404, "card_edit_not_found", await rest.GetAsync($"{v2}/card/history/ced_none"));
        Assert.Equal(200, (await PatchAsync(rest, v2, $$"""{"card_from": "{{edits[1]!["edit_id"]}}"}""")).Status);
        Assert.DoesNotContain("# New", (await rest.GetAsync($"{v2}/card")).Body, StringComparison.Ordinal);
        Assert.Equal("none", (string?)(await rest.GetAsync("/models/churn/card")).Json["from"]);

        var compared = (await rest.GetAsync("/models/churn/compare?versions=v1,v2")).Json["metrics"]!.AsArray().Single(m => (string?)m!["metric"] == "accuracy")!;
        Assert.Equal(2, compared["significance"]!.AsArray().Count);
    }

    [Fact]
    [Attack(1, "rest")]
    public async Task An_alias_is_taken_away_and_one_that_follows_what_serves_is_not()
    {
        await using var rest = await OpenAsync();
        rest.Token = await rest.Registry.TokenAsync("pipeline");
        async Task<JsonObject> AliasesAsync() => (await rest.GetAsync("/models/churn")).Json["aliases"]!.AsObject();
        foreach (var alias in (string[])["shadow", "candidate"])
            Assert.Equal(200, (await PatchAsync(rest, "/models/churn/versions/v2", $$"""{"alias": "{{alias}}"}""")).Status);
        Problem(403, "alias_governed", await PatchAsync(rest, "/models/churn", """{"remove_aliases": ["shadow", "Champion"]}"""));
        Assert.Equal(["candidate", "champion", "shadow"], (await AliasesAsync()).Select(a => a.Key).Order(StringComparer.Ordinal));

        var seen = (await rest.GetAsync("/models/churn"))["revision"]!;
        var edited = await rest.SendAsync("PATCH", "/models/churn", """{"remove_aliases": ["@Shadow", "shadow", "nobody"]}""", headers: ("If-Match", $"\"{seen}\""));
        Assert.Equal(["aliases.shadow"], edited.Json["changed"]!.AsArray().Select(c => (string?)c));
        Assert.Equal(["candidate", "champion"], (await AliasesAsync()).Select(a => a.Key).Order(StringComparer.Ordinal));
        Problem(412, "revision_changed", await rest.SendAsync("PATCH", "/models/churn", """{"remove_aliases": ["candidate"]}""", headers: ("If-Match", $"\"{seen}\"")));
        Problem(404, "version_not_found", await rest.GetAsync("/models/churn/versions/@shadow"));
        Problem(400, "invalid_arguments", await PatchAsync(rest, "/models/churn", """{"remove_aliases": [1]}"""));
        Problem(400, "invalid_arguments", await PatchAsync(rest, "/models/churn/versions/v2", """{"remove_aliases": ["candidate"]}"""));
        rest.Token = await rest.Registry.TokenAsync("reader", "viewer");
        Problem(403, "role_missing", await PatchAsync(rest, "/models/churn", """{"remove_aliases": ["candidate"]}"""));
    }
}
