using System.Text.Json.Nodes;
using ModelRegistry.Storage;

namespace ModelRegistry.Telemetry;

/// <summary>
/// Counts what the audit log was told. It is counted where it is committed, and nowhere else, so that a number cannot say
/// more than the log does.
/// </summary>
internal static class CommittedActs
{
    /// <summary>What the verbs in the life of a promotion come to; others change nothing of its state.</summary>
    private static readonly Dictionary<string, string> Outcomes = new(StringComparer.Ordinal)
    {
        ["promotion.request"] = "requested",
        ["promotion.block"] = "blocked",
        ["promotion.apply"] = "applied",
        ["promotion.fail"] = "failed",
        ["promotion.expire"] = "expired",
        ["promotion.supersede"] = "superseded",
        ["promotion.revise"] = "revised",
        ["promotion.withdraw"] = "withdrawn",
        ["promotion.revoke"] = "revoked",
    };

    public static void Count(WriteRequest request)
    {
        if (request.Settled is not { } settled)
            return;
        if (settled.Refusal is not null)
        {
            Act(request.Attempt.Verb, "refused");
            return;
        }
        foreach (var act in settled.Acts)
        {
            Act(act.Verb, "done");
            if (OutcomeOf(act) is { } outcome)
                RegistryMeter.Promotions.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
            if (act.Verb is "promotion.request" or "promotion.block" && act.Facts is { } facts)
                Gates(facts);
        }
    }

    private static void Act(string verb, string outcome) =>
        RegistryMeter.Acts.Add(1, new KeyValuePair<string, object?>("verb", verb), new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A decision counts where it ends the promotion, or approves it: it may take several.</summary>
    private static string? OutcomeOf(AuditAct act) => act.Verb != "promotion.decide" ? Outcomes.GetValueOrDefault(act.Verb)
        : (string?)act.Facts?["state"] switch { "approved" => "approved", "rejected" => "rejected", _ => null };

    private static void Gates(JsonObject facts)
    {
        if (facts["gates"] is not JsonArray gates)
            return;
        foreach (var gate in gates)
            if (gate is JsonObject finding)
                RegistryMeter.Verdicts.Add(1, new KeyValuePair<string, object?>("rule", (string?)finding["rule"]), new KeyValuePair<string, object?>("verdict", (string?)finding["verdict"]), new KeyValuePair<string, object?>("stage", (string?)facts["to_stage"]));
    }
}
