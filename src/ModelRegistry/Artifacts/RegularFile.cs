using Microsoft.Win32.SafeHandles;

namespace ModelRegistry.Artifacts;

/// <summary>The one way a file is opened for reading here, be it to register or from the store.</summary>
internal static class RegularFile
{
    /// <summary>Opens <paramref name="path"/> once, not following a link in its last step.</summary>
    /// <returns>The open file; null when something else stands there, which <paramref name="kind"/> says.</returns>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    /// <exception cref="IOException">The file system fails.</exception>
    /// <remarks>
    /// On Linux the check is made on the open file. Elsewhere it is made before opening, which leaves a gap for whoever may write
    /// to the same folder in that moment.
    /// </remarks>
    internal static SafeFileHandle? TryOpen(string path, out FileKind kind)
    {
        if (OperatingSystem.IsLinux())
            return Posix.OpenRegular(path, out kind);
        kind = FileKinds.At(path);
        return kind switch
        {
            FileKind.Missing => throw new FileNotFoundException("Nothing is there.", path),
            FileKind.Regular => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete),
            _ => null,
        };
    }
}
