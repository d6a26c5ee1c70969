using ModelRegistry.Artifacts;
using ModelRegistry.Audit;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Backups;

/// <summary>What a restore came to.</summary>
/// <param name="Verified">Whether the audit log of what was restored verifies, and has the size and root that the backup says.</param>
public sealed record RestoreView(string RegistryId, string Database, string Artifacts, long AuditSize, string AuditRoot, bool Verified, long Contents, long Bytes);

/// <summary>Makes a registry from a backup where there is none, in either database and either store.</summary>
public static class RegistryRestore
{
    /// <summary>Contents first, each hashed again; then the database, whole or not at all. A restore that was cut can be begun again.</summary>
    /// <param name="into">Where to; its data folder, database and artifacts.</param>
    /// <exception cref="StorageUnavailableException">The backup cannot be read, or the place cannot be written.</exception>
    public static async Task<Outcome<RestoreView>> RestoreAsync(string folder, RegistryOptions into, TimeProvider time, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        var manifest = BackupManifest.Read(folder);
        if (manifest.Refusal is { } unreadable)
            return unreadable;
        if (manifest.Value is not { } backup)
            return Refusals.BackupInvalid(folder, $"it has no {BackupManifest.Name}");
        if (backup.SchemaVersion > RegistryServices.SchemaVersion)
            return Refusals.BackupInvalid(folder, $"it has schema version {backup.SchemaVersion}, and this program knows versions up to {RegistryServices.SchemaVersion}");
        if (!Names(into))
            return RegistryServices.DatabaseUnread;
        await using var dialect = Dialect.For(new StorageOptions(into.DataFolder, into.Database));
        var arrived = false;
        try
        {
            var snapshot = Path.Combine(folder, BackupManifest.Database);
            if (!File.Exists(snapshot) || await RegistryBackup.Sha256Async(snapshot, cancel) != backup.DatabaseSha256)
                return Refusals.BackupInvalid(folder, $"{BackupManifest.Database} is not the one it was made with");
            if (await HasRegistryAsync(dialect, cancel))
                return Refusals.RestoreTargetTaken(dialect.Location);
            using (var from = ArtifactVault.Open(folder))
            using (var to = new ArtifactVault(RegistryServices.OpenStore(into, time)))
                if ((await ContentsCopy.CopyAsync(snapshot, from, to, progress, cancel)).Refusal is { } missing)
                    return missing;
            await WriteDatabaseAsync(snapshot, dialect, time.GetUtcNow(), cancel);
            // Before it is opened: what an older program wrote may be brought up to date then, and that is on record.
            arrived = await DatabaseSnapshot.LogAsync(dialect, cancel) == (backup.AuditSize, backup.AuditRoot);
            if (backup.Checkpoint is { } note)
                new CheckpointFile(into.DataFolder).Replace(note);
        }
        catch (Exception e) when (dialect.Outage(e) is { } outage)
        {
            throw outage;
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While($"Restoring from '{folder}'", e);
        }
        var opened = await RegistryServices.OpenAsync(into with { Policy = null }, time, cancel: cancel);
        if (opened.Refusal is { } no)
            return no;
        await using var registry = opened.Value;
        var report = await registry.Audit.VerifyAsync(Actor.Registry with { Roles = [Permissions.Viewer] }, backup.Checkpoint, cancel);
        if (report.Refusal is { } unproven)
            return unproven;
        return new RestoreView(registry.Storage.RegistryId, registry.Storage.Location, registry.ArtifactPlace, report.Value.Entries, report.Value.Root, report.Value.Verified && arrived, backup.Contents, backup.Bytes);
    }

    /// <summary>Whether the database setting can be read; nothing is opened or made by asking.</summary>
    private static bool Names(RegistryOptions into)
    {
        try
        {
            return RegistryServices.PlaceOf(into).Length > 0;
        }
        catch (ArgumentException e) when (e.ParamName == "database")
        {
            return false;
        }
    }

    private static async Task<bool> HasRegistryAsync(Dialect dialect, CancellationToken cancel)
    {
        if (!dialect.Exists)
            return false;
        await using var connection = await dialect.OpenAsync(writer: false, cancel);
        return await dialect.HasTableAsync(connection, "schema_migration");
    }

    private static async Task WriteDatabaseAsync(string snapshot, Dialect dialect, DateTimeOffset now, CancellationToken cancel)
    {
        if (dialect is not SqliteDialect)
        {
            await DatabaseSnapshot.CopyIntoAsync(snapshot, dialect, now, cancel);
            return;
        }
        var path = dialect.Location;
        var arriving = path + ".restoring";
        var file = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var from = File.OpenRead(snapshot))
        await using (var to = new FileStream(arriving, file))
        {
            await from.CopyToAsync(to, cancel);
            to.Flush(flushToDisk: true);
        }
        File.Move(arriving, path, overwrite: false);
        Posix.FlushFolder(Path.GetDirectoryName(path)!);
    }
}
