using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>Who is told what happened: webhooks, kept by admins, and the mailboxes of persons.</summary>
public sealed class NoticeBook
{
    internal const int MostWebhooks = 100;

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
            await session.InsertEndpointAsync(StoredEndpoint.Webhook(id, address.Value.AbsoluteUri, kinds.Value, secret, admin.Id, session.Now) with { ConfirmedBy = admin.Id });
            // The rest of the address may be a secret of the receiver's, and the log is read by many.
            var facts = new JsonObject { ["origin"] = WebhookAddress.Origin(address.Value.AbsoluteUri), ["events"] = new JsonArray([.. kinds.Value.Select(k => (JsonNode)k)]) };
            return new Written<NewWebhookView>(new NewWebhookView(id, WebhookAddress.Shown(address.Value.AbsoluteUri), secret), [new AuditAct("webhook.add", "webhook", id, null, facts)], []);
        }, cancel);

    public async Task<Outcome<IReadOnlyList<WebhookView>>> WebhooksAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        // Where one that waits is to lead, an admin has to see to the last letter: many share a host.
        var whole = by.IsPerson && by.Roles.Contains(Permissions.Admin);
        return await _db.ReadAsync<Outcome<IReadOnlyList<WebhookView>>>(async session => (await session.WebhooksAsync()).ConvertAll(w => whole && w.ConfirmedBy is null ? View(w) with { Address = w.Address } : View(w)), cancel);
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

    /// <summary>Lets a webhook that a machine asked for go where it leads; asked for by an admin. It is told of what happens from now on.</summary>
    /// <param name="url">Where the admin knows it to lead, to the last letter. One that was changed meanwhile is not what they confirm.</param>
    public Task<Outcome<WebhookView>> ConfirmWebhookAsync(Actor admin, string id, string url, CancellationToken cancel = default) =>
        _db.WriteAsync<WebhookView>(admin, new AuditAct("webhook.confirm", "webhook", id), async session =>
        {
            if (await People.CheckAdminAsync(session, admin) is { } no)
                return no;
            if (await session.FindEndpointAsync(id) is not { IsWebhook: true } webhook)
                return Refusals.WebhookNotFound(id);
            if (webhook.EndedAt is not null)
                return Refusals.WebhookEnded(id);
            if (!Uri.TryCreate(url.Trim(), UriKind.Absolute, out var meant) || meant.AbsoluteUri != webhook.Address)
                return Refusals.WebhookLeadsElsewhere(id);
            if (webhook.ConfirmedBy is not null)
                return new Written<WebhookView>(View(webhook), [], []);
            await session.UpdateEndpointAsync(webhook with { ConfirmedBy = admin.Id }, begins: true);
            return new Written<WebhookView>(View((await session.FindEndpointAsync(id))!), [new AuditAct("webhook.confirm", "webhook", id, null, new JsonObject { ["origin"] = WebhookAddress.Origin(webhook.Address) })], []);
        }, cancel);

    /// <summary>Sends a message of kind <c>webhook.test</c>, or an example in MLflow's words, now, once, and says what came back.</summary>
    public async Task<Outcome<WebhookTestView>> TestWebhookAsync(Actor admin, string id, CancellationToken cancel = default)
    {
        var found = await _db.ReadAsync<Outcome<StoredEndpoint>>(async session =>
            await People.CheckAdminAsync(session, admin) is { } no ? no
            : await session.FindEndpointAsync(id) is not { IsWebhook: true } webhook ? Refusals.WebhookNotFound(id)
            : webhook.EndedAt is not null ? Refusals.WebhookEnded(id) : webhook, cancel);
        return await TryAsync<WebhookTestView>(admin, id, found, null, sent => sent.Answer == Answer.Taken ? new WebhookTestView(id, sent.Why) : Refusals.WebhookUnreached(id, sent.Why), cancel);
    }

    /// <summary>Sends one message to a webhook and puts down what came back.</summary>
    /// <param name="found">The webhook, or why it is not to be tried.</param>
    /// <param name="which">An event of MLflow's; null: the first that it is told of.</param>
    internal async Task<Outcome<T>> TryAsync<T>(Actor by, string id, Outcome<StoredEndpoint> found, string? which, Func<Sent, Outcome<T>> reply, CancellationToken cancel)
    {
        Sent? sent = null;
        if (found.Refusal is null)
        {
            var webhook = found.Value;
            var test = Notice.Test(Ids.New("tst", _time.GetUtcNow()), _time.GetUtcNow(), webhook.IsMlflow ? [MlflowChange.Example(which ?? webhook.Events[0])] : []);
            // An event that it is not told of can be tried all the same. Whoever goes away meanwhile has tried it too: that is put down.
            sent = await _post.SendAsync(webhook, test.For(which is null ? webhook : webhook with { Events = [which] })[0], CancellationToken.None);
        }
        return await _db.WriteAsync<T>(by, new AuditAct("webhook.test", "webhook", id), _ => ValueTask.FromResult<Outcome<Written<T>>>(found.Refusal is { } no ? no
            : new Written<T>(reply(sent!), [new AuditAct("webhook.test", "webhook", id, null, new JsonObject { ["answer"] = sent!.Why })], [])), CancellationToken.None);
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
            await session.InsertEndpointAsync(StoredEndpoint.Mailbox(Ids.New("mbx", session.Now), email, person.Id, events, by, session.Now));
        return new AuditAct("person.email", "person", person.Id, null, new JsonObject { ["set"] = email is not null, ["events"] = new JsonArray([.. events.Select(k => (JsonNode)k)]) }, words);
    }

    private static WebhookView View(StoredEndpoint e) =>
        new(e.Id, WebhookAddress.Shown(e.Address), e.Events, e.EndedAt is not null ? e.EndedWhy! : e.ConfirmedBy is null ? "waiting" : e.Paused ? "paused" : "active", e.Delivered, e.GivenUp, e.LastDeliveredAt, e.CreatedAt) { Style = e.Style, Name = e.Name };
}
