namespace ModelRegistry.Mlflow.Sites;

/// <summary>A file that another server sends: one that stands still in the middle, or sends more than it may, ends it.</summary>
/// <param name="patience">How long one read may take.</param>
/// <param name="most">Bytes that come at most.</param>
internal sealed class SiteStream(Stream content, TimeSpan patience, long most) : Stream
{
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    /// <exception cref="MlflowSiteException">It stands still, breaks off or does not end.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(patience);
        try
        {
            var read = await content.ReadAsync(buffer, bound.Token).ConfigureAwait(false);
            return (_read += read) <= most ? read : throw new MlflowSiteException($"the server sends more than the {most} bytes that are left for it", isPassing: false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MlflowSiteException("the server stands still in the middle of a file", isPassing: true, e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new MlflowSiteException("the server broke off in the middle of a file", isPassing: true, e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            content.Dispose();
        base.Dispose(disposing);
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
