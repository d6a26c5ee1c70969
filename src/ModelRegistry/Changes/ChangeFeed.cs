using ModelRegistry.Storage;

namespace ModelRegistry.Changes;

/// <summary>That something changed, and which; never what it is now: whoever looks is asked for their rights there.</summary>
/// <param name="Number">1, 2, 3 … without gaps, over all processes.</param>
/// <param name="Kind">
/// <c>model</c>, <c>version</c>, <c>serving</c>, <c>promotion</c>, <c>policy</c>, <c>person</c>, or <c>model_list</c>: which
/// models are listed, and under which names.
/// </param>
/// <param name="ModelId">The model concerned; null when none is, or any may be.</param>
/// <param name="Reference">Which one of its kind.</param>
public sealed record ChangeView(long Number, DateTimeOffset At, string Kind, string? ModelId, string? Reference);

/// <summary>
/// What changed, in the order it was committed, by whichever process. Changes of this process are known at once; those of others
/// too where the database tells of them (PostgreSQL), and otherwise within a quarter of a second.
/// </summary>
/// <remarks>However many wait, one look at a time is made for all of them, and none while nobody does.</remarks>
public sealed class ChangeFeed
{
    private readonly RegistryDb _db;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private Task<long>? _look;
    private Task? _bell;
    private long _known;

    internal ChangeFeed(RegistryDb db, TimeProvider time) => (_db, _time) = (db, time);

    /// <summary>How long nothing is looked for when nothing rings; null: as the database needs it.</summary>
    internal TimeSpan? Pace { get; set; }

    /// <summary>The number of the last change; 0 before the first.</summary>
    public Task<long> LastAsync(CancellationToken cancel = default) =>
        _db.ReadAsync(session => session.LastChangeAsync(), cancel);

    /// <summary>The first changes after a number, oldest first.</summary>
    public async Task<IReadOnlyList<ChangeView>> AfterAsync(long number, int most, CancellationToken cancel = default) =>
        await _db.ReadAsync(session => session.ChangesAfterAsync(number, most), cancel);

    /// <summary>Waits until there is a change after a number.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be read now.</exception>
    public async Task WaitAsync(long number, CancellationToken cancel = default)
    {
        // Before the first look, so that what is committed after it is not missed by the second.
        lock (_gate)
            _bell ??= _db.Committed.Next;
        for (var last = await LastAsync(cancel); last <= number;)
            last = await NextLook(number).WaitAsync(cancel);
    }

    private Task<long> NextLook(long number)
    {
        lock (_gate)
        {
            // Seen by a look that ended while this caller's own was on its way: what rang for that one rings no more.
            if (_known > number)
                return Task.FromResult(_known);
            if (_look is not { IsCompleted: false })
            {
                var bell = _bell!;
                _look = SharedWork.Begin(() => LookAsync(bell));
                // Whoever waited for it may have left.
                _ = _look.ContinueWith(look => look.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
            return _look;
        }
    }

    private async Task<long> LookAsync(Task bell)
    {
        using (var rung = new CancellationTokenSource())
        {
            await Task.WhenAny(bell, Task.Delay(Pace ?? _db.Pace, _time, rung.Token));
            await rung.CancelAsync();
        }
        if (bell.IsCompleted)
            lock (_gate)
                _bell = _db.Committed.Next;
        var last = await LastAsync();
        lock (_gate)
            _known = Math.Max(_known, last);
        return last;
    }
}
