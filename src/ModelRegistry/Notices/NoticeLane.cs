using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>One event that waits to be told to one endpoint.</summary>
internal sealed class WaitingNotice(Notice notice)
{
    public Notice Notice => notice;

    public int Failures { get; set; }

    /// <summary>How many of its messages the receiver has taken.</summary>
    public int Taken { get; set; }

    public DateTimeOffset Due { get; set; } = DateTimeOffset.MinValue;

    /// <summary>What became of it, when that could not be written down yet: it is not sent again.</summary>
    public Sent? Settled { get; set; }
}

/// <summary>
/// What waits for one endpoint, in order of time. Each event that failed has a time of its own to be tried again and holds up
/// no other; only an endpoint that keeps failing, or asks for it, is left alone as a whole.
/// </summary>
internal sealed class NoticeLane(StoredEndpoint endpoint, IReadOnlySet<long> ahead, TimeSpan patience, Func<double> chance)
{
    /// <summary>Events held in memory; further ones wait in the log.</summary>
    private const int Most = 1000;

    /// <summary>Characters of theirs held in memory.</summary>
    public const long MostCharacters = 8 << 20;

    /// <summary>After so many failures in a row it is the endpoint that fails, not the event.</summary>
    private const int FailuresBeforeRest = 3;

    private static readonly TimeSpan LongestOwnRest = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, WaitingNotice> _waiting = [];
    private long _readTo = endpoint.SettledTo;
    private long _characters;
    private volatile bool _isBusy, _isOver;
    private int _failuresInARow;
    private DateTimeOffset _restsUntil;

    public StoredEndpoint Endpoint => endpoint;

    /// <summary>How far it has read, or null when it holds as much as it may.</summary>
    public long? ReadsFrom { get { lock (_gate) return IsFull ? null : _readTo; } }

    /// <summary>The position up to which nothing waits.</summary>
    public long SettledTo { get { lock (_gate) return Settled(); } }

    /// <summary>What the database says of <see cref="SettledTo"/>.</summary>
    public long Persisted { get; set; } = endpoint.SettledTo;

    /// <summary>How many events it holds, and when the oldest of them happened.</summary>
    public (int Count, DateTimeOffset? Oldest) Waiting { get { lock (_gate) return (_waiting.Count, _waiting.Values.FirstOrDefault()?.Notice.At); } }

    /// <summary>Whether somebody is at it.</summary>
    public bool IsBusy { get => _isBusy; set => _isBusy = value; }

    /// <summary>Whether the endpoint has ended, or is another by now: nothing more is told it from here.</summary>
    public bool IsOver { get => _isOver; set => _isOver = value; }

    /// <summary>Takes what is for it of the entries from where it had read to.</summary>
    /// <param name="from">The position after which the notices were read.</param>
    /// <param name="last">The last entry that was looked at.</param>
    public void Offer(IReadOnlyList<Notice> notices, long from, long last, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_readTo < from || _readTo >= last)
                return;
            foreach (var notice in notices.Where(n => n.Position > _readTo))
            {
                if (IsFull)
                    return;
                if (IsFor(notice, now) && !ahead.Contains(notice.Position))
                {
                    _waiting[notice.Position] = new WaitingNotice(notice);
                    _characters += notice.Length;
                }
                _readTo = notice.Position;
            }
            _readTo = last;
        }
    }

    /// <summary>The first event that is due; null when there is none, or the endpoint rests.</summary>
    public WaitingNotice? Due(DateTimeOffset now)
    {
        lock (_gate)
            return _restsUntil > now ? null : _waiting.Values.FirstOrDefault(w => w.Due <= now);
    }

    /// <summary>When the next event is due; null when none waits.</summary>
    public DateTimeOffset? NextDue()
    {
        lock (_gate)
            return _waiting.Count == 0 ? null : _waiting.Values.Min(w => w.Due) is var due && due > _restsUntil ? due : _restsUntil;
    }

    /// <summary>The position up to which nothing will wait when this one is done.</summary>
    public long SettledWithout(WaitingNotice done)
    {
        lock (_gate)
            return _waiting.Keys.FirstOrDefault() != done.Notice.Position ? Settled() : _waiting.Keys.Skip(1).FirstOrDefault() is > 0 and var next ? next - 1 : _readTo;
    }

    /// <summary>It is delivered, given up, or of no use any more.</summary>
    public void Remove(WaitingNotice done)
    {
        lock (_gate)
            if (_waiting.Remove(done.Notice.Position))
                _characters -= done.Notice.Length;
    }

    /// <summary>It has ended: nothing of what waits is told any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _waiting.Clear();
            _characters = 0;
        }
    }

    public void Succeeded()
    {
        lock (_gate)
            (_failuresInARow, _restsUntil) = (0, default);
    }

    /// <summary>It is tried again later.</summary>
    /// <param name="rest">How long the endpoint asks to be left alone; null when it does not ask.</param>
    public void Failed(WaitingNotice waiting, TimeSpan? rest, DateTimeOffset now)
    {
        lock (_gate)
        {
            waiting.Due = now + RetrySchedule.After(++waiting.Failures, chance());
            if (rest is { } asked)
                _restsUntil = now + asked;
            if (++_failuresInARow < FailuresBeforeRest)
                return;
            var own = RetrySchedule.After(_failuresInARow - FailuresBeforeRest + 1, chance());
            _restsUntil = Later(_restsUntil, now + (own < LongestOwnRest ? own : LongestOwnRest));
        }
    }

    /// <summary>Writing down what became of it failed: that is tried again, the sending is not.</summary>
    public void NotWritten(WaitingNotice waiting, Sent sent, DateTimeOffset now)
    {
        lock (_gate)
            (waiting.Settled, waiting.Due) = (sent, now + RetrySchedule.After(1, chance()));
    }

    private bool IsFull => _waiting.Count >= Most || _characters >= MostCharacters;

    private long Settled() => _waiting.Count == 0 ? _readTo : _waiting.Keys.First() - 1;

    // A mailbox is no archive: what happened long ago, before there was a mail server perhaps, is not told as news.
    private bool IsFor(Notice notice, DateTimeOffset now) => endpoint.IsWebhook ? notice.IsFor(endpoint)
        : (endpoint.Events.Count == 0 || endpoint.Events.Contains(notice.Kind)) && notice.Persons.Contains(endpoint.PersonId!) && !RetrySchedule.IsOver(notice.At, now, patience);

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
