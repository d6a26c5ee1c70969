using ModelRegistry.Backups;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>backup</c> and <c>restore</c>.</summary>
internal static class BackupVerbs
{
    public static Verb Backup()
    {
        var verb = new Verb("backup", "Copies the registry into a folder while it is used: one state of its database, and every content it refers to.",
            "backup --out /backups/registry", "backup --out /backups/registry --output json");
        var folder = verb.Required("--out", "DIR", "Not there, empty, or an earlier backup of this registry: then only what is new is copied. It holds the registry's secrets.");
        return verb.On(async (run, registry, me) =>
        {
            using var progress = TransferLine.On(run.Around, "Copying");
            var made = await registry.Backup.BackupAsync(me, run.Of(folder)!, progress, run.Cancel);
            progress?.Dispose();
            return run.Answer(made, b => new Sheet().Facts(("folder", b.Folder), ("registry", b.RegistryId), ("audit log", $"{Shown.Count(b.AuditSize)} entries, root {b.AuditRoot}"),
                ("contents", $"{Shown.Count(b.Contents)}, {Shown.Size(b.Bytes)}"), ("copied now", Shown.Count(b.Copied))));
        });
    }

    public static Verb Restore()
    {
        var verb = new Verb("restore", "Makes a registry from a backup where there is none, and verifies its audit log.",
            "restore /backups/registry --data /srv/registry");
        var folder = verb.Word("DIR", "The folder that `backup` has written.");
        return verb.Answers(async run =>
        {
            if (run.Elsewhere() is { } far)
                return run.Tell(far);
            using var progress = TransferLine.On(run.Around, "Copying");
            var restored = await RegistryRestore.RestoreAsync(run.Of(folder), run.Settings.Registry, TimeProvider.System, progress, run.Cancel);
            progress?.Dispose();
            return run.Answer(restored, r => new Sheet().Facts(("registry", r.RegistryId), ("database", r.Database), ("artifacts", r.Artifacts), ("audit log", $"{Shown.Count(r.AuditSize)} entries, root {r.AuditRoot}"),
                ("verified", Shown.YesNo(r.Verified)), ("contents", $"{Shown.Count(r.Contents)}, {Shown.Size(r.Bytes)}")), r => r.Verified ? Replies.Exit.Done : Replies.Exit.Unverified);
        });
    }
}
