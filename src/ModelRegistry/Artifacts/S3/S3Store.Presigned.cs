using System.Globalization;
using Amazon.S3;
using Amazon.S3.Model;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.S3;

/// <summary>Bytes that go between a client and the bucket. What it may do is in the address: one request, one key, one length, for an hour.</summary>
/// <remarks>
/// An upload is a multipart upload whatever its length: completing it takes every right away that the addresses gave, so that what is
/// hashed afterwards is what is kept. An address for a whole object could be used once more between the two.
/// </remarks>
internal sealed partial class S3Store
{
    private const long LeastPart = 64L << 20, MostPart = 5L << 30;
    private const int FewParts = 1_000;
    private static readonly TimeSpan Valid = TimeSpan.FromHours(1);

    internal async Task<Outcome<SignedAddress>> SignDownloadAsync(Digest digest, long size, string fileName, CancellationToken ct)
    {
        var head = await Bucket.HeadAsync(Reading, Layout.Blob(digest), ct).ConfigureAwait(false);
        if (head is null)
            return Refusals.BlobMissing(digest);
        if (head.ContentLength != size)
            return Refusals.BlobAltered(digest, $"it has {head.ContentLength} bytes instead of {size}");
        var expires = _time.GetUtcNow().UtcDateTime + Valid;
        var asked = new GetPreSignedUrlRequest { Key = Layout.Blob(digest), Verb = HttpVerb.GET, Expires = expires };
        // Never shown in a browser, whatever its bytes would be there.
        asked.ResponseHeaderOverrides.ContentType = "application/octet-stream";
        asked.ResponseHeaderOverrides.ContentDisposition = $"attachment; filename*=UTF-8''{Uri.EscapeDataString(fileName)}";
        return new SignedAddress(await Bucket.SignAsync(asked).ConfigureAwait(false), expires);
    }

    internal async Task<Outcome<SignedUpload>> SignUploadAsync(string uploader, Digest digest, long size, CancellationToken ct)
    {
        var expires = _time.GetUtcNow().UtcDateTime + Valid;
        if (await FindAsync(digest, ct).ConfigureAwait(false) == size)
            return new SignedUpload(true, [], expires);
        var (key, uploadId) = await BegunAsync(uploader, digest, size, ct).ConfigureAwait(false);
        var here = uploadId is null ? [] : await Bucket.PartsAsync(Storing, key, uploadId, ct).ConfigureAwait(false) ?? [];
        uploadId ??= await BeginAsync(key, ct).ConfigureAwait(false);
        var parts = new List<SignedPart>();
        foreach (var (number, offset, length) in Cut(size))
        {
            if (here.Any(part => part.PartNumber == number && part.Size == length))
                continue;
            var asked = new GetPreSignedUrlRequest { Key = key, Verb = HttpVerb.PUT, UploadId = uploadId, PartNumber = number, Expires = expires };
            asked.Headers["Content-Length"] = length.ToString(CultureInfo.InvariantCulture);
            parts.Add(new SignedPart(number, offset, length, await Bucket.SignAsync(asked).ConfigureAwait(false)));
        }
        return new SignedUpload(false, parts, expires);
    }

    internal async Task<Outcome<StoredBlob>> CompleteSignedAsync(string uploader, Digest digest, CancellationToken ct)
    {
        var begun = await FirstAsync(Bucket.UploadsAsync(Storing, Layout.PresignedOf(uploader, digest), ct)).ConfigureAwait(false);
        if (begun is not null)
        {
            var size = SizeIn(begun.Key);
            var here = await Bucket.PartsAsync(Storing, begun.Key, begun.UploadId, ct).ConfigureAwait(false) ?? [];
            var parts = new List<PartETag>();
            foreach (var (number, _, length) in Cut(size))
                if (here.Find(part => part.PartNumber == number && part.Size == length) is { } part)
                    parts.Add(new PartETag(number, part.ETag));
                else
                    return Refusals.PresignedUploadIncomplete(digest, number);
            try
            {
                await CompleteAsync(begun.Key, begun.UploadId, parts, ct).ConfigureAwait(false);
            }
            catch (AmazonS3Exception)
            {
                // A part was put once more in this moment, or the same is being completed elsewhere.
                return Refusals.UploadBusy;
            }
        }
        // Also what was completed by a process that died then.
        var whole = await FirstAsync(Bucket.ListAsync(Storing, Layout.PresignedOf(uploader, digest), ct)).ConfigureAwait(false);
        if (whole is not null)
            return await TakeInAsync(whole.Key, digest, ct).ConfigureAwait(false);
        return await FindAsync(digest, ct).ConfigureAwait(false) is { } kept ? new StoredBlob(digest, kept) : Refusals.PresignedUploadMissing(digest);
    }

    /// <summary>The upload of this content that waits for parts, or a new key for one. One of another length is given up: it cannot be the content.</summary>
    private async Task<(string Key, string? UploadId)> BegunAsync(string uploader, Digest digest, long size, CancellationToken ct)
    {
        (string, string?) found = ($"{Layout.PresignedOf(uploader, digest)}{size.ToString(CultureInfo.InvariantCulture)}-{Guid.CreateVersion7():N}", null);
        await foreach (var upload in Bucket.UploadsAsync(Storing, Layout.PresignedOf(uploader, digest), ct).ConfigureAwait(false))
            if (found.Item2 is null && SizeIn(upload.Key) == size)
                found = (upload.Key, upload.UploadId);
            else
                await Bucket.AbortAsync(Storing, upload.Key, upload.UploadId, ct).ConfigureAwait(false);
        return found;
    }

    private static long SizeIn(string key) => long.TryParse(key[(key.LastIndexOf('/') + 1)..].Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : -1;

    /// <summary>The parts a content of this length is sent in: few, and none longer than a request may be.</summary>
    private static IEnumerable<(int Number, long Offset, long Length)> Cut(long size)
    {
        var part = Math.Min(MostPart, Math.Max(LeastPart, size / FewParts + 1));
        for (var (number, at) = (1, 0L); at < size; number++, at += part)
            yield return (number, at, Math.Min(part, size - at));
    }

    private static async Task<T?> FirstAsync<T>(IAsyncEnumerable<T> of) where T : class
    {
        await foreach (var one in of.ConfigureAwait(false))
            return one;
        return null;
    }
}
