using System.Data.Common;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>A webhook or a person's mailbox as stored.</summary>
/// <param name="Secret">What messages are signed with; empty: they are not.</param>
/// <param name="SettledTo">Position of the audit entry up to which nothing is left to be told.</param>
/// <param name="Style"><see cref="Standard"/>, or <see cref="Mlflow"/>: whose words it is told in.</param>
/// <param name="ConfirmedBy">Who let it go where it leads: an admin, or its maker where nothing is governed. Null while nobody has, and it is told nothing.</param>
internal sealed record StoredEndpoint(string Id, string Kind, string Address, string? PersonId, IReadOnlyList<string> Events, string Secret, DateTimeOffset CreatedAt,
    long SettledTo, long Delivered, long GivenUp, DateTimeOffset? LastDeliveredAt, DateTimeOffset? EndedAt, string? EndedWhy,
    string CreatedBy, string Style, string Name, string Description, DateTimeOffset UpdatedAt, bool Paused, string? ConfirmedBy)
{
    public const string Standard = "standard", Mlflow = "mlflow";

    public bool IsWebhook => Kind == "webhook";

    public bool IsMlflow => Style == Mlflow;

    /// <summary>One that nobody has confirmed.</summary>
    public static StoredEndpoint Webhook(string id, string address, IReadOnlyList<string> events, string secret, string by, DateTimeOffset now) =>
        new(id, "webhook", address, null, events, secret, now, 0, 0, 0, null, null, null, by, Standard, "", "", now, false, null);

    public static StoredEndpoint Mailbox(string id, string address, string personId, IReadOnlyList<string> events, string by, DateTimeOffset now) =>
        new(id, "mail", address, personId, events, "", now, 0, 0, 0, null, null, null, by, Standard, "", "", now, false, by);
}

/// <summary>An audit entry as one looks whether it is to be told of.</summary>
internal sealed record EntryLine(long Position, string Id, DateTimeOffset At, string Verb, bool Done, string ActorId, string? ModelId, string SubjectType, string SubjectId);

/// <summary>Who is told what happened, and how far they have been told.</summary>
public sealed partial class RegistrySession
{
    private const string EndpointColumns = "id, kind, address, person_id, events, secret, created_at, settled_to, delivered, given_up, last_delivered_at, ended_at, ended_why, created_by, style, name, description, updated_at, paused, confirmed_by";

    /// <summary>Entries after a position, by the key.</summary>
    internal ValueTask<List<EntryLine>> EntriesAfterAsync(long position, int most) => ManyAsync(
        "select position, id, at, verb, outcome, actor_id, model_id, subject_type, subject_id from audit_entry where position > @after order by position limit @most",
        r => new EntryLine(r.GetInt64(0), r.GetString(1), Times.FromMicros(r.GetInt64(2)), r.GetString(3), r.GetString(4) == "done", r.GetString(5), Text(r, 6), r.GetString(7), r.GetString(8)),
        ("after", position), ("most", (long)most));

    internal async ValueTask<byte[]> LeafAsync(long position) => (byte[])(await ScalarAsync("select leaf from audit_entry where position = @position", ("position", position)))!;

    internal ValueTask<StoredEndpoint?> FindEndpointAsync(string id) => OneAsync($"select {EndpointColumns} from notice_endpoint where id = @id", ReadEndpoint, ("id", id));

    /// <summary>A person's mailbox; null when they have none.</summary>
    internal ValueTask<StoredEndpoint?> MailboxOfAsync(string personId) => OneAsync(
        $"select {EndpointColumns} from notice_endpoint where person_id = @person and ended_at is null", ReadEndpoint, ("person", personId));

    /// <summary>Those that are told what happens now.</summary>
    internal ValueTask<List<StoredEndpoint>> LiveEndpointsAsync() => ManyAsync($"select {EndpointColumns} from notice_endpoint where ended_at is null and paused = 0 and confirmed_by is not null order by id", ReadEndpoint);

    internal ValueTask<List<StoredEndpoint>> WebhooksAsync() => ManyAsync($"select {EndpointColumns} from notice_endpoint where kind = 'webhook' order by id", ReadEndpoint);

    internal async ValueTask<long> LiveWebhooksAsync() => (long)(await ScalarAsync("select count(*) from notice_endpoint where kind = 'webhook' and ended_at is null"))!;

    /// <summary>How many a machine made that no admin has confirmed.</summary>
    internal async ValueTask<long> UnconfirmedWebhooksAsync(string by) => (long)(await ScalarAsync("select count(*) from notice_endpoint where created_by = @by and confirmed_by is null and ended_at is null", ("by", by)))!;

    /// <summary>How many webhooks a machine made since then, whatever became of them.</summary>
    internal async ValueTask<long> WebhooksMadeSinceAsync(string by, DateTimeOffset since) => (long)(await ScalarAsync("select count(*) from notice_endpoint where created_by = @by and style = 'mlflow' and created_at >= @since", ("by", by), ("since", Times.Micros(since))))!;

    /// <summary>Takes back what machines confirmed for themselves; an admin has to.</summary>
    internal ValueTask<int> UnconfirmOwnWebhooksAsync() => ExecuteAsync("update notice_endpoint set confirmed_by = null, updated_at = @now where style = 'mlflow' and ended_at is null and confirmed_by = created_by", ("now", Times.Micros(Now)));

    /// <summary>Webhooks of MLflow's style that have not ended, by id.</summary>
    internal ValueTask<List<StoredEndpoint>> MlflowWebhooksAsync(string afterId, int most) => ManyAsync(
        $"select {EndpointColumns} from notice_endpoint where style = 'mlflow' and ended_at is null and id > @after order by id limit @most", ReadEndpoint, ("after", afterId), ("most", (long)most));

