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

    /// <summary>Forgets the file at a path and those below it.</summary>
    internal async ValueTask<int> ForgetUploadedAsync(string actorId, string path)
    {
        (string, object?)[] args = [("actor", actorId), ("path", path), ("from", path + "/"), ("to", path + "0")];
        const string those = "from uploaded_file where actor_id = @actor and (path = @path or (path >= @from and path < @to))";
        return await ScalarAsync($"select 1 {those} limit 1", args) is null ? 0 : await ExecuteAsync($"delete {those}", args);
    }

    /// <summary>Forgets what no version took for so long.</summary>
    internal async ValueTask<int> ForgetUploadedBeforeAsync(DateTimeOffset before) => await ScalarAsync("select 1 from uploaded_file where at < @before limit 1", ("before", before)) is null
        ? 0 : await ExecuteAsync("delete from uploaded_file where at < @before", ("before", before));

    internal async ValueTask<long> UploadedCountAsync(string actorId) => (long)(await ScalarAsync("select count(*) from uploaded_file where actor_id = @actor", ("actor", actorId)))!;

    private static FileEntry ReadUploaded(System.Data.Common.DbDataReader r) => new(r.GetString(0), r.GetInt64(1), Digest.Parse(r.GetString(2)));
}
