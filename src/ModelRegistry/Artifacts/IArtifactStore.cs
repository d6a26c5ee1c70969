using ModelRegistry.Artifacts.Readable;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts;

/// <summary>
/// Where contents lie, each under its SHA-256: a folder, or a bucket of an S3-compatible store. A content becomes visible whole, and
/// never under another digest than its own; any number of processes may use the same place at once.
/// </summary>
/// <remarks>Every method throws <see cref="StorageUnavailableException"/> when the place cannot be read or written.</remarks>
internal interface IArtifactStore : IDisposable
{
    /// <summary>What it is and where, for an operator: <c>file:PATH</c>, or <c>s3://BUCKET/PREFIX</c> and its address. Nothing secret.</summary>
    string Place { get; }

    /// <summary>The longest content it takes through <see cref="Stage"/>, in bytes.</summary>
    long MostBytes { get; }

    /// <summary>Whether it is on this machine, so that looking after it costs nothing worth waiting for.</summary>
    bool IsLocal { get; }

    /// <summary>The place beside it where contents are shown by name.</summary>
    /// <param name="extent">Null: as much as costs nothing here.</param>
    IReadableTree Readable(ReadableExtent? extent);

    /// <summary>Answers when the place is there and can be read.</summary>
    /// <param name="write">Whether to write, read and delete something small, too.</param>
    Task CheckAsync(bool write, CancellationToken ct = default);

    /// <summary>Size in bytes of a content that is here; null when it is not.</summary>
    Task<long?> FindAsync(Digest digest, CancellationToken ct = default);

    /// <summary>The same, noting that somebody is about to refer to it.</summary>
    Task<long?> ClaimAsync(Digest digest, DateTimeOffset now, CancellationToken ct = default);

    /// <summary>Every content, in no order.</summary>
    IAsyncEnumerable<FoundContent> ListAsync(CancellationToken ct = default);

    /// <summary>Deletes a content; one that is not there is deleted already.</summary>
    Task DeleteAsync(Digest digest, CancellationToken ct = default);

    /// <summary>Opens a content. Nothing is hashed here; the stream knows its length.</summary>
    /// <param name="seekable">Whether it will be read in any order rather than from its beginning to its end.</param>
    /// <returns>The stream, which can seek in either case; or <c>blob_missing</c>, or <c>blob_altered</c> where what is there cannot be the content.</returns>
    Task<Outcome<Stream>> OpenAsync(Digest digest, long? expectedSize, bool seekable, CancellationToken ct = default);

    /// <summary>Begins a content of which nothing stays until it is kept.</summary>
    IStagedContent Stage();

    /// <summary>How many bytes of an uploader's upload are here.</summary>
    Task<long> StagedAsync(string uploader, Digest digest, CancellationToken ct = default);

    /// <summary>Takes up one uploader's upload of one content, which stays where it is until it is kept or given up; null while another request has it.</summary>
    Task<IStagedContent?> ResumeAsync(string uploader, Digest digest, CancellationToken ct = default);

    /// <summary>Opens what was parked. Nothing is hashed here; the stream knows its length.</summary>
    /// <returns>Null when it is gone, or of another length.</returns>
    Task<Stream?> OpenParkedAsync(ParkedContent parked, CancellationToken ct = default);

    /// <summary>Deletes what was parked; what is not there is deleted already.</summary>
    Task ForgetParkedAsync(string place, CancellationToken ct = default);

    /// <summary>Deletes what crashed writers left behind, and uploads that nobody went on with.</summary>
    /// <param name="olderThan">How long nothing must have been written to it.</param>
    /// <param name="uploadsOlderThan">The same for uploads that may go on.</param>
    /// <returns>How many were deleted.</returns>
    Task<int> SweepAsync(TimeSpan olderThan, TimeSpan uploadsOlderThan, DateTimeOffset now, CancellationToken ct = default);
}

/// <summary>
/// A content on its way in, under no name that anybody reads. Disposed of before it is kept, it is deleted, or stays as far as it is
/// where it is an upload that may go on.
/// </summary>
internal interface IStagedContent : IAsyncDisposable
{
    /// <summary>Bytes taken so far.</summary>
    long Size { get; }

    /// <summary>Takes an upload up at a place at or before its end.</summary>
    /// <returns>Where writing goes on, at or behind the place: what lies between is here already, and is not given again.</returns>
    Task<long> GoOnFromAsync(long offset, CancellationToken ct = default);

    Task WriteAsync(ReadOnlyMemory<byte> chunk, CancellationToken ct = default);

    /// <summary>Says that all of it is here.</summary>
    /// <returns>Its SHA-256, of the bytes that will be kept.</returns>
    Task<Digest> SealAsync(CancellationToken ct = default);

    /// <summary>Makes it visible under the digest that <see cref="SealAsync"/> gave, unless it is there already. It outlives a power cut.</summary>
    Task KeepAsync(Digest digest, CancellationToken ct = default);

    /// <summary>
    /// Leaves it, once it is sealed, where no content is looked for: it can be opened from there until it is forgotten, or is swept like
    /// an upload that nobody went on with.
    /// </summary>
    /// <returns>Where: a word of the store's own.</returns>
    Task<string> ParkAsync(CancellationToken ct = default);

    /// <summary>Deletes it, whatever it was.</summary>
    Task GiveUpAsync();
}

/// <summary>Another request of the same uploader began the same upload anew, or went on with it at the same time.</summary>
internal sealed class UploadTakenOverException(Exception? cause) : Exception("The upload was taken over.", cause);
