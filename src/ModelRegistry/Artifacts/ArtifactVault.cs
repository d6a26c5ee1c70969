using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts;

/// <summary>Content that is in the vault and will outlive a power cut.</summary>
/// <param name="Size">In bytes.</param>
public sealed record StoredBlob(Digest Digest, long Size);

/// <summary>
/// Keeps contents in a folder, each under its own SHA-256. Several processes may share the folder: a content becomes visible whole,
/// by a rename, and who comes second finds it there.
/// </summary>
/// <remarks>Every method throws <see cref="StorageUnavailableException"/> when the folder cannot be read or written.</remarks>
public sealed partial class ArtifactVault
{
    private const string Storing = "Storing content", Reading = "Reading stored content", Downloading = "Writing the download";

    private readonly VaultLayout _layout;

    private ArtifactVault(VaultLayout layout) => _layout = layout;

    /// <summary>Opens the vault in a folder, creating it where there is none.</summary>
    public static ArtifactVault Open(string root)
    {
        var layout = new VaultLayout(root);
        Guard("Opening the artifact folder", layout.Create);
        return new ArtifactVault(layout);
    }

    /// <summary>Answers when the folder is there and can be read.</summary>
    public void Check() => Guard(Reading, () => _ = Directory.EnumerateFileSystemEntries(_layout.Staging).Any());

    /// <summary>Size in bytes of a content that is here; null when it is not.</summary>
    public long? Find(Digest digest)
    {
        var file = new FileInfo(_layout.Blob(digest));
        return file.Exists ? file.Length : null;
    }

    /// <summary>
    /// Reads <paramref name="content"/> once, to its end, in flat memory, and keeps it. When this returns it is on disk; when it
    /// refuses, throws or is cancelled, nothing is.
    /// </summary>
    /// <param name="expected">The digest the sender announced, if any.</param>
    /// <param name="progress">Told the bytes taken so far, about once per MiB.</param>
    /// <returns>Digest and size, or <c>digest_mismatch</c>.</returns>
    public async Task<Outcome<StoredBlob>> PutAsync(Stream content, Digest? expected = null, IProgress<long>? progress = null, CancellationToken ct = default)
    {
        using var staged = StagedFile.CreateIn(_layout.Staging, Storing);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await staged.FillAsync(content, hash, progress, ct).ConfigureAwait(false);
        var digest = Digest.FromHash(hash.GetHashAndReset());
        if (expected is { } announced && announced != digest)
            return Refusals.DigestMismatch(announced, digest);
        Keep(staged, digest);
        return new StoredBlob(digest, staged.Size);
    }

    private void Keep(StagedFile staged, Digest digest)
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

