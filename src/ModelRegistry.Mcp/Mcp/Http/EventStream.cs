using Microsoft.AspNetCore.Http.Features;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// A response that carries server-sent events. Whoever writes to it writes whole events; between two of them a comment
/// goes out now and then, so that no proxy takes the silence for the end and a dead connection is noticed.
/// </summary>
internal sealed class EventStream(HttpResponse response) : Stream
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
    private static readonly byte[] Comment = ":\n\n"u8.ToArray();

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly MemoryStream _first = new();
    private bool _open, _dropping, _between = true;
    private long _last = Environment.TickCount64;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>
    /// Sees the first event before the response begins. When it gives true, it has answered in another form, and nothing of
    /// the stream is sent.
    /// </summary>
    public Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<bool>>? First { get; set; }

    /// <summary>Sends the headers of a stream of events: not to be stored, changed or held back on the way.</summary>
    public void Open()
    {
        var headers = response.Headers;
        (headers.ContentType, headers.CacheControl, headers.ContentEncoding, headers["X-Accel-Buffering"]) = ("text/event-stream", "no-cache,no-store", "identity", "no");
        response.HttpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        _open = true;
    }

    /// <summary>Keeps the stream alive until <paramref name="cancel"/>, or until its caller is no longer let in.</summary>
    public async Task KeepAsync(Func<CancellationToken, ValueTask<bool>> stillAllowed, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Silence);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            if (!await stillAllowed(cancel))
                return;
            // Whoever writes now keeps the stream alive; a client that does not read must not keep its credential from being looked at.
            if (!await _turn.WaitAsync(TimeSpan.Zero, cancel))
                continue;
            try
            {
                if (_open && !_dropping && _between && Environment.TickCount64 - _last >= Silence.TotalMilliseconds / 2)
                    await response.Body.WriteAsync(Comment, cancel);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_dropping || buffer.IsEmpty)
            return;
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!_open && (buffer = await BeginAsync(buffer, cancellationToken)).IsEmpty)
                return;
            await response.Body.WriteAsync(buffer, cancellationToken);
            (_between, _last) = (buffer.Span.EndsWith("\n\n"u8), Environment.TickCount64);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What there is to send, once the first event is whole and is not an answer in itself.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> BeginAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancel)
    {
        _first.Write(buffer.Span);
        ReadOnlyMemory<byte> whole = _first.GetBuffer().AsMemory(0, (int)_first.Length);
        if (!whole.Span.EndsWith("\n\n"u8))
            return default;
        _dropping = First is not null && await First(whole, cancel);
        if (_dropping)
            return default;
        Open();
        return whole;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => _dropping || !_open ? Task.CompletedTask : response.Body.FlushAsync(cancellationToken);

    public override void Flush() { }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _turn.Dispose();
            _first.Dispose();
        }
        base.Dispose(disposing);
    }
}
