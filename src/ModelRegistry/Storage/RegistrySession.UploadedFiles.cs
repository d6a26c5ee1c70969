using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>Files that were uploaded by path and wait for a version to take them. Each actor sees its own and no others.</summary>
public sealed partial class RegistrySession
{
    internal ValueTask<int> KeepUploadedAsync(string actorId, FileEntry file) => ExecuteAsync("""
        insert into uploaded_file (actor_id, path, sha256, size_bytes, at) values (@actor, @path, @sha, @size, @now)
        on conflict (actor_id, path) do update set sha256 = excluded.sha256, size_bytes = excluded.size_bytes, at = excluded.at
        """, ("actor", actorId), ("path", file.Path), ("sha", file.Sha256), ("size", file.Size), ("now", Times.Micros(Now)));

    internal ValueTask<FileEntry?> UploadedAsync(string actorId, string path) => OneAsync(
        "select path, size_bytes, sha256 from uploaded_file where actor_id = @actor and path = @path", ReadUploaded, ("actor", actorId), ("path", path));

    /// <summary>Files below a folder, by path.</summary>
    /// <param name="folder">Empty: all; else without a slash at its end.</param>
    internal ValueTask<List<FileEntry>> UploadedBelowAsync(string actorId, string folder, int limit)
    {
        // '0' is the character behind '/'.
        var (from, to) = folder.Length == 0 ? ("", "\U0010FFFF") : (folder + "/", folder + "0");
        return ManyAsync("select path, size_bytes, sha256 from uploaded_file where actor_id = @actor and path >= @from and path < @to order by path limit @limit",
            ReadUploaded, ("actor", actorId), ("from", from), ("to", to), ("limit", (long)limit));
    }

    internal ValueTask<int> ForgetUploadedAsync(string actorId, string path) => ExecuteAsync("delete from uploaded_file where actor_id = @actor and path = @path", ("actor", actorId), ("path", path));

    internal async ValueTask<int> ForgetUploadedBelowAsync(string actorId, string folder) => await ExecuteAsync(
        "delete from uploaded_file where actor_id = @actor and path >= @from and path < @to", ("actor", actorId), ("from", folder + "/"), ("to", folder + "0"));

    /// <summary>Forgets what no version took for so long.</summary>
    internal ValueTask<int> ForgetUploadedBeforeAsync(DateTimeOffset before) => ExecuteAsync("delete from uploaded_file where at < @before", ("before", Times.Micros(before)));

    internal async ValueTask<long> UploadedCountAsync(string actorId) => (long)(await ScalarAsync("select count(*) from uploaded_file where actor_id = @actor", ("actor", actorId)))!;

    private static FileEntry ReadUploaded(System.Data.Common.DbDataReader r) => new(r.GetString(0), r.GetInt64(1), Digest.Parse(r.GetString(2)));
}
