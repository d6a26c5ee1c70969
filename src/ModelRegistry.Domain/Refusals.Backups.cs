namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- backups ------------------------------------------------------------------------------------------------

    public static Refusal BackupInvalid(string folder, string why) => new(RefusalKind.Unproven, "backup_invalid",
        $"'{Shown(folder)}' holds no backup that can be used: {why}.", "Name a folder that `backup` has written, whole; one that was cut is finished by running `backup` again.");

    public static Refusal BackupOfAnother(string folder, string registryId) => new(RefusalKind.Conflict, "backup_of_another",
        $"'{Shown(folder)}' holds a backup of another registry ({registryId}).", "Name another folder.");

    public static Refusal BackupFolderTaken(string folder, string other) => new(RefusalKind.Conflict, "backup_folder_taken",
        $"'{Shown(folder)}' holds something else: '{Shown(other)}'.", "Name a folder that is empty, not there, or holds an earlier backup of this registry.");

    public static Refusal RestoreTargetTaken(string where) => new(RefusalKind.Conflict, "restore_target_taken",
        $"There is a registry in '{Shown(where)}' already.", "Restore into an empty data folder (--data DIR) or an empty database; nothing is ever replaced.");
}
