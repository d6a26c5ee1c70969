using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>Who is told what happened: webhooks, kept by admins, and the mailboxes of persons.</summary>
public sealed class NoticeBook
{
    private const int MostWebhooks = 100;

    private readonly RegistryDb _db;
    private readonly WebhookPost _post;
    private readonly NoticeOptions _options;
    private readonly TimeProvider _time;

    internal NoticeBook(RegistryDb db, WebhookPost post, NoticeOptions options, TimeProvider time) => (_db, _post, _options, _time) = (db, post, options, time);

    /// <summary>Adds a webhook, asked for by an admin. It is told of what happens from now on.</summary>
    /// <param name="events">Kinds of event; empty: all.</param>
    public Task<Outcome<NewWebhookView>> AddWebhookAsync(Actor admin, string url, IReadOnlyList<string> events, CancellationToken cancel = default) =>
        _db.WriteAsync<NewWebhookView>(admin, new AuditAct("webhook.add", "webhook", "unknown"), async session =>
        {
            if (await People.CheckAdminAsync(session, admin) is { } no)
                return no;
            var address = WebhookAddress.Read(url, _options.PrivateWebhooks);
            if (address.Refusal is { } unfit)
                return unfit;
            var kinds = NoticeKinds.Read(events, NoticeKinds.All);
            if (kinds.Refusal is { } unknown)
                return unknown;
            if (await session.LiveWebhooksAsync() >= MostWebhooks)
                return Refusals.TooManyWebhooks(MostWebhooks);
            var (id, secret) = (Ids.New("whk", session.Now), WebhookSignature.NewSecret());
            await session.InsertEndpointAsync(id, "webhook", address.Value.AbsoluteUri, null, kinds.Value, secret, admin.Id);
            // The rest of the address may be a secret of the receiver's, and the log is read by many.
            var facts = new JsonObject { ["origin"] = address.Value.GetLeftPart(UriPartial.Authority), ["events"] = new JsonArray([.. kinds.Value.Select(k => (JsonNode)k)]) };
            return new Written<NewWebhookView>(new NewWebhookView(id, WebhookAddress.Shown(address.Value.AbsoluteUri), secret), [new AuditAct("webhook.add", "webhook", id, null, facts)], []);
        }, cancel);

