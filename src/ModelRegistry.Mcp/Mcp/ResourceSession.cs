using System.Collections.Concurrent;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Changes;

namespace ModelRegistry.Mcp.Tools;

/// <summary>A session of a version before 2026-07-28: what it subscribed to, and the task that tells it. Disposing it ends both.</summary>
internal sealed class ResourceSession(ResourceUpdates updates, McpServer server, ILogger log) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Func<CancellationToken, Task<ResourceTopic?>>> _absent = new(StringComparer.Ordinal);
    private int _telling;

    public McpServer Server => server;

    public ResourceListener Listener { get; } = new();

    /// <summary>Tells this session from now on. When it returns, every later change will be told.</summary>
    public async Task ListenAsync(ChangeFeed feed, CancellationToken cancel)
    {
        await updates.AddAsync(Listener, feed, cancel);
        if (Interlocked.Exchange(ref _telling, 1) == 0)
            _ = Task.Run(TellAsync, CancellationToken.None);
    }

    /// <summary>
    /// An address of nothing, which may come to be: when the list of resources changes, <paramref name="find"/> looks again,
    /// and only what is there then is told.
    /// </summary>
    public bool Await(string uri, Func<CancellationToken, Task<ResourceTopic?>> find)
    {
        _absent[uri] = find;
        return Listener.Add(uri, ResourceTopic.List);
    }

    public void Unsubscribe(string uri)
    {
        _absent.TryRemove(uri, out _);
        Listener.Remove(uri);
        updates.RemoveIfIdle(Listener);
    }

    public void Dispose()
    {
        Listener.End();
        updates.Remove(this);
        _stop.Cancel();
    }

    private async ValueTask<bool> IsThereAsync(string uri)
    {
        if (!_absent.TryGetValue(uri, out var find))
            return true;
        if (await find(_stop.Token) is not { } topic)
            return false;
        if (_absent.TryRemove(uri, out _))
            Listener.Add(uri, topic);
        return true;
    }

    private async Task TellAsync()
    {
        try
        {
            while (await Listener.NextAsync(_stop.Token) is { } news)
            {
                foreach (var uri in news.Uris)
                    if (await IsThereAsync(uri))
                        await server.SendNotificationAsync(NotificationMethods.ResourceUpdatedNotification, new ResourceUpdatedNotificationParams { Uri = uri }, McpJsonUtilities.DefaultOptions, _stop.Token);
                if (news.List)
                    await server.SendNotificationAsync(NotificationMethods.ResourceListChangedNotification, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // The client is gone, and its host is about to find out.
            log.LogDebug(e, "A session cannot be told of changes any more");
            Dispose();
        }
    }
}
