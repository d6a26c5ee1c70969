using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace ModelRegistry.Storage;

/// <summary>
/// The turn to write, among all processes on one database: an exclusive lock on a file beside it. The system releases
/// it when a process dies. SQLite has locks of its own, but they are polled, unfair, and let two processes checkpoint at
/// once, which can corrupt the write-ahead log (SQLite 3.7.0 to 3.51.2).
/// </summary>
/// <remarks>
/// Two files: whoever wants the turn first takes <c>NAME.queue</c> and keeps it until it has <c>NAME.lock</c>. A process
/// that ends its turn and wants another so stands behind whoever waits already.
/// </remarks>
internal sealed class TurnFile : IDisposable
{
    private readonly LockedFile _queue;
    private readonly LockedFile _lock;
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private bool _wanted;
    private bool _disposed;

    public TurnFile(string databasePath)
    {
        var stem = Path.ChangeExtension(databasePath, null);
        (_queue, _lock) = (LockedFile.Open(stem + ".queue"), LockedFile.Open(stem + ".lock"));
    }

    /// <summary>
    /// Blocks the calling thread until the turn is this process's. Throws <see cref="TimeoutException"/> after
    /// <paramref name="timeout"/>. One caller at a time.
    /// </summary>
    public void Take(TimeSpan timeout)
    {
        Task waiting;
        lock (_gate)
        {
            if (_waiting is null)
            {
                if (_queue.TryTake())
                {
                    var taken = _lock.TryTake();
                    _queue.Release();
                    if (taken)
                        return;
                }
                _waiting = new TaskCompletionSource();
                // flock knows no time-out, so a thread of its own waits in it: never a spin, and never a thread of the pool.
                new Thread(WaitInLine) { IsBackground = true, Name = "registry turn" }.Start();
            }
            _wanted = true;
            waiting = _waiting.Task;
        }
        var came = waiting.Wait(timeout);
        lock (_gate)
        {
            if (!came && !waiting.IsCompleted)
            {
                _wanted = false;
                throw new TimeoutException();
            }
            _waiting = null;
        }
    }

    private void WaitInLine()
    {
        _queue.Take();
        _lock.Take();
        _queue.Release();
        lock (_gate)
        {
            if (_wanted)
            {
                _waiting!.SetResult();
                return;
            }
            // Whoever wanted this turn has given up: another process shall have it.
            _waiting = null;
            if (_disposed)
                Close();
            else
                _lock.Release();
        }
    }

    public void Release() => _lock.Release();

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            // Closing the files under the waiting thread would let it lock somebody else's descriptor.
            if (_waiting is null)
                Close();
        }
    }

    private void Close()
    {
        _queue.Dispose();
        _lock.Dispose();
    }
}

/// <summary>An exclusive advisory lock on a whole file.</summary>
internal abstract class LockedFile : IDisposable
{
    public static LockedFile Open(string path) => OperatingSystem.IsWindows() ? new SharedNothingFile(path) : new FlockFile(path);

    public abstract bool TryTake();

    /// <summary>Blocks the thread until the lock is taken.</summary>
    public abstract void Take();

    public abstract void Release();

    public abstract void Dispose();

    /// <summary>
    /// <c>flock(2)</c>. Not through <see cref="FileStream"/>, which takes a shared lock of its own whenever it opens a file;
    /// and through <c>fopen</c>, whose "e" keeps the lock from being inherited by child processes.
    /// </summary>
    [UnsupportedOSPlatform("windows")]
    private sealed class FlockFile : LockedFile
    {
        private const int Exclusive = 2, NonBlocking = 4, Unlock = 8, Interrupted = 4;
        private readonly nint _file;
        private readonly int _descriptor;
        private int _closed;

        public FlockFile(string path)
        {
            var name = System.Text.Encoding.UTF8.GetBytes(path + '\0');
            var mode = "ae\0"u8.ToArray();
            _file = Fopen(name, mode);
            if (_file == 0)
                throw new StorageUnavailableException($"The lock file '{path}' cannot be opened.", "See that the folder is there and that this user may write in it.");
            _descriptor = Fileno(_file);
        }

        public override bool TryTake() => Flock(_descriptor, Exclusive | NonBlocking) == 0;

        public override void Take()
        {
            while (Flock(_descriptor, Exclusive) != 0)
            {
                var error = Marshal.GetLastSystemError();
                if (error != Interrupted)
                    throw new IOException($"flock failed with error {error}.");
            }
        }

        public override void Release() => _ = Flock(_descriptor, Unlock);

        // fclose frees: a second one would bring the process down.
        public override void Dispose()
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0)
                _ = Fclose(_file);
        }

        [DllImport("libc", EntryPoint = "fopen")]
        private static extern nint FopenRaw(nint path, nint mode);

        private static nint Fopen(byte[] path, byte[] mode)
        {
            var (pinnedPath, pinnedMode) = (GCHandle.Alloc(path, GCHandleType.Pinned), GCHandle.Alloc(mode, GCHandleType.Pinned));
            try
            {
                return FopenRaw(pinnedPath.AddrOfPinnedObject(), pinnedMode.AddrOfPinnedObject());
            }
            finally
            {
                pinnedPath.Free();
                pinnedMode.Free();
            }
        }

        [DllImport("libc", EntryPoint = "fileno")]
        private static extern int Fileno(nint file);

        [DllImport("libc", EntryPoint = "flock")]
        private static extern int Flock(int descriptor, int operation);

        [DllImport("libc", EntryPoint = "fclose")]
        private static extern int Fclose(nint file);
    }

    /// <summary>Where there is no <c>flock</c>: opening without sharing, tried again at growing intervals.</summary>
    private sealed class SharedNothingFile(string path) : LockedFile
    {
        private FileStream? _held;

        public override bool TryTake()
        {
            try
            {
                _held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }

        public override void Take()
        {
            for (var wait = 1; !TryTake(); wait = Math.Min(wait * 2, 16))
                Thread.Sleep(wait);
        }

        public override void Release() => _held?.Dispose();

        public override void Dispose() => _held?.Dispose();
    }
}
