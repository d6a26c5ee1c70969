using Microsoft.Extensions.Logging;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>
/// Tells webhooks and persons what happened, each event at least once, in order of time where possible. One process at a time
/// does it for all that share a registry (<see cref="Duty"/>).
/// </summary>
/// <remarks>
/// What there is to tell is the audit log; what was told is written down in it as well (<c>notice.deliver</c>,
/// <c>notice.give_up</c>). A process that dies between sending and writing down sends again under the same id.
/// </remarks>
public sealed class NoticeDeliverer : IDisposable
{
    // How long another process's entry, or its death, may go unnoticed.
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1), BetweenTries = TimeSpan.FromSeconds(2);

    private readonly RegistryDb _db;
    private readonly NoticeReader _reader;
    private readonly WebhookPost _webhooks;
    private readonly NoticeOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    internal NoticeDeliverer(RegistryDb db, NoticeReader reader, WebhookPost webhooks, NoticeOptions options, TimeProvider time, ILogger log) =>
        (_db, _reader, _webhooks, _options, _time, _log) = (db, reader, webhooks, options, time, log);

    public void Dispose() => _webhooks.Dispose();

    /// <summary>What this process had still to deliver when it last looked, by kind of endpoint, and when the oldest of it happened.</summary>
    internal IReadOnlyList<(string Kind, int Count, DateTimeOffset? Oldest)> Waiting { get; private set; } = [];

    /// <summary>Goes on until cancelled; attempts under way are brought to their end.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await using var duty = await _db.TryTakeDutyAsync(cancel);
                if (duty is not null)
                    await TellAsync(duty, cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                _log.LogError(e, "Telling people what happened was interrupted; it is taken up again");
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.Delay(BetweenTries, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A round of one's own, for whoever leads it by hand.</summary>
    internal NoticeRound Begin(Func<double>? chance = null) => new(_db, _reader,
        new NoticeCarrier(_webhooks, _options.Mail is { } server ? new MailPost(server) : null), _options.Patience, _time, _log, chance ?? Random.Shared.NextDouble);

    private async Task TellAsync(Duty duty, CancellationToken cancel)
    {
        var round = Begin();
        try
        {
            while (!cancel.IsCancellationRequested && await duty.IsHeldAsync())
            {
                // Taken before looking: what is committed after the look rings.
                var (committed, ended) = (_db.Committed.Next, round.TurnEnded.Next);
                var next = await round.PassAsync(cancel);
                Waiting = round.Waiting;
                var wait = next - _time.GetUtcNow() is { } due && due < Pace ? due : Pace;
                if (wait <= TimeSpan.Zero)
                    // More is due than may be under way at once: what ends makes room.
                    wait = TimeSpan.FromMilliseconds(50);
                using var early = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                await Task.WhenAny(committed, ended, Task.Delay(wait, _time, early.Token));
                await early.CancelAsync();
            }
        }
        finally
        {
            Waiting = [];
            await round.EndAsync();
        }
    }
}
