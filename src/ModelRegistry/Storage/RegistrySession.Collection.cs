using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>Which contents are referred to, and which are being collected.</summary>
public sealed partial class RegistrySession
{
    /// <summary>Those of a batch of digests that a version refers to which is not deleted, nor its model; or that was uploaded by path, and waits for one.</summary>
    internal async ValueTask<IReadOnlySet<string>> ReferredAsync(IReadOnlyList<Digest> digests)
    {
        var (keys, args) = Keys([.. digests.Select(d => d.Hex)]);
        return (await ManyAsync($"""
            select distinct f.sha256 from version_file f join version v on v.id = f.version_id join model m on m.id = v.model_id
            where f.sha256 in ({keys}) and v.deleted_at is null and m.deleted_at is null
            union select u.sha256 from uploaded_file u where u.sha256 in ({keys})
            """, r => r.GetString(0), args)).ToHashSet();
    }

    internal async ValueTask MarkAsync(IReadOnlyList<Digest> digests)
    {
        foreach (var digest in digests)
            await ExecuteAsync("insert into collected_content (seq, sha256, marked_at, done_at) select coalesce(max(seq), 0) + 1, @sha, @now, null from collected_content", ("sha", digest), ("now", Times.Micros(Now)));
    }

    /// <summary>Marks whose contents are still to be deleted.</summary>
    internal ValueTask<List<Digest>> MarkedAsync(int limit) => ManyAsync("select sha256 from collected_content where done_at is null order by seq limit @limit", r => Digest.Parse(r.GetString(0)), ("limit", (long)limit));

    /// <summary>Says that contents are gone, and forgets what was long ago.</summary>
    internal async ValueTask UnmarkAsync(IReadOnlyList<Digest> digests)
    {
        foreach (var digest in digests)
            await ExecuteAsync("update collected_content set done_at = @now where sha256 = @sha and done_at is null", ("sha", digest), ("now", Times.Micros(Now)));
        // Never the last one: its number must not be given again.
        await ExecuteAsync("delete from collected_content where done_at < @old and seq < (select max(seq) from collected_content)", ("old", Times.Micros(Now.AddDays(-30))));
    }

    /// <summary>A place in the marks: what was marked up to it is deleted, and what lies in the store since is there to stay unless it is marked later.</summary>
    internal async ValueTask<long> CollectedUpToAsync() => (long)(await ScalarAsync(
        "select coalesce((select min(seq) - 1 from collected_content where done_at is null), (select max(seq) from collected_content), 0)"))!;

    /// <summary>Whether one of these was marked behind a place.</summary>
    internal async ValueTask<bool> CollectedSinceAsync(IReadOnlyList<FileEntry> files, long place)
    {
        // Nearly always there is nothing behind it at all.
        if (await ScalarAsync("select max(seq) from collected_content where seq > @place", ("place", place)) is null)
            return false;
        foreach (var batch in files.Select(f => f.Sha256.Hex).Distinct().Chunk(Cursor.MaxLimit))
        {
            var (keys, args) = Keys(batch);
            if (await ScalarAsync($"select max(seq) from collected_content where sha256 in ({keys}) and seq > @place", [.. args, ("place", place)]) is not null)
                return true;
        }
        return false;
    }
}
