using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Notices;
using ModelRegistry.Policies;
using ModelRegistry.Storage;

namespace ModelRegistry.Mlflow;

/// <summary>A webhook as an MLflow client asks for it, or asks to change it: what is null stays as it is.</summary>
/// <param name="Events">Of <see cref="MlflowEvents.All"/>; empty: nothing is said of them.</param>
/// <param name="Secret">What its messages are signed with; empty: they are not signed.</param>
/// <param name="Status">ACTIVE or DISABLED, in any case.</param>
public sealed record MlflowWebhookWish(string? Name, string? Description, string? Url, IReadOnlyList<string> Events, string? Secret, string? Status);

/// <summary>
/// Webhooks that MLflow's clients make. Whoever tells another server of every change could tell it anything, a tag's text for
/// instance: so where the policy governs a stage, an admin confirms a webhook before it is told of anything, and again when it is to
/// lead elsewhere. There a machine changes and removes its own, and nobody else's; where nothing is governed, whoever may register does.
/// </summary>
public sealed partial class MlflowWebhooks
{
    private const int MostUnconfirmed = 10, MostPerPage = 1_000, UsualPerPage = 100, LongestSecret = 500, LongestDescription = 1_000;

    /// <summary>How long admins are not told of another that the same caller asks for.</summary>
    private static readonly TimeSpan AskedAgainAfter = TimeSpan.FromHours(1);

    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;
    private readonly NoticeBook _book;
    private readonly PageAddress _pages;
    private readonly bool _privateToo;

    internal MlflowWebhooks(RegistryDb db, PolicyInForce policies, NoticeBook book, PageAddress pages, bool privateToo) => (_db, _policies, _book, _pages, _privateToo) = (db, policies, book, pages, privateToo);

    /// <summary>Makes a webhook. Where an admin has to confirm it, the answer is <c>webhook_unconfirmed</c>; the same call is the same webhook, and succeeds afterwards.</summary>
    public Task<Outcome<MlflowWebhookView>> CreateAsync(Actor by, MlflowWebhookWish wish, CancellationToken cancel = default) =>
        WriteAsync(by, "webhook.request", "unknown", async session =>
        {
            if (Permissions.Check(by, Permission.Register) is { } no)
                return no;
            var blank = StoredEndpoint.Webhook(Ids.New("whk", session.Now), "", [], "", by.Id, session.Now) with { Style = StoredEndpoint.Mlflow };
            var asked = Changed(blank, wish);
            if (asked.Refusal is { } unfit)
                return unfit;
            var hook = asked.Value;
            if (hook.Events.Count == 0)
                return Refusals.ParameterMissing("events");
            if ((await session.MlflowWebhooksAsync("", NoticeBook.MostWebhooks)).Find(h => h.CreatedBy == by.Id && h.Name == hook.Name && h.Address == hook.Address && h.Secret == hook.Secret && h.Events.SequenceEqual(hook.Events)) is { } same)
                return new Written<MlflowWebhookView>(Reply(by, same), [], []);
            if (await session.LiveWebhooksAsync() >= NoticeBook.MostWebhooks)
                return Refusals.TooManyWebhooks(NoticeBook.MostWebhooks);
            if (await NeedsAdminAsync(session))
            {
                if (await session.UnconfirmedWebhooksAsync(by.Id) >= MostUnconfirmed)
                    return Refusals.WebhooksWaiting(MostUnconfirmed);
            }
            else
                hook = hook with { ConfirmedBy = by.Id };
            var quiet = await session.WebhooksMadeSinceAsync(by.Id, session.Now - AskedAgainAfter) > 0;
            await session.InsertEndpointAsync(hook);
            var act = Act(hook);
            if (quiet && hook.ConfirmedBy is null)
                act.Facts!["quiet"] = true;
            return new Written<MlflowWebhookView>(Reply(by, hook), [act], []);
        }, cancel);

    /// <summary>One webhook of this kind; its address whole for who made it only.</summary>
    /// <returns>Or <c>webhook_not_found</c>.</returns>
    public Task<Outcome<MlflowWebhookView>> GetAsync(Actor by, string id, CancellationToken cancel = default) =>
        ReadAsync<MlflowWebhookView>(by, async session => await FindAsync(session, id) is { } hook ? View(by, hook) : Refusals.WebhookNotFound(id), cancel);

