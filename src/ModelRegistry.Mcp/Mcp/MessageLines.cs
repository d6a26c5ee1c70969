using System.Buffers;
using System.IO.Pipelines;
using ModelContextProtocol;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Messages on two streams, one a line (Transports, stdio). No line takes more than <see cref="MostBytes"/> of memory, and nothing comes between a message and its line end.</summary>
internal sealed class MessageLines(Stream input, Stream output) : IDisposable
{
    public const int MostBytes = 8 * 1024 * 1024;

    private readonly PipeReader _input = PipeReader.Create(input);
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <summary>Hands over each line that is not blank, one after the other, until the input ends. One that is too long is answered instead.</summary>
    public async Task ReadAsync(Func<ReadOnlySequence<byte>, ValueTask> take, CancellationToken cancel)
    {
        var skipping = false;
        while (true)
        {
            var read = await _input.ReadAsync(cancel);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                if (!skipping && !Blank(buffer.Slice(0, end)))
                    await take(buffer.Slice(0, end));
                skipping = false;
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }
            if (buffer.Length > MostBytes || (skipping && !buffer.IsEmpty))
            {
                if (!skipping)
                    await WriteAsync(new RpcProblem("null", McpErrorCode.InvalidRequest, $"A message takes at most {MostBytes:N0} bytes.").ToBytes(), cancel);
                (skipping, buffer) = (true, buffer.Slice(buffer.End));
            }
            if (read.IsCompleted && !skipping && !Blank(buffer))
                await take(buffer);
            _input.AdvanceTo(read.IsCompleted ? read.Buffer.End : buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }

    /// <summary>Writes one message, which has no line end within.</summary>
    public async Task WriteAsync(byte[] message, CancellationToken cancel)
    {
        await _writing.WaitAsync(cancel);
        try
        {
            // One write, so that nothing can come between a message and its line end.
            Array.Resize(ref message, message.Length + 1);
            message[^1] = (byte)'\n';
            await output.WriteAsync(message, CancellationToken.None);
            await output.FlushAsync(CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _writing.Dispose();

    private static bool Blank(ReadOnlySequence<byte> line)
    {
        foreach (var part in line)
            foreach (var b in part.Span)
                if (b is not ((byte)' ' or (byte)'\t' or (byte)'\r'))
                    return false;
        return true;
    }
}
