using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// One JSON-RPC message per line on two streams (Transports, stdio). What it does beyond the SDK's own: requests that were
/// read before the input ended are still answered, a line that is no message is answered instead of being dropped, and
/// no line can take more than <see cref="MostBytes"/> of memory.
/// </summary>
internal sealed class StdioTransport : ITransport
{
    public const int MostBytes = 8 * 1024 * 1024;

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);
    private static readonly JsonTypeInfo<JsonRpcMessage> Shape = McpJsonUtilities.GetTypeInfo<JsonRpcMessage>(McpJsonUtilities.DefaultOptions);

    private readonly PipeReader _input;
    private readonly Stream _output;
    private readonly Action _inputEnded;
    private readonly Channel<JsonRpcMessage> _messages = Channel.CreateUnbounded<JsonRpcMessage>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentDictionary<RequestId, bool> _unanswered = new(), _asked = new();
    private readonly CancellationTokenSource _stop = new();
    private volatile TaskCompletionSource? _ended;

    /// <param name="inputEnded">Called when nothing more will be read: requests that last until the server stops are to be answered now.</param>
    public StdioTransport(Stream input, Stream output, Action inputEnded)
    {
        (_input, _output, _inputEnded) = (PipeReader.Create(input), output, inputEnded);
        _ = Task.Run(ReadAsync);
    }

    public string? SessionId => null;

    /// <summary>Completes when the input has ended and what was read from it is answered.</summary>
    public Task Ended => _messages.Reader.Completion;

    public ChannelReader<JsonRpcMessage> MessageReader => _messages.Reader;

    public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        if (message is JsonRpcRequest question)
            _asked[question.Id] = true;
        await WriteAsync(JsonSerializer.SerializeToUtf8Bytes(message, Shape), cancellationToken);
        if (message is JsonRpcResponse or JsonRpcError)
            _unanswered.TryRemove(((JsonRpcMessageWithId)message).Id, out _);
        Settle();
    }

    public async ValueTask DisposeAsync()
    {
        // A read of the console cannot be interrupted; it ends with the process.
        await _stop.CancelAsync();
        _messages.Writer.TryComplete();
    }

    private async Task ReadAsync()
    {
        try
        {
            var skipping = false;
            while (true)
            {
                var read = await _input.ReadAsync(_stop.Token);
                var buffer = read.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } end)
                {
                    if (!skipping)
                        await TakeAsync(buffer.Slice(0, end));
                    skipping = false;
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                }
                if (buffer.Length > MostBytes || (skipping && !buffer.IsEmpty))
                {
                    if (!skipping)
                        await WriteAsync(new RpcProblem("null", McpErrorCode.InvalidRequest, $"A message takes at most {MostBytes:N0} bytes.").ToBytes(), _stop.Token);
                    (skipping, buffer) = (true, buffer.Slice(buffer.End));
                }
                if (read.IsCompleted && !buffer.IsEmpty && !skipping)
                    await TakeAsync(buffer);
                _input.AdvanceTo(read.IsCompleted ? read.Buffer.End : buffer.Start, read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
            _inputEnded();
            await AnswerTheRestAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The other side is gone, or this one is going.
        }
        finally
        {
            _messages.Writer.TryComplete();
        }
    }

    private async ValueTask TakeAsync(ReadOnlySequence<byte> line)
    {
        if (Blank(line))
            return;
        var (message, problem) = RpcReading.Of(line);
        if (problem is not null)
        {
            await WriteAsync(problem.ToBytes(), _stop.Token);
            return;
        }
        if (message is JsonRpcRequest request)
            _unanswered[request.Id] = true;
        // Whoever cancels a request gets no answer to it.
        else if (message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification } cancelled && Cancelled(cancelled) is { } id)
            _unanswered.TryRemove(id, out _);
        else if (message is JsonRpcResponse or JsonRpcError)
            _asked.TryRemove(((JsonRpcMessageWithId)message).Id, out _);
        await _messages.Writer.WriteAsync(message!, _stop.Token);
    }

    private static bool Blank(ReadOnlySequence<byte> line)
    {
        foreach (var part in line)
            foreach (var b in part.Span)
                if (b is not ((byte)' ' or (byte)'\t' or (byte)'\r'))
                    return false;
        return true;
    }

    private async Task WriteAsync(byte[] message, CancellationToken cancel)
    {
        await _writing.WaitAsync(cancel);
        try
        {
            // One write, so that nothing can come between a message and its line end.
            Array.Resize(ref message, message.Length + 1);
            message[^1] = (byte)'\n';
            await _output.WriteAsync(message, CancellationToken.None);
            await _output.FlushAsync(CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Waits for the answers to what was read; not for calls that wait for the client, which will say nothing any more, and not for ever.</summary>
    private async Task AnswerTheRestAsync()
    {
        var ended = _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Settle();
        await Task.WhenAny(ended.Task, Task.Delay(Farewell, _stop.Token));
    }

    private void Settle()
    {
        if (_ended is { } ended && _unanswered.Count <= _asked.Count)
            ended.TrySetResult();
    }

    private static RequestId? Cancelled(JsonRpcNotification notification)
    {
        try
        {
            return notification.Params?.Deserialize(McpJsonUtilities.GetTypeInfo<CancelledNotificationParams>(McpJsonUtilities.DefaultOptions))?.RequestId;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
