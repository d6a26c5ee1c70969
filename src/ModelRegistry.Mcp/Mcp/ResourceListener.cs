using System.Threading.Channels;

namespace ModelRegistry.Mcp.Tools;

/// <summary>What there is to tell a client: resources that changed, and whether the list of resources did.</summary>
internal sealed record ResourceNews(bool List, IReadOnlyList<string> Uris);

/// <summary>
/// One session or stream that wants to hear of changes. News wait here until its own reader takes them, each address once
/// however often it changed: a slow client holds nobody up, loses nothing, and takes no more room than its subscriptions.
/// </summary>
internal sealed class ResourceListener
{
    /// <summary>The most subscriptions of one session or stream.</summary>
    public const int Most = 200;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ResourceTopic> _topics = [];
    private readonly OrderedDictionary<string, bool> _waiting = [];
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private bool _hearsList, _listWaits;

    /// <summary>Whose it is: the id of the caller who subscribed last.</summary>
    public string Owner { get; set; } = "";

    /// <summary>What it counts for in its owner's share: its addresses, and one at least.</summary>
    public int Weight { get { lock (_gate) return Math.Max(1, _topics.Count); } }

    /// <summary>Whether it also hears when the list of resources changes.</summary>
    public bool HearsList
    {
        get { lock (_gate) return _hearsList; }
        set { lock (_gate) _hearsList = value; }
    }

    /// <summary>Whether there is nothing it could hear of.</summary>
    public bool IsIdle { get { lock (_gate) return _topics.Count == 0 && !_hearsList; } }

    public bool IsEnded { get; private set; }

    /// <summary>The addresses subscribed to, as the client wrote them.</summary>
    public IReadOnlyList<string> Uris { get { lock (_gate) return [.. _topics.Keys]; } }

    /// <summary>False when there are <see cref="Most"/> already. The same one twice is one.</summary>
    public bool Add(string uri, ResourceTopic topic)
    {
        lock (_gate)
        {
            if (_topics.Count >= Most && !_topics.ContainsKey(uri))
                return false;
            _topics[uri] = topic;
            return true;
        }
    }

    public void Remove(string uri)
    {
        lock (_gate)
        {
            _topics.Remove(uri);
            _waiting.Remove(uri);
        }
    }

    /// <summary>Never waits.</summary>
    public void Hear(IReadOnlySet<ResourceTopic> touched)
    {
        lock (_gate)
        {
            foreach (var (uri, topic) in _topics)
                if (touched.Contains(topic) || (topic.ModelId is not null && touched.Contains(ResourceTopic.EveryModel)))
                    _waiting[uri] = true;
            _listWaits |= _hearsList && touched.Contains(ResourceTopic.List);
            if (_waiting.Count > 0 || _listWaits)
                _bell.Writer.TryWrite(true);
        }
    }

    /// <summary>All that waits, as soon as there is something; null at the end.</summary>
    public async ValueTask<ResourceNews?> NextAsync(CancellationToken cancel)
    {
        while (await _bell.Reader.WaitToReadAsync(cancel))
            lock (_gate)
            {
                _bell.Reader.TryRead(out _);
                var news = new ResourceNews(_listWaits, [.. _waiting.Keys]);
                _listWaits = false;
                _waiting.Clear();
                if (news.List || news.Uris.Count > 0)
                    return news;
            }
        return null;
    }

    /// <summary>What waits is still given out, then comes the end.</summary>
    public void End()
    {
        lock (_gate)
        {
            IsEnded = true;
            _bell.Writer.TryComplete();
        }
    }
}
