using System.Collections.Concurrent;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Telemetry;

/// <summary>
/// <c>/metrics</c>, for whoever may read: it names models. Measuring begins with the first who is let in, so that a server that
/// nobody watches measures nothing.
/// </summary>
internal sealed class MetricsDoor(RegistryServices registry, CallerGate gate, VitalGauges gauges) : IDisposable
{
    private const string Door = "metrics";

    /// <summary>Callers remembered, and how long. While the database is away nobody can be looked up, and that is when the numbers are wanted.</summary>
    private const int MostKnown = 64;

    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<string, (Actor Caller, long At)> _known = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private MeasureBook? _book;

    public async Task AnswerAsync(HttpContext http)
    {
        var ready = await registry.Readiness.LookAsync();
        if (!ready.Database && Recall(http) is { } known)
        {
            await TellAsync(http, known, ready);
            return;
        }
        var entered = await gate.EnterAsync(http, Door);
        if (entered.Refusal is { } no)
        {
            await Replies.NoAsync(http, no);
            return;
        }
        using var entry = entered.Value;
        await TellAsync(http, entry.Caller, ready);
    }

    public void Dispose()
    {
        _book?.Dispose();
        _turn.Dispose();
    }

    private async Task TellAsync(HttpContext http, Actor by, ReadinessView ready)
    {
        // One at a time: what is observed is observed for one. Whoever reads the answer slowly keeps no other waiting.
        await _turn.WaitAsync(http.RequestAborted);
        byte[] text;
        try
        {
            if (await gauges.RefreshAsync(by, ready, http.RequestAborted) is { } no)
            {
                await Replies.NoAsync(http, no);
                return;
            }
            if (ready.Database)
                Remember(http, by);
            _book ??= new MeasureBook(gauges.Meter);
            text = _book.Read(PrometheusText.Write);
        }
        finally
        {
            _turn.Release();
        }
        await Replies.TextAsync(http, text, PrometheusText.MediaType);
    }

    /// <summary>Who comes with this token, if they were let in lately. Whoever comes without one cannot be told from others.</summary>
    private Actor? Recall(HttpContext http) => TokenOf(http) is { } token && _known.TryGetValue(token, out var known) && TimeProvider.System.GetElapsedTime(known.At) < Remembered ? known.Caller : null;

    private void Remember(HttpContext http, Actor by)
    {
        if (TokenOf(http) is not { } token)
            return;
        if (_known.Count >= MostKnown && !_known.ContainsKey(token))
            _known.Clear();
        _known[token] = (by, TimeProvider.System.GetTimestamp());
    }

    private static string? TokenOf(HttpContext http) => http.Request.Headers.Authorization is [{ Length: > 0 } only] ? Digest.Of(only).Hex : null;
}
