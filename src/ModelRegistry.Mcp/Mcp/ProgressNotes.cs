using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Catalog;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// Tells a client that asked for it how far a call is (Progress): whenever another hundredth is done, in order, and nothing
/// after the answer.
/// </summary>
internal sealed class ProgressNotes(McpServer server, ProgressToken token) : IProgress<TransferProgress>
{
    private Task _sending = Task.CompletedTask;
    private long _hundredths = -1;

    /// <summary>Null when the client gave no token.</summary>
    public static ProgressNotes? For(ToolCall call) => call.Context.Params?.ProgressToken is { } token ? new ProgressNotes(call.Context.Server, token) : null;

    public void Report(TransferProgress value)
    {
        var (done, total) = value.Whole ?? (value.Done, value.Total);
        var hundredths = total > 0 ? done * 100 / total : 100;
        if (hundredths <= _hundredths)
            return;
        _hundredths = hundredths;
        _sending = SendAsync(_sending, new ProgressNotificationValue { Progress = done, Total = Math.Max(done, total), Message = Untrusted.Clean(value.Path) });
    }

    /// <summary>Completes when all that was reported has been sent.</summary>
    public Task SentAsync() => _sending;

    private async Task SendAsync(Task before, ProgressNotificationValue note)
    {
        await before;
        try
        {
            await server.NotifyProgressAsync(token, note, cancellationToken: CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // Nobody is there to hear it; what was asked for is done all the same, unless it is cancelled.
        }
    }
}
