using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// A client's session at the server (to 2025-11-25). A server that starts anew does not know it any more: then it is begun
/// again as the client began it, with what it subscribed to, and the client is told that things may have changed meanwhile.
/// </summary>
internal sealed class RelaySession(Passage passage, MessageLines lines, ILogger log) : IAsyncDisposable
{
    /// <summary>How long what has no answer of its own may take to be taken, and how long a server may take to let a session go.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Parting = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250), LongestPause = TimeSpan.FromSeconds(10);

    private const int MostSubscriptions = 1_000;

    private readonly record struct State(int Number, string? Id, string? Version);

    private readonly Questions _questions = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly HashSet<string> _subscribed = [];
    private readonly CancellationTokenSource _stop = new();
    private volatile object _state = new State();
    private byte[]? _greeting;
    private Task? _listening;

    private State Now => (State)_state;

    /// <summary>Sends a request within the session and gives the client what comes of it.</summary>
    public async Task ExchangeAsync(Flight flight)
    {
        var begins = flight.Request.Method == RequestMethods.Initialize;
        for (var again = false; ; again = true)
        {
            var at = Now;
            using var request = Within(passage.Post(flight.Json), begins ? default : at);
            using var response = await passage.SendAsync(request, flight.Stop.Token);
            if (!begins && !again && Lost(response, at))
            {
                await RenewAsync(at, flight.Stop.Token);
                continue;
            }
            await foreach (var said in Said.InAsync(response, flight.Request.Id, flight.Stop.Token))
            {
                if (said.Message is not (JsonRpcResponse or JsonRpcError))
                {
                    await TellAsync(said, begins ? Now.Number : at.Number, flight, flight.Stop.Token);
                    continue;
                }
                if (((JsonRpcMessageWithId)said.Message).Id != flight.Request.Id)
                    throw ServerUnavailableException.Unreadable("the answer to another request");
                if (said.Message is JsonRpcResponse answer)
                    Note(flight, answer, response);
                await lines.WriteAsync(said.Line, flight.Stop.Token);
                return;
            }
            throw ServerUnavailableException.Lost("ended before the answer came");
        }
    }