    /// <summary>Webhooks of this kind, a page of them.</summary>
    /// <param name="most">As it was sent; null: 100.</param>
    /// <param name="after">The page token of the page before.</param>
    public Task<Outcome<MlflowWebhooksView>> ListAsync(Actor by, string? most, string? after, CancellationToken cancel = default)
    {
        var limit = UsualPerPage;
        if (most is not null && (!int.TryParse(most, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out limit) || limit < 1 || limit > MostPerPage))
            return Task.FromResult<Outcome<MlflowWebhooksView>>(Refusals.MostResultsInvalid(most, MostPerPage));
        if (!string.IsNullOrEmpty(after) && !IdPattern().IsMatch(after))
            return Task.FromResult<Outcome<MlflowWebhooksView>>(Refusals.PageTokenInvalid);
        return ReadAsync<MlflowWebhooksView>(by, async session =>
        {
            var hooks = await session.MlflowWebhooksAsync(after ?? "", limit + 1);
            return new MlflowWebhooksView([.. hooks.Take(limit).Select(h => View(by, h))], hooks.Count > limit ? hooks[limit - 1].Id : "");
        }, cancel);
    }

    /// <summary>Changes a webhook of the caller's own. To lead elsewhere, to say other things or to be signed otherwise, it has to be confirmed anew.</summary>
    public Task<Outcome<MlflowWebhookView>> UpdateAsync(Actor by, string id, MlflowWebhookWish wish, CancellationToken cancel = default) =>
        WriteAsync(by, "webhook.change", id, async session =>
        {
            var open = !await NeedsAdminAsync(session);
            var own = await OwnAsync(session, by, id, open);
            if (own.Refusal is { } no)
                return no;
            var (before, asked) = (own.Value, Changed(own.Value, wish));
            if (asked.Refusal is { } unfit)
                return unfit;
            var hook = asked.Value;
            var leadsElsewhere = hook.Address != before.Address || hook.Secret != before.Secret || !hook.Events.SequenceEqual(before.Events);
            if (leadsElsewhere && before.ConfirmedBy is null && !open)
                return Refusals.WebhookFixed(id);
            if (leadsElsewhere)
                hook = hook with { ConfirmedBy = open ? by.Id : null };
            if (!leadsElsewhere && hook.Name == before.Name && hook.Description == before.Description && hook.Paused == before.Paused)
                return new Written<MlflowWebhookView>(Reply(by, before), [], []);
            await session.UpdateEndpointAsync(hook, begins: IsTold(hook) && !IsTold(before));
            var now = (await session.FindEndpointAsync(id))!;
            return new Written<MlflowWebhookView>(Reply(by, now), [leadsElsewhere ? Act(now) : new AuditAct("webhook.change", "webhook", id, null, new JsonObject { ["paused"] = now.Paused })], []);
        }, cancel);

    /// <summary>Ends a webhook of the caller's own; its address and secret are forgotten.</summary>
    public Task<Outcome<MlflowWebhookView>> DeleteAsync(Actor by, string id, CancellationToken cancel = default) =>
        WriteAsync(by, "webhook.remove", id, async session =>
        {
            var own = await OwnAsync(session, by, id, !await NeedsAdminAsync(session));
            if (own.Refusal is { } no)
                return no;
            await session.EndEndpointAsync(id, "removed");
            return new Written<MlflowWebhookView>(View(by, own.Value), [new AuditAct("webhook.remove", "webhook", id, null, own.Value.ConfirmedBy is null ? new JsonObject { ["quiet"] = true } : null)], []);
        }, cancel);

    /// <summary>Sends an example to a webhook of the caller's own, now and once. What the receiver wrote is not given back: it would be a way to read what only this server can reach.</summary>
    /// <param name="which">The event to tell; null: the first that it is told of.</param>
    public async Task<Outcome<MlflowWebhookTestView>> TestAsync(Actor by, string id, string? which, CancellationToken cancel = default)
    {
        var found = await _db.ReadAsync<Outcome<StoredEndpoint>>(async session =>
        {
            var own = await OwnAsync(session, by, id, !await NeedsAdminAsync(session));
            return own.Refusal is null && own.Value.ConfirmedBy is null ? Unconfirmed(own.Value) : own;
        }, cancel);
        return await _book.TryAsync<MlflowWebhookTestView>(by, id, found, which,
            sent => sent.Answer == Answer.Taken ? new MlflowWebhookTestView(true, sent.Status, "", null) : new MlflowWebhookTestView(false, sent.Status, "", $"The webhook did not take it: {sent.Why}"), cancel);
    }

