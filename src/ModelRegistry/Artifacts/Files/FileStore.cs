using Microsoft.Win32.SafeHandles;
using ModelRegistry.Artifacts.Readable;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Files;

/// <summary>
/// Contents in a folder. Several processes may share it: a content becomes visible whole, by a rename, and who comes second finds it
/// there.
/// </summary>
internal sealed class FileStore : IArtifactStore
{
    private const string Storing = "Storing content", Reading = "Reading stored content";

    private readonly FileLayout _layout;

    private FileStore(FileLayout layout) => _layout = layout;

    public string Place => $"file:{_layout.Root}";

    public long MostBytes => long.MaxValue;

    public bool IsLocal => true;

    public IReadableTree Readable(ReadableExtent? extent) => new FileReadableTree(_layout, links: extent is not ReadableExtent.Metadata && !OperatingSystem.IsWindows());

    /// <summary>Opens the folder, creating it where there is none.</summary>
    internal static FileStore Open(string root)
    {
        var layout = new FileLayout(root);
        Guard("Opening the artifact folder", layout.Create);
        return new FileStore(layout);
    }

    public Task CheckAsync(bool write, CancellationToken ct = default)
    {
        Guard(Reading, () => _ = Directory.EnumerateFileSystemEntries(_layout.Staging).Any());
        if (write)
        {
            using var probe = StagedFile.CreateIn(_layout.Staging, Storing);
            probe.Write("probe"u8);
        }
        return Task.CompletedTask;
    }

    public Task<long?> FindAsync(Digest digest, CancellationToken ct = default) => Task.FromResult(Find(digest));

    public Task<long?> ClaimAsync(Digest digest, DateTimeOffset now, CancellationToken ct = default) => Task.FromResult(Guard(Storing, () =>
    {
        if (Find(digest) is not { } size)
            return (long?)null;
        File.SetLastWriteTimeUtc(_layout.Blob(digest), now.UtcDateTime);
        return size;
    }));

