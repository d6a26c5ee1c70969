using ModelContextProtocol;
using ModelContextProtocol.Server;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// The way in for requests that are no tool calls: who calls, then the answer. Refusals, outages and bugs become protocol
/// errors that say what to do; nothing else gets out.
/// </summary>
internal sealed class RequestDoor(WhoCalls whoCalls, ILogger log)
{
    private const string Stateless = "2026-07-28";

    /// <summary>Whether a request is of 2026-07-28 or later, which has no handshake and no sessions.</summary>
    public static bool IsStateless(MessageContext context) =>
        string.CompareOrdinal(context.JsonRpcMessage.Context?.ProtocolVersion ?? context.Server.NegotiatedProtocolVersion, Stateless) >= 0;

    /// <param name="request">The method, for the log.</param>
    public async ValueTask<T> AnswerAsync<T>(MessageContext context, string request, Func<ToolCaller, Task<T>> answer, CancellationToken cancel)
    {
        try
        {
            var caller = await whoCalls(context, cancel);
            if (caller.Refusal is { } stranger)
                throw Replies.ProtocolError(stranger, stranger.Kind == RefusalKind.Forbidden ? McpErrorCode.InvalidRequest : McpErrorCode.InternalError);
            return await answer(caller.Value);
        }
        catch (StorageUnavailableException outage)
        {
            log.LogError(outage, "{Request} met an outage of the storage", request);
            throw new McpProtocolException($"{outage.Code}: {outage.Message} {outage.Remedy}", McpErrorCode.InternalError);
        }
        catch (Exception e) when (e is not (OperationCanceledException or McpException))
        {
            log.LogError(e, "{Request} failed", request);
            throw new McpProtocolException("internal_error: The registry failed at this request. Try once more; then look at the server's log (stderr).", McpErrorCode.InternalError);
        }
    }
}
