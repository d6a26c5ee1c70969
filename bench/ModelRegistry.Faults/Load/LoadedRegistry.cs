using ModelRegistry.Faults.Check;

namespace ModelRegistry.Faults.Load;

/// <summary>A registry with servers before it and clients at work, whose health is asked for all the time.</summary>
public sealed class LoadedRegistry : IAsyncDisposable
{
    private readonly Campaign _campaign;
    private readonly CancellationTokenSource _over = new(), _unwatched = new();
    private readonly List<Pipeline> _pipelines;
    private readonly Caller _watcher;
    private readonly Task _work, _watch;

    private LoadedRegistry(TrialPlace place, Ledger ledger, ServedFleet servers, Campaign campaign, IReadOnlyList<string> tokens, Func<Pipeline, Pipeline> with)
    {
        (Place, Ledger, Servers, _campaign) = (place, ledger, servers, campaign);
        Token = tokens[^1];
        _pipelines = [.. tokens.SkipLast(1).Select((token, i) => with(new Pipeline($"model-{i}", token, servers.There, campaign, ledger, _over.Token)))];
        _watcher = new Caller(servers.There, campaign, null, campaign.Chance("health"));
        _work = Task.WhenAll(_pipelines.Select(p => Task.Run(p.RunAsync)));
        _watch = WatchAsync();
    }

    public TrialPlace Place { get; }

    public Ledger Ledger { get; }

    public ServedFleet Servers { get; }

    /// <summary>A token that no client of the load has.</summary>
    public string Token { get; }

    /// <summary>Makes the registry where there is none yet, starts servers, and sets clients to work.</summary>
    /// <param name="made">As the registry is opened to make it; the place is how servers reach it.</param>
    /// <param name="with">What the clients are told beside.</param>
    public static async Task<LoadedRegistry> StartAsync(Campaign campaign, string server, TrialPlace place, int clients, TrialPlace? made = null, int servers = 1, IReadOnlyDictionary<string, string>? environment = null, Func<Pipeline, Pipeline>? with = null)
    {
        var tokens = await TrialRegistry.MakeAsync(made ?? place, clients + 1);
        var fleet = new ServedFleet(server, place, servers, environment);
        await fleet.StartAsync();
        return new LoadedRegistry(place, new Ledger(), fleet, campaign, tokens, with ?? (p => p));
    }

    // Clients may be at what needs nothing of what is wrong, on a machine that has other work too.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    /// <summary>Lets the clients work for some time while something is wrong, and sees to it that it could be told.</summary>
    /// <param name="what">What is wrong.</param>
    public async Task SufferAsync(string what, TimeSpan time)
    {
        var before = Refused;
        for (var waited = TimeSpan.Zero; waited < time || (Refused == before && waited < Patience); waited += TimeSpan.FromMilliseconds(100))
            await Task.Delay(100);
        var refused = Refused - before;
        _campaign.Count($"{what}: refused with 503", refused);
        if (refused == 0)
            _campaign.Violate($"{what}: nothing was refused, so nothing was wrong");
        _campaign.Say($"{what}: {refused} refused");
    }

    /// <summary>Lets the clients work until so many more versions are there; one that does not come is a hang.</summary>
    public async Task ThriveAsync(int versions)
    {
        var before = _campaign.Counted(Acknowledged);
        for (var waited = 0; _campaign.Counted(Acknowledged) < before + versions; waited++)
        {
            if (_work.IsFaulted)
                await _work;
            if (waited > 3_000)
            {
                _campaign.Violate($"after what was wrong was mended, {versions} versions were not registered within 300 s: {Servers[0]?.Said}");
                return;
            }
            await Task.Delay(100);
        }
    }

    /// <summary>Lets every client come to its end, ends the servers and looks at everything.</summary>
    /// <param name="checkedAt">Where it is looked at; null: where it was served.</param>
    public async Task EndAsync(TrialPlace? checkedAt = null, TimeProvider? time = null)
    {
        await _over.CancelAsync();
        await _work.WaitAsync(TimeSpan.FromMinutes(5));
        await DisposeAsync();
        await RegistryCheck.RunAsync(checkedAt ?? Place, Ledger, _campaign, time);
    }

    public async ValueTask DisposeAsync()
    {
        if (_unwatched.IsCancellationRequested)
            return;
        await _over.CancelAsync();
        await _unwatched.CancelAsync();
        await Servers.DisposeAsync();
        await _watch;
        _pipelines.ForEach(p => p.Dispose());
        _watcher.Dispose();
    }

    private const string Acknowledged = "versions acknowledged";

    private long Refused => _campaign.Counted("refused with 503 storage_unavailable");

    /// <summary>Whatever is wrong with the storage, the server itself answers.</summary>
    private async Task WatchAsync()
    {
        while (!_unwatched.IsCancellationRequested)
        {
            if (await _watcher.TryAsync(HttpMethod.Get, "/health", null) is { } answer && answer.Status != 200)
                _campaign.Violate($"/health was answered {answer.Status}: {answer.Body}");
            await Task.Delay(200, _unwatched.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
