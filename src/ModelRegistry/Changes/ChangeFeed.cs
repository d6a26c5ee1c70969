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
/// What changed, in the order it was committed, by whichever process. Changes of this process are known at once, those of
/// others when the database is looked at again.
/// </summary>
public sealed class ChangeFeed
{
    private readonly RegistryDb _db;
    private readonly TimeProvider _time;

    internal ChangeFeed(RegistryDb db, TimeProvider time) => (_db, _time) = (db, time);

    /// <summary>The number of the last change; 0 before the first.</summary>
    public Task<long> LastAsync(CancellationToken cancel = default) =>
        _db.ReadAsync(session => session.LastChangeAsync(), cancel);

    /// <summary>The first changes after a number, oldest first.</summary>
    public async Task<IReadOnlyList<ChangeView>> AfterAsync(long number, int most, CancellationToken cancel = default) =>
        await _db.ReadAsync(session => session.ChangesAfterAsync(number, most), cancel);

    /// <summary>Waits until there is a change after a number.</summary>
    /// <param name="pace">How often to look whether another process made one.</param>
    public async Task WaitAsync(long number, TimeSpan pace, CancellationToken cancel = default)
    {
        while (true)
        {
            var rung = _db.Committed.Next;
            if (await LastAsync(cancel) > number)
                return;
            using var early = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(rung, Task.Delay(pace, _time, early.Token));
            // The delay, if it was not that which ended.
            await early.CancelAsync();
            cancel.ThrowIfCancellationRequested();
        }
    }
}
