using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Notices;
using ModelRegistry.Policies;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Remote;

/// <summary>Everything that a person does at a terminal, with a registry opened here or behind a server: each use case beside its address.</summary>
internal static class Deeds
{
    private const string By = "by";

    /// <summary>A decision on exactly the statement that was shown.</summary>
    public static Deed<PromotionView> Decide(ReviewView shown, DecisionVerdict verdict, string comment) => new(
        (r, by, cancel) => r.Promotions.DecideAsync(by.Actor, new DecisionRequest(shown.Promotion.PromotionId!, shown.Promotion.Revision, shown.StatementDigest, verdict, comment, by.Proof), cancel),
        RestRequest.Post("promotions", shown.Promotion.PromotionId!, "decisions").With("decision", verdict.ToString().ToLowerInvariant()).With("comment", comment).With("statement_sha256", shown.StatementDigest));

    public static Deed<PromotionView> Withdraw(string id, string? reason) => new((r, by, cancel) => r.Promotions.WithdrawAsync(by.Actor, id, reason, cancel),
        RestRequest.Post("promotions", id, "withdraw").With("reason", reason));

    public static Deed<PromotionView> Revoke(string id, string? reason) => new((r, by, cancel) => r.Promotions.RevokeAsync(by.Actor, id, reason, cancel),
        RestRequest.Post("promotions", id, "revoke").With("reason", reason));

    public static Deed<PersonView> AddPerson(string name, string passphrase, IReadOnlyList<string> roles, string? email) => new((r, by, cancel) => r.People.AddAsync(by.Actor, name, passphrase, roles, email, cancel),
        RestRequest.Post("people").With("name", name).With("roles", roles).With("passphrase", passphrase).With("email", email), By);

    public static Deed<PersonView> DisablePerson(string name) => new((r, by, cancel) => r.People.DisableAsync(by.Actor, name, cancel), RestRequest.Post("people", name, "disable"), By);

    public static Deed<PersonView> ChangePassphrase(string passphrase) => new((r, by, cancel) => r.People.ChangePassphraseAsync(by, passphrase, cancel), RestRequest.Post("me", "passphrase").With("passphrase", passphrase), By);

    public static Deed<MailboxView> SetMailbox(string person, string? email, IReadOnlyList<string> events) => new((r, by, cancel) => r.Notices.SetMailboxAsync(by.Actor, person, email, events, cancel),
        RestRequest.Post("people", person, "mailbox").With("email", email).With("events", events), By);

    public static Deed<InviteView> Invite(string person) => new((r, by, cancel) => r.Passkeys.InviteAsync(by.Actor, person, cancel), RestRequest.Post("people", person, "invites"), By);

    public static Deed<PasskeyView> RevokePasskey(string id) => new((r, by, cancel) => r.Passkeys.RevokeAsync(by.Actor, id, cancel), RestRequest.Post("passkeys", id, "revoke"), By);

    public static Deed<GlassReviewView> ReviewGlass(string id, GlassVerdict verdict, string comment) => new((r, by, cancel) => r.Promotions.ReviewGlassAsync(by.Actor, new GlassReviewRequest(id, verdict, comment, by.Proof), cancel),
        RestRequest.Post("reviews", id).With("verdict", verdict.ToString().ToLowerInvariant()).With("comment", comment));

    public static Deed<NewWebhookView> AddWebhook(string url, IReadOnlyList<string> events) => new((r, by, cancel) => r.Notices.AddWebhookAsync(by.Actor, url, events, cancel), RestRequest.Post("webhooks").With("url", url).With("events", events), By);

    public static Deed<WebhookView> RemoveWebhook(string id) => new((r, by, cancel) => r.Notices.RemoveWebhookAsync(by.Actor, id, cancel), RestRequest.Post("webhooks", id, "remove"), By);

    public static Deed<WebhookView> ConfirmWebhook(string id, string url) => new((r, by, cancel) => r.Notices.ConfirmWebhookAsync(by.Actor, id, url, cancel), RestRequest.Post("webhooks", id, "confirm").With("url", url), By);

    public static Deed<WebhookTestView> TestWebhook(string id) => new((r, by, cancel) => r.Notices.TestWebhookAsync(by.Actor, id, cancel), RestRequest.Post("webhooks", id, "test"), By);

    public static Deed<NewTokenView> CreateToken(NewToken wish) => new((r, by, cancel) => r.Tokens.CreateAsync(by.Actor, wish, cancel),
        RestRequest.Post("tokens").With("agent", wish.Agent).With("service", wish.Service).With("owner", wish.Owner).With("roles", wish.Roles).With("models", wish.Models).With("expires_days", wish.ExpiresDays), By);

    public static Deed<TokenView> RevokeToken(string id) => new((r, by, cancel) => r.Tokens.RevokeAsync(by.Actor, id, cancel), RestRequest.Post("tokens", id, "revoke"), By);

    /// <param name="shownAgainst">The digest of the policy it was shown against.</param>
    public static Deed<PolicyChangeView> AcceptPolicy(string json, string shownAgainst, string? reason) => new((r, by, cancel) => r.Policies.AcceptAsync(by.Actor, new PolicyAcceptance(json, shownAgainst, by.Proof, reason), cancel),
        RestRequest.Post("policy", "accept").With("policy", Document(json)).With("shown_against", shownAgainst).With("reason", reason), By);

    public static Deed<PolicyChangeView> RejectPolicy(string changeId, string? reason) => new((r, by, cancel) => r.Policies.RejectAsync(by.Actor, new PolicyRejection(changeId, by.Proof, reason), cancel),
        RestRequest.Post("policy", "reject").With("change_id", changeId).With("reason", reason), By);

    /// <summary>A policy as a request carries it; what is no JSON goes as it is, for the registry to say so.</summary>
    internal static JsonNode? Document(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return JsonValue.Create(json);
        }
    }
}
