using System.Buffers;
using ModelRegistry.Artifacts.Files;
using ModelRegistry.Artifacts.Readable;
using ModelRegistry.Domain;
using ModelRegistry.Telemetry;

namespace ModelRegistry.Artifacts;

/// <summary>Content that is in the vault and will outlive a power cut.</summary>
/// <param name="Size">In bytes.</param>
public sealed record StoredBlob(Digest Digest, long Size);

/// <summary>
/// Keeps contents, each under its own SHA-256, in a folder or in a bucket. What goes in is hashed on the way, and what comes out is
/// hashed again: a store is never taken at its word.
/// </summary>
/// <remarks>Every method throws <see cref="StorageUnavailableException"/> when the store cannot be read or written.</remarks>
public sealed partial class ArtifactVault : IDisposable
{
    /// <summary>
    /// What is in memory of a content of any size, beside what its store holds of it. It is hashed and written while the processor's
    /// cache has it still: with 1 MiB a byte that comes in costs a third more CPU time.
    /// </summary>
    internal const int ChunkBytes = 128 * 1024;

    private const string Downloading = "Writing the download";

    private readonly IArtifactStore _store;

    internal ArtifactVault(IArtifactStore store) => _store = store;

    /// <summary>Opens the vault in a folder, creating it where there is none.</summary>
    public static ArtifactVault Open(string root) => new(FileStore.Open(root));

    /// <summary>Where contents lie, for an operator.</summary>
    public string Place => _store.Place;

    /// <summary>Whether that is on this machine.</summary>
    internal bool IsLocal => _store.IsLocal;

    /// <summary>Where contents are shown by name, as much of them as is wanted; null: nowhere.</summary>
    internal IReadableTree? Readable(ReadableExtent? extent) => extent is ReadableExtent.Nothing ? null : _store.Readable(extent);

    public void Dispose() => _store.Dispose();

    /// <summary>Answers when the store is there and can be read.</summary>
    /// <param name="write">Whether to write, read and delete something small, too.</param>
    public Task CheckAsync(bool write = false, CancellationToken ct = default) => _store.CheckAsync(write, ct);

    /// <summary>Size in bytes of a content that is here; null when it is not.</summary>
    public Task<long?> FindAsync(Digest digest, CancellationToken ct = default) => _store.FindAsync(digest, ct);

    /// <summary>Notes that somebody is about to refer to a content.</summary>
    /// <returns>Its size in bytes; null when it is not here.</returns>
    public Task<long?> ClaimAsync(Digest digest, DateTimeOffset now, CancellationToken ct = default) => _store.ClaimAsync(digest, now, ct);

    /// <summary>
    /// Reads <paramref name="content"/> once, to its end, in flat memory, and keeps it. When this returns it is stored; when it
    /// refuses, throws or is cancelled, nothing is.
    /// </summary>
    /// <param name="expected">The digest the sender announced, if any.</param>
    /// <param name="progress">Told the bytes taken so far.</param>
    /// <returns>Digest and size, or <c>digest_mismatch</c>, <c>file_too_large</c>.</returns>
    public Task<Outcome<StoredBlob>> PutAsync(Stream content, Digest? expected = null, IProgress<long>? progress = null, CancellationToken ct = default) =>
        RegistryMeter.ArtifactAsync("put", () => TakeWholeAsync(content, expected, progress, ct));

