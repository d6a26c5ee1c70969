namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// How many bytes of messages are held at once: of one caller, and of all. A message of usual size is not counted, since
/// callers are held to a number of requests; a large one has to find room as it comes, so that nobody fills the memory
/// by sending many at once, or by sending them slowly.
/// </summary>
/// <param name="most">Bytes of one caller.</param>
/// <param name="mostOfAll">Bytes of all callers together.</param>
internal sealed class BodyRoom(long most = 8 * StreamableHttp.MostBytes, long mostOfAll = 64 * StreamableHttp.MostBytes)
{
    /// <summary>Up to this many bytes a message is not counted.</summary>
    public const int Small = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _held = new(StringComparer.Ordinal);
    private long _all;

    /// <summary>The share of one request, given back when it is disposed of.</summary>
    public Share Of(string principal) => new(this, principal);

    private bool Take(string principal, long bytes)
    {
        lock (_gate)
        {
            var held = _held.GetValueOrDefault(principal);
            if (held + bytes > most || _all + bytes > mostOfAll)
                return false;
            _held[principal] = held + bytes;
            _all += bytes;
            return true;
        }
    }

    private void Give(string principal, long bytes)
    {
        lock (_gate)
        {
            _all -= bytes;
            if ((_held[principal] -= bytes) == 0)
                _held.Remove(principal);
        }
    }

    internal sealed class Share(BodyRoom room, string principal) : IDisposable
    {
        private long _bytes;

        /// <summary>Whether there is room for as many bytes as have come so far.</summary>
        public bool Grow(long bytes)
        {
            if (bytes <= Math.Max(Small, _bytes))
                return true;
            if (!room.Take(principal, bytes - _bytes))
                return false;
            _bytes = bytes;
            return true;
        }

        public void Dispose()
        {
            if (_bytes > 0)
                room.Give(principal, _bytes);
            _bytes = 0;
        }
    }
}
