namespace ModelRegistry.Artifacts;

/// <summary>What stands at a path, links not followed.</summary>
internal enum FileKind { Missing, Regular, Folder, SymbolicLink, NamedPipe, Socket, Device }

internal static class FileKinds
{
    /// <summary>With its article, for messages.</summary>
    internal static string Describe(this FileKind kind) => kind switch
    {
        FileKind.Regular => "a regular file",
        FileKind.Folder => "a folder",
        FileKind.SymbolicLink => "a symbolic link",
        FileKind.NamedPipe => "a named pipe",
        FileKind.Socket => "a socket",
        FileKind.Device => "a device",
        _ => "missing",
    };

    /// <summary>What stands at <paramref name="path"/> itself.</summary>
    /// <exception cref="IOException">The file system does not say.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder on the way may not be entered.</exception>
    /// <remarks>Only Linux is asked for pipes, sockets and devices; elsewhere the framework tells links, junctions and folders apart.</remarks>
    internal static FileKind At(string path)
    {
        if (OperatingSystem.IsLinux())
            return Posix.KindAt(path);
        try
        {
            return Of(File.GetAttributes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return FileKind.Missing;
        }
    }

    internal static FileKind Of(FileAttributes attributes) =>
        attributes.HasFlag(FileAttributes.ReparsePoint) ? FileKind.SymbolicLink
        : attributes.HasFlag(FileAttributes.Directory) ? FileKind.Folder
        : attributes.HasFlag(FileAttributes.Device) ? FileKind.Device
        : FileKind.Regular;
}
