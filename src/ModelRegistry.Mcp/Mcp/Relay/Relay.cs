using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// One client on stdio, spoken on to a server's MCP address word for word: what the client writes is sent as it wrote it, and
/// what the server says is written as it said it. Each line is a message or does not get out.
/// </summary>
internal sealed class Relay(Passage passage, MessageLines lines, ILogger log) : IAsyncDisposable
{
    /// <summary>Requests under way at once. More are refused and not made to wait: the answers that others need come on the same input.</summary>
    public const int Most = 256;

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<RequestId, (Flight Flight, Task Task)> _flights = new();
    private readonly RelaySession _session = new(passage, lines, log);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Speaks on until the input ends and what was asked is answered.</summary>
    public async Task RunAsync()
    {
        await lines.ReadAsync(TakeAsync, _stop.Token);
        // Streams last until somebody ends them, and a question will not be answered any more.
        foreach (var (flight, _) in _flights.Values.Where(f => f.Flight.Request.Method == RequestMethods.SubscriptionsListen))
            await flight.Stop.CancelAsync();
        var last = Task.WhenAll(_flights.Values.Where(f => !f.Flight.Asking).Select(f => f.Task));
        await Task.WhenAny(last, Task.Delay(Farewell, _stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var (flight, task) in _flights.Values)
        {
            await flight.Stop.CancelAsync();
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await _session.DisposeAsync();
    }

    private async ValueTask TakeAsync(ReadOnlySequence<byte> line)
    {
        var (message, problem) = RpcReading.Of(line);
        if (problem is not null)
            await lines.WriteAsync(problem.ToBytes(), _stop.Token);
        else if (message is JsonRpcRequest request)
            await BeginAsync(request, line.ToArray());
        else
            await PassOnAsync(message!, line.ToArray());
    }

    private async Task BeginAsync(JsonRpcRequest request, byte[] json)
    {
        if (json.Length > StreamableHttp.MostBytes)
            await RefuseAsync(request.Id, Refusals.BodyTooLarge(StreamableHttp.MostBytes));
        else if (_flights.Count >= Most)
            await RefuseAsync(request.Id, Refusals.TooManyRequests(Most));
        else if (_flights.ContainsKey(request.Id))
            await RefuseAsync(request.Id, Refusals.InvalidArgument("id", "a request by this id is under way"));
        else
        {
            var flight = new Flight(request, json, VersionOf(request), CancellationTokenSource.CreateLinkedTokenSource(_stop.Token));
            var started = new TaskCompletionSource();
            var task = FlyAsync(flight, started.Task);
            _flights[request.Id] = (flight, task);
            started.SetResult();
            // What follows belongs to the session that this begins.
            if (request.Method == RequestMethods.Initialize && flight.Version is null)
                await task;
        }
    }

    private async Task FlyAsync(Flight flight, Task started)
    {
        await started;
        // The next line is read meanwhile.
        await Task.Yield();
        try
        {
            if (flight.Version is null)
                await _session.ExchangeAsync(flight);
            else
                await ExchangeAloneAsync(flight);
        }
        catch (OperationCanceledException) when (flight.Stop.IsCancellationRequested)
        {
            // Whoever gave it up is not answered.
        }
        catch (Exception e) when (ServerUnavailableException.Of(e, passage.Server) is { } outage)
        {
            log.LogInformation("{Method} was not answered: {Why}", flight.Request.Method, outage.Message);
            await lines.WriteAsync(Replies.RpcError(flight.Request.Id, McpErrorCode.InternalError, outage.Code, outage.Message, outage.Remedy), _stop.Token);
        }
        catch (Exception e) when (e is not IOException)
        {
            log.LogError(e, "{Method} failed", flight.Request.Method);
            await lines.WriteAsync(Replies.RpcError(flight.Request.Id, McpErrorCode.InternalError, "internal_error", "This program failed at this request.", "Try once more; then look at what it logged (stderr)."), _stop.Token);
        }
        finally
        {
            _flights.TryRemove(flight.Request.Id, out _);
            flight.Stop.Dispose();
        }
    }

    /// <summary>A request that stands by itself (2026-07-28 and later), with the headers that repeat what it says.</summary>
    private async Task ExchangeAloneAsync(Flight flight)
    {
        if (!Plain(flight.Request.Method) || !Plain(flight.Version!))
        {
            await RefuseAsync(flight.Request.Id, Refusals.InvalidArgument("method", "methods and versions are words of visible ASCII"));
            return;
        }
        using var request = passage.Post(flight.Json);
        request.Headers.TryAddWithoutValidation(ProtocolHeaders.Version, flight.Version);
        request.Headers.TryAddWithoutValidation(ProtocolHeaders.Method, flight.Request.Method);
        if (ProtocolHeaders.NameOf(flight.Request) is { } name)
            request.Headers.TryAddWithoutValidation(ProtocolHeaders.Name, McpHeaderEncoder.EncodeValue(name));
        using var response = await passage.SendAsync(request, flight.Stop.Token);
        await foreach (var said in Said.InAsync(response, flight.Request.Id, flight.Stop.Token))
        {
            // Here a server asks nothing: what it needs to know is part of an answer.
            if (said.Message is JsonRpcRequest)
                continue;
            if (said.Message is JsonRpcMessageWithId { Id: var id } && id != flight.Request.Id)
                throw ServerUnavailableException.Unreadable("the answer to another request");
            await lines.WriteAsync(said.Line, flight.Stop.Token);
            if (said.Message is JsonRpcResponse or JsonRpcError)
                return;
        }
        throw ServerUnavailableException.Lost("ended before the answer came");
    }

    private async Task PassOnAsync(JsonRpcMessage message, byte[] json)
    {
        var given = message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification } cancelled && CancelledId(cancelled) is { } id && _flights.TryGetValue(id, out var found) ? found.Flight : null;
        try
        {
            // By itself a request is given up by leaving it; within a session the server has to be told.
            if (given?.Version is null && json.Length <= StreamableHttp.MostBytes)
                await _session.PassOnAsync(message, json, _stop.Token);
        }
        catch (ServerUnavailableException outage)
        {
            log.LogInformation("What needs no answer did not arrive: {Why}", outage.Message);
        }
        if (given is not null)
            await GiveUpAsync(given);
    }

    private static async Task GiveUpAsync(Flight flight)
    {
        try
        {
            await flight.Stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It was answered meanwhile.
        }
    }

    private Task RefuseAsync(RequestId id, Refusal no) => lines.WriteAsync(Replies.RpcError(id, McpErrorCode.InvalidRequest, no.Code, no.Message, no.Remedy), _stop.Token);

    private static string? VersionOf(JsonRpcRequest request) =>
        ((request.Params as JsonObject)?["_meta"] as JsonObject)?[MetaKeys.ProtocolVersion] is JsonValue value && value.TryGetValue(out string? said) && said.Length > 0 ? said : null;

    private static RequestId? CancelledId(JsonRpcNotification notification) => (notification.Params as JsonObject)?["requestId"] switch
    {
        JsonValue value when value.TryGetValue(out long number) => new RequestId(number),
        JsonValue value when value.TryGetValue(out string? text) => new RequestId(text),
        _ => null,
    };

    private static bool Plain(string word) => word.Length <= 200 && word.All(c => c is > ' ' and <= '~');
}
