using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>/dev/tty</c>, with echo switched by termios(3).</summary>
internal sealed class UnixTerminal : DeviceTerminal
{
    private const int ReadWrite = 2, CloseOnExecLinux = 0x80000, CloseOnExecMac = 0x1000000;

    // struct termios is at most 72 bytes; c_lflag is its fourth field, of 4 bytes on Linux (glibc and musl) and 8 on macOS.
    private const int TermiosBytes = 128, LocalFlagsLinux = 12, LocalFlagsMac = 24;
    private const uint Echo = 0x8, EchoNewLineLinux = 0x40, EchoNewLineMac = 0x10;

    // TCSADRAIN: after what was written is out; TCSAFLUSH: and without what was typed ahead.
    private const int AfterDrain = 1, AfterFlush = 2;
    private const int Interrupted = 4;

    // TIOCGWINSZ of Linux; struct winsize is rows, columns and two sizes in pixels.
    private const nuint WindowSize = 0x5413;

    private readonly Lazy<SafeFileHandle?> _device = new(Open);

    public override bool IsThere => _device.Value is not null;

    // Not Console.WindowWidth: it switches the terminal's keypad mode and leaves it switched.
    protected override int Columns()
    {
        var size = new ushort[4];
        return IsThere && OperatingSystem.IsLinux() && ioctl(Descriptor, WindowSize, size) == 0 ? size[1] : 0;
    }

    protected override Action HideTyping()
    {
        var before = new byte[TermiosBytes];
        if (tcgetattr(Descriptor, before) != 0)
            throw new IOException($"The terminal's settings cannot be read (error {Marshal.GetLastPInvokeError()}).");
        var hidden = (byte[])before.Clone();
        var (at, flags) = OperatingSystem.IsMacOS() ? (LocalFlagsMac, Echo | EchoNewLineMac) : (LocalFlagsLinux, Echo | EchoNewLineLinux);
        var local = hidden.AsSpan(at, sizeof(uint));
        if (BitConverter.IsLittleEndian)
            BinaryPrimitives.WriteUInt32LittleEndian(local, BinaryPrimitives.ReadUInt32LittleEndian(local) & ~flags);
        else
            BinaryPrimitives.WriteUInt32BigEndian(local, BinaryPrimitives.ReadUInt32BigEndian(local) & ~flags);
        if (tcsetattr(Descriptor, AfterFlush, hidden) != 0)
            throw new IOException($"The terminal cannot stop showing what is typed (error {Marshal.GetLastPInvokeError()}).");
        return () => _ = tcsetattr(Descriptor, AfterDrain, before);
    }

    protected override int ReadBytes(byte[] buffer)
    {
        nint count;
        do
            count = read(Descriptor, buffer, buffer.Length);
        while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return (int)count;
    }

    protected override void WriteBytes(byte[] bytes)
    {
        for (var done = 0; done < bytes.Length;)
        {
            var count = write(Descriptor, bytes[done..], bytes.Length - done);
            if (count < 0 && Marshal.GetLastPInvokeError() == Interrupted)
                continue;
            if (count <= 0)
                throw new IOException($"The terminal cannot be written to (error {Marshal.GetLastPInvokeError()}).");
            done += (int)count;
        }
    }

    private int Descriptor => _device.Value?.DangerousGetHandle().ToInt32() ?? throw new InvalidOperationException("There is no terminal.");

    private static SafeFileHandle? Open()
    {
        var descriptor = open("/dev/tty\0"u8.ToArray(), ReadWrite | (OperatingSystem.IsMacOS() ? CloseOnExecMac : CloseOnExecLinux));
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint read(int descriptor, [Out] byte[] buffer, nint count);

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint write(int descriptor, byte[] buffer, nint count);

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ioctl(int descriptor, nuint request, [Out] ushort[] size);

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int tcgetattr(int descriptor, [Out] byte[] termios);

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int tcsetattr(int descriptor, int when, byte[] termios);
}
