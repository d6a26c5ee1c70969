using ModelRegistry.Artifacts;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Backups;

/// <summary>What a copy came to.</summary>
/// <param name="Copied">How many were copied now; the others were there already.</param>
internal sealed record CopiedContents(long Contents, long Bytes, long Copied);

/// <summary>Copies contents that a database refers to from one store into another, each hashed on the way.</summary>
internal static class ContentsCopy
{
    private const int Batch = 200;

    /// <summary>Copies every content that a snapshot refers to.</summary>
    public static Task<Outcome<CopiedContents>> CopyAsync(string snapshot, ArtifactVault from, ArtifactVault into, IProgress<TransferProgress>? progress, CancellationToken cancel) =>
        CopyAsync((after, most) => DatabaseSnapshot.ContentsAsync(snapshot, after, most, cancel), from, into, progress, cancel);

    /// <param name="after">Gives the next contents after a digest, at most so many.</param>
    /// <returns>Or why a content is missing or is not what was registered; what was copied until then stays.</returns>
    public static async Task<Outcome<CopiedContents>> CopyAsync(Func<string, int, Task<List<StoredBlob>>> after, ArtifactVault from, ArtifactVault into, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        var done = new CopiedContents(0, 0, 0);
        for (var last = ""; await after(last, Batch) is { Count: > 0 } batch; last = batch[^1].Digest.Hex)
            foreach (var (digest, size) in batch)
            {
                done = done with { Contents = done.Contents + 1, Bytes = done.Bytes + size };
                if (await into.FindAsync(digest, cancel) == size)
                    continue;
                var opened = await from.OpenReadAsync(digest, size, cancel);
                if (opened.Refusal is { } missing)
                    return missing;
                await using var content = opened.Value;
                try
                {
                    var put = await into.PutAsync(content, digest, TransferProgress.Of(digest.Hex[..12], size, progress), cancel);
                    if (put.Refusal is { } no)
                        return no;
                }
                catch (BlobAlteredException altered)
                {
                    return altered.Refusal;
                }
                done = done with { Copied = done.Copied + 1 };
            }
        return done;
    }
}
