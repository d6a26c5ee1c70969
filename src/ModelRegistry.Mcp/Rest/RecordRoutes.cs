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
        routes.Get("/policy", "The policy in force, or an earlier one.", call => new PolicyQuery(call.Given.Text("digest"), call.Given.Time("at")), (call, query) => call.Registry.Policies.FindAsync(call.By, query, call.Cancel));
        routes.Get("/policy/history", "Every policy that was in force, newest first.", call => (call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor")), (call, page) => call.Registry.Policies.HistoryAsync(call.By, page.Item1, page.Item2, call.Cancel));
        routes.Post("/policy/compare", "What another policy would change, in words.", call => (Json: Policy(call), Offered: call.Given.Choice("offered", false, "attested", "authenticated", "signed")), (call, asked) =>
            asked.Offered is null ? call.Registry.Policies.CompareAsync(call.By, asked.Json, call.Cancel) : call.Registry.Policies.PreviewAsync(call.By, asked.Json, Enum.Parse<Assurance>(asked.Offered, ignoreCase: true), call.Cancel));
        routes.Open("/policy/challenges", "What a passkey has to sign to decide on a policy.", call => (call.Given.Need("statement_sha256"), call.Given.Choice("decision", true, PolicyChange.AcceptWord, PolicyChange.RejectWord) ?? ""),
            (call, asked) => call.Registry.Passkeys.PolicyChallengeAsync(asked.Item1, asked.Item2, call.Cancel));
        routes.Proven("/policy/accept", "An admin's word for another policy.", "by", PasskeyUse.Decide, byToken: false, call => (Json: Policy(call), Against: call.Given.Need("shown_against"), Reason: call.Given.Text("reason")),
            (call, wish) => call.Registry.Policies.AcceptAsync(call.By, new PolicyAcceptance(wish.Json, wish.Against, call.ProofOrNone, wish.Reason), call.Cancel));
        routes.Proven("/policy/reject", "An admin's word against a policy that waits.", "by", PasskeyUse.Decide, byToken: false, call => (Id: call.Given.Need("change_id"), Reason: call.Given.Text("reason")),
            (call, wish) => call.Registry.Policies.RejectAsync(call.By, new PolicyRejection(wish.Id, call.ProofOrNone, wish.Reason), call.Cancel));

        routes.Get("/audit", "Entries of the audit log, newest first.",
            call => new AuditQuery(call.Given.Text("model"), call.Given.Text("subject"), call.Given.Text("actor"), call.Given.Whole("limit", 1, 100) ?? 50, call.Given.Text("cursor"), call.Given.Text("verb")),
            (call, query) => call.Registry.Audit.ListAsync(call.By, query, call.Cancel));
        routes.Get("/audit/checkpoint", "The signed checkpoint of the audit log (C2SP tlog-checkpoint).", _ => 0, (call, _) => call.Registry.Audit.CheckpointAsync(call.By, call.Cancel), RestReply.Text);
        routes.Get("/audit/key", "The key that checkpoints and exports verify with.", _ => 0, (call, _) => Task.FromResult(call.Registry.Exports.Key(call.By).Then<string>(line => line + "\n")), RestReply.Text);
        routes.Get("/promotions/{id}/export", "All that proves one promotion, signed (DSSE with an in-toto statement).", _ => 0, (call, _) => call.Registry.Exports.HoldAsync(call.By, call.Of("id"), call.Cancel), RestReply.Export);
    }

    /// <summary>A policy as it would stand in a file, or the name of one that ships. Never a path: the server's files are not its callers'.</summary>
    private static string Policy(RestCall call) => call.Given.HasObject("policy") ? call.Given.Json("policy")!
        : call.Given.Choice("policy", true, [.. PolicyProfiles.Names]) is { } name ? PolicyProfiles.Find(name)! : "";
}
