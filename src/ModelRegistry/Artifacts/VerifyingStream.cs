using System.Security.Cryptography;
using ModelRegistry.Domain;
using ModelRegistry.Telemetry;

namespace ModelRegistry.Artifacts;

/// <summary>Stored content turned out not to be what was registered while it was being read.</summary>
public sealed class BlobAlteredException(Refusal refusal) : Exception(refusal.ToString())
{
    /// <summary>The <c>blob_altered</c> to answer with, where an answer can still be given.</summary>
    public Refusal Refusal { get; } = refusal;
}

/// <summary>
/// Content that is hashed again while it is read, forward only. The last bytes are handed out only when all of it is what its
/// digest promises, so that nobody who got it to the end got anything else.
/// </summary>
internal sealed class VerifyingStream(Stream content, Digest digest, long size) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _read;
    private bool _proven;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => size;

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    /// <exception cref="BlobAlteredException">The content differs, in length or in any byte.</exception>
    /// <exception cref="StorageUnavailableException">It cannot be read.</exception>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Taken(buffer, content.Read(buffer));
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While("Reading stored content", e);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc cref="Read(Span{byte})"/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            return Taken(buffer.Span, read);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While("Reading stored content", e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    private int Taken(Span<byte> buffer, int read)
    {
        if (read == 0 && buffer.Length > 0 && _read < size)
            throw Altered($"it ends after {_read} of {size} bytes");
        _hash.AppendData(buffer[..read]);
        _read += read;
        if (_read > size)
            throw Altered($"it has more than {size} bytes");
        if (_read == size && !_proven)
        {
            var found = Digest.FromHash(_hash.GetHashAndReset());
            _proven = found == digest ? true : throw Altered($"it hashes to {found}");
        }
        return read;
    }

    private BlobAlteredException Altered(string how) => new(Refusals.BlobAltered(digest, how));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            RegistryMeter.Moved(Interlocked.Exchange(ref _read, 0), inwards: false);
            _hash.Dispose();
            content.Dispose();
        }
        base.Dispose(disposing);
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
