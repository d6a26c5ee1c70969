using Amazon.S3;
using Amazon.S3.Model;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.S3;

/// <summary>
/// An object, read in windows that grow while it is read on: after a jump little is asked for, since the next jump is likely near. All
/// of it is one object, by its tag; one that was replaced meanwhile is not read on. A connection that breaks is taken up where it broke.
/// </summary>
/// <param name="digest">What it is said to be, for the message where it is not.</param>
/// <param name="first">How much the first window holds, in bytes.</param>
internal sealed class S3ContentStream(Bucket bucket, string key, string tag, long size, Digest digest, long first) : Stream
{
    /// <summary>The first window of whoever looks at parts.</summary>
    internal const long Near = 64 * 1024;

    private const long Far = 1L << 26;
    private const string Reading = "Reading stored content";

    private GetObjectResponse? _answer;
    private long _position, _end, _window;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => size;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            if (value == _position)
                return;
            _position = value;
            _window = 0;
            Leave();
        }
    }

    /// <exception cref="BlobAlteredException">It was replaced, deleted or cut since it was opened.</exception>
    /// <exception cref="StorageUnavailableException">The store does not answer.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || _position >= size)
            return 0;
        for (var again = false; ; again = true)
        {
            try
            {
                _answer ??= await OpenAsync(cancellationToken).ConfigureAwait(false);
                using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                bound.CancelAfter(bucket.Patience);
                var read = await _answer.ResponseStream.ReadAsync(buffer, bound.Token).ConfigureAwait(false);
                if (read == 0)
                    throw new IOException("The body ended early.");
                _position += read;
                if (_position >= _end)
                    Leave();
                return read;
            }
            catch (AmazonS3Exception e) when (S3Failures.IsMissing(e) || S3Failures.IsUnmet(e) || e.StatusCode == System.Net.HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                Leave();
                throw new BlobAlteredException(Refusals.BlobAltered(digest, "it was replaced or deleted while it was read"));
            }
            catch (Exception e) when (S3Failures.Covers(e) && !cancellationToken.IsCancellationRequested)
            {
                Leave();
                if (again || e is OperationCanceledException)
                    throw S3Failures.While(Reading, e, bucket.Name, bucket.Patience);
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // Whoever reads so has a thread to wait on: the inspector.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Current => _position + offset,
        SeekOrigin.End => size + offset,
        _ => offset,
    };

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Leave();
        base.Dispose(disposing);
    }

    private async Task<GetObjectResponse> OpenAsync(CancellationToken ct)
    {
        var window = _window == 0 ? first : Math.Max(_window, Math.Min(_window * 2, Far));
        var end = window >= size - _position ? size : _position + window;
        var asked = new GetObjectRequest { BucketName = bucket.Name, Key = key, EtagToMatch = tag, ByteRange = new ByteRange(_position, end - 1) };
        var answer = await bucket.AskOrLearnAsync(Reading, async (s3, bound) =>
        {
            var answer = await s3.GetObjectAsync(asked, bound).ConfigureAwait(false);
            try
            {
                S3Failures.Tagged(answer.ETag);
                return answer;
            }
            catch
            {
                answer.Dispose();
                throw;
            }
        }, ct).ConfigureAwait(false);
        _end = end;
        _window = window;
        return answer;
    }

    private void Leave()
    {
        _answer?.Dispose();
        _answer = null;
    }

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