    public async IAsyncEnumerable<FoundContent> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct = default)
    {
        await Task.CompletedTask;
        using var files = Guard(Reading, () => new DirectoryInfo(_layout.Blobs).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).GetEnumerator());
        while (Guard(Reading, files.MoveNext))
        {
            ct.ThrowIfCancellationRequested();
            // Whatever else somebody put there is not ours.
            if (Digest.TryParse(files.Current.Name, out var digest) && files.Current.FullName == _layout.Blob(digest) && files.Current.Exists)
                yield return new FoundContent(digest, files.Current.Length, files.Current.LastWriteTimeUtc);
        }
    }

    public Task DeleteAsync(Digest digest, CancellationToken ct = default)
    {
        Guard("Deleting content", () =>
        {
            var path = _layout.Blob(digest);
            if (!File.Exists(path))
                return;
            if (OperatingSystem.IsWindows())
                File.SetAttributes(path, FileAttributes.Normal);
            File.Delete(path);
        });
        return Task.CompletedTask;
    }

    public Task<Outcome<Stream>> OpenAsync(Digest digest, long? expectedSize, bool seekable, CancellationToken ct = default) =>
        Task.FromResult(OpenBlob(digest, expectedSize).Then<Stream>(file => new FileStream(file, FileAccess.Read, bufferSize: 0)));

    public IStagedContent Stage() => new FileStaging(this, StagedFile.CreateIn(_layout.Staging, Storing));

    public Task<long> StagedAsync(string uploader, Digest digest, CancellationToken ct = default) =>
        Task.FromResult(new FileInfo(_layout.Upload(uploader, digest)) is { Exists: true } file ? file.Length : 0);

    public Task<IStagedContent?> ResumeAsync(string uploader, Digest digest, CancellationToken ct = default) =>
        Task.FromResult<IStagedContent?>(StagedFile.TryResume(_layout.Upload(uploader, digest), Storing) is { } file ? new FileStaging(this, file) : null);

    public Task<Stream?> OpenParkedAsync(ParkedContent parked, CancellationToken ct = default)
    {
        try
        {
            var file = RegularFile.TryOpen(_layout.Parked(parked.Place), out _);
            if (file is not null && RandomAccess.GetLength(file) == parked.Size)
                return Task.FromResult<Stream?>(new FileStream(file, FileAccess.Read, bufferSize: 0));
            file?.Dispose();
            return Task.FromResult<Stream?>(null);
        }
        catch (FileNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(Reading, e);
        }
    }

    public Task ForgetParkedAsync(string place, CancellationToken ct = default)
    {
        Guard("Deleting a part", () => File.Delete(_layout.Parked(place)));
        return Task.CompletedTask;
    }

    /// <summary>Leaves a staged file where uploads wait.</summary>
    internal string Park(StagedFile staged)
    {
        var place = FileLayout.NewParked();
        return staged.MoveTo(_layout.Parked(place), readOnly: false, overwrite: false) ? place : throw new IOException($"'{place}' is taken.");
    }

    /// <summary>A file whose writer lives is left alone, however old.</summary>
    public Task<int> SweepAsync(TimeSpan olderThan, TimeSpan uploadsOlderThan, DateTimeOffset now, CancellationToken ct = default) =>
        Task.FromResult(Sweep("*" + StagedFile.Ending, olderThan, now) + Sweep("*" + StagedFile.UploadEnding, uploadsOlderThan, now));

    /// <summary>Gives a staged file its place among the contents, unless the content is there.</summary>
    internal void Keep(StagedFile staged, Digest digest)
    {
        var path = _layout.Blob(digest);
        Guard(Storing, () => _layout.CreateShard(path));
        // Another size is a damaged copy, which the good one replaces.
        var here = Find(digest);
        if (here != staged.Size && staged.MoveTo(path, readOnly: true, overwrite: here is not null))
            return;
        Guard(Storing, () =>
        {
            if (Find(digest) != staged.Size)
                throw new IOException($"Something that is not a file stands at '{path}'.");
            // Its writer may not have come to this yet.
            Posix.FlushFolder(Path.GetDirectoryName(path)!);
        });
    }

    public void Dispose() { }

    private long? Find(Digest digest) => new FileInfo(_layout.Blob(digest)) is { Exists: true } file ? file.Length : null;

    private int Sweep(string pattern, TimeSpan olderThan, DateTimeOffset now) => Guard("Sweeping the staging folder", () =>
    {
        var swept = 0;
        foreach (var file in new DirectoryInfo(_layout.Staging).EnumerateFiles(pattern, new EnumerationOptions { AttributesToSkip = 0 }))
        {
            if (now - file.LastWriteTimeUtc < olderThan || !IsAbandoned(file.FullName))
                continue;
            file.Delete();
            swept++;
        }
        return swept;
    });

    /// <summary>A writer keeps its file locked as long as it lives; a file gone in the meantime has been taken care of.</summary>
    private static bool IsAbandoned(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private Outcome<SafeFileHandle> OpenBlob(Digest digest, long? expectedSize)
    {
        try
        {
            var file = RegularFile.TryOpen(_layout.Blob(digest), out var kind);
            if (file is null)
                return Refusals.BlobAltered(digest, $"it is {kind.Describe()}");
            var size = RandomAccess.GetLength(file);
            if (expectedSize is null || expectedSize == size)
                return file;
            file.Dispose();
            return Refusals.BlobAltered(digest, $"it has {size} bytes instead of {expectedSize}");
        }
        catch (FileNotFoundException) when (Directory.Exists(_layout.Blobs))
        {
            return Refusals.BlobMissing(digest);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(Reading, e);
        }
    }

    private static void Guard(string doing, Action work) => Guard(doing, () =>
    {
        work();
        return true;
    });

    private static T Guard<T>(string doing, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(doing, e);
        }
    }
}
