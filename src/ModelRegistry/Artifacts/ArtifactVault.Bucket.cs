using ModelRegistry.Artifacts.S3;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts;

/// <summary>What can be done only where contents lie in a bucket, so that bytes need not come through this process.</summary>
public sealed partial class ArtifactVault
{
    /// <summary>Whether an object may be registered by reference; nothing is looked at but its name.</summary>
    /// <returns>Null; or <c>reference_elsewhere</c>, <c>reference_not_allowed</c>.</returns>
    internal Refusal? CheckReference(ObjectReference reference) => _store is S3Store bucket ? bucket.CheckReference(reference) : Refusals.ReferenceElsewhere($"{reference}");

    /// <summary>Takes an object of the bucket in as it is now; what becomes of it later does not matter. It is read once, to be hashed.</summary>
    /// <returns>The content, or <c>reference_elsewhere</c>, <c>reference_not_allowed</c>, <c>reference_missing</c>, <c>digest_mismatch</c>.</returns>
    internal async Task<Outcome<StoredBlob>> AdoptAsync(ObjectReference reference, Digest? expected, CancellationToken ct = default) =>
        _store is S3Store bucket ? await bucket.AdoptAsync(reference, expected, ct).ConfigureAwait(false) : Refusals.ReferenceElsewhere($"{reference}");

    /// <summary>Objects of the bucket that may be registered: those below a folder, each with its path in it, or the one of that very name.</summary>
    /// <param name="folder">Its key, with no slash at its end.</param>
    /// <param name="most">How many are named at most.</param>
    /// <returns>None where nothing is there, or nothing may be registered from there.</returns>
    internal async Task<IReadOnlyList<(string Path, ObjectReference Object)>> BelowAsync(ObjectReference folder, int most, CancellationToken ct = default) =>
        _store is S3Store bucket ? await bucket.BelowAsync(folder, most, ct).ConfigureAwait(false) : [];

    /// <summary>An address from which a content can be fetched without coming here. What comes from there is not hashed on the way.</summary>
    /// <param name="fileName">The name whoever fetches it will see.</param>
    /// <returns>Or <c>blob_missing</c>, <c>blob_altered</c>, <c>presigned_not_offered</c>.</returns>
    internal async Task<Outcome<SignedAddress>> SignDownloadAsync(Digest digest, long size, string fileName, CancellationToken ct = default) =>
        _store is S3Store bucket ? await bucket.SignDownloadAsync(digest, size, fileName, ct).ConfigureAwait(false) : Refusals.PresignedNotOffered;

    /// <summary>Addresses to which one uploader can put the parts of a content without coming here; of an upload that was begun, those that are still wanted.</summary>
    /// <returns>Or <c>presigned_not_offered</c>.</returns>
    internal async Task<Outcome<SignedUpload>> SignUploadAsync(string uploader, Digest digest, long size, CancellationToken ct = default) =>
        _store is S3Store bucket ? await bucket.SignUploadAsync(uploader, digest, size, ct).ConfigureAwait(false) : Refusals.PresignedNotOffered;

    /// <summary>Takes in what was put to such addresses: from here on nobody can change it, then it is read once, to be hashed.</summary>
    /// <returns>The content; or <c>presigned_upload_missing</c>, <c>presigned_upload_incomplete</c>, <c>digest_mismatch</c>, <c>presigned_not_offered</c>.</returns>
    internal async Task<Outcome<StoredBlob>> CompleteSignedAsync(string uploader, Digest digest, CancellationToken ct = default) =>
        _store is S3Store bucket ? await bucket.CompleteSignedAsync(uploader, digest, ct).ConfigureAwait(false) : Refusals.PresignedNotOffered;
}
