using ModelRegistry.Domain;
using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Web;

/// <summary>
/// The pages of a process that serves one client over its standard streams: opened on this machine, on a port of the system's
/// choice, when the first promotion is parked and no server beside it has pages. They end with the process.
/// </summary>
internal sealed class LocalPages : IAsyncDisposable
{
    private readonly RegistryServices _registry;
    private readonly ILoggerFactory _logs;
    private readonly CancellationTokenSource _stop;

    private static readonly HttpSettings Settings = new([new Uri("http://localhost:0")], null, [], [], 1, TimeSpan.FromMinutes(1), 50);

    private WebApplication? _app;
    private CallerLimits? _limits;
    private IDisposable? _kept;

    private LocalPages(RegistryServices registry, ILoggerFactory logs, CancellationToken stopping) =>
        (_registry, _logs, _stop) = (registry, logs, CancellationTokenSource.CreateLinkedTokenSource(stopping));

    /// <summary>Pages that are opened when the registry needs them.</summary>
    public static LocalPages For(RegistryServices registry, ILoggerFactory logs, CancellationToken stopping)
    {
        var pages = new LocalPages(registry, logs, stopping);
        registry.Pages.OpenWith(pages.OpenAsync);
        return pages;
    }

    private async Task OpenAsync()
    {
        if (_app is not null || _stop.IsCancellationRequested)
            return;
        var log = _logs.CreateLogger("ModelRegistry.Mcp");
        var app = ServerHost.Build(Settings, _logs);
        var limits = new CallerLimits(Settings.RateLimit);
        try
        {
            var guard = new HostGuard(Settings);
            app.Use((http, next) => Replies.SafelyAsync(http, log, () => guard.Problem(http.Request) is { } no ? Replies.ProblemAsync(http, no) : next()));
            app.UseRouting();
            new PagesDoor(_registry, limits, guard, _stop.Token).Map(app);
            app.UseEndpoints(_ => { });
            app.Run(http => Replies.ProblemAsync(http, Refusals.PathNotFound(http.Request.Path.Value)));
            await app.StartAsync(_stop.Token);
            // Another process may have been first: then its pages are the ones.
            if (_registry.Pages.Keep(ServerHost.Here(app.Urls)) is { } kept)
            {
                (_app, _limits, _kept) = (app, limits, kept);
                return;
            }
        }
        catch (Exception e)
        {
            // The promotion waits all the same, and the terminal can decide on it.
            log.LogWarning(e, "The pages could not be opened");
        }
        await app.DisposeAsync();
        limits.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        // Open pages wait for changes, and would wait on.
        await _stop.CancelAsync();
        _kept?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        _limits?.Dispose();
        _stop.Dispose();
    }
}