    /// <summary>Keeps an endpoint, to be told of what comes after the last entry.</summary>
    internal async ValueTask InsertEndpointAsync(StoredEndpoint e) => await ExecuteAsync("""
        insert into notice_endpoint (id, kind, address, person_id, events, secret, created_by, created_at, settled_to, delivered, given_up, last_delivered_at, ended_at, ended_why, style, name, description, updated_at, paused, confirmed_by)
        values (@id, @kind, @address, @person, @events, @secret, @by, @now, @last, 0, 0, null, null, null, @style, @name, @description, @now, @paused, @confirmed)
        """, ("id", e.Id), ("kind", e.Kind), ("address", e.Address), ("person", e.PersonId), ("events", List(e.Events)), ("secret", e.Secret), ("by", e.CreatedBy), ("now", Times.Micros(Now)), ("last", await LastPositionAsync()),
        ("style", e.Style), ("name", e.Name), ("description", e.Description), ("paused", e.Paused ? 1L : 0L), ("confirmed", e.ConfirmedBy));

    /// <summary>Changes what is told to a webhook, where, and whether at all.</summary>
    /// <param name="begins">Whether it is told of nothing that happened until now.</param>
    internal async ValueTask UpdateEndpointAsync(StoredEndpoint e, bool begins)
    {
        await ExecuteAsync("""
            update notice_endpoint set address = @address, events = @events, secret = @secret, name = @name, description = @description, paused = @paused, confirmed_by = @confirmed, updated_at = @now
            where id = @id and ended_at is null
            """, ("id", e.Id), ("address", e.Address), ("events", List(e.Events)), ("secret", e.Secret), ("name", e.Name), ("description", e.Description), ("paused", e.Paused ? 1L : 0L), ("confirmed", e.ConfirmedBy), ("now", Times.Micros(Now)));
        if (begins)
            await SettleToAsync(e.Id, await LastPositionAsync());
    }

    /// <summary>Ends it and forgets its address and secret; false when it had ended before.</summary>
    internal async ValueTask<bool> EndEndpointAsync(string id, string why)
    {
        if (await ExecuteAsync("update notice_endpoint set ended_at = @now, ended_why = @why, address = '', secret = '' where id = @id and ended_at is null", ("now", Times.Micros(Now)), ("why", why), ("id", id)) != 1)
            return false;
        await ExecuteAsync("delete from notice_delivery where endpoint_id = @id", ("id", id));
        return true;
    }

    /// <summary>What is delivered or given up although something before it is not.</summary>
    internal ValueTask<List<long>> DeliveredAheadAsync(string endpointId) => ManyAsync("select position from notice_delivery where endpoint_id = @id order by position", r => r.GetInt64(0), ("id", endpointId));

    /// <summary>Whether an endpoint is what it was and still has to be told of an entry.</summary>
    internal async ValueTask<bool> OwesAsync(StoredEndpoint endpoint, long position) => await ScalarAsync("""
        select 1 from notice_endpoint e where e.id = @id and e.updated_at = @updated and e.ended_at is null and e.settled_to < @position
        and not exists (select 1 from notice_delivery d where d.endpoint_id = e.id and d.position = @position)
        """, ("id", endpoint.Id), ("updated", Times.Micros(endpoint.UpdatedAt)), ("position", position)) is not null;

    /// <summary>Puts down that an entry is delivered or given up, and how far everything is.</summary>
    internal async ValueTask SettleAsync(string endpointId, long position, bool delivered, long settledTo)
    {
        await ExecuteAsync("insert into notice_delivery (endpoint_id, position, state, at) values (@id, @position, @state, @now)",
            ("id", endpointId), ("position", position), ("state", delivered ? "delivered" : "given_up"), ("now", Times.Micros(Now)));
        if (delivered)
            await ExecuteAsync("update notice_endpoint set delivered = delivered + 1, last_delivered_at = @now where id = @id", ("id", endpointId), ("now", Times.Micros(Now)));
        else
            await ExecuteAsync("update notice_endpoint set given_up = given_up + 1 where id = @id", ("id", endpointId));
        await SettleToAsync(endpointId, settledTo);
    }

    /// <summary>Moves on from where reading begins after a restart; never back.</summary>
    internal async ValueTask SettleToAsync(string endpointId, long position)
    {
        await ExecuteAsync("update notice_endpoint set settled_to = @position where id = @id and settled_to < @position", ("position", position), ("id", endpointId));
        await ExecuteAsync("delete from notice_delivery where endpoint_id = @id and position <= @position", ("position", position), ("id", endpointId));
    }

    /// <summary>Live promotions by id: a page of them.</summary>
    internal ValueTask<List<string>> LivePromotionIdsAsync(string afterId, int most) => ManyAsync(
        "select id from promotion where state in ('pending', 'approved') and id > @after order by id limit @most", r => r.GetString(0), ("after", afterId), ("most", (long)most));

    private static StoredEndpoint ReadEndpoint(DbDataReader r) => new(r.GetString(0), r.GetString(1), r.GetString(2), Text(r, 3), List(r.GetString(4)), r.GetString(5), Times.FromMicros(r.GetInt64(6)),
        r.GetInt64(7), r.GetInt64(8), r.GetInt64(9), Time(r, 10), Time(r, 11), Text(r, 12), r.GetString(13), r.GetString(14), r.GetString(15), r.GetString(16), Times.FromMicros(r.GetInt64(17)), r.GetInt64(18) == 1, Text(r, 19));
}
