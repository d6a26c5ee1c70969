using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace ModelRegistry.Artifacts;

/// <summary>What is asked of a Unix, most of which the framework does not offer: flush a folder, open without following links, tell pipes from files, make a file for one's own.</summary>
internal static class Posix
{
    private const int NotPermitted = 1, NoEntry = 2, NoDevice = 6, AccessDenied = 13, NotAFolder = 20, LoopLinux = 40;

    // Flags of open(2) and statx(2) on Linux; O_NOFOLLOW is the one that differs by architecture.
    private const int ReadOnly = 0, NonBlocking = 0x800, NoTerminal = 0x100, CloseOnExec = 0x80000;
    private const int CurrentFolder = -100, NoFollowAt = 0x100, EmptyPath = 0x1000, TypeOnly = 1;
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Armv6 or Architecture.Ppc64le ? 0x8000 : 0x20000;

    // struct statx has one layout on every architecture: 256 bytes, stx_mode at 28.
    private const int StatxBytes = 256, ModeAt = 28;

    /// <summary>Makes what was created, renamed or deleted in a folder outlive a power cut; nothing to do on Windows.</summary>
    internal static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        using var handle = Open(folder, ReadOnly | (OperatingSystem.IsLinux() ? CloseOnExec : 0), out var error);
        if (error != 0)
            throw Failure(error, folder);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Makes an empty file that is its owner's alone. Fails where there is one of this name.</summary>
    internal static void MakeOwn(string path)
    {
        var file = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        new FileStream(path, file).Dispose();
    }

    /// <summary>Opens a regular file for reading and nothing else, in one step: what was looked at is what is read.</summary>
    /// <returns>The open file; null when something else stands there, which <paramref name="kind"/> says.</returns>
    [SupportedOSPlatform("linux")]
    internal static SafeFileHandle? OpenRegular(string path, out FileKind kind)
    {
        // Non-blocking, because opening a pipe would otherwise wait for its writer; it changes nothing for a regular file.
        var handle = Open(path, ReadOnly | NoFollow | NonBlocking | NoTerminal | CloseOnExec, out var error);
        kind = error switch
        {
            0 => Kind(handle.DangerousGetHandle().ToInt32(), "", EmptyPath, path),
            LoopLinux => FileKind.SymbolicLink,
            NoDevice => FileKind.Socket,
            _ => throw Failure(error, path),
        };
        if (kind == FileKind.Regular)
            return handle;
        handle.Dispose();
        return null;
    }

    [SupportedOSPlatform("linux")]
    internal static FileKind KindAt(string path) => path.Contains('\0') ? FileKind.Missing : Kind(CurrentFolder, path, NoFollowAt, path);

    private static FileKind Kind(int folder, string path, int flags, string named)
    {
        var name = Marshal.StringToCoTaskMemUTF8(path);
        var facts = Marshal.AllocHGlobal(StatxBytes);
        try
        {
            if (statx(folder, name, flags, TypeOnly, facts) != 0)
            {
                var error = Marshal.GetLastSystemError();
                return error is NoEntry or NotAFolder ? FileKind.Missing : throw Failure(error, named);
            }
            return ((ushort)Marshal.ReadInt16(facts, ModeAt) & 0xF000) switch
            {
                0x8000 => FileKind.Regular,
                0x4000 => FileKind.Folder,
                0xA000 => FileKind.SymbolicLink,
                0x1000 => FileKind.NamedPipe,
                0xC000 => FileKind.Socket,
                _ => FileKind.Device,
            };
        }
        finally
        {
            Marshal.FreeHGlobal(facts);
            Marshal.FreeCoTaskMem(name);
        }
    }

    private static SafeFileHandle Open(string path, int flags, out int error)
    {
        // A NUL would end the name early and open another file.
        if (path.Contains('\0'))
            throw new FileNotFoundException("No file name has a NUL character.");
        var name = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            var descriptor = open(name, flags);
            error = descriptor < 0 ? Marshal.GetLastSystemError() : 0;
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }

    private static Exception Failure(int error, string path)
    {
        var message = $"{Marshal.GetPInvokeErrorMessage(error)}: '{path}'";
        return error switch
        {
            NoEntry or NotAFolder => new FileNotFoundException(message, path),
            AccessDenied or NotPermitted => new UnauthorizedAccessException(message),
            _ => new IOException(message, error),
        };
    }

    [DllImport("libc")]
    private static extern int open(nint path, int flags);

    [DllImport("libc")]
    private static extern int statx(int folder, nint path, int flags, uint mask, nint facts);
}
