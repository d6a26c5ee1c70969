namespace ModelRegistry.Faults.Load;

/// <summary>Servers before one registry, each in its place; whoever is killed is started again there.</summary>
public sealed class ServedFleet : IAsyncDisposable
{
    private readonly ServedProcess?[] _servers;
    private readonly string _server;
    private readonly TrialPlace _place;
    private readonly IReadOnlyDictionary<string, string> _environment;

    /// <param name="server">Path of <c>modelregistry.dll</c>.</param>
    /// <param name="environment">Settings beside those of the place.</param>
    public ServedFleet(string server, TrialPlace place, int servers, IReadOnlyDictionary<string, string>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(place);
        (_server, _place, _servers) = (server, place, new ServedProcess?[servers]);
        _environment = place.Environment.Concat(environment ?? new Dictionary<string, string>()).ToDictionary();
    }

    /// <summary>Where clients find those that are there.</summary>
    public Fleet There { get; } = new();

    public ServedProcess? this[int place] => _servers[place];

    /// <summary>Starts all of them, one after another.</summary>
    public async Task StartAsync()
    {
        for (var i = 0; i < _servers.Length; i++)
            await StartAsync(i);
    }

    /// <summary>Starts one and waits until it listens.</summary>
    public async Task StartAsync(int place)
    {
        Begin(place);
        There.Came(place, await _servers[place]!.Listening);
    }

    /// <summary>Starts one without waiting for it; no client is told of it.</summary>
    public void Begin(int place) => _servers[place] = ServedProcess.Start(_server, _place.ServeOptions, _environment);

    /// <summary>Ends one as a crash would.</summary>
    public async Task KillAsync(int place)
    {
        There.Left(place);
        await _servers[place]!.DisposeAsync();
        _servers[place] = null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            if (server is not null)
                await server.DisposeAsync();
    }
}
