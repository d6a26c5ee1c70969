using ModelContextProtocol.Server;
using ModelRegistry.Changes;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// Tells sessions and streams what changed, whichever process changed it. One per process: the feed is followed once for
/// all of them, and not at all while nobody listens.
/// </summary>
internal sealed class ResourceUpdates(ILogger log) : IDisposable
{
    /// <summary>How often to look for changes of other processes: four times a second, one row by its key.</summary>
    private static readonly TimeSpan AfterOutage = TimeSpan.FromSeconds(2);

    private const int MostAtOnce = 500;

    private readonly ILogger _log = log;
    private readonly Lock _gate = new();
    private readonly HashSet<ResourceListener> _listeners = [];
    private readonly Dictionary<string, Seat> _seats = [];
    private Following? _following;
    private bool _ended;

    /// <summary>Following the feed from one place on; <see cref="Begun"/> completes when that place is known.</summary>
    private sealed record Following(CancellationTokenSource Stop, TaskCompletionSource Begun);

    /// <summary>Where a session may subscribe. Most never do: what listening takes is made when the first one does.</summary>
    private sealed class Seat(ResourceUpdates updates, McpServer server) : IDisposable
    {
        public ResourceSession? Session { get; private set; }

        /// <summary>Under the gate.</summary>
        public ResourceSession Taken() => Session ??= new ResourceSession(updates, server, updates._log);

        public void Dispose() => updates.Leave(server, this);
    }

    /// <summary>How many sessions and streams listen now.</summary>
    public int Listeners { get { lock (_gate) return _listeners.Count; } }

    /// <summary>How many addresses one caller's sessions and streams listen to, together.</summary>
    public int HeldBy(string owner) { lock (_gate) return _listeners.Sum(l => l.Owner == owner ? l.Weight : 0); }

    /// <summary>Whether the feed is being followed.</summary>
    public bool IsFollowing { get { lock (_gate) return _following is not null; } }

    /// <summary>
    /// Lets a session's server subscribe (versions before 2026-07-28) until what is given back is disposed, which is when
    /// the session has ended. Nothing of it is kept then.
    /// </summary>
    public IDisposable Attach(McpServer server)
    {
        var seat = new Seat(this, server);
        lock (_gate)
            _seats[Key(server)] = seat;
        return seat;
    }

    /// <summary>The session a request came in; null when its server was not attached or has ended.</summary>
    public ResourceSession? SessionOf(MessageContext context)
    {
        lock (_gate)
            return _seats.GetValueOrDefault(Key(context.Server))?.Taken();
    }

    /// <summary>Lets it hear. When this returns, every later change will be heard.</summary>
    public async Task AddAsync(ResourceListener listener, ChangeFeed feed, CancellationToken cancel)
    {
        Following following;
        lock (_gate)
        {
            if (_ended || listener.IsEnded)
            {
                listener.End();
                return;
            }
            _listeners.Add(listener);
            if (_following is null)
            {
                _following = new Following(new CancellationTokenSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                var begun = _following;
                _ = SharedWork.Begin(() => FollowAsync(feed, begun));
            }
            following = _following;
        }
        try
        {
            await following.Begun.Task.WaitAsync(cancel);
        }
        catch (OperationCanceledException) when (listener.IsEnded)
        {
            // Everything ends; there is nothing more to hear.
        }
        catch
        {
            Remove(listener);
            throw;
        }
    }

    public void Remove(ResourceListener listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
            if (_listeners.Count == 0)
                StopFollowing();
        }
    }

    /// <summary>Removes it if it can hear of nothing any more; one that subscribes at the same moment stays.</summary>
    public void RemoveIfIdle(ResourceListener listener)
    {
        lock (_gate)
            if (listener.IsIdle)
                Remove(listener);
    }

    public void Remove(ResourceSession session)
    {
        lock (_gate)
            if (_seats.GetValueOrDefault(Key(session.Server))?.Session == session)
                _seats.Remove(Key(session.Server));
        Remove(session.Listener);
    }

    private void Leave(McpServer server, Seat seat)
    {
        // Once the seat is gone nobody takes it any more.
        lock (_gate)
            if (_seats.GetValueOrDefault(Key(server)) == seat)
                _seats.Remove(Key(server));
        seat.Session?.Dispose();
    }

    /// <summary>Ends every stream and session in good order: what is known is still told. Nobody can listen any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var listener in _listeners)
                listener.End();
            _listeners.Clear();
            StopFollowing();
        }
    }

    public void Dispose() => End();

    private static string Key(McpServer server) => server.SessionId ?? "";

    private void StopFollowing()
    {
        _following?.Stop.Cancel();
        _following = null;
    }

    private async Task FollowAsync(ChangeFeed feed, Following following)
    {
        var stop = following.Stop.Token;
        try
        {
            var seen = await feed.LastAsync(stop);
            following.Begun.SetResult();
            while (true)
                seen = await NextAsync(feed, seen, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            following.Begun.TrySetCanceled(CancellationToken.None);
        }
        catch (Exception e)
        {
            // Whoever waits for the beginning learns of it. After that streams end, so that their clients come back and look.
            var late = !following.Begun.TrySetException(e);
            if (late)
                _log.LogError(e, "The feed of changes cannot be followed; those who listened are sent away");
            lock (_gate)
                if (_following == following)
                {
                    _following = null;
                    foreach (var listener in late ? [.. _listeners] : Array.Empty<ResourceListener>())
                    {
                        listener.End();
                        _listeners.Remove(listener);
                    }
                }
        }
        finally
        {
            following.Stop.Dispose();
        }
    }

    private async Task<long> NextAsync(ChangeFeed feed, long seen, CancellationToken stop)
    {
        try
        {
            await feed.WaitAsync(seen, stop);
            var changes = await feed.AfterAsync(seen, MostAtOnce, stop);
            var touched = changes.SelectMany(ResourceTopic.TouchedBy).ToHashSet();
            lock (_gate)
                foreach (var listener in _listeners)
                    listener.Hear(touched);
            return changes.Count > 0 ? changes[^1].Number : seen;
        }
        catch (StorageUnavailableException outage)
        {
            // Nothing is lost by it: the feed is read on from where it was.
            _log.LogWarning(outage, "The feed of changes cannot be read now");
            await Task.Delay(AfterOutage, stop);
            return seen;
        }
    }
}