    private async Task<Outcome<StoredBlob>> TakeWholeAsync(Stream content, Digest? expected, IProgress<long>? progress, CancellationToken ct)
    {
        var staged = _store.Stage();
        await using (staged.ConfigureAwait(false))
        {
            if (await FillAsync(staged, content, 0, progress, ct).ConfigureAwait(false) is { } tooLarge)
                return tooLarge;
            var digest = await staged.SealAsync(ct).ConfigureAwait(false);
            if (expected is { } announced && announced != digest)
                return Refusals.DigestMismatch(announced, digest);
            await staged.KeepAsync(digest, ct).ConfigureAwait(false);
            return new StoredBlob(digest, staged.Size);
        }
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
    public async Task<Outcome<Stream>> OpenReadAsync(Digest digest, long? expectedSize = null, CancellationToken ct = default) =>
        (await RegistryMeter.ArtifactAsync("open", () => _store.OpenAsync(digest, expectedSize, seekable: false, ct)).ConfigureAwait(false)).Then<Stream>(content => new VerifyingStream(content, digest, content.Length));

    /// <summary>Opens a content for looking at parts of it, in any order. Nothing is hashed: what was read proves nothing about the rest.</summary>
    /// <returns>The stream, or <c>blob_missing</c>, <c>blob_altered</c> where the size is another.</returns>
    internal Task<Outcome<Stream>> OpenSeekableAsync(Digest digest, long expectedSize, CancellationToken ct = default) => _store.OpenAsync(digest, expectedSize, seekable: true, ct);

    /// <summary>Hashes a content again: the check at apply.</summary>
    /// <param name="progress">Told the bytes read so far.</param>
    /// <returns>The bytes read, or <c>blob_missing</c>, <c>blob_altered</c>.</returns>
    public Task<Outcome<long>> VerifyAsync(Digest digest, long expectedSize, IProgress<long>? progress = null, CancellationToken ct = default) =>
        RegistryMeter.ArtifactAsync("verify", () => HashAgainAsync(digest, expectedSize, progress, ct));

    private async Task<Outcome<long>> HashAgainAsync(Digest digest, long expectedSize, IProgress<long>? progress, CancellationToken ct)
    {
        var opened = await OpenReadAsync(digest, expectedSize, ct).ConfigureAwait(false);
        if (opened.Refusal is { } refusal)
            return refusal;
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
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
    /// <param name="progress">Told the bytes written so far.</param>
    /// <returns>The bytes written, or <c>blob_missing</c>, <c>blob_altered</c>, <c>target_exists</c>, <c>target_leaves_folder</c>.</returns>
    public async Task<Outcome<long>> CopyToFileAsync(
        Digest digest, DownloadTarget target, bool overwrite = false, long? expectedSize = null, IProgress<long>? progress = null, CancellationToken ct = default)
    {
        var opened = await OpenReadAsync(digest, expectedSize, ct).ConfigureAwait(false);
        if (opened.Refusal is { } unreadable)
            return unreadable;
        using var content = opened.Value;
        if (target.CreateFolders() is { } leaves)
            return leaves;
        var path = target.FullPath;
        var there = KindOf(path);
        if (there == FileKind.Folder || (there != FileKind.Missing && !overwrite))
            return Refusals.TargetExists(path);

        using var staged = StagedFile.CreateIn(Path.GetDirectoryName(path)!, Downloading);
        try
        {
            await ChunksAsync(content, chunk =>
            {
                staged.Write(chunk.Span);
                progress?.Report(staged.Size);
                return Task.FromResult(true);
            }, ct).ConfigureAwait(false);
        }
        catch (BlobAlteredException e)
        {
            return e.Refusal;
        }
        return staged.MoveTo(path, readOnly: false, overwrite) ? staged.Size : Refusals.TargetExists(path);
    }

    /// <summary>Every content, in no order.</summary>
    internal IAsyncEnumerable<FoundContent> ListAsync(CancellationToken ct = default) => _store.ListAsync(ct);

    /// <summary>Deletes a content; one that is not there is deleted already.</summary>
    internal Task DeleteAsync(Digest digest, CancellationToken ct = default) => _store.DeleteAsync(digest, ct);

    /// <summary>Deletes what crashed writers left behind, and uploads that nobody went on with.</summary>
    /// <param name="olderThan">How long nothing must have been written to it.</param>
    /// <param name="uploadsOlderThan">The same for uploads that were cut.</param>
    /// <returns>How many were deleted.</returns>
    public Task<int> SweepStagingAsync(TimeSpan olderThan, TimeSpan uploadsOlderThan, DateTimeOffset now, CancellationToken ct = default) =>
        _store.SweepAsync(olderThan, uploadsOlderThan, now, ct);

    /// <summary>Writes all of a content behind what is staged, reading it once.</summary>
    /// <param name="skip">How many of its first bytes are staged already.</param>
    /// <returns>Null; or <c>file_too_large</c>, found when the first byte too many came.</returns>
    private async Task<Refusal?> FillAsync(IStagedContent staged, Stream content, long skip, IProgress<long>? progress, CancellationToken ct, long most = long.MaxValue)
    {
        most = Math.Min(most, _store.MostBytes);
        Refusal? tooLarge = null;
        var before = staged.Size;
        await ChunksAsync(content, async chunk =>
        {
            var known = (int)Math.Min(skip, chunk.Length);
            skip -= known;
            if (staged.Size > most - (chunk.Length - known))
            {
                tooLarge = Refusals.FileTooLarge(most);
                return false;
            }
            await staged.WriteAsync(chunk[known..], ct).ConfigureAwait(false);
            progress?.Report(staged.Size);
            return true;
        }, ct).ConfigureAwait(false);
        RegistryMeter.Moved(staged.Size - before, inwards: true);
        return tooLarge;
    }

    /// <summary>Reads to the end. Chunks are filled up: a network stream gives a few KiB at a time, and a write costs more than a copy.</summary>
    private static async Task ChunksAsync(Stream content, Func<ReadOnlyMemory<byte>, Task<bool>> take, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            int read;
            while ((read = await content.ReadAtLeastAsync(buffer.AsMemory(0, ChunkBytes), ChunkBytes, throwOnEndOfStream: false, ct).ConfigureAwait(false)) > 0)
                if (!await take(buffer.AsMemory(0, read)).ConfigureAwait(false))
                    return;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static FileKind KindOf(string path)
    {
        try
        {
            return FileKinds.At(path);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(Downloading, e);
        }
    }
}
