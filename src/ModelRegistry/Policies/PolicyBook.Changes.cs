using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Storage;

namespace ModelRegistry.Policies;

/// <summary>Changing the policy, which is itself governed.</summary>
public sealed partial class PolicyBook
{
    private const int MostReason = 4000;
    private const int MostTextInEntry = 32 * 1024;

    /// <summary>
    /// An admin's yes to a policy. It is in force at once where the policy in force asks for one admin; else it waits for
    /// the others, who say yes to the same policy. Another policy supersedes the one that waits.
    /// </summary>
    /// <remarks>Promotions requested earlier are re-evaluated and can only get stricter.</remarks>
    public Task<Outcome<PolicyChangeView>> AcceptAsync(Actor admin, PolicyAcceptance wish, CancellationToken cancel = default)
    {
        var parsed = PolicyReader.Parse(wish.Json);
        var attempt = new AuditAct("policy.accept", "policy", parsed.Refusal is null ? parsed.Value.Digest.Hex : "invalid", null,
            new JsonObject { ["assurance"] = Word(wish.Proof.Assurance), ["channel"] = wish.Proof.Channel }, AuditAct.Said(wish.Reason));
        return _db.WriteAsync<PolicyChangeView>(admin, attempt, async session =>
        {
            if (await People.CheckAdminAsync(session, admin) is { } no)
                return no;
            if (wish.Reason is { Length: > MostReason })
                return Refusals.InvalidArgument("reason", "at most 4,000 characters");
            if (parsed.Refusal is { } invalid)
                return invalid;
            var (before, after) = (await _policies.GetAsync(session), parsed.Value);
            if (wish.ShownAgainst != before.Digest.Hex)
                return Refusals.PolicyMoved(before.Name);
            if (before.Digest == after.Digest)
                return Refusals.PolicyUnchanged(after.Name);
            if (await PolicyEffects.ProblemAsync(session, after) is { } problem)
                return problem;
            return await AgreeAsync(session, admin, wish, before, after);
        }, cancel);
    }

    /// <summary>Any admin turns down the change that waits.</summary>
    public Task<Outcome<PolicyChangeView>> RejectAsync(Actor admin, PolicyRejection wish, CancellationToken cancel = default)
    {
        var attempt = new AuditAct("policy.reject", "policy_change", wish.ChangeId, null, null, AuditAct.Said(wish.Reason));
        return _db.WriteAsync<PolicyChangeView>(admin, attempt, async session =>
        {
            if (await People.CheckAdminAsync(session, admin) is { } no)
                return no;
            if (wish.Reason is { Length: > MostReason })
                return Refusals.InvalidArgument("reason", "at most 4,000 characters");
            if (await session.FindPolicyChangeAsync(wish.ChangeId) is not { } stored)
                return Refusals.PolicyChangeNotFound;
            var policy = await _policies.GetAsync(session);
            if (stored.Change.Overtaken(policy.Digest, session.Now) is { } over)
                return new Written<PolicyChangeView>(Refusals.PolicyChangeOver(over.State), [await EndAsync(session, stored, over)], Changed(over));
            var person = (await session.FindActorAsync(admin.Id))!;
            var proof = await People.CheckProofAsync(session, person, wish.Proof);
            if (proof.Refusal is { } unproven)
                return unproven;
            var rejected = stored.Change.Reject(admin, person.ToApprover(), proof.Value, session.Now);
            if (rejected.Refusal is { } refused)
                return refused;
            var act = await EndAsync(session, stored, rejected.Value);
            return new Written<PolicyChangeView>(View(rejected.Value, stored.Json, policy.Change, []), [act with { Verb = "policy.reject", Erasable = AuditAct.Said(wish.Reason) }], Changed(rejected.Value));
        }, cancel);
    }

    private static async ValueTask<Outcome<Written<PolicyChangeView>>> AgreeAsync(RegistrySession session, Actor admin, PolicyAcceptance wish, PromotionPolicy before, PromotionPolicy after)
    {
        var person = (await session.FindActorAsync(admin.Id))!;
        var proof = await People.CheckProofAsync(session, person, wish.Proof);
        if (proof.Refusal is { } unproven)
            return unproven;
        var waiting = await session.PendingPolicyChangeAsync();
        var over = waiting?.Change.Overtaken(before.Digest, session.Now);
        var joins = waiting is not null && over is null && waiting.Change.Digest == after.Digest;
        var change = joins ? waiting!.Change : new PolicyChange
        {
            Id = Ids.New("pch", session.Now), Replaces = before.Digest, Digest = after.Digest, Name = after.Name, Proposer = person.Ref, Reason = wish.Reason?.Trim() ?? "",
            ProposedAt = session.Now, State = PolicyChangeState.Pending,
        };
        var consent = new PolicyConsent(Ids.New("pcs", session.Now), person.Ref, proof.Value, session.Now);
        var others = await PersonsAsync(session, change);
        var agreed = change.Accept(admin, person.ToApprover(), consent, before.Change, others, session.Now);
        if (agreed.Refusal is { } no)
            return no;

        var acts = new List<AuditAct>();
        var (next, rowVersion) = (agreed.Value, joins ? waiting!.RowVersion : 1);
        if (waiting is not null && !joins)
            acts.Add(await EndAsync(session, waiting, over ?? waiting.Change.Supersede(person.Ref, session.Now)));
        if (joins ? next.State != PolicyChangeState.Pending && !await session.UpdatePolicyChangeAsync(next, rowVersion) : !await session.InsertPolicyChangeAsync(next, wish.Json))
            return Refusals.ChangedMeanwhile("The policy");
        await session.InsertConsentAsync(next.Id, consent);
        if (next.State == PolicyChangeState.Accepted)
            acts.Add(await PutInForceAsync(session, wish, before, after, next));
        else
            acts.Add(new AuditAct(joins ? "policy.agree" : "policy.propose", "policy_change", next.Id, null, Facts(next, before.Change, consent), AuditAct.Said(wish.Reason)));
        return new Written<PolicyChangeView>(View(next, wish.Json, before.Change, [person.ToApprover(), .. others]), acts, Changed(next));
    }

