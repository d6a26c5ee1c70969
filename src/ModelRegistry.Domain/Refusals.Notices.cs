namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- telling people -----------------------------------------------------------------------------------------

    public static Refusal WebhookUrlInvalid(string rule) => new(RefusalKind.Invalid, "webhook_url_invalid",
        $"This address cannot be told anything: {Shown(rule)}.", "Give an address such as https://hooks.example.org/models.", new Dictionary<string, string> { ["url"] = rule });

    public static Refusal WebhookAddressPrivate(string host) => new(RefusalKind.Forbidden, "webhook_address_private",
        $"'{Shown(host)}' is not an address of the public internet, and webhooks go nowhere else.", "Use a public address; an operator allows private ones with MODELREGISTRY_WEBHOOK_PRIVATE=1.", new Dictionary<string, string> { ["url"] = "a public address" });

    public static Refusal WebhookNotFound(string? id) => new(RefusalKind.NotFound, "webhook_not_found",
        $"There is no webhook '{Shown(id)}'.", "Call `webhook list` to see their ids.");

    public static Refusal WebhookEnded(string id) => new(RefusalKind.Conflict, "webhook_ended",
        $"The webhook {id} has ended and is told nothing any more.", "Add it anew with `webhook add`.");

    public static Refusal WebhookUnreached(string id, string problem) => new(RefusalKind.Conflict, "webhook_unreached",
        $"The webhook {id} did not take the message: {Shown(problem)}.", "See that it answers with a status of 200 to 299 within ten seconds, then test it again.");

    public static Refusal WebhooksWaiting(int most) => new(RefusalKind.Conflict, "webhooks_waiting",
        $"{most} webhooks of this caller wait for an admin to confirm them.", "Have them confirmed, or remove some (DELETE mlflow/webhooks/ID).");

    /// <param name="page">Where an admin confirms it; null where there are no pages.</param>
    public static Refusal WebhookUnconfirmed(string id, string address, string? page) => new(RefusalKind.Forbidden, "webhook_unconfirmed",
        $"The webhook {id} to {Shown(address)} is kept, and is told nothing until an admin confirms where it leads.",
        $"Ask an admin to confirm it ({(page is null ? "" : $"{page}, or: ")}modelregistry webhook confirm {id} ADDRESS); the same call then succeeds.");

    public static Refusal WebhookFixed(string id) => new(RefusalKind.Conflict, "webhook_fixed",
        $"The webhook {Shown(id)} waits for an admin, and stays what they are asked to confirm: its address, secret and events cannot be changed meanwhile.", "Have it confirmed first; or delete it and make another.");

    public static Refusal WebhookLeadsElsewhere(string id) => new(RefusalKind.Conflict, "webhook_leads_elsewhere",
        $"The webhook {Shown(id)} does not lead to the address that was confirmed.", "Ask whoever made it where it is to lead, or read it whole at the page Webhooks, and confirm that address.");

    public static Refusal WebhookOfAnother(string id) => new(RefusalKind.Forbidden, "webhook_of_another",
        $"The webhook {Shown(id)} was made by another.", "Change and remove your own; an admin removes any (webhook remove).");

    public static Refusal TooManyWebhooks(int most) => new(RefusalKind.Conflict, "too_many_webhooks",
        $"There are {most} webhooks already.", "Remove one that is not needed any more (webhook remove).");

    public static Refusal EventUnknown(string? kind, IReadOnlyList<string> known) => new(RefusalKind.Invalid, "event_unknown",
        $"There is no event '{Shown(kind)}'.{(kind is not null && Nearest.Of(kind, known) is { } near ? $" Did you mean '{near}'?" : "")}", $"Use some of {string.Join(", ", known)}.",
        new Dictionary<string, string> { ["event"] = string.Join(", ", known) });

    public static Refusal MailAddressInvalid(string? text) => new(RefusalKind.Invalid, "mail_address_invalid",
        $"'{Shown(text)}' is not an e-mail address that is taken here.", "Give it plainly, as in ada@example.org: ASCII, without a display name.", new Dictionary<string, string> { ["email"] = "an address such as ada@example.org" });
}
