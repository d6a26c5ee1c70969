using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts;

/// <summary>Bytes that are here and are no content yet: a part of one.</summary>
/// <param name="Place">Where, in a word of the store's own.</param>
/// <param name="Size">In bytes.</param>
internal sealed record ParkedContent(string Place, Digest Digest, long Size);

/// <summary>Contents that come in parts, in any order and at once, each on its own; the last step makes one content of them.</summary>
public sealed partial class ArtifactVault
{
    /// <summary>The longest content that is made of parts, in bytes.</summary>
    internal long MostOfParts => Math.Min(_store.MostBytes, BlobDesk.MostBytes);

    /// <summary>Takes one part, in flat memory. Nobody can read it but <see cref="AssembleAsync"/>; left alone it is swept.</summary>
    /// <param name="most">Bytes that it has at most.</param>
    /// <returns>The part, or <c>file_too_large</c>.</returns>
    internal async Task<Outcome<ParkedContent>> ParkAsync(Stream content, long most, CancellationToken ct = default)
    {
        var staged = _store.Stage();
        await using (staged.ConfigureAwait(false))
        {
            if (await FillAsync(staged, content, 0, null, ct, most).ConfigureAwait(false) is { } tooLarge)
                return tooLarge;
            var digest = await staged.SealAsync(ct).ConfigureAwait(false);
            var size = staged.Size;
            return new ParkedContent(await staged.ParkAsync(ct).ConfigureAwait(false), digest, size);
        }
    }

    /// <summary>Makes one content of parts, one after the other, in flat memory: each is hashed again on the way, and all of them together.</summary>
    /// <returns>The content, or <c>upload_part_missing</c>, <c>file_too_large</c>, <c>blob_altered</c>.</returns>
    internal async Task<Outcome<StoredBlob>> AssembleAsync(IReadOnlyList<ParkedContent> parts, CancellationToken ct = default)
    {
        var staged = _store.Stage();
        await using (staged.ConfigureAwait(false))
        {
            try
            {
                foreach (var (i, part) in parts.Index())
                {
                    if (await _store.OpenParkedAsync(part, ct).ConfigureAwait(false) is not { } opened)
                        return Refusals.UploadPartMissing(i + 1);
                    using var content = new VerifyingStream(opened, part.Digest, part.Size);
                    if (await FillAsync(staged, content, 0, null, ct, MostOfParts).ConfigureAwait(false) is { } tooLarge)
                        return tooLarge;
                }
            }
            catch (BlobAlteredException e)
            {
                return e.Refusal;
            }
            var digest = await staged.SealAsync(ct).ConfigureAwait(false);
            await staged.KeepAsync(digest, ct).ConfigureAwait(false);
            return new StoredBlob(digest, staged.Size);
        }
    }

    /// <summary>Deletes parts that are needed no more. What cannot be deleted now is swept later.</summary>
    internal async Task ForgetPartsAsync(IEnumerable<ParkedContent> parts)
    {
        try
        {
            foreach (var part in parts)
                await _store.ForgetParkedAsync(part.Place, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StorageUnavailableException)
        {
        }
    }
}