    private static async ValueTask<AuditAct> PutInForceAsync(RegistrySession session, PolicyAcceptance wish, PromotionPolicy before, PromotionPolicy after, PolicyChange change)
    {
        var worth = change.Consents.Min(c => c.Proof.Assurance);
        await session.InsertPolicyAsync(after, wish.Json, string.Join(", ", change.Consents.Select(c => c.Person.Name)), change.Reason.Length > 0 ? change.Reason : null, Word(worth), change.Id);
        // An alias that was free may point anywhere; governed, it follows from now on.
        foreach (var (alias, stage) in after.GovernedAliases)
            await session.FollowServingAsync(alias, stage);
        var lines = PolicyDifference.Between(before, after);
        var facts = new JsonObject
        {
            ["name"] = after.Name,
            ["digest"] = after.Digest.Hex,
            ["replaces"] = before.Digest.Hex,
            ["change_id"] = change.Id,
            ["assurance"] = Word(worth),
            ["stricter"] = lines.Count(l => l.Bearing == Bearing.Stricter),
            ["looser"] = lines.Count(l => l.Bearing == Bearing.Looser),
            ["accepted_by"] = new JsonArray([.. change.Consents.Select(c => (JsonNode)new JsonObject { ["person_id"] = c.Person.Id, ["assurance"] = Word(c.Proof.Assurance), ["channel"] = c.Proof.Channel, ["credential_id"] = c.Proof.CredentialId })]),
        };
        // The digest binds the text; a text too long for an entry stands in its row alone.
        if (Encoding.UTF8.GetByteCount(CanonicalJson.Text(JsonNode.Parse(wish.Json))) <= MostTextInEntry)
            facts["policy"] = JsonNode.Parse(wish.Json);
        // Where nothing was governed, machines said for themselves where their webhooks may lead.
        if (after.Promotions.Count > 0 && await session.UnconfirmOwnWebhooksAsync() is > 0 and var unconfirmed)
            facts["webhooks_unconfirmed"] = unconfirmed;
        var words = new Dictionary<string, string> { ["accepted_by"] = string.Join(", ", change.Consents.Select(c => c.Person.Name)) };
        if (change.Reason.Length > 0)
            words["reason"] = change.Reason;
        return new AuditAct("policy.accept", "policy", after.Digest.Hex, null, facts, words);
    }

    /// <summary>Writes the end of a change and gives the act that tells of it.</summary>
    private static async ValueTask<AuditAct> EndAsync(RegistrySession session, StoredPolicyChange stored, PolicyChange ended)
    {
        if (!await session.UpdatePolicyChangeAsync(ended, stored.RowVersion))
            throw new InvalidOperationException($"The policy change {ended.Id} changed within its own transaction.");
        return new AuditAct(ended.State == PolicyChangeState.Expired ? "policy.expire" : "policy.supersede", "policy_change", ended.Id, null,
            new JsonObject { ["state"] = Word(ended.State), ["digest"] = ended.Digest.Hex, ["replaces"] = ended.Replaces.Hex });
    }

    private static JsonObject Facts(PolicyChange change, PolicyChangeRule rule, PolicyConsent consent) => new()
    {
        ["name"] = change.Name,
        ["digest"] = change.Digest.Hex,
        ["replaces"] = change.Replaces.Hex,
        ["agreed"] = change.Consents.Count,
        ["admins"] = rule.Admins,
        ["person_id"] = consent.Person.Id,
        ["assurance"] = Word(consent.Proof.Assurance),
        ["channel"] = consent.Proof.Channel,
        ["credential_id"] = consent.Proof.CredentialId,
        ["proven_at"] = Times.Text(consent.Proof.ProvenAt),
    };

    private static FeedChange[] Changed(PolicyChange change) => change.State == PolicyChangeState.Accepted
        ? [new FeedChange("policy", null, change.Digest.Hex)]
        : [new FeedChange("policy_change", null, change.Id)];
}
