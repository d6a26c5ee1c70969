using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using ModelRegistry.Tests;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>A pseudo-terminal (pty(7)): this end is the screen and the keyboard, the other one a process's terminal.</summary>
internal sealed class PseudoTerminal : IDisposable
{
    private const int ReadWrite = 2, NoControl = 0x100, CloseOnExec = 0x80000;
    private const int LocalFlags = 12, Echo = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly int _master;
    private readonly SafeFileHandle _masterHandle;
    private readonly Thread _reader;
    private readonly Lock _turn = new();
    private readonly StringBuilder _screen = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _seen;
    private int _slave;

    public PseudoTerminal()
    {
        Needs.Linux("pseudo-terminals are opened with its constants");
        _master = posix_openpt(ReadWrite | NoControl | CloseOnExec);
        var name = new byte[64];
        if (_master < 0 || grantpt(_master) != 0 || unlockpt(_master) != 0 || ptsname_r(_master, name, name.Length) != 0)
            throw new IOException("No pseudo-terminal can be opened.");
        _masterHandle = new SafeFileHandle(_master, ownsHandle: true);
        Path = Encoding.ASCII.GetString(name).TrimEnd('\0');
        // Held open, so that the screen does not end before its first process comes.
        _slave = open(name, ReadWrite | NoControl | CloseOnExec);
        _reader = new Thread(Read) { IsBackground = true };
        _reader.Start();
    }

    /// <summary>The other end, as <c>/dev/pts/3</c>.</summary>
    public string Path { get; }

    /// <summary>Whether what is typed is shown.</summary>
    public bool Echoes
    {
        get
        {
            var termios = new byte[128];
            Assert(tcgetattr(_slave, termios) == 0);
            return (BitConverter.ToUInt32(termios, LocalFlags) & Echo) != 0;
        }
    }

    public void Type(string keys)
    {
        var bytes = Encoding.UTF8.GetBytes(keys);
        Assert(write(_master, bytes, bytes.Length) == bytes.Length);
    }

    /// <summary>Waits until a text is shown that was not waited for before.</summary>
    public async Task ShowsAsync(string text, Process process)
    {
        using var patience = new CancellationTokenSource(Patience);
        var over = process.WaitForExitAsync(patience.Token);
        while (true)
        {
            Task more;
            lock (_turn)
            {
                var at = _screen.ToString().IndexOf(text, _seen, StringComparison.Ordinal);
                if (at >= 0)
                {
                    _seen = at + text.Length;
                    return;
                }
                more = _more.Task;
            }
            if (await Task.WhenAny(more, over).WaitAsync(patience.Token) == over)
                throw new IOException($"The process ended with {process.ExitCode} without showing '{text}'. It showed: {_screen}");
        }
    }

    /// <summary>Closes the other end and gives all that was shown.</summary>
    public async Task<string> CloseAsync()
    {
        CloseSlave();
        await _ended.Task.WaitAsync(Patience);
        return _screen.ToString();
    }

    public void Dispose()
    {
        CloseSlave();
        _masterHandle.Dispose();
    }

    private void CloseSlave()
    {
        if (_slave >= 0)
            _ = close(_slave);
        _slave = -1;
    }

    private void Read()
    {
        var buffer = new byte[4096];
        while (read(_master, buffer, buffer.Length) is > 0 and var count)
            lock (_turn)
            {
                _screen.Append(Encoding.UTF8.GetString(buffer, 0, (int)count));
                var more = _more;
                _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                more.SetResult();
            }
        _ended.TrySetResult();
    }

    private static void Assert(bool held)
    {
        if (!held)
            throw new IOException($"The pseudo-terminal failed with error {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int posix_openpt(int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int grantpt(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int unlockpt(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int ptsname_r(int descriptor, [Out] byte[] name, nint size);

    [DllImport("libc", SetLastError = true)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern nint read(int descriptor, [Out] byte[] buffer, nint count);

    [DllImport("libc", SetLastError = true)]
    private static extern nint write(int descriptor, byte[] buffer, nint count);

    [DllImport("libc", SetLastError = true)]
    private static extern int tcgetattr(int descriptor, [Out] byte[] termios);
}
