using System.Collections.Concurrent;
using System.Security.Cryptography;
using ModelContextProtocol.Server;

namespace ModelRegistry.Mcp.Tools;

/// <summary>One client of 2025-11-25 or before, from its <c>initialize</c> until it leaves, idles too long, or the server ends.</summary>
internal sealed class HttpSession(string id, string principal, StreamableHttpServerTransport transport, McpServer server, IDisposable? attached, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private StandingStream? _standing;
    private Task _running = Task.CompletedTask, _sending = Task.CompletedTask;
    private int _active, _disposed;
    private readonly long _began = time.GetTimestamp();
    private long _lastUsed = time.GetTimestamp();

    public string Id { get; } = id;

    /// <summary>Whose it is. To anybody else it is not there.</summary>
    public string Principal { get; } = principal;

    public StreamableHttpServerTransport Transport { get; } = transport;

    /// <summary>The version of the protocol that was agreed on; null before it was.</summary>
    public string? Protocol => server.NegotiatedProtocolVersion;

    /// <summary>What its client calls itself.</summary>
    public string? Client => server.ClientInfo?.Name;

    /// <summary>Whether it was begun and has not ended.</summary>
    public bool IsOpen => Protocol is not null && server.ClientInfo is not null && !Ended.IsCancellationRequested;

    public CancellationToken Ended { get; private set; }

    public bool Idle => Volatile.Read(ref _active) == 0;

    public TimeSpan Unused => time.GetElapsedTime(Volatile.Read(ref _lastUsed));

    public void Run()
    {
        Ended = _ended.Token;
        // It outlives the request that opens it, and is not to keep (or log as its own) what that one carries along.
        using var apart = ExecutionContext.SuppressFlow();
        _running = server.RunAsync(Ended);
        // From the first message on: what is said before the client listens waits for it.
        _standing = new StandingStream();
        _sending = Transport.HandleGetRequestAsync(_standing, Ended);
    }

    /// <summary>A request is under way until the result is disposed of.</summary>
    public Use Enter()
    {
        Interlocked.Increment(ref _active);
        return new Use(this);
    }

    /// <summary>What the server says unasked.</summary>
    public StandingStream Standing => _standing ?? throw new InvalidOperationException("The session does not run yet.");

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        attached?.Dispose();
        Operations.SessionEnded(time.GetElapsedTime(_began), "tcp");
        await _ended.CancelAsync();
        await Transport.DisposeAsync();
        await Task.WhenAll(_running, _sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await server.DisposeAsync();
        if (_standing is not null)
            await _standing.DisposeAsync();
        _ended.Dispose();
    }

    internal readonly struct Use(HttpSession session) : IDisposable
    {
        public void Dispose()
        {
            Volatile.Write(ref session._lastUsed, session.Now);
            Interlocked.Decrement(ref session._active);
        }
    }

    private long Now => time.GetTimestamp();
}

/// <summary>The sessions of one process. One that is not in use makes way when its caller asks for more than half of all.</summary>
internal sealed class HttpSessions(int most, TimeSpan idle, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, HttpSession> _all = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _opening = new(1, 1);

    public int Count => _all.Count;

    /// <summary>How many of them have a client that listens now.</summary>
    public int Listening => Volatile.Read(ref _listening);

    private int _listening;

    /// <summary>A client listens until the result is disposed of.</summary>
    public IDisposable Listen()
    {
        Interlocked.Increment(ref _listening);
        return new Listened(this);
    }

    private sealed class Listened(HttpSessions sessions) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref sessions._listening);
    }

    /// <summary>Opens a session; null when there is no room.</summary>
    /// <param name="serve">Makes the server for a transport.</param>
    /// <param name="attach">Told of that server; what it gives is disposed of with the session.</param>
    public async ValueTask<HttpSession?> OpenAsync(string principal, ILoggerFactory logs, Func<StreamableHttpServerTransport, McpServer> serve, Func<McpServer, IDisposable>? attach)
    {
        // One at a time: many at once would each find the room that is there for one.
        await _opening.WaitAsync();
        try
        {
            while (Crowding(principal) is { } crowd)
            {
                if (crowd.Where(s => s.Idle).MaxBy(s => s.Unused) is not { } oldest)
                    return null;
                await CloseAsync(oldest);
            }
            var transport = new StreamableHttpServerTransport(logs) { SessionId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) };
            var server = serve(transport);
            var session = new HttpSession(transport.SessionId, principal, transport, server, attach?.Invoke(server), time);
            session.Run();
            _all[session.Id] = session;
            return session;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>
    /// Whose sessions must make way for one more of this caller's: its own when they are half of all, else those of whoever
    /// has most. Null when there is room.
    /// </summary>
    private List<HttpSession>? Crowding(string principal)
    {
        var half = Math.Max(1, most / 2);
        if (_all.Count < half)
            return null;
        var own = _all.Values.Where(s => s.Principal == principal).ToList();
        return own.Count >= half ? own : _all.Count < most ? null : [.. _all.Values.GroupBy(s => s.Principal).MaxBy(g => g.Count())!];
    }

    /// <summary>The session of that id if it is this caller's; another's is not told from one that does not exist.</summary>
    public HttpSession? Find(string id, string principal) => _all.TryGetValue(id, out var session) && session.Principal == principal ? session : null;

    public ValueTask CloseAsync(HttpSession session) => _all.TryRemove(session.Id, out _) ? session.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>Closes what nobody uses, from time to time, until cancelled.</summary>
    public async Task SweepAsync(ILogger log, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(idle < TimeSpan.FromMinutes(2) ? idle / 4 : TimeSpan.FromSeconds(30), time);
        while (await timer.WaitForNextTickAsync(cancel))
            foreach (var session in _all.Values.Where(s => s.Idle && s.Unused > idle))
                try
                {
                    await CloseAsync(session);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // One that ends badly is gone all the same, and must not keep the others.
                    log.LogWarning(e, "A session ended badly");
                }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_all.Values.Select(s => CloseAsync(s).AsTask()));
}
