using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Storage;

namespace ModelRegistry.Policies;

/// <summary>Shows, checks and accepts the policy. The one in force lives in the database, so no file or command line beside the process weakens it.</summary>
public sealed class PolicyBook(RegistryDb db)
{
    public async Task<Outcome<PolicyView>> ShowAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await db.ReadAsync<PolicyView>(async session => View((await session.PolicyRowAsync())!.Value), cancel);
    }

    /// <summary>What would be accepted, or each error with its line.</summary>
    public static Outcome<PromotionPolicy> Check(string json) => PolicyReader.Parse(json);

    /// <summary>Puts a policy in force. Promotions requested earlier are re-evaluated and can only get stricter.</summary>
    public async Task<Outcome<PolicyView>> AcceptAsync(Actor admin, string json, CancellationToken cancel = default)
    {
        var parsed = PolicyReader.Parse(json);
        var attempt = new AuditAct("policy.accept", "policy", parsed.Refusal is null ? parsed.Value.Digest.Hex : "invalid");
        return await db.WriteAsync<PolicyView>(admin, attempt, async session =>
        {
            if (await People.CheckAdminAsync(session, admin) is { } no)
                return no;
            if (parsed.Refusal is { } invalid)
                return invalid;
            var before = (await session.PolicyRowAsync())!.Value;
            if (before.Digest == parsed.Value.Digest.Hex)
                return new Written<PolicyView>(View(before), [], []);
            await session.InsertPolicyAsync(parsed.Value, json, admin.Name);
            // An alias that was free may point anywhere; governed, it follows from now on.
            foreach (var (alias, stage) in parsed.Value.GovernedAliases)
                await session.FollowServingAsync(alias, stage);
            var facts = new JsonObject { ["name"] = parsed.Value.Name, ["digest"] = parsed.Value.Digest.Hex, ["replaces"] = before.Digest, ["policy"] = JsonNode.Parse(json) };
            return new Written<PolicyView>(View((await session.PolicyRowAsync())!.Value), [attempt with { Facts = facts }], [new FeedChange("policy", null, parsed.Value.Digest.Hex)]);
        }, cancel);
    }

    private static PolicyView View((string Name, string Digest, string Json, string AcceptedBy, DateTimeOffset At) row) => new(row.Name, row.Digest, row.Json, row.AcceptedBy, row.At);
}
