using ModelRegistry.Audit;
using ModelRegistry.Domain;
using ModelRegistry.Identity;

namespace ModelRegistry.Mcp.Rest;

/// <summary>What rules, and what happened.</summary>
internal static class RecordRoutes
{
    public static void Map(RestRoutes routes)
    {
        routes.Get("/policy", _ => 0, (call, _) => call.Registry.Policies.ShowAsync(call.By, call.Cancel));
        routes.Proven("/policy/accept", "by", PasskeyUse.Confirm, byToken: false, Policy,
            (call, json) => call.Registry.Policies.AcceptAsync(call.By, json, call.Cancel));

        routes.Get("/audit",
            call => new AuditQuery(call.Given.Text("model"), call.Given.Text("subject"), call.Given.Text("actor"), call.Given.Whole("limit", 1, 100) ?? 50, call.Given.Text("cursor"), call.Given.Text("verb")),
            (call, query) => call.Registry.Audit.ListAsync(call.By, query, call.Cancel));
        routes.Get("/audit/checkpoint", _ => 0, (call, _) => call.Registry.Audit.CheckpointAsync(call.By, call.Cancel), (call, note) => Replies.TextAsync(call.Http, note));
    }

    /// <summary>A policy as it would stand in a file, or the name of one that ships. Never a path: the server's files are not its callers'.</summary>
    private static string Policy(RestCall call) => call.Given.HasObject("policy") ? call.Given.Json("policy")!
        : call.Given.Choice("policy", true, [.. PolicyProfiles.Names]) is { } name ? PolicyProfiles.Find(name)! : "";
}
