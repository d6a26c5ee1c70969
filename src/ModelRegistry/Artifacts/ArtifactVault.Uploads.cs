using ModelRegistry.Domain;
using ModelRegistry.Telemetry;

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
    public Task<long> UploadedSoFarAsync(string uploader, Digest digest, CancellationToken ct = default) => _store.StagedAsync(uploader, digest, ct);

    /// <summary>
    /// Takes a content, or a part of it, in flat memory. What came before a cut stays and the upload can go on; what is whole and
    /// hashes to its digest is kept like any other content, and what is whole and does not is thrown away.
    /// </summary>
    /// <param name="range">Null: the request carries all of it.</param>
    /// <returns>The content, null while more of it has to come; or <c>digest_mismatch</c>, <c>upload_offset</c>, <c>upload_busy</c>, <c>file_too_large</c>.</returns>
    public Task<Outcome<StoredBlob?>> UploadAsync(string uploader, Digest expected, UploadRange? range, Stream content, CancellationToken ct = default) =>
        RegistryMeter.ArtifactAsync("upload", () => TakeUpAsync(uploader, expected, range, content, ct));

    private async Task<Outcome<StoredBlob?>> TakeUpAsync(string uploader, Digest expected, UploadRange? range, Stream content, CancellationToken ct)
    {
        var staged = await _store.ResumeAsync(uploader, expected, ct).ConfigureAwait(false);
        if (staged is null)
            // The same content twice at once does no harm; only one of the two can go on after a cut.
            return range is not null ? Refusals.UploadBusy : (await PutAsync(content, expected, null, ct).ConfigureAwait(false)).Then<StoredBlob?>(blob => blob);
        try
        {
            return await TakeAsync(staged, expected, range, content, ct).ConfigureAwait(false);
        }
        catch (UploadTakenOverException)
        {
            return Refusals.UploadBusy;
        }
    }

    private async Task<Outcome<StoredBlob?>> TakeAsync(IStagedContent staged, Digest expected, UploadRange? range, Stream content, CancellationToken ct)
    {
        await using (staged.ConfigureAwait(false))
        {
            var from = range?.From ?? 0;
            if (from > staged.Size)
                return Refusals.UploadOffset(staged.Size);
            var at = await staged.GoOnFromAsync(from, ct).ConfigureAwait(false);
            if (await FillAsync(staged, content, at - from, null, ct).ConfigureAwait(false) is { } tooLarge)
            {
                await staged.GiveUpAsync().ConfigureAwait(false);
                return tooLarge;
            }
            if (staged.Size < range?.Total)
                return (StoredBlob?)null;
            // All of it is here. Hashing and placing a long content can outlast the patience of whoever sent it, or of a proxy: it is done
            // all the same, and who asks again finds it.
            var digest = await staged.SealAsync(CancellationToken.None).ConfigureAwait(false);
            if (digest != expected)
            {
                await staged.GiveUpAsync().ConfigureAwait(false);
                return Refusals.DigestMismatch(expected, digest);
            }
            await staged.KeepAsync(digest, CancellationToken.None).ConfigureAwait(false);
            return new StoredBlob(digest, staged.Size);
        }
    }
}
