using System.Buffers;
using System.Security.Cryptography;
using Amazon.S3.Model;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.S3;

/// <summary>Objects that the store copies itself, and what is known of them before they are.</summary>
internal sealed partial class S3Store
{
    /// <summary>
    /// Gives an object of the staging area, which nobody else writes to and which was hashed, its place among the contents. Where the
    /// content is here already nothing is copied.
    /// </summary>
    internal async Task PublishAsync(string staged, string? tag, long size, Digest digest, CancellationToken ct)
    {
        var blob = Layout.Blob(digest);
        if (await FindAsync(digest, ct).ConfigureAwait(false) != size)
        {
            try
            {
                await CopyAsync(staged, tag, size, blob, ct).ConfigureAwait(false);
            }
            catch (StorageUnavailableException e) when (e.InnerException is { } why && S3Failures.IsMissing(why))
            {
                // Another request completed the same upload and was faster; whether it did is looked at now.
            }
            if (await FindAsync(digest, ct).ConfigureAwait(false) != size)
                throw new StorageUnavailableException("Storing content failed: the store did not copy it whole.", "Look at the store's state and log, then try again.");
        }
        await Bucket.DeleteAsync(Storing, staged, ct).ConfigureAwait(false);
    }

    /// <summary>Copies an object within the bucket. Its metadata is not taken along: it may be anybody's.</summary>
    /// <param name="tag">The tag it must still have. Some stores do not look at that: what is copied from a key that others write to is to be hashed afterwards.</param>
    internal async Task CopyAsync(string from, string? tag, long size, string to, CancellationToken ct)
    {
        if (size <= Sizes.CopyAtOnce)
        {
            var asked = new CopyObjectRequest
            {
                SourceBucket = Bucket.Name, SourceKey = from, DestinationBucket = Bucket.Name, DestinationKey = to, ETagToMatch = tag,
                MetadataDirective = Amazon.S3.S3MetadataDirective.REPLACE, ContentType = "application/octet-stream",
            };
            await Bucket.AskAsync(Storing, (s3, bound) => s3.CopyObjectAsync(asked, bound), ct, bulk: true).ConfigureAwait(false);
            return;
        }
        var uploadId = await BeginAsync(to, ct).ConfigureAwait(false);
        try
        {
            var parts = new List<PartETag>();
            var part = Sizes.CopyPartOf(size);
            for (var at = 0L; at < size; at += part)
            {
                var asked = new CopyPartRequest
                {
                    SourceBucket = Bucket.Name, SourceKey = from, DestinationBucket = Bucket.Name, DestinationKey = to, UploadId = uploadId, PartNumber = parts.Count + 1,
                    FirstByte = at, LastByte = Math.Min(at + part, size) - 1, ETagToMatch = tag is null ? [] : [tag],
                };
                var copied = await Bucket.AskAsync(Storing, (s3, bound) => s3.CopyPartAsync(asked, bound), ct, bulk: true).ConfigureAwait(false);
                parts.Add(new PartETag(parts.Count + 1, copied.ETag));
            }
            await CompleteAsync(to, uploadId, parts, ct).ConfigureAwait(false);
        }
        catch (Amazon.S3.AmazonS3Exception e)
        {
            throw S3Failures.While(Storing, e, Bucket.Name, Bucket.Patience);
        }
        catch
        {
            await QuietlyAsync(() => Bucket.AbortAsync(Storing, to, uploadId, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }

    internal async Task<string> BeginAsync(string key, CancellationToken ct) => (await Bucket.AskAsync(Storing, (s3, bound) =>
        s3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = Bucket.Name, Key = key, ContentType = "application/octet-stream" }, bound), ct).ConfigureAwait(false)).UploadId;

    /// <summary>Makes one object of parts, each of which must still be the one that was put. That it was done or undone meanwhile is thrown as the store says it.</summary>
    internal async Task CompleteAsync(string key, string uploadId, List<PartETag> parts, CancellationToken ct)
    {
        var asked = new CompleteMultipartUploadRequest { BucketName = Bucket.Name, Key = key, UploadId = uploadId, PartETags = parts };
        await Bucket.AskOrLearnAsync(Storing, (s3, bound) => s3.CompleteMultipartUploadAsync(asked, bound), ct, bulk: true).ConfigureAwait(false);
    }

    /// <summary>Reads an object of the staging area to its end and gives its digest.</summary>
    internal async Task<Digest> HashAsync(string key, string tag, long size, IProgress<long>? progress, CancellationToken ct)
    {
        var content = new S3ContentStream(Bucket, key, tag, size, default, long.MaxValue);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(ArtifactVault.ChunkBytes);
        try
        {
            await using (content.ConfigureAwait(false))
            {
                int read;
                while ((read = await content.ReadAsync(buffer, ct).ConfigureAwait(false)) > 0)
                {
                    hash.AppendData(buffer, 0, read);
                    progress?.Report(content.Position);
                }
            }
            return Digest.FromHash(hash.GetHashAndReset());
        }
        catch (BlobAlteredException e)
        {
            throw new StorageUnavailableException("Storing content failed: what was staged is gone.", "Try again.", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Tidies up after a failure, which matters more than whether that succeeds; what stays is swept later.</summary>
    internal static async Task QuietlyAsync(Func<Task> tidy)
    {
        try
        {
            await tidy().ConfigureAwait(false);
        }
        catch (StorageUnavailableException)
        {
        }
    }
}
