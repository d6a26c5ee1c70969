using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>The sessions of 2025-11-25 and before (Transports, Session Management).</summary>
internal sealed partial class StreamableHttp
{
    private async Task PostInSessionAsync(HttpContext http, HttpPeer peer, JsonRpcMessage message)
    {
        var (said, id) = (http.Request.Headers[ProtocolHeaders.Session].ToString(), (message as JsonRpcRequest)?.Id);
        HttpSession? session;
        if (said.Length > 0)
        {
            if ((session = await FindAsync(http, peer, said, id)) is null)
                return;
        }
        else if (message is not JsonRpcRequest { Method: RequestMethods.Initialize })
        {
            await Replies.RpcAsync(http, 400, McpErrorCode.InvalidRequest, $"The header {ProtocolHeaders.Session} is missing. Begin with initialize, or speak {ProtocolHeaders.Stateless}, which needs no session.", id);
            return;
        }
        else if ((session = await sessions.OpenAsync(peer.Principal, logs, transport => McpServer.Create(transport, server, logs), attach)) is null)
        {
            await Replies.RpcAsync(http, Refusals.TooManySessions, id);
            return;
        }

        var welcome = said.Length > 0;
        try
        {
            using var use = session.Enter();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, session.Ended);
            if (welcome)
                http.Response.Headers[ProtocolHeaders.Session] = session.Id;
            if (!(welcome && session.IsOpen && await AnsweredDirectlyAsync(http, message, session, stop.Token)))
                await AnswerAsync(http, peer, session.Transport, message, stop, answer =>
                {
                    // A session is made known with the answer that opens it, and only if that is no error.
                    if (!welcome && (welcome = answer.ErrorCode is null))
                        http.Response.Headers[ProtocolHeaders.Session] = session.Id;
                    return 200;
                });
            // One that was closed meanwhile has nothing to say any more.
            if (session.Ended.IsCancellationRequested && !http.Response.HasStarted)
                await NotFoundAsync(http, id);
        }
        finally
        {
            if (!welcome)
                await sessions.CloseAsync(session);
        }
    }

    /// <summary>True also where the session ended, or its client left, before there was an answer.</summary>
    private async ValueTask<bool> AnsweredDirectlyAsync(HttpContext http, JsonRpcMessage message, HttpSession session, CancellationToken stop)
    {
        try
        {
            return direct is not null && await direct.TryAnswerAsync(http, message, session.Protocol, session.Client, stateless: false, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return true;
        }
    }

    private async Task ListenAsync(HttpContext http, HttpPeer peer)
    {
        if (await FindForAsync(http, peer) is not { } session)
            return;
        if (!Accepts(http, "text/event-stream"))
        {
            await Replies.RpcAsync(http, 406, McpErrorCode.InvalidRequest, "The Accept header has to name text/event-stream.");
            return;
        }
        using var use = session.Enter();
        using var listens = sessions.Listen();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, session.Ended, stopping);
        await using var events = new EventStream(http.Response);
        http.Response.Headers[ProtocolHeaders.Session] = session.Id;
        events.Open();
        await http.Response.StartAsync(stop.Token);
        await events.FlushAsync(stop.Token);
        var keeping = EndWhenBarredAsync(events, peer, stop, stop.Token);
        try
        {
            await session.Standing.CarryAsync(events, stop.Token);
        }
        catch (Exception e) when (stop.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or IOException)
        {
            // The client left, the session ended, the credential did, or the server does: a stream may end at any time.
        }
        finally
        {
            await stop.CancelAsync();
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task EndAsync(HttpContext http, HttpPeer peer)
    {
        if (await FindForAsync(http, peer) is not { } session)
            return;
        await sessions.CloseAsync(session);
        http.Response.StatusCode = 204;
    }

    /// <summary>The session that a GET or DELETE is about; null when there is none and the client was told so.</summary>
    private async Task<HttpSession?> FindForAsync(HttpContext http, HttpPeer peer)
    {
        var said = http.Request.Headers[ProtocolHeaders.Session].ToString();
        if (http.Request.Headers[ProtocolHeaders.Version] == ProtocolHeaders.Stateless || (said.Length == 0 && http.Request.Method == "GET"))
            await Replies.RpcAsync(http, 405, McpErrorCode.InvalidRequest, $"{http.Request.Method} belongs to a session. In {ProtocolHeaders.Stateless} there are none: changes come from subscriptions/listen.", allow: "POST");
        else if (said.Length == 0)
            await Replies.RpcAsync(http, 400, McpErrorCode.InvalidRequest, $"The header {ProtocolHeaders.Session} is missing.");
        else
            return await FindAsync(http, peer, said, null);
        return null;
    }

    private async Task<HttpSession?> FindAsync(HttpContext http, HttpPeer peer, string said, RequestId? id)
    {
        var session = sessions.Find(said, peer.Principal);
        if (session is null)
            await NotFoundAsync(http, id);
        return session;
    }

    private static Task NotFoundAsync(HttpContext http, RequestId? id) =>
        Replies.RpcAsync(http, 404, (McpErrorCode)(-32001), "There is no such session (any more). Begin again with initialize.", id);
}
