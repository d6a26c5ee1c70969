using System.Security.Cryptography;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts;

/// <summary>Which part of a content a request carries.</summary>
/// <param name="From">Its first byte's place, from 0.</param>
/// <param name="Total">How many bytes the whole has; null where only the end of the request tells.</param>
public sealed record UploadRange(long From, long? Total);

/// <summary>Contents that come over a network, which may be cut.</summary>
public sealed partial class ArtifactVault
{
    /// <summary>How many bytes of an upload are here, from which it can go on; 0 when none are.</summary>
    /// <param name="uploader">Whose upload it is: nobody goes on with another's.</param>
    public long UploadedSoFar(string uploader, Digest digest)
    {
        var file = new FileInfo(_layout.Upload(uploader, digest));
        return file.Exists ? file.Length : 0;
    }

    /// <summary>
    /// Takes a content, or a part of it, in flat memory. What came before a cut stays and the upload can go on; what is whole and
    /// hashes to its digest is kept like any other content, and what is whole and does not is thrown away.
    /// </summary>
    /// <param name="range">Null: the request carries all of it.</param>
    /// <returns>The content, null while more of it has to come; or <c>digest_mismatch</c>, <c>upload_offset</c>, <c>upload_busy</c>.</returns>
    public async Task<Outcome<StoredBlob?>> UploadAsync(string uploader, Digest expected, UploadRange? range, Stream content, CancellationToken ct = default)
    {
        using var staged = StagedFile.TryResume(_layout.Upload(uploader, expected), Storing);
        if (staged is null)
            // The same content twice at once does no harm; only one of the two can go on after a cut.
            return range is not null ? Refusals.UploadBusy : (await PutAsync(content, expected, null, ct).ConfigureAwait(false)).Then<StoredBlob?>(blob => blob);
        var from = range?.From ?? 0;
        if (from > staged.Size)
            return Refusals.UploadOffset(staged.Size);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        staged.GoOnFrom(from, hash);
        await staged.FillAsync(content, hash, null, ct).ConfigureAwait(false);
        if (staged.Size < range?.Total)
            return (StoredBlob?)null;
        var digest = Digest.FromHash(hash.GetHashAndReset());
        if (digest != expected)
        {
            staged.GiveUp();
            return Refusals.DigestMismatch(expected, digest);
        }
        Keep(staged, digest);
        if (!staged.IsMoved)
            // It was here already.
            staged.GiveUp();
        return new StoredBlob(digest, staged.Size);
    }

    /// <summary>Notes that somebody is about to refer to a content, so that it is not collected meanwhile.</summary>
    /// <returns>Its size in bytes; null when it is not here.</returns>
    public long? Claim(Digest digest, DateTimeOffset now) => Guard(Storing, () =>
    {
        var path = _layout.Blob(digest);
        if (Find(digest) is not { } size)
            return (long?)null;
        File.SetLastWriteTimeUtc(path, now.UtcDateTime);
        return size;
    });
}
