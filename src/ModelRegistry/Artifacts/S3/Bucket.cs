using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace ModelRegistry.Artifacts.S3;

/// <summary>One bucket, asked with bounded patience. What goes wrong with it is an outage, said in the registry's words.</summary>
internal sealed class Bucket : IDisposable
{
    /// <summary>Attempts after the first, within the same patience.</summary>
    private const int Retries = 2;

    private readonly AmazonS3Client _client;
    private readonly Lazy<AmazonS3Client> _public;
    private readonly TimeSpan _patience;

    internal Bucket(string name, S3Options options)
    {
        Name = name;
        Address = options.Endpoint?.GetLeftPart(UriPartial.Authority) ?? $"Amazon S3, {options.Region}";
        _patience = options.Timeout;
        _client = Connect(options, options.Endpoint);
        _public = new(() => options.PublicEndpoint is null ? _client : Connect(options, options.PublicEndpoint));
        PublicProtocol = (options.PublicEndpoint ?? options.Endpoint)?.Scheme == "http" ? Protocol.HTTP : Protocol.HTTPS;
        // TLS protects the body as well; hashing it twice would cost more than the network.
        Unsigned = (options.Endpoint?.Scheme ?? "https") == "https";
    }

    internal string Name { get; }

    /// <summary>Where it is, for an operator.</summary>
    internal string Address { get; }

    /// <summary>Whether bodies go without a signature of their own.</summary>
    internal bool Unsigned { get; }

    /// <summary>How presigned addresses begin.</summary>
    internal Protocol PublicProtocol { get; }

    /// <summary>How long a read of a body may stand still.</summary>
    internal TimeSpan Patience => _patience;

    /// <summary>Asks one thing.</summary>
    /// <param name="bulk">Whether it moves bytes, for which there is more patience.</param>
    internal async Task<T> AskAsync<T>(string doing, Func<AmazonS3Client, CancellationToken, Task<T>> ask, CancellationToken ct, bool bulk = false)
    {
        try
        {
            return await AskOrLearnAsync(doing, ask, ct, bulk).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e)
        {
            throw S3Failures.While(doing, e, Name, _patience);
        }
    }

    /// <summary>The same, where it is worth knowing that what it is about is not there or that a condition does not hold: that is thrown as the store said it.</summary>
    internal async Task<T> AskOrLearnAsync<T>(string doing, Func<AmazonS3Client, CancellationToken, Task<T>> ask, CancellationToken ct, bool bulk = false)
    {
        var patience = bulk ? _patience * 4 : _patience;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bound.CancelAfter(patience);
        try
        {
            return await ask(_client, bound.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (S3Failures.Covers(e) && !ct.IsCancellationRequested && !S3Failures.IsMissing(e) && !S3Failures.IsUnmet(e))
        {
            throw S3Failures.While(doing, e, Name, patience);
        }
        catch (Exception e) when (S3Failures.Covers(e) && ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(null, e, ct);
        }
    }

    /// <summary>The same for what may not be there; then the answer is null.</summary>
    internal async Task<T?> TryAsync<T>(string doing, Func<AmazonS3Client, CancellationToken, Task<T>> ask, CancellationToken ct, bool bulk = false) where T : class
    {
        try
        {
            return await AskOrLearnAsync(doing, ask, ct, bulk).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (S3Failures.IsMissing(e))
        {
            return null;
        }
        catch (AmazonS3Exception e)
        {
            throw S3Failures.While(doing, e, Name, _patience);
        }
    }

    /// <summary>Length, tag and metadata of an object; null where there is none.</summary>
    internal Task<GetObjectMetadataResponse?> HeadAsync(string doing, string key, CancellationToken ct) =>
        TryAsync(doing, async (s3, bound) =>
        {
            var head = await s3.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = Name, Key = key }, bound).ConfigureAwait(false);
            S3Failures.Tagged(head.ETag);
            return head;
        }, ct);

    /// <summary>Every object below a prefix, page by page.</summary>
    internal async IAsyncEnumerable<S3Object> ListAsync(string doing, string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        string? next = null;
        do
        {
            var page = await AskAsync(doing, (s3, bound) => s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Name, Prefix = prefix, ContinuationToken = next }, bound), ct).ConfigureAwait(false);
            foreach (var found in page.S3Objects ?? [])
                yield return found;
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    /// <summary>Every multipart upload below a prefix that is neither completed nor aborted.</summary>
    internal async IAsyncEnumerable<MultipartUpload> UploadsAsync(string doing, string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        (string? Key, string? Id) next = default;
        do
        {
            var asked = new ListMultipartUploadsRequest { BucketName = Name, Prefix = prefix, KeyMarker = next.Key, UploadIdMarker = next.Id };
            var page = await AskAsync(doing, (s3, bound) => s3.ListMultipartUploadsAsync(asked, bound), ct).ConfigureAwait(false);
            foreach (var found in page.MultipartUploads ?? [])
                yield return found;
            next = page.IsTruncated == true ? (page.NextKeyMarker, page.NextUploadIdMarker) : default;
        }
        while (next.Key is not null);
    }

    /// <summary>The parts of a multipart upload, in order; null where there is no such upload.</summary>
    internal async Task<List<PartDetail>?> PartsAsync(string doing, string key, string uploadId, CancellationToken ct)
    {
        var parts = new List<PartDetail>();
        int? next = null;
        do
        {
            var asked = new ListPartsRequest { BucketName = Name, Key = key, UploadId = uploadId, PartNumberMarker = next?.ToString(System.Globalization.CultureInfo.InvariantCulture) };
            var page = await TryAsync(doing, (s3, bound) => s3.ListPartsAsync(asked, bound), ct).ConfigureAwait(false);
            if (page is null)
                return null;
            parts.AddRange(page.Parts ?? []);
            next = page.IsTruncated == true ? page.NextPartNumberMarker : null;
        }
        while (next is not null);
        parts.Sort((a, b) => (a.PartNumber ?? 0).CompareTo(b.PartNumber ?? 0));
        return parts;
    }

    internal Task DeleteAsync(string doing, string key, CancellationToken ct) =>
        AskAsync(doing, (s3, bound) => s3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = Name, Key = key }, bound), ct);

    internal Task AbortAsync(string doing, string key, string uploadId, CancellationToken ct) =>
        TryAsync(doing, (s3, bound) => s3.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = Name, Key = key, UploadId = uploadId }, bound), ct);

    /// <summary>An address that carries the right to one request, made here without asking the store.</summary>
    internal Task<string> SignAsync(GetPreSignedUrlRequest asked)
    {
        (asked.BucketName, asked.Protocol) = (Name, PublicProtocol);
        return _public.Value.GetPreSignedURLAsync(asked);
    }

    public void Dispose()
    {
        if (_public.IsValueCreated)
            _public.Value.Dispose();
        _client.Dispose();
    }

    private AmazonS3Client Connect(S3Options options, Uri? endpoint)
    {
        var config = new AmazonS3Config
        {
            // Stores of one's own have no name in the DNS for each bucket.
            ForcePathStyle = endpoint is not null,
            AuthenticationRegion = endpoint is null ? null : options.Region,
            // What goes over the wire is checked by our own SHA-256; not every store takes the SDK's trailing checksums.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            MaxErrorRetry = Retries,
            // A backstop: each question has its own, shorter one.
            Timeout = _patience * 8,
        };
        if (endpoint is null)
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        else
            config.ServiceURL = endpoint.AbsoluteUri;
        return options.AccessKey is { } key ? new AmazonS3Client(new BasicAWSCredentials(key, options.SecretKey), config) : new AmazonS3Client(config);
    }
}
