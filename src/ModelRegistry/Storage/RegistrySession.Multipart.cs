using ModelRegistry.Artifacts;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>An upload that comes in parts.</summary>
/// <param name="CredentialId">With which it was begun: its parts come without one.</param>
/// <param name="Path">Where the file will be.</param>
/// <param name="IsDone">Whether the file is there.</param>
internal sealed record StoredMultipart(string Id, string ActorId, string CredentialId, string Path, int PartCount, DateTimeOffset ExpiresAt, bool IsDone);

/// <summary>Uploads that come in parts, and the parts that are here.</summary>
public sealed partial class RegistrySession
{
    internal ValueTask<int> BeginMultipartAsync(StoredMultipart upload) => ExecuteAsync(
        "insert into multipart_upload (id, actor_id, credential_id, path, part_count, expires_at, done_at) values (@id, @actor, @credential, @path, @count, @expires, null)",
        ("id", upload.Id), ("actor", upload.ActorId), ("credential", upload.CredentialId), ("path", upload.Path), ("count", (long)upload.PartCount), ("expires", Times.Micros(upload.ExpiresAt)));

    /// <summary>One whose time is not over.</summary>
    internal ValueTask<StoredMultipart?> MultipartAsync(string id) => OneAsync(
        "select id, actor_id, credential_id, path, part_count, expires_at, done_at from multipart_upload where id = @id and expires_at > @now",
        r => new StoredMultipart(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), (int)r.GetInt64(4), Times.FromMicros(r.GetInt64(5)), !r.IsDBNull(6)), ("id", id), ("now", Times.Micros(Now)));

    /// <summary>How many an actor has begun that are neither done nor over.</summary>
    internal async ValueTask<long> MultipartCountAsync(string actorId) => (long)(await ScalarAsync(
        "select count(*) from multipart_upload where actor_id = @actor and expires_at > @now and done_at is null", ("actor", actorId), ("now", Times.Micros(Now))))!;

    internal ValueTask<int> KeepPartAsync(string id, int number, ParkedContent part) => ExecuteAsync("""
        insert into multipart_part (upload_id, number, sha256, size_bytes, place) values (@id, @number, @sha, @size, @place)
        on conflict (upload_id, number) do update set sha256 = excluded.sha256, size_bytes = excluded.size_bytes, place = excluded.place
        """, ("id", id), ("number", (long)number), ("sha", part.Digest), ("size", part.Size), ("place", part.Place));

    /// <summary>The parts that are here, in order.</summary>
    internal ValueTask<List<(int Number, ParkedContent Content)>> PartsAsync(string id) => ManyAsync(
        "select number, sha256, size_bytes, place from multipart_part where upload_id = @id order by number",
        r => ((int)r.GetInt64(0), new ParkedContent(r.GetString(3), Digest.Parse(r.GetString(1)), r.GetInt64(2))), ("id", id));

    internal ValueTask<ParkedContent?> PartAsync(string id, int number) => OneAsync("select sha256, size_bytes, place from multipart_part where upload_id = @id and number = @number",
        r => new ParkedContent(r.GetString(2), Digest.Parse(r.GetString(0)), r.GetInt64(1)), ("id", id), ("number", (long)number));

    /// <summary>Bytes of the parts that are here, but for one of them.</summary>
    internal async ValueTask<long> PartBytesAsync(string id, int except) => Convert.ToInt64(
        await ScalarAsync("select coalesce(sum(size_bytes), 0) from multipart_part where upload_id = @id and number <> @number", ("id", id), ("number", (long)except)), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Says that the file is there; its parts count no more.</summary>
    /// <returns>False when it was said before, or the upload was given up.</returns>
    internal async ValueTask<bool> FinishMultipartAsync(string id)
    {
        if (await ExecuteAsync("update multipart_upload set done_at = @now where id = @id and done_at is null", ("now", Times.Micros(Now)), ("id", id)) != 1)
            return false;
        await ExecuteAsync("delete from multipart_part where upload_id = @id", ("id", id));
        return true;
    }

    internal async ValueTask ForgetMultipartAsync(string id)
    {
        await ExecuteAsync("delete from multipart_part where upload_id = @id", ("id", id));
        await ExecuteAsync("delete from multipart_upload where id = @id", ("id", id));
    }

    /// <summary>Forgets some of those whose time is over; what came of them lies where it is swept by itself.</summary>
    internal async ValueTask<int> ForgetExpiredMultipartsAsync(int most)
    {
        var over = await ManyAsync("select id from multipart_upload where expires_at <= @now order by expires_at limit @most", r => r.GetString(0), ("now", Times.Micros(Now)), ("most", (long)most));
        foreach (var id in over)
            await ForgetMultipartAsync(id);
        return over.Count;
    }
}
