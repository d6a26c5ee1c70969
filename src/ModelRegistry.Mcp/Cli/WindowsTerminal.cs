using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ModelRegistry.Mcp.Cli;

/// <summary>The console's own devices, <c>CONIN$</c> and <c>CONOUT$</c>, which stay the console's whatever is redirected.</summary>
internal sealed class WindowsTerminal : DeviceTerminal
{
    private const uint GenericReadWrite = 0xC0000000, ShareReadWrite = 3, OpenExisting = 3;
    private const uint EnableEcho = 0x4, EnableLine = 0x2, EnableProcessed = 0x1;

    private readonly Lazy<SafeFileHandle?> _input = new(() => Open("CONIN$"));
    private readonly Lazy<SafeFileHandle?> _output = new(() => Open("CONOUT$"));

    public override bool IsThere => _input.Value is not null && _output.Value is not null;

    protected override int Columns() => IsThere && !Console.IsOutputRedirected ? Console.WindowWidth : 0;

    protected override Action HideTyping()
    {
        var input = Device(_input);
        if (!GetConsoleMode(input, out var before))
            throw new IOException("The console's settings cannot be read.");
        FlushConsoleInputBuffer(input);
        if (!SetConsoleMode(input, (before | EnableLine | EnableProcessed) & ~EnableEcho))
            throw new IOException("The console cannot stop showing what is typed.");
        return () => SetConsoleMode(input, before);
    }

    protected override int ReadBytes(byte[] buffer)
    {
        // UTF-16 units: at most three bytes of UTF-8 each.
        var units = new char[buffer.Length / 3];
        return ReadConsoleW(Device(_input), units, units.Length, out var count, 0) ? Encoding.UTF8.GetBytes(units, 0, count, buffer, 0) : 0;
    }

    protected override void WriteBytes(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (!WriteConsoleW(Device(_output), text, text.Length, out _, 0))
            throw new IOException("The console cannot be written to.");
    }

    private static SafeFileHandle Device(Lazy<SafeFileHandle?> device) => device.Value ?? throw new InvalidOperationException("There is no console.");

    private static SafeFileHandle? Open(string name)
    {
        var handle = CreateFileW(name, GenericReadWrite, ShareReadWrite, 0, OpenExisting, 0, 0);
        if (!handle.IsInvalid)
            return handle;
        handle.Dispose();
        return null;
    }

    [DllImport("kernel32", CharSet = CharSet.Unicode), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern SafeFileHandle CreateFileW(string name, uint access, uint share, nint security, uint creation, uint flags, nint template);

    [DllImport("kernel32"), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetConsoleMode(SafeFileHandle console, out uint mode);

    [DllImport("kernel32"), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetConsoleMode(SafeFileHandle console, uint mode);

    [DllImport("kernel32"), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool FlushConsoleInputBuffer(SafeFileHandle console);

    [DllImport("kernel32", CharSet = CharSet.Unicode), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool ReadConsoleW(SafeFileHandle console, [Out] char[] buffer, int size, out int read, nint control);

    [DllImport("kernel32", CharSet = CharSet.Unicode), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool WriteConsoleW(SafeFileHandle console, string text, int size, out int written, nint reserved);
}
