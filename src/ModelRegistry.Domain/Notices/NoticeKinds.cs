using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>Which persons are told of an event by e-mail. Webhooks are told of whatever they subscribed to.</summary>
public enum Audience
{
    /// <summary>No person; only webhooks.</summary>
    Nobody,
    /// <summary>The approvers who could decide the promotion.</summary>
    Deciders,
    /// <summary>The person who answers for the proposer.</summary>
    Owner,
    /// <summary>Every admin, and the person it is about.</summary>
    Admins,
    /// <summary>Every admin and every approver.</summary>
    AdminsAndApprovers,
}

/// <summary>
/// The kinds of event that somebody can be told of. An entry of the audit log is one event at most, of one kind, so that
/// the entry's id names the message.
/// </summary>
public static class NoticeKinds
{
    public const string Requested = "promotion.requested", RollbackRequested = "rollback.requested", Revised = "promotion.revised";

    private static readonly Dictionary<string, Audience> Audiences = new()
    {
        [Requested] = Audience.Deciders,
        [RollbackRequested] = Audience.Deciders,
        [Revised] = Audience.Deciders,
        ["promotion.decided"] = Audience.Nobody,
        ["promotion.approved"] = Audience.Nobody,
        ["promotion.applied"] = Audience.Owner,
        ["rollback.applied"] = Audience.Owner,
        ["promotion.rejected"] = Audience.Owner,
        ["promotion.withdrawn"] = Audience.Owner,
        ["promotion.expired"] = Audience.Owner,
        ["promotion.superseded"] = Audience.Owner,
        ["promotion.revoked"] = Audience.Owner,
        ["promotion.failed"] = Audience.Owner,
        ["version.registered"] = Audience.Nobody,
        ["person.enrolled"] = Audience.Admins,
        ["person.disabled"] = Audience.Admins,
        ["key.enrolled"] = Audience.Admins,
        ["key.revoked"] = Audience.Admins,
        ["passphrase.changed"] = Audience.Admins,
        ["token.created"] = Audience.Admins,
        ["token.revoked"] = Audience.Admins,
        ["policy.accepted"] = Audience.Admins,
        ["glass.broken"] = Audience.AdminsAndApprovers,
        ["glass.reviewed"] = Audience.AdminsAndApprovers,
        ["webhook.requested"] = Audience.Admins,
        ["webhook.added"] = Audience.Admins,
        ["webhook.removed"] = Audience.Admins,
        ["webhook.disabled"] = Audience.Admins,
    };

    /// <summary>By the verb of the entry. Those of a promotion whose kind depends on more are told in <see cref="Of"/>.</summary>
    private static readonly Dictionary<string, string> ByVerb = new()
    {
        ["promotion.request"] = Requested,
        ["promotion.revise"] = Revised,
        ["promotion.decide"] = "promotion.decided",
        ["promotion.apply"] = "promotion.applied",
        ["promotion.withdraw"] = "promotion.withdrawn",
        ["promotion.expire"] = "promotion.expired",
        ["promotion.supersede"] = "promotion.superseded",
        ["promotion.revoke"] = "promotion.revoked",
        ["promotion.fail"] = "promotion.failed",
        ["version.register"] = "version.registered",
        ["person.init"] = "person.enrolled",
        ["person.add"] = "person.enrolled",
        ["person.disable"] = "person.disabled",
        ["passkey.enrol"] = "key.enrolled",
        ["passkey.revoke"] = "key.revoked",
        ["passphrase.change"] = "passphrase.changed",
        ["token.create"] = "token.created",
        ["token.revoke"] = "token.revoked",
        ["policy.accept"] = "policy.accepted",
        ["glass.break"] = "glass.broken",
        ["glass.review"] = "glass.reviewed",
        ["webhook.request"] = "webhook.requested",
        ["webhook.add"] = "webhook.added",
        ["webhook.confirm"] = "webhook.added",
        ["webhook.remove"] = "webhook.removed",
        ["webhook.disable"] = "webhook.disabled",
    };

    /// <summary>Every kind, in the order of the documentation.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Audiences.Keys];

    /// <summary>The kinds that persons can be told of.</summary>
    public static IReadOnlyList<string> ForPersons { get; } = [.. Audiences.Where(a => a.Value != Audience.Nobody).Select(a => a.Key)];

    /// <summary>Whether an entry with this verb, whose outcome is "done", is an event.</summary>
    public static bool IsTold(string verb) => ByVerb.ContainsKey(verb);

    /// <summary>The kind of an entry whose outcome is "done"; null when it is no event.</summary>
    /// <param name="facts">The entry's facts.</param>
    /// <param name="rollback">Whether the promotion it is about, if it is about one, is a rollback.</param>
    public static string? Of(string verb, JsonObject facts, bool rollback) => (verb, ByVerb.GetValueOrDefault(verb)) switch
    {
        ("promotion.request", _) when rollback => RollbackRequested,
        // What admins were asked lately, or never said yes to, is no news to them: whoever can make a webhook could make many.
        ("webhook.request" or "webhook.remove", _) when (bool?)facts["quiet"] == true => null,
        ("promotion.apply", _) when rollback => "rollback.applied",
        ("promotion.decide", var decided) => (string?)facts["state"] switch { "approved" => "promotion.approved", "rejected" => "promotion.rejected", _ => decided },
        var (_, kind) => kind,
    };

    /// <summary>Whether it asks somebody to decide: moot as soon as there is nothing left to decide.</summary>
    public static bool Asks(string kind) => AudienceOf(kind) == Audience.Deciders;

    public static Audience AudienceOf(string kind) => Audiences.GetValueOrDefault(kind);

    /// <summary>Kinds to subscribe to, each once. None given means all.</summary>
    public static Outcome<string[]> Read(IReadOnlyList<string> asked, IReadOnlyList<string> known) =>
        asked.FirstOrDefault(kind => !known.Contains(kind)) is { } unknown ? Refusals.EventUnknown(unknown, known) : asked.Distinct().ToArray();
}
