namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- signed notes and checkpoints ---------------------------------------------------------------------------

    public static Refusal NoteMalformed(string why) => new(RefusalKind.Unproven, "note_malformed",
        $"This is not a signed note: {why}",
        "Take the checkpoint as it was written, byte by byte; an editor or a copy may have changed it.");

    public static Refusal NoteNotSigned(string keyName) => new(RefusalKind.Unproven, "note_not_signed",
        $"The note carries no signature by the key '{keyName}'.",
        "Check that the note comes from this registry and that the public key is the one it signed with.");

    public static Refusal NoteSignatureBad(string keyName) => new(RefusalKind.Unproven, "note_signature_bad",
        $"The signature by '{keyName}' does not fit the text: the note was changed or forged.",
        "Trust nothing it says; compare it with other copies of the checkpoint.");

    public static Refusal CheckpointMalformed(string why) => new(RefusalKind.Unproven, "checkpoint_malformed",
        $"The note is signed, but is not a checkpoint: {why}",
        "Give a note whose lines are origin, size and root hash.");

    public static Refusal CheckpointMissing => new(RefusalKind.NotFound, "checkpoint_missing",
        "The log has no signed checkpoint yet.",
        "Write something first; every write leads to one.");

    public static Refusal CheckpointForeign(string origin, string expected) => new(RefusalKind.Unproven, "checkpoint_foreign",
        $"The checkpoint is of the log '{origin}', not of '{expected}'.",
        "Give a checkpoint of this registry's log.");

    public static Refusal VerificationRunning => new(RefusalKind.Limited, "verification_running",
        "The log is being verified already; it is done once at a time, because it reads all of it.",
        "Wait until that one has ended, then try again.");

    // ---- exports --------------------------------------------------------------------------------------------------

    public static Refusal VerifierKeyInvalid(string why) => new(RefusalKind.Invalid, "verifier_key_invalid",
        $"This is not the public key of a registry: {why}",
        "Give the line that `audit key` printed when it was pinned, or a file that holds it.");

    public static Refusal ExportTooLarge(long bytes, int most) => new(RefusalKind.TooLarge, "export_too_large",
        $"The export has {bytes} bytes; at most {most} are written and read.",
        "Give a file that `export` wrote.");

    public static Refusal LogDamaged(string why) => new(RefusalKind.Unproven, "log_damaged",
        $"Nothing can be proven from this log: {why}",
        "Run `audit verify`, which says where it was changed, and compare it with checkpoints that were kept elsewhere.");
}
