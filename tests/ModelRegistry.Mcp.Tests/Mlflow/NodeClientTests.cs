using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Clients;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Mlflow;

/// <summary>A client that others wrote, before a real server: npm's <c>mlflow</c>, with nothing changed in it.</summary>
public sealed class NodeClientTests(TeamServer team) : IClassFixture<TeamServer>
{
    private async Task<NodeProgram> StartAsync(string? token = null)
    {
        var client = NodeProgram.Start("mlflow.mjs");
        await client.TellAsync(new JsonObject { ["url"] = team.Rest.Address.AbsoluteUri, ["token"] = token ?? team.Rest.Token });
        return client;
    }

    private static async Task<JsonObject> AskAsync(NodeProgram client, JsonObject line)
    {
        await client.TellAsync(line);
        return await client.HearAsync() ?? throw new EndOfStreamException(client.Errors);
    }

    private static async Task<JsonNode> GetAsync(NodeProgram client, string method, string path, JsonObject args)
    {
        var said = await AskAsync(client, Line(method, path, args));
        Assert.True(said["error"] is null, $"{path}: {said.ToJsonString()} {client.Errors}");
        return said["value"]!;
    }

    /// <summary>What came back where the client took it for an error.</summary>
    private static async Task<JsonNode> DeniedAsync(NodeProgram client, string method, string path, JsonObject args, int status, string errorCode)
    {
        var said = await AskAsync(client, Line(method, path, args));
        Assert.True((int?)said["error"]?["status"] == status && (string?)said["error"]!["data"]?["error_code"] == errorCode, $"{path}: {said.ToJsonString()} {client.Errors}");
        return said["error"]!["data"]!;
    }

    private static JsonObject Line(string method, string path, JsonObject args) => new() { ["method"] = method, ["path"] = path, ["args"] = args };