    private static async ValueTask<StoredEndpoint?> FindAsync(RegistrySession session, string id) => await session.FindEndpointAsync(id) is { IsMlflow: true, EndedAt: null } hook ? hook : null;

    private static async ValueTask<Outcome<StoredEndpoint>> OwnAsync(RegistrySession session, Actor by, string id, bool open)
    {
        if (Permissions.Check(by, Permission.Register) is { } no)
            return no;
        if (await FindAsync(session, id) is not { } hook)
            return Refusals.WebhookNotFound(id);
        return hook.CreatedBy == by.Id || open ? hook : Refusals.WebhookOfAnother(id);
    }

    private async ValueTask<bool> NeedsAdminAsync(RegistrySession session) => (await _policies.GetAsync(session)).Promotions.Count > 0;

    private Outcome<StoredEndpoint> Changed(StoredEndpoint hook, MlflowWebhookWish wish)
    {
        if (wish.Name is { } name && !NamePattern().IsMatch(name))
            return Refusals.InvalidArgument("name", "has 1 to 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends");
        if (wish.Description is { Length: > LongestDescription })
            return Refusals.InvalidArgument("description", $"at most {LongestDescription} characters");
        if (wish.Secret is { Length: > LongestSecret })
            return Refusals.InvalidArgument("secret", $"at most {LongestSecret} characters");
        bool? paused = wish.Status is null ? null : Names.Fold(wish.Status) switch { "active" => false, "disabled" => true, _ => null };
        if (wish.Status is not null && paused is null)
            return Refusals.InvalidArgument("status", "is ACTIVE or DISABLED");
        var address = hook.Address;
        if (wish.Url is { } url)
        {
            var read = WebhookAddress.Read(url, _privateToo);
            if (read.Refusal is { } no)
                return no;
            address = read.Value.AbsoluteUri;
        }
        return hook with
        {
            Name = wish.Name ?? hook.Name,
            Description = wish.Description ?? hook.Description,
            Address = address,
            Events = wish.Events.Count == 0 ? hook.Events : [.. MlflowEvents.All.Where(wish.Events.Contains)],
            Secret = wish.Secret ?? hook.Secret,
            Paused = paused ?? hook.Paused,
        };
    }

    private static bool IsTold(StoredEndpoint hook) => hook is { ConfirmedBy: not null, Paused: false };

    private Outcome<MlflowWebhookView> Reply(Actor by, StoredEndpoint hook) => hook.ConfirmedBy is null ? Unconfirmed(hook) : View(by, hook);

    private Refusal Unconfirmed(StoredEndpoint hook) => Refusals.WebhookUnconfirmed(hook.Id, WebhookAddress.Shown(hook.Address), _pages.Base is { } pages ? $"{pages.AbsoluteUri.TrimEnd('/')}/ui/webhooks" : null);

    // The rest of the address may be a secret of the receiver's: who made it knows it, and nobody else is told.
    private static MlflowWebhookView View(Actor by, StoredEndpoint e) => new(e.Id, e.Name, e.Description, e.CreatedBy == by.Id ? e.Address : WebhookAddress.Shown(e.Address),
        [.. e.Events.Select(MlflowEvents.Parts).Select(p => new MlflowEventView(p.Entity, p.Action))], IsTold(e) ? "ACTIVE" : "DISABLED", e.CreatedAt.ToUnixTimeMilliseconds(), e.UpdatedAt.ToUnixTimeMilliseconds());

    private static AuditAct Act(StoredEndpoint hook) => new(hook.ConfirmedBy is null ? "webhook.request" : "webhook.add", "webhook", hook.Id, null,
        new JsonObject { ["origin"] = WebhookAddress.Origin(hook.Address), ["style"] = hook.Style, ["events"] = new JsonArray([.. hook.Events.Select(k => (JsonNode)k)]) });

    private Task<Outcome<MlflowWebhookView>> WriteAsync(Actor by, string verb, string id, Func<RegistrySession, ValueTask<Outcome<Written<MlflowWebhookView>>>> write, CancellationToken cancel) =>
        _db.WriteAsync(by, new AuditAct(verb, "webhook", id), write, cancel);

    private async Task<Outcome<T>> ReadAsync<T>(Actor by, Func<RegistrySession, ValueTask<Outcome<T>>> read, CancellationToken cancel) =>
        Permissions.Check(by, Permission.Read) is { } no ? no : await _db.ReadAsync(read, cancel);

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\Awhk_[0-9a-z]{1,40}\z")]
    private static partial Regex IdPattern();
}
