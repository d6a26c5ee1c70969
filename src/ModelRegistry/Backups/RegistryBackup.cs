using System.Security.Cryptography;
using ModelRegistry.Artifacts;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Backups;

/// <summary>What a backup came to.</summary>
/// <param name="Copied">How many contents were copied now; the others were there from an earlier one.</param>
/// <param name="AuditRoot">The root of the audit log over its first <paramref name="AuditSize"/> entries.</param>
public sealed record BackupView(string Folder, string RegistryId, long AuditSize, string AuditRoot, long Contents, long Bytes, long Copied);

/// <summary>Copies a registry into a folder while it is used: one state of its database, and every content that state refers to.</summary>
/// <remarks>
/// The folder holds the registry's secrets (the key that signs its log among them), and is for its owner alone. No role is asked:
/// only who opens the registry's own folder or database comes here, and they have all of it already.
/// </remarks>
// DIR/backup.json            written last: without it there is no backup
// DIR/registry.db            one state of the database, as SQLite, whatever it was copied from
// DIR/blobs/sha256/ab/cd/…   contents, as in a folder of artifacts; a later backup into the same folder copies only what is new
public sealed class RegistryBackup
{
    private readonly RegistryDb _db;
    private readonly ArtifactVault _vault;
    private readonly TimeProvider _time;

    internal RegistryBackup(RegistryDb db, ArtifactVault vault, TimeProvider time) => (_db, _vault, _time) = (db, vault, time);

    /// <param name="folder">Not there, empty, or an earlier backup of the same registry.</param>
    /// <exception cref="StorageUnavailableException">The database, the store or the folder cannot be used. What was the backup there before is one still, unless its database was being replaced.</exception>
    public async Task<Outcome<BackupView>> BackupAsync(Actor by, string folder, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        if (folder.Length == 0)
            return Refusals.InvalidArgument("folder", "must name a folder");
        if (CheckFolder(folder) is { } unfit)
            return unfit;
        // Nothing is deleted from the store while it is copied.
        await using var duty = await _db.TryTakeDutyAsync(cancel, DutyOf.Collection);
        if (duty is null)
            return Refusals.CollectionBusy;
        var act = new AuditAct("registry.backup", "registry", _db.RegistryId);
        var noted = await _db.WriteAsync<int>(by, act, _ => new(new Written<int>(0, [act], [])), cancel);
        if (noted.Refusal is { } no)
            return no;
        var snapshot = Path.Combine(folder, BackupManifest.Database + ".new");
        try
        {
            File.Delete(snapshot);
            // The folder may have been there before, open to others; the keys in this file are for nobody else.
            Posix.MakeOwn(snapshot);
            await _db.SnapshotAsync(snapshot, _time.GetUtcNow(), cancel);
            var head = await DatabaseSnapshot.HeadAsync(snapshot, cancel);
            using var into = ArtifactVault.Open(folder);
            var copied = await ContentsCopy.CopyAsync(snapshot, _vault, into, progress, cancel);
            if (copied.Refusal is { } missing)
                return missing;
            var (contents, bytes, fresh) = copied.Value;
            var manifest = new BackupManifest(1, head.RegistryId, _time.GetUtcNow(), head.SchemaVersion, await Sha256Async(snapshot, cancel), head.AuditSize, head.AuditRoot, head.Checkpoint, contents, bytes);
            // From here to the end the folder is no backup: a database and a description that do not fit would be worse.
            File.Delete(Path.Combine(folder, BackupManifest.Name));
            File.Move(snapshot, Path.Combine(folder, BackupManifest.Database), overwrite: true);
            var description = Path.Combine(folder, BackupManifest.Name + ".new");
            await File.WriteAllBytesAsync(description, manifest.Write(), cancel);
            File.Move(description, Path.Combine(folder, BackupManifest.Name), overwrite: true);
            Posix.FlushFolder(folder);
            return new BackupView(Path.GetFullPath(folder), head.RegistryId, head.AuditSize, head.AuditRoot, contents, bytes, fresh);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While($"Writing the backup in '{folder}'", e);
        }
        finally
        {
            TryDelete(snapshot);
        }
    }

    private Refusal? CheckFolder(string folder)
    {
        try
        {
            if (!OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            else
                Directory.CreateDirectory(folder);
            var earlier = BackupManifest.Read(folder);
            if (earlier.Refusal is { } unreadable)
                return unreadable;
            if (earlier.Value is { } there)
                return there.RegistryId == _db.RegistryId ? null : Refusals.BackupOfAnother(folder, there.RegistryId);
            // What a backup that was cut left behind is fit to go on with.
            return Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).FirstOrDefault(n => n is not ("blobs" or "staging" or BackupManifest.Database + ".new" or BackupManifest.Database or BackupManifest.Name + ".new")) is { } other
                ? Refusals.BackupFolderTaken(folder, other) : null;
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While($"Looking into '{folder}'", e);
        }
    }

    internal static async Task<string> Sha256Async(string path, CancellationToken cancel)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            // The next backup deletes it.
        }
    }
}
