using System.Collections.Concurrent;
using ModelContextProtocol.Protocol;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// What a session's server asked the client and the client has not answered. Every session counts its questions anew, so an
/// answer to one of a session that is lost could pass for the answer to another one of the next: "approve" for what nobody
/// was shown. No number goes to the client twice while it may still be answered.
/// </summary>
internal sealed class Questions
{
    private readonly ConcurrentDictionary<RequestId, (int Session, Flight? Within)> _open = new();

    /// <summary>Notes a question; false when the client still has one by that id, and this one must not reach it.</summary>
    public bool Ask(RequestId id, int session, Flight? within)
    {
        if (!_open.TryAdd(id, (session, within)))
            return false;
        within?.Ask();
        return true;
    }

    /// <summary>Takes an answer; whether it answers a question of this session, and so goes on to the server.</summary>
    public bool Answer(RequestId id, int session)
    {
        if (!_open.TryRemove(id, out var asked))
            return false;
        asked.Within?.Answered();
        return asked.Session == session;
    }
}
