using ModelRegistry.Audit;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Policies;

namespace ModelRegistry.Mcp.Rest;

/// <summary>What rules, and what happened.</summary>
internal static class RecordRoutes
{
    public static void Map(RestRoutes routes)
    {
        routes.Get("/policy", call => new PolicyQuery(call.Given.Text("digest"), call.Given.Time("at")), (call, query) => call.Registry.Policies.FindAsync(call.By, query, call.Cancel));
        routes.Get("/policy/history", call => (call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor")), (call, page) => call.Registry.Policies.HistoryAsync(call.By, page.Item1, page.Item2, call.Cancel));
        routes.Post("/policy/compare", call => (Json: Policy(call), Offered: call.Given.Choice("offered", false, "attested", "authenticated", "signed")), (call, asked) =>
            asked.Offered is null ? call.Registry.Policies.CompareAsync(call.By, asked.Json, call.Cancel) : call.Registry.Policies.PreviewAsync(call.By, asked.Json, Enum.Parse<Assurance>(asked.Offered, ignoreCase: true), call.Cancel));
        routes.Open("/policy/challenges", call => (call.Given.Need("statement_sha256"), call.Given.Choice("decision", true, PolicyChange.AcceptWord, PolicyChange.RejectWord) ?? ""),
            (call, asked) => call.Registry.Passkeys.PolicyChallengeAsync(asked.Item1, asked.Item2, call.Cancel));
        routes.Proven("/policy/accept", "by", PasskeyUse.Decide, byToken: false, call => (Json: Policy(call), Against: call.Given.Need("shown_against"), Reason: call.Given.Text("reason")),
            (call, wish) => call.Registry.Policies.AcceptAsync(call.By, new PolicyAcceptance(wish.Json, wish.Against, call.ProofOrNone, wish.Reason), call.Cancel));
        routes.Proven("/policy/reject", "by", PasskeyUse.Decide, byToken: false, call => (Id: call.Given.Need("change_id"), Reason: call.Given.Text("reason")),
            (call, wish) => call.Registry.Policies.RejectAsync(call.By, new PolicyRejection(wish.Id, call.ProofOrNone, wish.Reason), call.Cancel));

        routes.Get("/audit",
            call => new AuditQuery(call.Given.Text("model"), call.Given.Text("subject"), call.Given.Text("actor"), call.Given.Whole("limit", 1, 100) ?? 50, call.Given.Text("cursor"), call.Given.Text("verb")),
            (call, query) => call.Registry.Audit.ListAsync(call.By, query, call.Cancel));
        routes.Get("/audit/checkpoint", _ => 0, (call, _) => call.Registry.Audit.CheckpointAsync(call.By, call.Cancel), (call, note) => Replies.TextAsync(call.Http, note));
        routes.Get("/audit/key", _ => 0, (call, _) => Task.FromResult(call.Registry.Exports.Key(call.By)), (call, key) => Replies.TextAsync(call.Http, key.Then<string>(line => line + "\n")));
        routes.Get("/promotions/{id}/export", _ => 0, (call, _) => call.Registry.Exports.HoldAsync(call.By, call.Of("id"), call.Cancel), Replies.ExportAsync);
    }

    /// <summary>A policy as it would stand in a file, or the name of one that ships. Never a path: the server's files are not its callers'.</summary>
    private static string Policy(RestCall call) => call.Given.HasObject("policy") ? call.Given.Json("policy")!
        : call.Given.Choice("policy", true, [.. PolicyProfiles.Names]) is { } name ? PolicyProfiles.Find(name)! : "";
}
