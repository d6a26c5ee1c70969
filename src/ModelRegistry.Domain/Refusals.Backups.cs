namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- backups ------------------------------------------------------------------------------------------------

    public static Refusal BackupInvalid(string folder, string why) => new(RefusalKind.Unproven, "backup_invalid",
        $"'{Shown(folder)}' holds no backup that can be used: {why.TrimEnd('.')}.", "Name a folder that `backup` has written, whole; one that was cut is finished by running `backup` again.");

    public static Refusal BackupOfAnother(string folder, string registryId) => new(RefusalKind.Conflict, "backup_of_another",
        $"'{Shown(folder)}' holds a backup of another registry ({registryId}).", "Name another folder.");

    public static Refusal BackupFolderTaken(string folder, string other) => new(RefusalKind.Conflict, "backup_folder_taken",
        $"'{Shown(folder)}' holds something else: '{Shown(other)}'.", "Name a folder that is empty, not there, or holds an earlier backup of this registry.");

    public static Refusal RestoreTargetTaken(string where) => new(RefusalKind.Conflict, "restore_target_taken",
        $"There is a registry in '{Shown(where)}' already.", "Restore into an empty data folder (--data DIR) or an empty database; nothing is ever replaced.");

    // ---- moves --------------------------------------------------------------------------------------------------

    public static Refusal MoveTargetTaken(string where, string registryId) => new(RefusalKind.Conflict, "move_target_taken",
        $"There is a registry in '{Shown(where)}' already ({registryId}), and it is in use.", "Name an empty database, or the one into which an earlier move of this registry was cut; nothing is ever replaced.");

    public static Refusal MoveUnequal(string where, string tables) => new(RefusalKind.Unproven, "move_unequal",
        $"What arrived in '{Shown(where)}' is not what was sent: {Shown(tables)}.", "The registry stays where it was, and is used as before. Look whether another program writes into that database, then move again.");

    public static Refusal MoveNothingToUndo(string where) => new(RefusalKind.Conflict, "move_nothing_to_undo",
        $"The registry lives in '{Shown(where)}'; it was not moved out of there.", "Name the database that it was moved from with --data or --database.");

    public static Refusal MoveElsewhere(string there, string named) => new(RefusalKind.Conflict, "move_elsewhere",
        $"The registry was moved to '{Shown(there)}', not to '{Shown(named)}'.", "Name the place it was moved to with --to.");

    public static Refusal MoveTargetUnseen(string where) => new(RefusalKind.Conflict, "move_target_unseen",
        $"Nothing of the registry is seen in '{Shown(where)}' from here, which does not prove that it is gone.", "Name the place as it is reached from this machine and by this user. If it was deleted, say so with --target-is-gone: a registry that went on there would be a second one.");

    public static Refusal MoveTargetCopied(string where, string place) => new(RefusalKind.Conflict, "move_target_copied",
        $"'{Shown(where)}' holds a copy of what was moved, and is not the database that it was moved into: '{Shown(place)}' as it was then.", "Name that database with --to, as it was named when it was moved. If it is gone and this copy was put in its place, go back with --undo --target-is-gone: what was written in the other one is lost then.");

    public static Refusal MoveInUse(string where, long entries) => new(RefusalKind.Conflict, "move_in_use",
        $"The registry in '{Shown(where)}' is in use: its audit log has gone on to {entries} entries.", "Its later entries would be lost by going back. Move it from there, with --to naming where it shall live.");
}
