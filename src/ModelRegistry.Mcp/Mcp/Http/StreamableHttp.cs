using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Who sends a request, as far as the transport has to know.</summary>
/// <param name="Principal">Sessions belong to it; nobody else's request reaches them.</param>
/// <param name="Items">Travels with the message to the handlers of its request.</param>
/// <param name="StillAllowed">Asked again while a stream stays open: a credential may end before it does.</param>
internal sealed record HttpPeer(string Principal, Dictionary<string, object?> Items, Func<CancellationToken, ValueTask<bool>> StillAllowed);

/// <summary>
/// Streamable HTTP on one address for both eras: every request by itself (2026-07-28), or sessions that begin with
/// <c>initialize</c> (2024-11-05 to 2025-11-25). Who may call is settled before; here the protocol's own rules are kept.
/// </summary>
/// <param name="schemaOf">The input schema of a tool, by name, where it asks for arguments in headers.</param>
/// <param name="direct">Answers what can be answered without the SDK's machinery; null: nothing.</param>
/// <param name="attach">Told of the server of a new session; what it gives is disposed of when the session ends.</param>
internal sealed partial class StreamableHttp(McpServerOptions server, Func<string, JsonElement?> schemaOf, HttpSessions sessions, ILoggerFactory logs, CancellationToken stopping, Func<McpServer, IDisposable>? attach = null, DirectCalls? direct = null)
{
    /// <summary>The most bytes of one message.</summary>
    public const long MostBytes = 4 * 1024 * 1024;

    /// <summary>How long a message may take to arrive, and how long yet when the server is about to end.</summary>
    private static readonly TimeSpan Arrival = TimeSpan.FromSeconds(60), LastArrival = TimeSpan.FromSeconds(3);

    private readonly BodyRoom _bodies = new();

    /// <summary>Takes one request of a known caller.</summary>
    public Task HandleAsync(HttpContext http, HttpPeer peer) => http.Request.Method switch
    {
        "POST" => PostAsync(http, peer),
        "GET" => ListenAsync(http, peer),
        "DELETE" => EndAsync(http, peer),
        _ => Replies.RpcAsync(http, 405, McpErrorCode.InvalidRequest, "MCP takes POST, GET and DELETE here.", allow: "POST, GET, DELETE"),
    };

    private async Task PostAsync(HttpContext http, HttpPeer peer)
    {
        if (!Accepts(http, "application/json") || !Accepts(http, "text/event-stream"))
        {
            await Replies.RpcAsync(http, 406, McpErrorCode.InvalidRequest, "The Accept header has to name both application/json and text/event-stream.");
            return;
        }
        if (!http.Request.HasJsonContentType())
        {
            await Replies.RpcAsync(http, 415, McpErrorCode.InvalidRequest, "The Content-Type has to be application/json.");
            return;
        }
        using var room = _bodies.Of(peer.Principal);
        if (await ReadAsync(http, room) is not { } message)
            return;
        var (version, id) = (http.Request.Headers[ProtocolHeaders.Version].ToString().Trim(), (message as JsonRpcRequest)?.Id);
        if (version.Length > 0 && version != ProtocolHeaders.Stateless && !ProtocolHeaders.Handshake.Contains(version))
        {
            await Replies.RpcAsync(http, 400, McpErrorCode.UnsupportedProtocolVersion, "This protocol version is not spoken here.", id, data: json =>
            {
                json.WriteStartArray("supported");
                json.WriteStringValue(ProtocolHeaders.Stateless);
                json.WriteEndArray();
                json.WriteString("requested", version);
            });
            return;
        }
        message.Context ??= new JsonRpcMessageContext();
        message.Context.Items = peer.Items;
        if (ProtocolHeaders.IsStateless(version, message))
            await PostAloneAsync(http, peer, message, version);
        else
            await PostInSessionAsync(http, peer, message);
    }

