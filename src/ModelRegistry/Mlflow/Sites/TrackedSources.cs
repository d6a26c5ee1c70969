using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Mlflow.Sites;

/// <summary>The tracking server whose runs and artifacts versions may be registered from.</summary>
public sealed record MlflowTracking(Uri Address, MlflowCredential Credential)
{
    /// <summary>How long it may stand still in the middle of a file.</summary>
    public TimeSpan Patience { get; init; } = MlflowSite.Patience;
}

/// <summary>
/// Files of versions that are registered with a source this registry does not see: taken from the one tracking server that the operator
/// has named, with the operator's credential, for whoever may register. A caller says which run and path, and never which server.
/// </summary>
/// <remarks>
/// Large files outlast the patience of a client, which then sends its request again: taking them in goes on, and the second request waits
/// for the same. What nobody comes for is forgotten; its contents are collected like any that no version refers to.
/// </remarks>
internal sealed class TrackedSources(MlflowTracking tracking, VersionIntake intake, SiteIntake files, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>A version's tag that says why its content is not here.</summary>
    public const string Problem = OwnTags.Registry + "content_problem";

    private const int MostAtOnce = 4, MostAtOnceOfOne = 2, MostOfOne = 8, MostWaiting = 64, MostOfProblem = 500;

    private static readonly TimeSpan Longest = TimeSpan.FromHours(1), Kept = TimeSpan.FromMinutes(5);

    private readonly MlflowSite _site = new(tracking.Address, tracking.Credential, tracking.Patience);
    private readonly SemaphoreSlim _turns = new(MostAtOnce);
    private readonly ConcurrentDictionary<string, Lazy<Task<SiteFilesTaken>>> _underWay = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _ofOne = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();

    /// <summary>What is to be registered, with its files; or without, and a tag that says why. Who may not register is told before anything is asked for.</summary>
    /// <param name="source">As the caller said it, and as <see cref="Domain.Mlflow.VersionSource"/> takes it.</param>
    /// <returns>Or why it cannot be registered, or <c>sources_busy</c>.</returns>
    public async Task<Outcome<Registration>> FillAsync(Actor by, Registration plan, string source, CancellationToken cancel)
    {
        if (await intake.AdmitAsync(by, plan, cancel) is { } no)
            return no;
        var own = $"{by.Id}\n";
        var key = $"{own}{plan.ModelName}\n{source}";
        if (!_underWay.ContainsKey(key) && (_underWay.Count >= MostWaiting || _underWay.Keys.Count(k => k.StartsWith(own, StringComparison.Ordinal)) >= MostOfOne))
            return Refusals.SourcesBusy;
        var work = _underWay.GetOrAdd(key, _ => new(() => TakeAsync(by, plan.ModelName, source, key)));
        try
        {
            var taken = await work.Value.WaitAsync(cancel);
            if (taken.Files.Count > 0)
                return plan with { Uploads = taken.Files };
            log.LogWarning("A version of {Model} is registered without its content from {Source}: {Problem}", plan.ModelName, source, taken.Why);
            return plan.Metadata.Tags.Count >= MetadataLimits.Tags ? plan : plan with { OwnTags = new Dictionary<string, string> { [Problem] = Plain(taken.Why) } };
        }
        finally
        {
            if (work.Value.IsCompleted)
                _underWay.TryRemove(KeyValuePair.Create(key, work));
        }
    }

    // A tag that is believed has none of another's words in it that could be more than words.
    private static string Plain(string why) => new([.. why.Take(MostOfProblem).Select(c => c is >= ' ' and <= '~' ? c : '?')]);

    public void Dispose()
    {
        _end.Cancel();
        _site.Dispose();
    }

    private Task<SiteFilesTaken> TakeAsync(Actor by, string model, string source, string key) => Task.Run(async () =>
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        var own = _ofOne.GetOrAdd(by.Id, _ => new(MostAtOnceOfOne));
        try
        {
            // Its own turns first, so that nobody has all of them; and the time runs from when it has one.
            await own.WaitAsync(bound.Token);
            try
            {
                await _turns.WaitAsync(bound.Token);
                try
                {
                    bound.CancelAfter(Longest);
                    return await files.TakeAsync(by, model, _site, source, null, bound.Token);
                }
                finally
                {
                    _turns.Release();
                }
            }
            finally
            {
                own.Release();
            }
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            return new SiteFilesTaken([], 0, $"the tracking server did not give all of it within {Longest.TotalMinutes} minutes", true);
        }
        finally
        {
            _ = ForgetAsync(key);
        }
    });

    private async Task ForgetAsync(string key)
    {
        await Task.Delay(Kept, time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_underWay.TryGetValue(key, out var work) && work.IsValueCreated && work.Value.IsCompleted)
            _underWay.TryRemove(KeyValuePair.Create(key, work));
    }
}
