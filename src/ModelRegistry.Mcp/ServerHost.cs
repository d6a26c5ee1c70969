using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Http;
using ModelRegistry.Mcp.Mlflow;
using ModelRegistry.Mcp.Rest;
using ModelRegistry.Mcp.Telemetry;
using ModelRegistry.Mcp.Tools;
using ModelRegistry.Mcp.Web;

namespace ModelRegistry.Mcp;

/// <summary>The registry over HTTP: one process, every face that a network reaches.</summary>
internal static class ServerHost
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(15);

    /// <summary>Serves until cancelled; then takes nothing new, answers what was asked, and ends.</summary>
    /// <returns>The exit code.</returns>
    /// <param name="environment">Gives a variable, or null: whether telemetry is pushed is said there.</param>
    public static async Task<int> RunAsync(RegistryServices registry, Settings settings, ILoggerFactory logs, TextWriter talk, Func<string, string?> environment, CancellationToken cancel)
    {
        var http = settings.Http;
        if (http.Urls.FirstOrDefault(url => !url.IsLoopback) is { } exposed && await registry.Actors.NamesOneUserAsync(cancel) is { } policy)
            return Replies.Tell(talk, Refusals.ServeExposed(policy, exposed.GetLeftPart(UriPartial.Authority)));
        var surface = ToolSurface.Select(settings.Surface, localFiles: false);
        if (surface.Refusal is { } unknown)
            return Replies.Tell(talk, unknown);

        using var stop = new CancellationTokenSource();
        using var limits = new CallerLimits(http.RateLimit, () => registry.Replicas.Count);
        await using var sessions = new HttpSessions(http.MostSessions, http.SessionIdle, TimeProvider.System);
        await using var app = Build(http, logs);
        var gate = new CallerGate(new Callers(registry, http.Urls.All(url => url.IsLoopback) && http is { PublicUrl: null or { IsLoopback: true }, TrustedProxies: [] }), limits);
        var log = logs.CreateLogger("ModelRegistry.Mcp");
        using var mcp = new McpDoor(registry, settings.Surface, sessions, logs, stop.Token);
        var guard = new HostGuard(http);
        using var gauges = new VitalGauges(registry, new ServerLoad(() => sessions.Count, () => sessions.Listening, () => mcp.Listeners));
        using var pushed = OtlpPush.Begin(environment, gauges);
        using var metrics = new MetricsDoor(registry, gate, gauges);
        if (http.TrustedProxies.Count > 0)
            app.UseForwardedHeaders(Believing(http.TrustedProxies));
        app.Use(async (context, next) =>
        {
            await Replies.SafelyAsync(context, log, () => RouteAsync(context, registry, gate, mcp, metrics, guard, next, stop.Token));
            RequestSpans.Note(context);
        });
        app.Use(NameMethodsAsync);
        app.UseRouting();
        new PagesDoor(registry, limits, guard, stop.Token).Map(app);
        new RestDoor(registry, gate, limits, stop.Token).Map(app);
        new MlflowDoor(registry, gate, http.PublicUrl).Map(app);
        // Here, because what comes after it answers everything else.
        app.UseEndpoints(_ => { });
        app.Run(context => Replies.NoAsync(context, Refusals.PathNotFound(context.Request.Path.Value)));
        try
        {
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            return Replies.Tell(talk, Refusals.AddressUnavailable(string.Join(", ", http.Urls.Select(u => u.GetLeftPart(UriPartial.Authority))), (e.InnerException ?? e).Message));
        }
        var address = http.PublicUrl ?? Here(app.Urls);
        registry.Pages.Move(address);
        using var kept = registry.Pages.Keep(address);
        foreach (var url in app.Urls)
            await talk.WriteLineAsync($"Listening on {url} (MCP: {url}/mcp)");
        await talk.WriteLineAsync($"Pages for people: {registry.Pages.Base!.AbsoluteUri.TrimEnd('/')}/ui");

        var chores = Task.WhenAll(sessions.SweepAsync(log, stop.Token), registry.Approved.RunAsync(stop.Token), QuietMoments.GiveBackAsync(TimeProvider.System, stop.Token),
            registry.Watch.RunAsync(stop.Token), registry.Deliverer.RunAsync(stop.Token), registry.Staging.RunAsync(stop.Token),
            registry.Readable.RunAsync(stop.Token), registry.Replicas.RunAsync(stop.Token));
        await Task.Delay(Timeout.Infinite, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Streams end first: they would keep the server from ending, and their clients come back.
        await stop.CancelAsync();
        mcp.Dispose();
        using var patience = new CancellationTokenSource(Farewell);
        await app.StopAsync(patience.Token);
        await chores.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Replies.Exit.Done;
    }

    /// <summary>
    /// Whom the last proxy that is believed asks for; what stands before that in the header anybody could have written. Names and
    /// schemes are never taken from headers: those are <c>--public-url</c>.
    /// </summary>
    private static ForwardedHeadersOptions Believing(IReadOnlyList<System.Net.IPNetwork> proxies)
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
            options.KnownIPNetworks.Add(proxy);
        return options;
    }

    // Nothing that was not asked for: no settings file of the current folder, no console, no signals of its own.
    internal static WebApplication Build(HttpSettings http, ILoggerFactory logs)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(logs).AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = StreamableHttp.MostBytes;
            // What waits on each connection before anybody reads it, whoever sent it.
            kestrel.Limits.MaxRequestBufferSize = 256 * 1024;
            foreach (var url in http.Urls)
                Listen(kestrel, url);
        });
        return builder.Build();
    }

    // A passkey belongs to a name; an address of numbers has none, and that of every interface leads nowhere.
    internal static Uri Here(ICollection<string> urls)
    {
        var first = new UriBuilder(urls.First());
        if (first.Uri.IsLoopback || first.Host is "0.0.0.0" or "[::]" or "::")
            first.Host = "localhost";
        return first.Uri;
    }

    private static void Listen(KestrelServerOptions kestrel, Uri url)
    {
        // A port that the system chooses cannot be chosen for two addresses at once.
        if (url.Host == "localhost" && url.Port != 0)
            kestrel.ListenLocalhost(url.Port);
        else
            kestrel.Listen(url.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(url.DnsSafeHost), url.Port);
    }

    /// <summary>The way of a request, from the first look at it to its face.</summary>
    private static Task RouteAsync(HttpContext http, RegistryServices registry, CallerGate gate, McpDoor mcp, MetricsDoor metrics, HostGuard guard, Func<Task> faces, CancellationToken stopping)
    {
        http.Response.Headers.XContentTypeOptions = "nosniff";
        if (HostGuard.IsAmbiguous(http.Request))
        {
            http.Response.Headers.Connection = "close";
            return Replies.NoAsync(http, Refusals.RequestAmbiguous);
        }
        // A yes would open a tunnel, and may not have a body (RFC 9110, section 9.3.6).
        if (HttpMethods.IsConnect(http.Request.Method))
            return Replies.NotAllowedAsync(http, "GET, POST, DELETE");
        if (http.Request.Path.Value is "/health" or "/health/ready" or "/metrics" or "/mcp")
            RequestSpans.Route(http, http.Request.Path.Value);
        return http.Request.Path.Value switch
        {
            "/health" or "/health/ready" or "/metrics" when !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method) => Replies.NotAllowedAsync(http, "GET, HEAD"),
            "/health" => Health.AliveAsync(http),
            "/health/ready" => Health.ReadyAsync(http, registry, stopping),
            "/metrics" => GuardedAsync(http, guard, () => metrics.AnswerAsync(http)),
            "/mcp" => GuardedAsync(http, guard, () => McpAsync(http, gate, mcp)),
            _ => GuardedAsync(http, guard, faces),
        };
    }

    // Routing answers with the status and the header Allow alone.
    private static async Task NameMethodsAsync(HttpContext http, RequestDelegate next)
    {
        await next(http);
        if (http.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false })
            await Replies.NoAsync(http, Refusals.MethodNotAllowed(http.Request.Method, http.Response.Headers.Allow.ToString()));
    }

    private static async Task GuardedAsync(HttpContext http, HostGuard guard, Func<Task> next)
    {
        if (guard.Problem(http.Request) is { } no)
            await Replies.NoAsync(http, no);
        else if (!CrossOrigin.Answer(http, guard))
            await next();
    }

    private static async Task McpAsync(HttpContext http, CallerGate gate, McpDoor mcp)
    {
        const string door = "mcp-http";
        var entered = await gate.EnterAsync(http, door);
        if (entered.Refusal is { } no)
        {
            await Replies.RpcAsync(http, no);
            return;
        }
        using var entry = entered.Value;
        await mcp.HandleAsync(http, entry.Caller, async cancel => await gate.LeftAsync(http, door, entry.Caller, cancel) is null);
    }
}
