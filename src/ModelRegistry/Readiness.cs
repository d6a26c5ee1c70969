using Microsoft.Extensions.Logging;

namespace ModelRegistry;

/// <summary>What answers now.</summary>
public sealed record ReadinessView(bool Database, bool Artifacts)
{
    public bool All => Database && Artifacts;
}

/// <summary>
/// Whether the registry can do its work now. Whoever asks need not be known, so asking often costs nothing: a part is tried
/// once at a time, not again within a second, and what does not answer in two is away.
/// </summary>
public sealed class Readiness
{
    /// <summary>How long an answer is given out again.</summary>
    public static TimeSpan Fresh { get; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a part may take to answer.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(2);

    private readonly Part _database, _artifacts;

    internal Readiness(Func<CancellationToken, Task> database, Func<CancellationToken, Task> artifacts, TimeProvider time, ILogger log) =>
        (_database, _artifacts) = (new Part("database", database, time, log), new Part("artifact store", artifacts, time, log));

    /// <summary>Never throws, and takes no longer than <see cref="Patience"/>.</summary>
    public async Task<ReadinessView> LookAsync()
    {
        var (database, artifacts) = (_database.AnswersAsync(), _artifacts.AnswersAsync());
        return new ReadinessView(await database, await artifacts);
    }

    private sealed class Part(string name, Func<CancellationToken, Task> attempt, TimeProvider time, ILogger log)
    {
        private readonly Lock _gate = new();
        private Task<bool>? _trying;
        private long _began, _ended;
        private bool _away;

        public async Task<bool> AnswersAsync()
        {
            Task<bool> trying;
            TimeSpan left;
            lock (_gate)
            {
                // One that hangs, whatever it was told, is not joined by another.
                if (_trying is null || (_trying.IsCompleted && time.GetElapsedTime(Volatile.Read(ref _ended)) >= Fresh))
                    (_began, _trying) = (time.GetTimestamp(), SharedWork.Begin(TryAsync));
                (trying, left) = (_trying, Patience - time.GetElapsedTime(_began));
            }
            if (trying.IsCompleted || left <= TimeSpan.Zero)
                return trying.IsCompleted && await trying;
            try
            {
                return await trying.WaitAsync(left, time);
            }
            catch (TimeoutException)
            {
                return false;
            }
        }

        private async Task<bool> TryAsync()
        {
            using var patience = new CancellationTokenSource(Patience, time);
            Exception? failure = null;
            try
            {
                await attempt(patience.Token);
            }
            catch (Exception e)
            {
                failure = e;
            }
            // Once when it goes and once when it comes back: not every second of an outage.
            if (failure is not null && !_away)
                log.LogError(failure, "The {Part} does not answer; this process is not ready until it does", name);
            else if (failure is null && _away)
                log.LogWarning("The {Part} answers again", name);
            _away = failure is not null;
            Volatile.Write(ref _ended, time.GetTimestamp());
            return failure is null;
        }
    }
}