    [Fact]
    [Attack(1, "mlflow")]
    public async Task A_pipeline_registers_is_told_to_wait_and_goes_on_once_a_person_agreed()
    {
        using var client = await StartAsync();
        Assert.Equal("", (string?)(await GetAsync(client, "post", "/registered-models/create", new() { ["name"] = "from node", ["tags"] = new JsonArray(new JsonObject { ["key"] = "team", ["value"] = "vision" }) }))["registered_model"]!["description"]);
        await DeniedAsync(client, "post", "/registered-models/create", new() { ["name"] = "from node" }, 400, "RESOURCE_ALREADY_EXISTS");
        await GetAsync(client, "patch", "/registered-models/update", new() { ["name"] = "from node", ["description"] = "made elsewhere" });
        foreach (var run in (string[])["a", "b"])
        {
            var put = await team.Rest.SendAsync("PUT", $"/api/2.0/mlflow-artifacts/artifacts/{run}/model/weights.bin", $"weights of {run}", "application/octet-stream");
            Assert.Equal(200, put.Status);
            var made = await GetAsync(client, "post", "/model-versions/create", new() { ["name"] = "from node", ["source"] = $"mlflow-artifacts:/{run}/model", ["run_id"] = run });
            Assert.Equal("READY", (string?)made["model_version"]!["status"]);
        }
        await GetAsync(client, "post", "/registered-models/rename", new() { ["name"] = "from node", ["new_name"] = "node" });
        JsonObject Of(string version) => new() { ["name"] = "node", ["version"] = version };
        await GetAsync(client, "post", "/model-versions/set-tag", new() { ["name"] = "node", ["version"] = "2", ["key"] = "seen", ["value"] = "by a test" });
        await GetAsync(client, "patch", "/model-versions/update", new() { ["name"] = "node", ["version"] = "2", ["description"] = "the second" });
        var second = (await GetAsync(client, "get", "/model-versions/get", Of("2")))["model_version"]!;
        Assert.Equal(("the second", "b", "by a test"), ((string?)second["description"], (string?)second["run_id"], (string?)second["tags"]!.AsArray().Single(t => (string?)t!["key"] == "seen")!["value"]));
        var model = (await GetAsync(client, "get", "/registered-models/search", new() { ["filter"] = "name = 'node' AND tags.team = 'vision'", ["max_results"] = 5 }))["registered_models"]!.AsArray().Single()!;
        Assert.Equal(("made elsewhere", "2"), ((string?)model["description"], (string?)model["latest_versions"]![0]!["version"]));
        Assert.Equal("2", (string?)(await GetAsync(client, "get", "/model-versions/search", new() { ["filter"] = "name = 'node'", ["order_by"] = "version_number DESC" }))["model_versions"]![0]!["version"]);
        Assert.EndsWith("/registered-models/node/2", (string?)(await GetAsync(client, "get", "/model-versions/get-download-uri", Of("2")))["artifact_uri"], StringComparison.Ordinal);
        await GetAsync(client, "post", "/registered-models/alias", new() { ["name"] = "node", ["alias"] = "candidate", ["version"] = "2" });
        Assert.Equal("2", (string?)(await GetAsync(client, "get", "/registered-models/alias", new() { ["name"] = "node", ["alias"] = "candidate" }))["model_version"]!["version"]);

        // What its gate asks for, MLflow has no words for.
        foreach (var version in (string[])["1", "2"])
            Assert.Equal(200, (await team.Rest.SendAsync("PATCH", $"/models/node/versions/{version}", TeamServer.Known.ToJsonString().Replace("\"format\":\"onnx\",", "", StringComparison.Ordinal))).Status);
        JsonObject To(string stage, string version = "2") => new() { ["name"] = "node", ["version"] = version, ["stage"] = stage, ["archive_existing_versions"] = true };
        Assert.Equal("Staging", (string?)(await GetAsync(client, "post", "/model-versions/transition-stage", To("Staging")))["model_version"]!["current_stage"]);
        var waiting = await DeniedAsync(client, "post", "/model-versions/transition-stage", To("Production"), 403, "PERMISSION_DENIED");
        var id = (string)waiting["promotion_id"]!;
        Assert.Contains(id, (string?)waiting["message"], StringComparison.Ordinal);
        Assert.Contains($"{team.Rest.Address}ui/promotions/{id}", (string?)waiting["message"], StringComparison.Ordinal);
        Assert.Equal("Staging", (string?)(await GetAsync(client, "get", "/model-versions/get", Of("2")))["model_version"]!["current_stage"]);
        Assert.Equal(id, (string?)(await DeniedAsync(client, "post", "/model-versions/transition-stage", To("Production"), 403, "PERMISSION_DENIED"))["promotion_id"]);

        await team.ApproveAsync(id);
        Assert.Equal("Production", (string?)(await GetAsync(client, "post", "/model-versions/transition-stage", To("Production")))["model_version"]!["current_stage"]);
        var latest = (await GetAsync(client, "post", "/registered-models/get-latest-versions", new() { ["name"] = "node", ["stages"] = new JsonArray("Production") }))["model_versions"]!.AsArray().Single()!;
        Assert.Equal(("2", true), ((string?)latest["version"], latest["aliases"]!.AsArray().Any(a => (string?)a == "champion")));
        await DeniedAsync(client, "post", "/registered-models/rename", new() { ["name"] = "node", ["new_name"] = "other" }, 403, "PERMISSION_DENIED");
    }

    [Fact]
    public async Task What_it_asks_for_beside_the_registry_and_what_it_cannot_say_are_told_as_errors_it_reads()
    {
        using var client = await StartAsync();
        var experiments = await AskAsync(client, new JsonObject { ["call"] = new JsonArray("Experiments", "list", new JsonObject()) });
        Assert.Equal((404, "ENDPOINT_NOT_FOUND"), ((int?)experiments["error"]?["status"], (string?)experiments["error"]?["data"]?["error_code"]));
        var logged = await AskAsync(client, new JsonObject { ["call"] = new JsonArray("Runs", "create", new JsonObject { ["experiment_id"] = "0" }) });
        Assert.Equal((404, "ENDPOINT_NOT_FOUND"), ((int?)logged["error"]?["status"], (string?)logged["error"]?["data"]?["error_code"]));
        // It sends what it deletes in the address.
        foreach (var name in (string[])["kept", "gone"])
            await GetAsync(client, "post", "/registered-models/create", new() { ["name"] = name });
        await GetAsync(client, "delete", "/registered-models/delete", new() { ["name"] = "gone" });
        await DeniedAsync(client, "get", "/registered-models/get", new() { ["name"] = "gone" }, 404, "RESOURCE_DOES_NOT_EXIST");
        await DeniedAsync(client, "delete", "/registered-models/delete", new(), 400, "INVALID_PARAMETER_VALUE");
        Assert.Equal("kept", (string?)(await GetAsync(client, "get", "/registered-models/get", new() { ["name"] = "kept" }))["registered_model"]!["name"]);

        using var stranger = await StartAsync("mrt_nobody");
        await DeniedAsync(stranger, "get", "/registered-models/get", new() { ["name"] = "kept" }, 401, "UNAUTHENTICATED");
    }
}
