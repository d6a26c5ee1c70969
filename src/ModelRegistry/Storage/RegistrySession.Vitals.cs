using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>One line of what serves now.</summary>
internal sealed record ServingLine(string Model, string Stage, string Version, long Number, DateTimeOffset Since);

/// <summary>
/// How the registry is doing, for whoever watches it: asked every few seconds, of a registry of any size. Each statement
/// follows an index and stops at a bound, or looks at few rows: there is one for each webhook and mailbox.
/// </summary>
public sealed partial class RegistrySession
{
    /// <summary>Where counting stops: what is more than this is as alarming as this.</summary>
    internal const int MostCounted = 10_000;

    /// <summary>Up to so many lines of what serves are looked at to find those that changed last; of more, those are looked at that were moved last.</summary>
    internal const int MostServingRead = 5_000;

    internal const string
        CountInState = "select count(*) from (select 1 from promotion where state = @state limit @most) q",
        // Ids sort by the time they were made.
        OldestInState = "select requested_at from promotion where state = @state order by id limit 1",
        CountOwed = "select count(*) from (select 1 from glass_break where reviewed_at is null limit @most) q",
        CountMarked = "select count(*) from (select 1 from collected_content where done_at is null limit @most) q",
        LogHead = "select size, at from audit_tree where id = 1",
        LogSigned = "select size from audit_checkpoint order by size desc limit 1",
        CountEndpoints = "select kind, count(*) from notice_endpoint where ended_at is null and paused = 0 and confirmed_by is not null group by kind",
        CountServing = "select count(*) from (select 1 from serving limit @most) q",
        ServingOfAll = $"select {ServingFields} from (select model_id, stage, version_id, since from serving order by since desc limit @most) s {ServingNames}",
        ServingOfMoved = $"""
            select {ServingFields} from (select distinct model_id from (select model_id from audit_entry where verb = 'promotion.apply' order by position desc limit @read) a) r
            join serving s on s.model_id = r.model_id {ServingNames} limit @most
            """;

    private const string ServingFields = "m.name, s.stage, v.label, v.number, s.since", ServingNames = "join model m on m.id = s.model_id join version v on v.id = s.version_id order by s.since desc, m.name, s.stage";

    internal async ValueTask<(long Count, DateTimeOffset? Oldest)> PromotionsInAsync(string state) =>
        ((long)(await ScalarAsync(CountInState, ("state", state), ("most", (long)MostCounted)))!, await ScalarAsync(OldestInState, ("state", state)) is long at ? Times.FromMicros(at) : null);

    /// <summary>Reviews that are owed after the glass was broken.</summary>
    internal async ValueTask<long> CountOwedReviewsAsync() => (long)(await ScalarAsync(CountOwed, ("most", (long)MostCounted)))!;

    /// <summary>Contents that are marked to be deleted and are not yet.</summary>
    internal async ValueTask<long> CountMarkedAsync() => (long)(await ScalarAsync(CountMarked, ("most", (long)MostCounted)))!;

    /// <summary>How long the audit log is, when it was last written to, and up to where it is signed.</summary>
    internal async ValueTask<(long Size, DateTimeOffset? Last, long Signed)> LogEndAsync()
    {
        var (size, at) = await OneAsync(LogHead, r => (r.GetInt64(0), r.GetInt64(1)));
        return (size, size == 0 ? null : Times.FromMicros(at), await ScalarAsync(LogSigned) is long signed ? signed : 0);
    }

    /// <summary>How many webhooks and mailboxes are told, by kind.</summary>
    internal ValueTask<List<(string Kind, long Count)>> CountEndpointsAsync() => ManyAsync(CountEndpoints, r => (r.GetString(0), r.GetInt64(1)));

    /// <summary>What serves, those first that changed last, and how much serves in all; that is counted up to ten times <see cref="MostCounted"/>.</summary>
    internal async ValueTask<(List<ServingLine> Lines, long All)> ServingLinesAsync(int most)
    {
        var all = (long)(await ScalarAsync(CountServing, ("most", 10L * MostCounted)))!;
        Func<System.Data.Common.DbDataReader, ServingLine> read = r => new ServingLine(r.GetString(0), r.GetString(1), r.GetString(2), r.GetInt64(3), Times.FromMicros(r.GetInt64(4)));
        return (all <= MostServingRead ? await ManyAsync(ServingOfAll, read, ("most", (long)most)) : await ManyAsync(ServingOfMoved, read, ("read", (long)MostServingRead), ("most", (long)most)), all);
    }
}
