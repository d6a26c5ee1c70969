namespace ModelRegistry;

/// <summary>The storage cannot do its work now: the disk is full, rights are missing, a device fails. Nothing half-written stays.</summary>
/// <remarks>An outage, not a refusal: the same request succeeds once the <see cref="Remedy"/> was applied.</remarks>
public sealed class StorageUnavailableException(string message, string remedy, Exception? cause = null) : Exception(message, cause)
{
    // errno of Linux and macOS, and HRESULTs of Windows (ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL, ERROR_WRITE_PROTECT).
    private const int NoSpace = 28, ReadOnly = 30, QuotaLinux = 122, QuotaMac = 69;
    private const int DiskFull = unchecked((int)0x80070070), HandleDiskFull = unchecked((int)0x80070027), WriteProtect = unchecked((int)0x80070013);

    /// <summary>What an operator does about it.</summary>
    public string Remedy { get; } = remedy;

    /// <summary>Stable name of the kind of outage: <c>storage_unavailable</c>; <c>registry_moved</c> or <c>registry_arriving</c> where the registry is elsewhere.</summary>
    public string Code { get; private init; } = "storage_unavailable";

    /// <summary>The registry was here and lives elsewhere: who went on here would make a second one of the same identity.</summary>
    /// <param name="here">The database that was asked; as <paramref name="there"/>, without secrets.</param>
    public static StorageUnavailableException Moved(string here, string there, DateTimeOffset at) => new(
        $"This registry was moved from {here} to {there} on {Domain.Times.Text(at)}; nothing is read or written here any more.",
        $"Start this program again with --database (MODELREGISTRY_DATABASE) naming {there}. To go back instead: `move --undo`, as long as nothing was written there.")
    { Code = "registry_moved" };

    /// <summary>The registry is being moved here, and the move has not come to its end.</summary>
    public static StorageUnavailableException Arriving(string here, string from) => new(
        $"The registry in {here} is not to be used yet: its move from {from} has not ended.",
        $"Run the same `move` on {from} again; it goes on where it was. Until it ends, the registry is used there.")
    { Code = "registry_arriving" };

    /// <summary>Whether an exception of the file system is an outage; cancellations and bugs are not.</summary>
    public static bool Covers(Exception e) => e is IOException or UnauthorizedAccessException;

    /// <param name="doing">What failed, as the start of the sentence "Storing content failed: …".</param>
    /// <param name="cause">What the file system said; its text, which may name paths of this machine, is not repeated.</param>
    public static StorageUnavailableException While(string doing, Exception cause)
    {
        var (what, remedy) = cause.HResult switch
        {
            NoSpace or DiskFull or HandleDiskFull => ("the disk is full", "Free space on the volume of the data folder, then try again."),
            QuotaLinux or QuotaMac => ("the quota is used up", "Raise the quota of the user the registry runs as, then try again."),
            ReadOnly or WriteProtect => ("the volume is read-only", "Mount the volume of the data folder writable, then try again."),
            _ when cause is UnauthorizedAccessException => ("access was denied", "Give the user the registry runs as read and write access to the data folder."),
            _ when cause is FileNotFoundException or DirectoryNotFoundException => ("the folder is gone", "Check that the volume of the data folder is mounted, then restart."),
            _ => ("the device or file system reported an error", "Check the volume of the data folder and the system's log, then try again."),
        };
        return new StorageUnavailableException($"{doing} failed: {what}.", remedy, cause);
    }
}
