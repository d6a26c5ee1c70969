using System.Text.Json.Nodes;
using ModelRegistry.Deployments;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Versions on serving targets: asking for it, looking at it, and saying what runs.</summary>
internal static class DeploymentRoutes
{
    public static void Map(RestRoutes routes)
    {
        // The second is the short form of the same.
        foreach (var path in new[] { "/deploy", "/models/deploy" })
            routes.Ask(path, "Proposes to serve a version from a target.",
                call => new DeploymentRequest(call.Given.Need("model_name"), call.Given.Need("version"), call.Given.Need("deployment_target"), call.Given.Json("deployment_config") is { } config ? JsonNode.Parse(config) : null,
                    call.Given.Text("deployed_by"), call.Given.Text("reason"), call.Given.Text("idempotency_key") ?? call.Key),
                (call, wish) => call.Registry.Promotions.DeployAsync(call.By, wish, call.Cancel), RestReply.Asked);
        routes.Get("/targets", "The serving targets that the policy declares.", _ => 0, (call, _) => call.Registry.Deployments.TargetsAsync(call.By, call.Cancel), RestReply.Items);
        routes.Get("/deployments", "Lists deployments, newest first.",
            call => new DeploymentQuery(call.Given.Text("model"), call.Given.Text("target"), call.Given.Text("status"), call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor")),
            (call, query) => call.Registry.Deployments.ListAsync(call.By, query, call.Cancel));
        routes.Get("/deployments/{id}", "One deployment: what is wanted, and what was last said to run.", _ => 0, (call, _) => call.Registry.Deployments.GetAsync(call.By, call.Of("id"), call.Cancel));
        routes.Post("/deployments/{id}/stop", "Takes a version off a target that no gate guards.", call => call.Given.Text("reason"), (call, reason) => call.Registry.Deployments.StopAsync(call.By, call.Of("id"), reason, call.Cancel));
        routes.Post("/deployments/observed", "Takes a service's word for what it runs; nothing moves by it.",
            call => new ObservationReport(call.Given.Need("model_name"), call.Given.Need("deployment_target"), call.Given.Need("version"), call.Given.Text("status"), call.Given.Text("message"), call.Given.Text("instance")),
            (call, report) => call.Registry.Deployments.ObserveAsync(call.By, report, call.Cancel));
    }
}
