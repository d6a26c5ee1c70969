using System.Net;
using Amazon.Runtime;
using Amazon.S3;

namespace ModelRegistry.Artifacts.S3;

/// <summary>An answer that says that all is well and is none of an S3 store's: whoever stands before it may have answered in its place.</summary>
internal sealed class NoAnswerOfAStoreException() : IOException("The answer has no ETag.");

/// <summary>What a store says when it does not do what it was asked, in the words of this registry.</summary>
internal static class S3Failures
{
    /// <summary>Whether an exception is an outage of the store; bugs are not.</summary>
    internal static bool Covers(Exception e) => e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or OperationCanceledException;

    /// <summary>Whether it says that the object, or the multipart upload, is not there.</summary>
    internal static bool IsMissing(Exception e) => e is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" };

    /// <summary>Whether it says that a condition of the request does not hold: what it was about is there, or is another by now.</summary>
    internal static bool IsUnmet(Exception e) => e is AmazonS3Exception { StatusCode: HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict } or AmazonS3Exception { ErrorCode: "InvalidPart" or "InvalidPartOrder" };

    /// <summary>The tag that comes with every object that was put, looked at or fetched. Where there is none, nothing was.</summary>
    /// <exception cref="NoAnswerOfAStoreException">There is none.</exception>
    internal static void Tagged(string? tag)
    {
        if (string.IsNullOrEmpty(tag))
            throw new NoAnswerOfAStoreException();
    }

    /// <param name="doing">What failed, as the start of the sentence "Storing content failed: …".</param>
    /// <param name="cause">What the store or the network said; its text is not repeated.</param>
    internal static StorageUnavailableException While(string doing, Exception cause, string bucket, TimeSpan patience)
    {
        var (what, remedy) = cause switch
        {
            AmazonS3Exception { ErrorCode: "NoSuchBucket" } => ($"there is no bucket '{bucket}'", "Make the bucket, or name another one (s3://BUCKET)."),
            AmazonS3Exception { ErrorCode: "InvalidAccessKeyId" } => ("the store does not know the access key", "Set MODELREGISTRY_S3_ACCESS_KEY to a key of this store."),
            AmazonS3Exception { ErrorCode: "SignatureDoesNotMatch" } => ("the secret key does not belong to the access key", "Set MODELREGISTRY_S3_SECRET_KEY to the secret of MODELREGISTRY_S3_ACCESS_KEY."),
            AmazonS3Exception { ErrorCode: "RequestTimeTooSkewed" } => ("this machine's clock and the store's differ too much", "Set the clock."),
            AmazonS3Exception { ErrorCode: "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect" or "IllegalLocationConstraintException" } =>
                ("the bucket is in another region", "Set MODELREGISTRY_S3_REGION to the bucket's region."),
            AmazonS3Exception { ErrorCode: "QuotaExceeded" or "EntityTooLarge" or "InsufficientCapacity" } or AmazonS3Exception { StatusCode: HttpStatusCode.InsufficientStorage } =>
                ("the store has no room for it", "Free space in the store or raise its quota, then try again."),
            AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden } => ("access was denied", "Check the access key and its secret, and allow it what docs/storage.md lists for this bucket."),
            AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } => ("an object or an upload is gone that was there", "Try again; where it happens again, find out who else deletes from this bucket."),
            AmazonS3Exception { ErrorCode: "PreconditionFailed" } => ("an object was replaced meanwhile", "Try again; where it happens again, find out who else writes to this bucket."),
            AmazonS3Exception s3 => ($"the store answered {(int)s3.StatusCode}{(s3.ErrorCode is { Length: > 0 and < 60 } code && code.All(char.IsAsciiLetterOrDigit) ? $" ({code})" : "")}", "Look at the store's state and log, then try again."),
            NoAnswerOfAStoreException => ("the answer was not the store's", "Look at what stands between the registry and the store, such as a proxy that answers in its place, then try again."),
            OperationCanceledException or TimeoutException => ($"the store did not answer within {patience.TotalSeconds:0.#} s", "Check that the store runs and the network to it, then try again."),
            AmazonClientException { InnerException: null } => ("there are no credentials for the store", "Set MODELREGISTRY_S3_ACCESS_KEY and MODELREGISTRY_S3_SECRET_KEY."),
            _ => ("the store cannot be reached", "Check MODELREGISTRY_S3_ENDPOINT, that the store runs and the network to it, then try again."),
        };
        return new StorageUnavailableException($"{doing} failed: {what}.", remedy, cause);
    }
}