    /// <summary>Keeps a file of this machine. It is opened once, so it cannot be swapped between the look and the read.</summary>
    /// <returns>As <see cref="PutAsync"/>, or <c>source_missing</c>, <c>source_unreadable</c>, <c>not_a_regular_file</c>.</returns>
    public async Task<Outcome<StoredBlob>> PutFileAsync(string sourcePath, Digest? expected = null, IProgress<long>? progress = null, CancellationToken ct = default)
    {
        try
        {
            var handle = RegularFile.TryOpen(sourcePath, out var kind);
            if (handle is null)
                return Refusals.NotARegularFile(sourcePath, kind.Describe());
            var source = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            await using (source.ConfigureAwait(false))
                return await PutAsync(source, expected, progress, ct).ConfigureAwait(false);
        }
        catch (FileNotFoundException)
        {
            return Refusals.SourceMissing(sourcePath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The vault's own failures have a type of their own: this one is the source's.
            return Refusals.SourceUnreadable(sourcePath);
        }
    }

    /// <summary>
    /// Opens a content for reading, forward only. It is hashed again on the way; the stream throws <see cref="BlobAlteredException"/>
    /// instead of giving its last bytes when it is not what was stored.
    /// </summary>
    /// <param name="expectedSize">The size on record; null: only the digest counts.</param>
    /// <returns>The stream, or <c>blob_missing</c>, <c>blob_altered</c>.</returns>
    public Outcome<Stream> OpenRead(Digest digest, long? expectedSize = null) =>
        OpenBlob(digest, expectedSize).Then<Stream>(file => new VerifyingStream(file, digest, RandomAccess.GetLength(file)));

    /// <summary>Opens a content for looking at parts of it, in any order. Nothing is hashed: what was read proves nothing about the rest.</summary>
    /// <returns>The stream, or <c>blob_missing</c>, <c>blob_altered</c> where the size is another.</returns>
    internal Outcome<Stream> OpenSeekable(Digest digest, long expectedSize) =>
        OpenBlob(digest, expectedSize).Then<Stream>(file => new FileStream(file, FileAccess.Read, bufferSize: 0));

    /// <summary>Hashes a content again: the check at apply.</summary>
    /// <param name="progress">Told the bytes read so far, about once per MiB.</param>
    /// <returns>The bytes read, or <c>blob_missing</c>, <c>blob_altered</c>.</returns>
    public async Task<Outcome<long>> VerifyAsync(Digest digest, long expectedSize, IProgress<long>? progress = null, CancellationToken ct = default)
    {
        var opened = OpenRead(digest, expectedSize);
        if (opened.Refusal is { } refusal)
            return refusal;
        var buffer = ArrayPool<byte>.Shared.Rent(StagedFile.ChunkBytes);
        try
        {
            using var content = opened.Value;
            int read;
            while ((read = await content.ReadAsync(buffer, ct).ConfigureAwait(false)) > 0)
                progress?.Report(content.Position);
            return content.Position;
        }
        catch (BlobAlteredException e)
        {
            return e.Refusal;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Copies a content to a download. The target appears whole and verified, or not at all.</summary>
    /// <param name="overwrite">Replace a file, or a link, that has the target's name.</param>
    /// <param name="progress">Told the bytes written so far, about once per MiB.</param>
    /// <returns>The bytes written, or <c>blob_missing</c>, <c>blob_altered</c>, <c>target_exists</c>, <c>target_leaves_folder</c>.</returns>
    public async Task<Outcome<long>> CopyToFileAsync(
        Digest digest, DownloadTarget target, bool overwrite = false, long? expectedSize = null, IProgress<long>? progress = null, CancellationToken ct = default)
    {
        var opened = OpenRead(digest, expectedSize);
        if (opened.Refusal is { } unreadable)
            return unreadable;
        using var content = opened.Value;
        if (target.CreateFolders() is { } leaves)
            return leaves;
        var path = target.FullPath;
        var there = Guard(Downloading, () => FileKinds.At(path));
        if (there == FileKind.Folder || (there != FileKind.Missing && !overwrite))
            return Refusals.TargetExists(path);

        using var staged = StagedFile.CreateIn(Path.GetDirectoryName(path)!, Downloading);
        try
        {
            await staged.FillAsync(content, hash: null, progress, ct).ConfigureAwait(false);
        }
        catch (BlobAlteredException e)
        {
            return e.Refusal;
        }
        return staged.MoveTo(path, readOnly: false, overwrite) ? staged.Size : Refusals.TargetExists(path);
    }

    /// <summary>Deletes what crashed writers left behind, and uploads that nobody went on with; a file whose writer lives is left alone, however old.</summary>
    /// <param name="olderThan">How long nothing must have been written to it.</param>
    /// <param name="uploadsOlderThan">The same for uploads that were cut.</param>
    /// <returns>How many files were deleted.</returns>
    public int SweepStaging(TimeSpan olderThan, TimeSpan uploadsOlderThan, DateTimeOffset now) =>
        Sweep("*" + StagedFile.Ending, olderThan, now) + Sweep("*" + StagedFile.UploadEnding, uploadsOlderThan, now);

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
