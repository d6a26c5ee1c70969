using System.Net;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using ModelRegistry.Artifacts.Readable;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.S3;

/// <summary>
/// Contents in a bucket of an S3-compatible store. The store is trusted to keep bytes and to complete an upload at most once, not with
/// conditions on copies (some stores ignore them) nor with checksums: a content is hashed here, under a key that nobody else writes to,
/// and comes under its own key only then.
/// </summary>
internal sealed partial class S3Store : IArtifactStore
{
    internal const string Storing = "Storing content", Reading = "Reading stored content", Sweeping = "Sweeping the bucket";

    internal S3Store(string bucket, string prefix, S3Options options, TimeProvider time, S3Sizes? sizes = null)
    {
        (Bucket, Layout, Sizes, _options, _time) = (new Bucket(bucket, options), new S3Layout(prefix), sizes ?? S3Sizes.Usual, options, time);
        Place = $"s3://{bucket}{(Layout.Prefix.Length > 0 ? "/" + Layout.Prefix.TrimEnd('/') : "")} at {Bucket.Address}";
    }

    private readonly S3Options _options;
    private readonly TimeProvider _time;

    // Uploads that are whole and being hashed and placed here, which takes long where they are: who asks again meanwhile must not begin the same.
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> _finishing = new();

    internal Bucket Bucket { get; }

    internal S3Layout Layout { get; }

    internal S3Sizes Sizes { get; }

    public string Place { get; }

    public long MostBytes => Sizes.Most;

    public bool IsLocal => false;

    public IReadableTree Readable(ReadableExtent? extent) => new S3ReadableTree(this, copies: extent is ReadableExtent.Files);

    public async Task CheckAsync(bool write, CancellationToken ct = default)
    {
        await Bucket.AskAsync("Looking into the bucket", (s3, bound) => s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket.Name, Prefix = Layout.Staging, MaxKeys = 1 }, bound), ct).ConfigureAwait(false);
        if (!write)
            return;
        var key = Layout.NewStaging();
        await PutAsync(key, "probe"u8.ToArray().AsMemory(), onlyNew: true, null, ct).ConfigureAwait(false);
        if (await Bucket.HeadAsync(Reading, key, ct).ConfigureAwait(false) is not { ContentLength: 5 })
            throw new StorageUnavailableException("Checking the bucket failed: what was written is not there afterwards.", "Look at the store's state and log.");
        await Bucket.DeleteAsync("Deleting from the bucket", key, ct).ConfigureAwait(false);
    }

    public async Task<long?> FindAsync(Digest digest, CancellationToken ct = default) => (await Bucket.HeadAsync(Reading, Layout.Blob(digest), ct).ConfigureAwait(false))?.ContentLength;

    // Nothing is noted: a collection marks in the database what it takes, and whoever registers looks there.
    public Task<long?> ClaimAsync(Digest digest, DateTimeOffset now, CancellationToken ct = default) => FindAsync(digest, ct);

    public async Task<Outcome<Stream>> OpenAsync(Digest digest, long? expectedSize, bool seekable, CancellationToken ct = default)
    {
        var head = await Bucket.HeadAsync(Reading, Layout.Blob(digest), ct).ConfigureAwait(false);
        if (head is null)
        {
            // A bucket that is gone answers the same.
            await CheckAsync(write: false, ct).ConfigureAwait(false);
            return Refusals.BlobMissing(digest);
        }
        if (expectedSize is { } expected && expected != head.ContentLength)
            return Refusals.BlobAltered(digest, $"it has {head.ContentLength} bytes instead of {expected}");
        return new S3ContentStream(Bucket, Layout.Blob(digest), head.ETag, head.ContentLength, digest, seekable ? S3ContentStream.Near : long.MaxValue);
    }

    public IStagedContent Stage() => new S3Staging(this, null, null);

    public async Task<long> StagedAsync(string uploader, Digest digest, CancellationToken ct = default) =>
        await S3UploadState.ReadAsync(this, Layout.Upload(uploader, digest), ct).ConfigureAwait(false) is { } state ? state.Size : 0;

    public async Task<IStagedContent?> ResumeAsync(string uploader, Digest digest, CancellationToken ct = default)
    {
        var place = Layout.Upload(uploader, digest);
        return _finishing.ContainsKey(place) ? null : new S3Staging(this, place, await S3UploadState.ReadAsync(this, place, ct).ConfigureAwait(false));
    }

    public async Task<Stream?> OpenParkedAsync(ParkedContent parked, CancellationToken ct = default)
    {
        var key = Layout.Parked(parked.Place);
        return await Bucket.HeadAsync(Reading, key, ct).ConfigureAwait(false) is { } head && head.ContentLength == parked.Size
            ? new S3ContentStream(Bucket, key, head.ETag, head.ContentLength, parked.Digest, long.MaxValue)
            : null;
    }

    public Task ForgetParkedAsync(string place, CancellationToken ct = default) => Bucket.DeleteAsync("Deleting a part", Layout.Parked(place), ct);

    /// <summary>Takes the end of an upload upon itself; false where another request of this process has.</summary>
    internal bool TryFinish(string place) => _finishing.TryAdd(place, true);

    internal void Finished(string place) => _finishing.TryRemove(place, out _);

    /// <summary>Puts a small object in one request.</summary>
    /// <param name="onlyNew">Leave what is there.</param>
    /// <returns>False when something was there and stays.</returns>
    internal async Task<bool> PutAsync(string key, ReadOnlyMemory<byte> content, bool onlyNew, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct)
    {
        try
        {
            await Bucket.AskOrLearnAsync(Storing, async (s3, bound) =>
            {
                using var body = Body(content);
                var asked = new PutObjectRequest
                {
                    BucketName = Bucket.Name, Key = key, InputStream = body, AutoCloseStream = false, ContentType = "application/octet-stream",
                    MD5Digest = Md5(content.Span), UseChunkEncoding = false, DisablePayloadSigning = Bucket.Unsigned, IfNoneMatch = onlyNew ? "*" : null,
                };
                foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
                    asked.Metadata[name] = value;
                var answer = await s3.PutObjectAsync(asked, bound).ConfigureAwait(false);
                S3Failures.Tagged(answer.ETag);
                return answer;
            }, ct, bulk: content.Length > 1 << 20).ConfigureAwait(false);
            return true;
        }
        catch (AmazonS3Exception e)
        {
            return onlyNew && S3Failures.IsUnmet(e) ? false : throw S3Failures.While(Storing, e, Bucket.Name, Bucket.Patience);
        }
        catch (StorageUnavailableException e) when (onlyNew && e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotImplemented })
        {
            // A store without conditions: what is written is right, whoever was first.
            return await PutAsync(key, content, onlyNew: false, metadata, ct).ConfigureAwait(false);
        }
    }

    internal static MemoryStream Body(ReadOnlyMemory<byte> content) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(content, out var bytes) ? new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false) : new MemoryStream(content.ToArray(), writable: false);

    /// <summary>So that the store notices what the network altered (RFC 1864). It protects from accidents only; SHA-256 is what counts.</summary>
#pragma warning disable CA5351 // The store's protocol has no other digest that every store checks.
    internal static string Md5(ReadOnlySpan<byte> content) => Convert.ToBase64String(MD5.HashData(content));
#pragma warning restore CA5351

    public void Dispose() => Bucket.Dispose();
}