    /// <summary>Sends on what has no answer: a notification, or the client's answer to a question.</summary>
    public async Task PassOnAsync(JsonRpcMessage message, byte[] json, CancellationToken cancel)
    {
        var at = Now;
        if (message is JsonRpcResponse or JsonRpcError && !_questions.Answer(((JsonRpcMessageWithId)message).Id, at.Number))
            return;
        // Without a session there is nobody to tell.
        if (at.Number == 0)
            return;
        await SendAsync(json, at, cancel);
        if (message is JsonRpcNotification { Method: NotificationMethods.InitializedNotification })
            _listening ??= Task.Run(ListenAsync, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_listening is not null)
            await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Now.Id is null)
            return;
        try
        {
            using var request = Within(passage.Delete(), Now);
            using var response = await passage.SendAsync(request, CancellationToken.None, Parting);
        }
        catch (ServerUnavailableException)
        {
            // Then it ends there by itself.
        }
    }

    private static HttpRequestMessage Within(HttpRequestMessage request, State at)
    {
        if (at.Id is { } id)
            request.Headers.TryAddWithoutValidation(ProtocolHeaders.Session, id);
        if (at.Version is { } version)
            request.Headers.TryAddWithoutValidation(ProtocolHeaders.Version, version);
        return request;
    }

    // Within a session the server answers 404 for nothing else (Transports, Session Management).
    private static bool Lost(HttpResponseMessage response, State at) => at.Id is not null && response.StatusCode == System.Net.HttpStatusCode.NotFound;

    /// <summary>Keeps what a later session has to begin with.</summary>
    private void Note(Flight flight, JsonRpcResponse answer, HttpResponseMessage response)
    {
        if (flight.Request.Method == RequestMethods.Initialize)
        {
            _greeting = flight.Json;
            lock (_subscribed)
                _subscribed.Clear();
            Begin(answer, response);
        }
        if (flight.Request.Method is not (RequestMethods.ResourcesSubscribe or RequestMethods.ResourcesUnsubscribe) || (flight.Request.Params as JsonObject)?["uri"] is not JsonValue value || !value.TryGetValue(out string? uri))
            return;
        lock (_subscribed)
            if (flight.Request.Method == RequestMethods.ResourcesUnsubscribe)
                _subscribed.Remove(uri);
            else if (_subscribed.Count < MostSubscriptions)
                _subscribed.Add(uri);
    }

    private void Begin(JsonRpcResponse answer, HttpResponseMessage response)
    {
        var version = (answer.Result as JsonObject)?["protocolVersion"] is JsonValue said && said.TryGetValue(out string? text) ? text : null;
        _state = new State(Now.Number + 1, response.Headers.TryGetValues(ProtocolHeaders.Session, out var id) ? id.First() : null, version);
    }

    /// <summary>Begins the session anew, unless that was done meanwhile.</summary>
    private async Task RenewAsync(State lost, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            if (Now.Number != lost.Number || _greeting is not { } greeting)
                return;
            log.LogInformation("The server does not know the session any more; it is begun anew.");
            await AskAsync(greeting, default, Begin, cancel);
            await SendAsync(JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", method = NotificationMethods.InitializedNotification }), Now, cancel);
            string[] uris;
            lock (_subscribed)
                uris = [.. _subscribed];
            foreach (var uri in uris)
                await AskAsync(JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id = 1, method = RequestMethods.ResourcesSubscribe, @params = new { uri } }), Now, (_, _) => { }, cancel);
            // What happened in between nobody told.
            await lines.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", method = NotificationMethods.ResourceListChangedNotification }), cancel);
            foreach (var uri in uris)
                await lines.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", method = NotificationMethods.ResourceUpdatedNotification, @params = new { uri } }), cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>A request of this process's own, whose answer is not the client's.</summary>
    private async Task AskAsync(byte[] json, State at, Action<JsonRpcResponse, HttpResponseMessage> take, CancellationToken cancel)
    {
        using var request = Within(passage.Post(json), at);
        using var response = await passage.SendAsync(request, cancel, Patience);
        await foreach (var said in Said.InAsync(response, new RequestId(1), cancel))
        {
            if (said.Message is JsonRpcResponse answer)
                take(answer, response);
            else if (said.Message is JsonRpcError { Error: var no })
                throw ServerUnavailableException.Failed((int)response.StatusCode, null, no.Message, null);
            else
                continue;
            return;
        }
        throw ServerUnavailableException.Lost("ended before the answer came");
    }

    private async Task SendAsync(byte[] json, State at, CancellationToken cancel)
    {
        using var request = Within(passage.Post(json), at);
        using var response = await passage.SendAsync(request, cancel, Patience);
        if (!response.IsSuccessStatusCode)
            log.LogInformation("The server answered {Status} to what needs no answer.", (int)response.StatusCode);
    }

    /// <summary>Gives the client what the server says within the session and is no answer.</summary>
    private async Task TellAsync(Said said, int session, Flight? within, CancellationToken cancel)
    {
        if (said.Message is JsonRpcRequest question && !_questions.Ask(question.Id, session, within))
            await SendAsync(Replies.RpcError(question.Id, McpErrorCode.InternalError, "question_open", "The client has a question of a session before this one.", "Ask again later."), Now, cancel);
        else if (said.Message is JsonRpcRequest or JsonRpcNotification)
            await lines.WriteAsync(said.Line, cancel);
    }

    /// <summary>Listens to what the server says unasked, and comes back when the connection ends.</summary>
    private async Task ListenAsync()
    {
        for (var pause = ShortestPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var at = Now;
            try
            {
                using var request = Within(passage.Get(), at);
                using var response = await passage.SendAsync(request, _stop.Token);
                if (response.StatusCode == System.Net.HttpStatusCode.MethodNotAllowed)
                    return;
                if (Lost(response, at))
                    await RenewAsync(at, _stop.Token);
                else
                    await foreach (var said in Said.InAsync(response, null, _stop.Token))
                    {
                        pause = ShortestPause;
                        await TellAsync(said, at.Number, null, _stop.Token);
                    }
            }
            catch (Exception e) when (ServerUnavailableException.Of(e, passage.Server) is { } outage)
            {
                log.LogInformation("Listening ended: {Why}", outage.Message);
            }
            await Task.Delay(pause, _stop.Token);
        }
    }
}
