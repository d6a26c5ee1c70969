using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace ModelRegistry.Artifacts.Files;

/// <summary>
/// A file being written under a name nobody reads. It becomes visible whole, by <see cref="MoveTo"/>, or is deleted on
/// <see cref="Dispose"/>.
/// </summary>
internal sealed class StagedFile : IDisposable
{
    /// <summary>The ending of staged names, by which leftovers of a crash are known.</summary>
    internal const string Ending = ".part";

    /// <summary>The ending of uploads that may go on after a cut.</summary>
    internal const string UploadEnding = ".upload";

    private const int MostTries = 10;

    private const UnixFileMode AllMayRead = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _path;
    private readonly string _doing;
    private readonly SafeFileHandle _handle;
    private readonly bool _stays;
    private bool _done;

    private StagedFile(string path, string doing, SafeFileHandle handle, bool stays) => (_path, _doing, _handle, _stays) = (path, doing, handle, stays);

    /// <summary>Whether it has its final name.</summary>
    internal bool IsMoved { get; private set; }

    /// <summary>Bytes written so far.</summary>
    internal long Size { get; private set; }

    /// <param name="doing">What it is for, as <see cref="StorageUnavailableException.While"/> words it.</param>
    internal static StagedFile CreateIn(string folder, string doing)
    {
        // The name is short, because the final one may use all the bytes a name may have; hidden, because it may lie in a user's folder.
        var path = Path.Combine(folder, $".{Guid.CreateVersion7():N}{Ending}");
        try
        {
            // Unshared: SweepStaging tells by the lock that its writer lives.
            return new StagedFile(path, doing, File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None), stays: false);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(doing, e);
        }
    }

    /// <summary>Opens a file that stays where it is, with what is in it, until it is moved or given up; null while another has it open.</summary>
    internal static StagedFile? TryResume(string path, string doing)
    {
        for (var again = MostTries; ; again--)
            try
            {
                var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return new StagedFile(path, doing, handle, stays: true) { Size = RandomAccess.GetLength(handle) };
            }
            catch (IOException) when (File.Exists(path))
            {
                return null;
            }
            catch (IOException) when (again > 0)
            {
                // Another had it open, and is done with it by now.
            }
            catch (Exception e) when (StorageUnavailableException.Covers(e))
            {
                throw StorageUnavailableException.While(doing, e);
            }
    }

    /// <summary>Forgets what is behind a place.</summary>
    internal void GoOnFrom(long offset)
    {
        try
        {
            RandomAccess.SetLength(_handle, Size = offset);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(_doing, e);
        }
    }

    /// <summary>Feeds all of it to a hash, reading it once.</summary>
    internal void Hash(IncrementalHash hash)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ArtifactVault.ChunkBytes);
        try
        {
            for (var at = 0L; at < Size;)
            {
                var read = RandomAccess.Read(_handle, buffer.AsSpan(0, ArtifactVault.ChunkBytes), at);
                if (read == 0)
                    throw new IOException($"'{_path}' became shorter while it was read.");
                hash.AppendData(buffer, 0, read);
                at += read;
            }
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(_doing, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Deletes what would stay.</summary>
    internal void GiveUp()
    {
        _done = true;
        Delete();
    }

    /// <summary>Writes at the end.</summary>
    internal void Write(ReadOnlySpan<byte> chunk)
    {
        try
        {
            // Not asynchronous: on Unix that only hands the blocking write to another thread, for 5–10 % more CPU.
            RandomAccess.Write(_handle, chunk, Size);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(_doing, e);
        }
        Size += chunk.Length;
    }

    /// <summary>Flushes the content, then gives it its final name in one step, then flushes the folder of that name.</summary>
    /// <param name="readOnly">Leave it with mode 0444 (Unix).</param>
    /// <param name="overwrite">Replace what has that name.</param>
    /// <returns>False when the name is taken and <paramref name="overwrite"/> is not set.</returns>
    internal bool MoveTo(string path, bool readOnly, bool overwrite)
    {
        try
        {
            RandomAccess.FlushToDisk(_handle);
            if (readOnly && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(_handle, AllMayRead);
            _handle.Dispose();
            try
            {
                File.Move(_path, path, overwrite);
            }
            catch (IOException) when (!overwrite && Path.Exists(path))
            {
                return false;
            }
            _done = IsMoved = true;
            Posix.FlushFolder(Path.GetDirectoryName(path)!);
            return true;
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(_doing, e);
        }
    }

    public void Dispose()
    {
        // Of an upload that was refused before its first byte there is nothing to go on with.
        if (!_done && (!_stays || Size == 0))
            Delete();
        _handle.Dispose();
    }

    // While it is still locked, so that nobody goes on with a file that is going.
    private void Delete()
    {
        if (OperatingSystem.IsWindows())
            _handle.Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            // What cannot be deleted now is swept later; the failure that led here matters more.
        }
    }
}