    public async Task<Outcome<IReadOnlyList<WebhookView>>> WebhooksAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<IReadOnlyList<WebhookView>>>(async session => (await session.WebhooksAsync()).ConvertAll(View), cancel);
    }

    /// <summary>Ends a webhook at once, asked for by an admin; its address and secret are forgotten.</summary>
    public Task<Outcome<WebhookView>> RemoveWebhookAsync(Actor admin, string id, CancellationToken cancel = default) =>
        _db.WriteAsync<WebhookView>(admin, new AuditAct("webhook.remove", "webhook", id), async session =>
        {
            if (await People.CheckAdminAsync(session, admin) is { } no)
                return no;
            if (await session.FindEndpointAsync(id) is not { IsWebhook: true } webhook)
                return Refusals.WebhookNotFound(id);
            if (!await session.EndEndpointAsync(id, "removed"))
                return new Written<WebhookView>(View(webhook), [], []);
            return new Written<WebhookView>(View((await session.FindEndpointAsync(id))!), [new AuditAct("webhook.remove", "webhook", id)], []);
        }, cancel);

    /// <summary>Sends a message of kind <c>webhook.test</c> now, once, and says what came back.</summary>
    public async Task<Outcome<WebhookTestView>> TestWebhookAsync(Actor admin, string id, CancellationToken cancel = default)
    {
        var found = await _db.ReadAsync<Outcome<StoredEndpoint>>(async session =>
            await People.CheckAdminAsync(session, admin) is { } no ? no
            : await session.FindEndpointAsync(id) is not { IsWebhook: true } webhook ? Refusals.WebhookNotFound(id)
            : webhook.EndedAt is not null ? Refusals.WebhookEnded(id) : webhook, cancel);
        var sent = found.Refusal is null ? await _post.SendAsync(found.Value.Address, found.Value.Secret, Notice.Test(Ids.New("tst", _time.GetUtcNow()), _time.GetUtcNow()), cancel) : null;
        return await _db.WriteAsync<WebhookTestView>(admin, new AuditAct("webhook.test", "webhook", id), session =>
        {
            if (found.Refusal is { } no)
                return ValueTask.FromResult<Outcome<Written<WebhookTestView>>>(no);
            Outcome<WebhookTestView> reply = sent!.Answer == Answer.Taken ? new WebhookTestView(id, sent.Why) : Refusals.WebhookUnreached(id, sent.Why);
            return ValueTask.FromResult<Outcome<Written<WebhookTestView>>>(new Written<WebhookTestView>(reply, [new AuditAct("webhook.test", "webhook", id, null, new JsonObject { ["answer"] = sent.Why })], []));
        }, CancellationToken.None);
    }

    /// <summary>Sets where a person is told by mail, or that they are not. By an admin, or by themselves.</summary>
    /// <param name="email">Null: nowhere any more.</param>
    /// <param name="events">Kinds of event; empty: all that concern them.</param>
    public Task<Outcome<MailboxView>> SetMailboxAsync(Actor by, string personName, string? email, IReadOnlyList<string> events, CancellationToken cancel = default) =>
        _db.WriteAsync<MailboxView>(by, new AuditAct("person.email", "person", "unknown", null, null, new Dictionary<string, string> { ["person"] = personName.Length <= 64 ? personName : personName[..64] }), async session =>
        {
            var person = await session.FindActorByNameAsync(personName) is { Kind: ActorKind.Person, DisabledAt: null } found ? found : null;
            var themselves = by.IsPerson && !by.SessionOnly && person?.Id == by.Id;
            if (!themselves && await People.CheckAdminAsync(session, by) is { } no)
                return no;
            if (person is null)
                return Refusals.PersonNotFound(personName);
            if (email is not null && MailAddressText.Read(email).Refusal is { } unfit)
                return unfit;
            var kinds = NoticeKinds.Read(events, NoticeKinds.ForPersons);
            if (kinds.Refusal is { } unknown)
                return unknown;
            var view = new MailboxView(person.Name, email, kinds.Value);
            var before = await session.MailboxOfAsync(person.Id);
            if (before is null ? email is null : before.Address == email && before.Events.SequenceEqual(kinds.Value))
                return new Written<MailboxView>(view, [], []);
            if (before is not null)
                await session.EndEndpointAsync(before.Id, email is null ? "removed" : "replaced");
            return new Written<MailboxView>(view, [await SetAsync(session, person, email, kinds.Value, by.Id)], [new FeedChange("person", null, person.Id)]);
        }, cancel);

    /// <summary>Where somebody who is signed in is told by mail. Others' addresses are shown to nobody.</summary>
    public async Task<Outcome<MailboxView>> MailboxAsync(Actor person, CancellationToken cancel = default) => !person.IsPerson ? Refusals.PersonRequired(Permission.Read)
        : await _db.ReadAsync(session => session.MailboxOfAsync(person.Id), cancel) is { } mailbox ? new MailboxView(person.Name, mailbox.Address, mailbox.Events) : new MailboxView(person.Name, null, []);

    /// <summary>Gives a person a mailbox within the transaction that concerns them; the act tells of it.</summary>
    internal static async ValueTask<AuditAct> SetAsync(RegistrySession session, StoredActor person, string? email, IReadOnlyList<string> events, string by)
    {
        var words = new Dictionary<string, string> { ["person"] = person.Name };
        // The address is not in the log, which is read by many.
        if (email is not null)
            await session.InsertEndpointAsync(Ids.New("mbx", session.Now), "mail", email, person.Id, events, "", by);
        return new AuditAct("person.email", "person", person.Id, null, new JsonObject { ["set"] = email is not null, ["events"] = new JsonArray([.. events.Select(k => (JsonNode)k)]) }, words);
    }

    private static WebhookView View(StoredEndpoint e) =>
        new(e.Id, WebhookAddress.Shown(e.Address), e.Events, e.EndedAt is null ? "active" : e.EndedWhy!, e.Delivered, e.GivenUp, e.LastDeliveredAt, e.CreatedAt);
}
