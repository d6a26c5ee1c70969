using System.Text.Json.Nodes;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>Deploying over REST, in the shapes that pipelines send.</summary>
public sealed class DeploymentTests
{
    private static JsonObject Deploy(string version, string target, JsonNode? config = null) =>
        new() { ["model_name"] = "churn", ["version"] = version, ["deployment_target"] = target, ["deployed_by"] = "admin", ["deployment_config"] = config?.DeepClone(), ["reason"] = "better" };

    [Fact]
    public async Task A_deploy_parks_like_a_promotion_and_a_person_decides()
    {
        await using var rest = await OpenAsync();
        Assert.Equal(["production", "staging"], (await rest.GetAsync("/targets")).Json["items"]!.AsArray().Select(t => (string?)t!["name"]));
        Problem(404, "target_unknown", await rest.PostAsync("/deploy", Deploy("v2", "moon")));
        Problem(400, "invalid_arguments", await rest.PostAsync("/deploy", Deploy("v2", "production", new JsonArray())));

        var parked = await rest.PostAsync("/deploy", Deploy("v2", "production", new JsonObject { ["replicas"] = 2 }));
        Assert.True(parked.Status == 202, parked.Body);
        Assert.Equal(("pending", "deployment"), (parked["status"], parked["kind"]));
        Assert.Equal(parked["promotion_id"], (await rest.PostAsync("/models/deploy", Deploy("v2", "production", new JsonObject { ["replicas"] = 2 })))["promotion_id"]);
        Assert.Equal("pending", (string?)(await rest.GetAsync("/deployments?model=churn")).Json["items"]![0]!["status"]);

        Assert.Equal(200, (await rest.DecideAsync(parked["promotion_id"]!, Decision())).Status);

        var active = (await rest.GetAsync("/deployments?model=churn&target=production&status=active")).Json["items"]!.AsArray().Single()!;
        Assert.Equal(("v2", "admin", 2), ((string?)active["version"], (string?)active["deployed_by"], (int)active["configuration"]!["replicas"]!));
        var id = (string)active["deployment_id"]!;
        Problem(403, "deployment_governed", await rest.PostAsync($"/deployments/{id}/stop", []));
        Assert.Equal(200, (await rest.PostAsync("/deployments/observed", new JsonObject { ["model_name"] = "churn", ["deployment_target"] = "production", ["version"] = "2", ["instance"] = "pod-1" })).Status);
        var seen = await rest.GetAsync($"/deployments/{id}");
        Assert.Equal(("v2", "running", true), ((string?)seen.Json["observed"]!["version"], (string?)seen.Json["observed"]!["status"], (bool)seen.Json["observed"]!["matches"]!));
        Problem(404, "deployment_not_found", await rest.GetAsync("/deployments/dpl_none"));
        Problem(409, "already_deployed", await rest.PostAsync("/deploy", Deploy("v2", "production", new JsonObject { ["replicas"] = 2 })));
    }
}
