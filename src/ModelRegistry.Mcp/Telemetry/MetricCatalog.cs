namespace ModelRegistry.Mcp.Telemetry;

/// <summary>
/// Everything that is told about this process, whoever measures it, and by which labels: nothing else gets out, by
/// <c>/metrics</c> or by OTLP. So the number of series is bounded by what stands here, and no client can add any.
/// </summary>
internal static class MetricCatalog
{
    private const string Method = "http.request.method", Error = "error.type";

    /// <summary>In the order in which they are told.</summary>
    public static IReadOnlyList<(string Chapter, IReadOnlyList<Metric> Metrics)> Chapters { get; } =
    [
        ("What serves",
        [
            Gauge("modelregistry.serving.version", "", "The number of the version that serves a stage of a model, in a series of its own for each. At most 1,000, those that changed last.", "model", "stage", "version"),
            Gauge("modelregistry.serving.since", "s", "Since when it serves, in Unix time.", "model", "stage"),
            Gauge("modelregistry.serving.left_out", "{version}", "What serves beyond the 1,000 that are told, counted up to 100,000."),
        ]),
        ("Promotions and gates",
        [
            Gauge("modelregistry.promotions.waiting", "{promotion}", "Promotions that are not over: `pending` wait for people, `approved` for being applied. Counted up to 10,000.", "state"),
            Gauge("modelregistry.promotions.oldest_wait", "s", "How long the oldest of them has waited since it was requested; 0 where none does.", "state"),
            Counter("modelregistry.promotions", "{promotion}", "Steps in the life of promotions that this process committed: `requested`, `blocked`, `approved`, `rejected`, `applied`, `failed`, `revised`, `withdrawn`, `revoked`, `expired`, `superseded`.", "outcome"),
            Counter("modelregistry.gate.verdicts", "{verdict}", "Verdicts of gates over what was requested, by the gate's rule: `pass`, `fail`, `unknown`.", "rule", "verdict", "stage"),
            Gauge("modelregistry.reviews.owed", "{review}", "Broken glass that nobody has reviewed yet. Counted up to 10,000."),
        ]),
        ("Requests",
        [
            Histogram("http.server.request.duration", "s", "Time of HTTP requests by their route's template, never by their path; without a route, nothing was there. Streams count when they end.", Method, "http.route", "http.response.status_code"),
            Gauge("http.server.active_requests", "{request}", "HTTP requests under way, open streams among them, of those that began since measuring did."),
            Histogram("mcp.server.operation.duration", "s", "Time of MCP requests and notifications. `error.type` is the refusal's code, the code of a JSON-RPC error, or `cancelled`; there is none where all went well. What nobody knows is `_OTHER`.", "mcp.method.name", "gen_ai.tool.name", Error, "network.transport"),
            Histogram("mcp.server.session.duration", "s", "Time of MCP sessions (2025-11-25 and before), told when they end.", "network.transport"),
            Gauge("modelregistry.mcp.sessions", "{session}", "MCP sessions open now (2025-11-25 and before)."),
            Gauge("modelregistry.mcp.streams", "{stream}", "Of these, those whose client listens now."),
            Gauge("modelregistry.mcp.listeners", "{listener}", "Sessions and requests that are told of changes to resources."),
            Counter("modelregistry.refusals", "{refusal}", "Requests that were refused, by the code of the refusal and the face that said so: `rate_limited`, `token_invalid`, `proof_failed` and all others of docs/refusals.md.", "code", "face"),
        ]),
        ("Telling people",
        [
            Gauge("modelregistry.notices.endpoints", "{endpoint}", "Webhooks and mailboxes that are told.", "kind"),
            Gauge("modelregistry.notices.waiting", "{notice}", "Messages still to be delivered, up to 1,000 of each endpoint; 0 in a process that does not have the duty.", "kind"),
            Gauge("modelregistry.notices.oldest_wait", "s", "How long ago the oldest of them happened; 0 where none waits.", "kind"),
        ]),
        ("Audit log",
        [
            Gauge("modelregistry.audit.size", "{entry}", "Entries of the audit log, which is the position of the last one. It never shrinks."),
            Gauge("modelregistry.audit.signed", "{entry}", "Entries that the last signed checkpoint covers."),
            Gauge("modelregistry.audit.last_entry", "s", "When the last entry was appended, in Unix time."),
            Counter("modelregistry.audit.acts", "{entry}", "Entries that this process appended, by verb; `refused` are those of attempts.", "verb", "outcome"),
        ]),
        ("Storage",
        [
            Gauge("modelregistry.ready", "", "1 where a part answers, 0 where it is away: `database`, `artifacts`. As `/health/ready`.", "part"),
            Histogram("modelregistry.db.transaction.duration", "s", "Time of one read or write of the database, waiting for its turn included.", "db.system.name", "access", Error),
            Histogram("modelregistry.db.commit.size", "{write}", "Writes that shared one commit."),
            Gauge("modelregistry.db.size", "By", "Size of the database."),
            Gauge("modelregistry.db.wal.size", "By", "Size of SQLite's write-ahead log."),
            Histogram("modelregistry.artifact.operation.duration", "s", "Time that the store of contents took: `put` and `upload` with the bytes, `open` without them, `verify` with hashing them.", "operation", Error),
            Counter("modelregistry.artifact.io", "By", "Bytes of contents taken in and given out.", "direction"),
            Gauge("modelregistry.content.marked", "{content}", "Contents that nobody refers to, marked and not deleted yet: what a collection that was interrupted left. Counted up to 10,000."),
        ]),
        ("The process",
        [
            Gauge("modelregistry.build.info", "", "Always 1: which program this is.", "version", "runtime", "database", "artifacts"),
            Gauge("process.uptime", "s", "How long the process has run."),
            Gauge("process.open_file_descriptor.count", "{file_descriptor}", "Open files and connections; on Linux only."),
            Counter("dotnet.process.cpu.time", "s", "Processor time.", "cpu.mode"),
            Gauge("dotnet.process.memory.working_set", "By", "Memory of the process that is in RAM."),
            Counter("dotnet.gc.collections", "{collection}", "Garbage collections, by generation.", "gc.heap.generation"),
            Counter("dotnet.gc.heap.total_allocated", "By", "Bytes allocated."),
            Gauge("dotnet.gc.last_collection.heap.size", "By", "Size of the heap after the last collection, by generation.", "gc.heap.generation"),
            Counter("dotnet.gc.pause.time", "s", "Time the process stood still for garbage collections."),
            Gauge("dotnet.thread_pool.thread.count", "{thread}", "Threads of the pool."),
            Gauge("dotnet.thread_pool.queue.length", "{work_item}", "Work that waits for one of them."),
            Counter("dotnet.exceptions", "{exception}", "Exceptions thrown, those that were expected among them."),
        ]),
    ];

    /// <summary>The meters that are listened to; that of <see cref="VitalGauges"/> is another one.</summary>
    public static IReadOnlyList<string> Meters { get; } = [ModelRegistry.Telemetry.RegistryMeter.Name, FaceMeter.Name, "Microsoft.AspNetCore.Hosting", "System.Runtime"];

    private static readonly Dictionary<string, Metric> ByName = Chapters.SelectMany(c => c.Metrics).ToDictionary(m => m.Name, StringComparer.Ordinal);

    public static IEnumerable<Metric> All => Chapters.SelectMany(c => c.Metrics);

    /// <summary>The metric of an instrument; null where it is not told.</summary>
    public static Metric? Find(string instrument) => ByName.GetValueOrDefault(instrument);

    private static Metric Gauge(string name, string unit, string meaning, params string[] labels) => new(name, MetricKind.Gauge, unit, meaning, labels);

    private static Metric Counter(string name, string unit, string meaning, params string[] labels) => new(name, MetricKind.Counter, unit, meaning, labels);

    private static Metric Histogram(string name, string unit, string meaning, params string[] labels) => new(name, MetricKind.Histogram, unit, meaning, labels);
}
