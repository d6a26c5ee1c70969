using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// One JSON-RPC message per line on two streams (Transports, stdio). What it does beyond the SDK's own: requests that were
/// read before the input ended are still answered, a line that is no message is answered instead of being dropped, and
/// no line can take more than <see cref="MessageLines.MostBytes"/> of memory.
/// </summary>
internal sealed class StdioTransport : ITransport
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);
    private static readonly JsonTypeInfo<JsonRpcMessage> Shape = McpJsonUtilities.GetTypeInfo<JsonRpcMessage>(McpJsonUtilities.DefaultOptions);

    private readonly MessageLines _lines;
    private readonly Action _inputEnded;
    private readonly Channel<JsonRpcMessage> _messages = Channel.CreateUnbounded<JsonRpcMessage>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly ConcurrentDictionary<RequestId, bool> _unanswered = new(), _asked = new();
    private readonly CancellationTokenSource _stop = new();
    private volatile TaskCompletionSource? _ended;

    /// <param name="inputEnded">Called when nothing more will be read: requests that last until the server stops are to be answered now.</param>
    public StdioTransport(Stream input, Stream output, Action inputEnded)
    {
        (_lines, _inputEnded) = (new MessageLines(input, output), inputEnded);
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
        await _lines.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(message, Shape), cancellationToken);
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
            await _lines.ReadAsync(TakeAsync, _stop.Token);
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
        var (message, problem) = RpcReading.Of(line);
        if (problem is not null)
        {
            await _lines.WriteAsync(problem.ToBytes(), _stop.Token);
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
