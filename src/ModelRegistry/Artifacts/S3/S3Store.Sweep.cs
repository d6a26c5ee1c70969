using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.S3;

/// <summary>What crashed writers left behind.</summary>
internal sealed partial class S3Store
{
    /// <remarks>Any number of replicas may sweep at once. All of it counts as uploads here: who writes cannot be seen from elsewhere, so only time tells.</remarks>
    public async Task<int> SweepAsync(TimeSpan olderThan, TimeSpan uploadsOlderThan, DateTimeOffset now, CancellationToken ct = default)
    {
        var swept = 0;
        foreach (var area in Layout.Own())
            await foreach (var upload in Bucket.UploadsAsync(Sweeping, area, ct).ConfigureAwait(false))
                if (now - Utc(upload.Initiated) >= uploadsOlderThan && await IsIdleAsync(upload.Key, upload.UploadId, now - uploadsOlderThan, ct).ConfigureAwait(false))
                {
                    await Bucket.AbortAsync(Sweeping, upload.Key, upload.UploadId, ct).ConfigureAwait(false);
                    swept++;
                }
        foreach (var area in (string[])[Layout.Staging, Layout.Uploads, Layout.Presigned])
            await foreach (var found in Bucket.ListAsync(Sweeping, area, ct).ConfigureAwait(false))
                if (now - Utc(found.LastModified) >= uploadsOlderThan)
                {
                    await Bucket.DeleteAsync(Sweeping, found.Key, ct).ConfigureAwait(false);
                    swept++;
                }
        return swept;
    }

    public async IAsyncEnumerable<FoundContent> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct = default)
    {
        await foreach (var found in Bucket.ListAsync(Reading, Layout.Blobs, ct).ConfigureAwait(false))
            if (Digest.TryParse(found.Key[(found.Key.LastIndexOf('/') + 1)..], out var digest) && found.Key == Layout.Blob(digest))
                yield return new FoundContent(digest, found.Size ?? 0, Utc(found.LastModified));
    }

    public Task DeleteAsync(Digest digest, CancellationToken ct = default) => Bucket.DeleteAsync("Deleting content", Layout.Blob(digest), ct);

    /// <summary>Whether no part came of late: a long upload is not abandoned.</summary>
    private async Task<bool> IsIdleAsync(string key, string uploadId, DateTimeOffset since, CancellationToken ct) =>
        await Bucket.PartsAsync(Sweeping, key, uploadId, ct).ConfigureAwait(false) is not { } parts || parts.All(part => Utc(part.LastModified) <= since);

    private static DateTimeOffset Utc(DateTime? time) => time is { } at ? new DateTimeOffset(at.ToUniversalTime()) : DateTimeOffset.MaxValue;
}
