namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// What a server says unasked within a session (Transports, Listening for Messages from the Server). It outlives the
/// connection that carries it: a client that comes back is given what it missed, up to a bound, and a new connection takes
/// the place of one that nobody noticed dying.
/// </summary>
internal sealed class StandingStream : Stream
{
    /// <summary>Events kept while nobody listens; beyond that the oldest go. They say what to read again, not what it is.</summary>
    public const int Most = 256;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Queue<byte[]> _missed = new();
    private readonly MemoryStream _event = new();
    private Stream? _listener;
    private TaskCompletionSource? _replaced;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Carries the stream until <paramref name="cancel"/> or until another connection takes over.</summary>
    public async Task CarryAsync(Stream listener, CancellationToken cancel)
    {
        var replaced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _turn.WaitAsync(cancel);
        try
        {
            _replaced?.TrySetResult();
            (_listener, _replaced) = (listener, replaced);
            while (_missed.TryPeek(out var missed))
            {
                await listener.WriteAsync(missed, cancel);
                _missed.Dequeue();
            }
            await listener.FlushAsync(cancel);
        }
        finally
        {
            _turn.Release();
        }
        try
        {
            await replaced.Task.WaitAsync(cancel);
        }
        finally
        {
            // After this nobody writes to it any more: what is being written now is waited for.
            await _turn.WaitAsync(CancellationToken.None);
            Interlocked.CompareExchange(ref _listener, null, listener);
            _turn.Release();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            _event.Write(buffer.Span);
            if (!_event.GetBuffer().AsSpan(0, (int)_event.Length).EndsWith("\n\n"u8))
                return;
            var whole = _event.ToArray();
            _event.SetLength(0);
            if (!await SentAsync(whole, cancellationToken))
            {
                _missed.Enqueue(whole);
                if (_missed.Count > Most)
                    _missed.Dequeue();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<bool> SentAsync(byte[] whole, CancellationToken cancel)
    {
        if (_listener is not { } listener)
            return false;
        try
        {
            await listener.WriteAsync(whole, cancel);
            await listener.FlushAsync(cancel);
            return true;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            Interlocked.CompareExchange(ref _listener, null, listener);
            return false;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // Whole events are sent on as they end.
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _replaced?.TrySetResult();
            _event.Dispose();
        }
        base.Dispose(disposing);
    }
}
