using System.Globalization;
using Amazon.S3.Model;

namespace ModelRegistry.Artifacts.S3;

/// <summary>
/// How far an upload is that may go on, on whichever replica: the parts that the store has of it, and what came behind them. It is one
/// object, so that it is written whole; which parts there are the store itself says, so that a replica that was killed loses no part.
/// </summary>
/// <param name="Key">Where its parts are; null while there are none.</param>
/// <param name="Parts">In order, each as long as <see cref="S3Sizes.Of"/> says.</param>
/// <param name="PartBytes">All parts together.</param>
/// <param name="TailBytes">What is in the object's body.</param>
/// <param name="Tag">The tag of the one object that its parts have become, where they have: whoever was to hash and place it died then.</param>
internal sealed record S3UploadState(string Place, string? Key, string? UploadId, IReadOnlyList<PartETag> Parts, long PartBytes, int TailBytes, string? Tag = null)
{
    private const string KeyName = "upload-key", IdName = "upload-id", PartsName = "upload-parts";

    internal long Size => PartBytes + TailBytes;

    /// <summary>Null where there is none, or none that can go on.</summary>
    internal static async Task<S3UploadState?> ReadAsync(S3Store store, string place, CancellationToken ct)
    {
        var head = await store.Bucket.HeadAsync(S3Store.Storing, place, ct).ConfigureAwait(false);
        if (head is null || head.ContentLength > store.Sizes.LargePart)
            return null;
        var (key, id) = (head.Metadata[KeyName], head.Metadata[IdName]);
        if (string.IsNullOrEmpty(key) || string.IsNullOrEmpty(id))
            return new S3UploadState(place, null, null, [], 0, (int)head.ContentLength);
        if (!key.StartsWith(store.Layout.Staging, StringComparison.Ordinal))
            return null;
        if (await store.Bucket.PartsAsync(S3Store.Storing, key, id, ct).ConfigureAwait(false) is not { } found)
            return await store.Bucket.HeadAsync(S3Store.Storing, key, ct).ConfigureAwait(false) is { } whole ? new S3UploadState(place, key, id, [], whole.ContentLength, 0, whole.ETag) : null;
        var parts = new List<PartETag>();
        var bytes = 0L;
        // Up to the first that is missing or short, as the last one is of an upload that failed to end.
        foreach (var part in found.TakeWhile((p, i) => p.PartNumber == i + 1 && p.Size == store.Sizes.Of(i + 1)))
        {
            parts.Add(new PartETag(part.PartNumber ?? 0, part.ETag));
            bytes += part.Size ?? 0;
        }
        // A tail belongs behind the parts it was written behind.
        var tail = head.Metadata[PartsName] == parts.Count.ToString(CultureInfo.InvariantCulture) ? (int)head.ContentLength : 0;
        return new S3UploadState(place, key, id, parts, bytes, tail);
    }

    internal static Task WriteAsync(S3Store store, string place, string? key, string? uploadId, int parts, ReadOnlyMemory<byte> tail, CancellationToken ct) =>
        store.PutAsync(place, tail, onlyNew: false, key is null || uploadId is null ? null : new Dictionary<string, string>
        {
            [KeyName] = key, [IdName] = uploadId, [PartsName] = parts.ToString(CultureInfo.InvariantCulture),
        }, ct);

    /// <summary>Reads what came behind the parts; false where it is gone or another by now.</summary>
    internal async Task<bool> ReadTailAsync(S3Store store, Memory<byte> into, CancellationToken ct)
    {
        if (TailBytes == 0)
            return true;
        var whole = await store.Bucket.TryAsync<object>(S3Store.Storing, async (s3, bound) =>
        {
            using var got = await s3.GetObjectAsync(new GetObjectRequest { BucketName = store.Bucket.Name, Key = Place }, bound).ConfigureAwait(false);
            if (got.ContentLength != TailBytes)
                return false;
            await got.ResponseStream.ReadExactlyAsync(into[..TailBytes], bound).ConfigureAwait(false);
            return true;
        }, ct, bulk: true).ConfigureAwait(false);
        return whole is true;
    }
}
