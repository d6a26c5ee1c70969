using System.Diagnostics.Metrics;
using ModelRegistry.Domain;
using ModelRegistry.Telemetry;

namespace ModelRegistry.Mcp.Telemetry;

/// <summary>How much of this server is in use now.</summary>
/// <param name="Sessions">MCP sessions open, <paramref name="Streams"/> those whose client listens, and <paramref name="Listeners"/> whoever is told of changes.</param>
internal sealed record ServerLoad(Func<long> Sessions, Func<long> Streams, Func<long> Listeners);

/// <summary>
/// Gauges that are looked at when somebody asks for them, and not before: of the database, of this server, of the process. What
/// cannot be looked at now is left out, rather than told as it was.
/// </summary>
internal sealed class VitalGauges : IDisposable
{
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly DateTimeOffset Started = new(System.Diagnostics.Process.GetCurrentProcess().StartTime);

    /// <summary>Whoever set up that it is pushed reads it.</summary>
    private static readonly Actor Pusher = Actor.Registry with { Roles = [Permissions.Viewer], Door = "otlp" };

    private readonly RegistryServices _registry;
    private VitalsView? _vitals;
    private ReadinessView? _ready;
    private long _seen;

    public VitalGauges(RegistryServices registry, ServerLoad load)
    {
        _registry = registry;
        Meter = new Meter("ModelRegistry.Vitals");
        Serving();
        Waiting();
        Server(load);
        Process();
    }

    /// <summary>The meter of this server's gauges.</summary>
    public Meter Meter { get; }

    /// <summary>Whether those who observe the gauges refresh them: so where they are pushed, and nobody asks first.</summary>
    public bool RefreshesItself { get; set; }

    /// <summary>Looks again. Where the database is away, what comes from it is left out.</summary>
    /// <param name="ready">What answers, as it was seen just now.</param>
    public async Task<Refusal?> RefreshAsync(Actor by, ReadinessView ready, CancellationToken cancel)
    {
        (_ready, _seen) = (ready, Time.GetTimestamp());
        try
        {
            var seen = await _registry.Vitals.LookAsync(by, cancel);
            // What was seen just before it went away is not how it is.
            _vitals = seen.Refusal is null && ready.Database ? seen.Value : null;
            return seen.Refusal;
        }
        catch (StorageUnavailableException)
        {
            _vitals = null;
            return null;
        }
    }

    public void Dispose() => Meter.Dispose();

    private VitalsView? Seen
    {
        get
        {
            // On the thread of whoever pushes, which waits for nothing else.
            if (RefreshesItself && (_seen == 0 || Time.GetElapsedTime(_seen) >= RegistryVitals.Fresh))
                Task.Run(async () => await RefreshAsync(Pusher, await _registry.Readiness.LookAsync(), CancellationToken.None)).GetAwaiter().GetResult();
            return _vitals;
        }
    }

    private void Serving()
    {
        Observe("modelregistry.serving.version", v => v.Serving.Select(s => Of(s.Number, ("model", s.Model), ("stage", s.Stage), ("version", s.Version))));
        Observe("modelregistry.serving.since", v => v.Serving.Select(s => Of(Unix(s.Since), ("model", s.Model), ("stage", s.Stage))));
        Observe("modelregistry.serving.left_out", v => [Of(v.ServingLeftOut)]);
        Observe("modelregistry.audit.size", v => [Of(v.Audit.Size)]);
        Observe("modelregistry.audit.signed", v => [Of(v.Audit.Signed)]);
        Observe("modelregistry.audit.last_entry", v => v.Audit.Last is { } last ? [Of(Unix(last))] : []);
        Observe("modelregistry.db.size", v => [Of(v.Database.Database)]);
        Observe("modelregistry.db.wal.size", v => v.Database.WriteAheadLog is { } log ? [Of(log)] : []);
        Observe("modelregistry.content.marked", v => [Of(v.Marked)]);
    }

    private void Waiting()
    {
        Observe("modelregistry.promotions.waiting", v => [Of(v.Pending.Count, ("state", "pending")), Of(v.Approved.Count, ("state", "approved"))]);
        Observe("modelregistry.promotions.oldest_wait", v => [Of(Age(v.Pending), ("state", "pending")), Of(Age(v.Approved), ("state", "approved"))]);
        Observe("modelregistry.reviews.owed", v => [Of(v.ReviewsOwed)]);
        Observe("modelregistry.notices.endpoints", v => v.Notices.Select(n => Of(n.Endpoints, ("kind", n.Kind))));
        Observe("modelregistry.notices.waiting", v => v.Notices.Select(n => Of(n.Waiting.Count, ("kind", n.Kind))));
        Observe("modelregistry.notices.oldest_wait", v => v.Notices.Select(n => Of(Age(n.Waiting), ("kind", n.Kind))));
    }

    private void Server(ServerLoad load)
    {
        Create("modelregistry.ready", () =>
        {
            _ = Seen;
            return _ready is { } ready ? [Of(ready.Database ? 1 : 0, ("part", "database")), Of(ready.Artifacts ? 1 : 0, ("part", "artifacts"))] : [];
        });
        Create("modelregistry.mcp.sessions", () => [Of(load.Sessions())]);
        Create("modelregistry.mcp.streams", () => [Of(load.Streams())]);
        Create("modelregistry.mcp.listeners", () => [Of(load.Listeners())]);
    }

    private void Process()
    {
        var version = Tools.RegistryServer.Version;
        Create("modelregistry.build.info", () => [Of(1, ("version", version), ("runtime", Environment.Version.ToString()), ("database", _registry.Storage.Engine), ("artifacts", _registry.ArtifactPlace.Split(':', 2)[0]))]);
        Create("process.uptime", () => [Of((Time.GetUtcNow() - Started).TotalSeconds)]);
        if (OperatingSystem.IsLinux())
            Create("process.open_file_descriptor.count", () => [Of(Directory.EnumerateFileSystemEntries("/proc/self/fd").Count())]);
    }

    private void Observe(string name, Func<VitalsView, IEnumerable<Measurement<double>>> measure) => Create(name, () => Seen is { } vitals ? measure(vitals) : []);

    private void Create(string name, Func<IEnumerable<Measurement<double>>> measure)
    {
        var metric = MetricCatalog.Find(name)!;
        Meter.CreateObservableGauge(name, measure, metric.Unit, metric.Meaning);
    }

    private static Measurement<double> Of(double value, params (string Name, string Value)[] labels) => new(value, labels.Select(l => KeyValuePair.Create(l.Name, (object?)l.Value)));

    private static double Unix(DateTimeOffset at) => at.ToUnixTimeMilliseconds() / 1000.0;

    private double Age(WaitingView waiting) => waiting.Oldest is { } oldest && _vitals is { } vitals ? Math.Max(0, (vitals.At - oldest).TotalSeconds) : 0;
}