    /// <summary>A request of 2026-07-28: a server for it alone, gone with the answer.</summary>
    private async Task PostAloneAsync(HttpContext http, HttpPeer peer, JsonRpcMessage message, string version)
    {
        if (message is JsonRpcRequest request)
        {
            if (ProtocolHeaders.Problem(http.Request.Headers, version, request, schemaOf) is var (status, code, why))
            {
                await Replies.RpcAsync(http, status, code, why, request.Id);
                return;
            }
        }
        else if (message is not JsonRpcNotification)
        {
            await Replies.RpcAsync(http, 400, McpErrorCode.InvalidRequest, $"In {ProtocolHeaders.Stateless} a client sends requests and notifications; answers go into the next request.");
            return;
        }
        message.Context!.ProtocolVersion = version;
        if (direct is not null && await direct.TryAnswerAsync(http, message, version, client: null, stateless: true, http.RequestAborted))
            return;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        await using var transport = new StreamableHttpServerTransport(logs) { Stateless = true };
        await using var running = McpServer.Create(transport, server, logs);
        var run = running.RunAsync(stop.Token);
        try
        {
            await AnswerAsync(http, peer, transport, message, stop, answer => (McpErrorCode)(answer.ErrorCode ?? 0) switch
            {
                McpErrorCode.MethodNotFound => 404,
                McpErrorCode.MissingRequiredClientCapability or McpErrorCode.UnsupportedProtocolVersion or McpErrorCode.HeaderMismatch => 400,
                _ => 200,
            });
        }
        finally
        {
            // First the reader, then a handler that is still at work: its client is gone.
            await transport.DisposeAsync();
            await stop.CancelAsync();
            await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Lets the transport answer: as one JSON object when the answer is all there is to say, else as a stream of events.</summary>
    /// <param name="whenAlone">Told of an answer that comes alone, before it is sent; gives its HTTP status.</param>
    private async Task AnswerAsync(HttpContext http, HttpPeer peer, StreamableHttpServerTransport transport, JsonRpcMessage message, CancellationTokenSource stop, Func<RpcAnswer, int> whenAlone)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        await using var events = new EventStream(http.Response);
        // From the beginning: what takes long may have nothing to say until it is done.
        var keeping = EndWhenBarredAsync(events, peer, stop, over.Token);
        CancellationTokenRegistration leaving = default;
        events.First = async (first, cancel) =>
        {
            if (message is JsonRpcRequest request && RpcAnswer.In(first, request.Id) is { } answer)
            {
                http.Response.StatusCode = whenAlone(answer);
                await Replies.JsonAsync(http, answer.Json);
                return true;
            }
            // A person may take as long as they like to answer; a server that ends does not wait for them.
            if (RpcAnswer.Asks(first))
                leaving = stopping.Register(stop.Cancel);
            return false;
        };
        try
        {
            if (!await transport.HandlePostRequestAsync(message, events, stop.Token))
                http.Response.StatusCode = 202;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client left, the session ended, the credential did, or the server ends while it waits for the client.
        }
        catch (JsonException) when (!http.Response.HasStarted)
        {
            // The transport itself looks into some messages.
            await Replies.RpcAsync(http, 400, McpErrorCode.InvalidParams, "The parameters do not fit the method.", (message as JsonRpcRequest)?.Id);
        }
        finally
        {
            await leaving.DisposeAsync();
            await over.CancelAsync();
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task EndWhenBarredAsync(EventStream events, HttpPeer peer, CancellationTokenSource stop, CancellationToken over)
    {
        try
        {
            await events.KeepAsync(peer.StillAllowed, over);
        }
        catch (Exception) when (!over.IsCancellationRequested)
        {
            // Whoever cannot be looked at any more is not let in any longer; the client comes back when it is possible again.
        }
        await stop.CancelAsync();
    }

    /// <summary>The message in the body; null when there is none and the client was told so.</summary>
    private async Task<JsonRpcMessage?> ReadAsync(HttpContext http, BodyRoom.Share room)
    {
        using var patience = new CancellationTokenSource(Arrival);
        using var hurry = stopping.Register(() => patience.CancelAfter(LastArrival));
        var reader = http.Request.BodyReader;
        using var wake = patience.Token.Register(reader.CancelPendingRead);
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(http.RequestAborted);
                if (read.IsCanceled)
                {
                    reader.AdvanceTo(read.Buffer.End);
                    http.Response.Headers.Connection = "close";
                    await Replies.RpcAsync(http, StatusCodes.Status408RequestTimeout, McpErrorCode.InvalidRequest, "The body did not arrive in time.");
                    // Else the rest would be waited for, so that the answer is not lost on the way.
                    await http.Response.CompleteAsync();
                    http.Abort();
                    return null;
                }
                if (!room.Grow(read.Buffer.Length))
                {
                    // What is still to come is not waited for.
                    reader.AdvanceTo(read.Buffer.End);
                    http.Response.Headers.Connection = "close";
                    await Replies.RpcAsync(http, Refusals.RateLimited(1));
                    return null;
                }
                if (!read.IsCompleted)
                {
                    reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }
                var (message, problem) = RpcReading.Of(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                if (problem is not null)
                {
                    http.Response.StatusCode = 400;
                    await Replies.JsonAsync(http, problem.ToBytes());
                }
                return message;
            }
        }
        catch (IOException e) when (!http.RequestAborted.IsCancellationRequested)
        {
            // Most of what can be wrong with a body comes as a BadHttpRequestException; the size of a chunk does not.
            var status = (e as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
            if (status == StatusCodes.Status413PayloadTooLarge)
                await Replies.RpcAsync(http, Refusals.BodyTooLarge(MostBytes));
            else
                await Replies.RpcAsync(http, status, McpErrorCode.InvalidRequest, "The body did not arrive whole.");
            return null;
        }
    }

    private static bool Accepts(HttpContext http, string type)
    {
        foreach (var line in http.Request.Headers.Accept)
            if (line?.Contains(type, StringComparison.OrdinalIgnoreCase) == true)
                return true;
        return http.Request.GetTypedHeaders().Accept.Any(accepted => accepted.MatchesMediaType(type));
    }
}
