using System.Diagnostics;
using System.Diagnostics.Metrics;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Telemetry;

/// <summary>
/// What the registry measures of itself while it works. Nothing is measured while nobody listens: each place asks first, and
/// asking costs a comparison.
/// </summary>
/// <remarks>
/// Labels have few values, all of them from the code or from the policy in force: never a name, an address or a text that a
/// caller sent. Names and units as OpenTelemetry writes them.
/// </remarks>
public static class RegistryMeter
{
    /// <summary>The name of the meter, and of the source of spans.</summary>
    public const string Name = "ModelRegistry";

    private static readonly Meter Meter = new(Name);

    private static readonly double[] Seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    internal static readonly Histogram<double> Transactions = Histogram("modelregistry.db.transaction.duration", "s", "Time of one read or one write of the database, waiting for its turn included.", Seconds);

    internal static readonly Histogram<int> Groups = Meter.CreateHistogram("modelregistry.db.commit.size", "{write}", "Writes that shared one commit.", advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] });

    internal static readonly Counter<long> Acts = Meter.CreateCounter<long>("modelregistry.audit.acts", "{entry}", "Entries that this process appended to the audit log.");

    internal static readonly Counter<long> Promotions = Meter.CreateCounter<long>("modelregistry.promotions", "{promotion}", "Steps in the life of promotions that this process committed.");

    internal static readonly Counter<long> Verdicts = Meter.CreateCounter<long>("modelregistry.gate.verdicts", "{verdict}", "Verdicts of gates over what was requested.");

    internal static readonly Histogram<double> Artifacts = Histogram("modelregistry.artifact.operation.duration", "s", "Time that the store of contents took for one thing asked of it.", [.. Seconds[3..], 60, 300]);

    internal static readonly Counter<long> ArtifactBytes = Meter.CreateCounter<long>("modelregistry.artifact.io", "By", "Bytes taken into the store of contents and given out of it.");

    /// <summary>Where spans begin.</summary>
    internal static ActivitySource Spans { get; } = new(Name);

    /// <summary>Whether anybody wants to know of writes.</summary>
    internal static bool WatchesWrites => Transactions.Enabled || Spans.HasListeners();

    /// <summary>One read or write of the database, told when it is over.</summary>
    /// <param name="system">The database, as OpenTelemetry names it: <c>sqlite</c>, <c>postgresql</c>.</param>
    /// <param name="access"><c>read</c> or <c>write</c>.</param>
    /// <param name="verb">Of a write: what it is to do, by its verb in the audit log. It gets a span of its own.</param>
    internal static async Task<T> TransactionAsync<T>(string system, string access, string? verb, Func<Task<T>> work)
    {
        using var span = verb is null ? null : Spans.StartActivity("db write", ActivityKind.Client);
        span?.SetTag("db.system.name", system).SetTag("modelregistry.verb", verb);
        var (began, error) = (Stopwatch.GetTimestamp(), (string?)null);
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = ErrorOf(e);
            throw;
        }
        finally
        {
            Failed(span, error);
            var tags = new TagList { { "db.system.name", system }, { "access", access } };
            if (error is not null)
                tags.Add("error.type", error);
            Transactions.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
        }
    }

    /// <summary>One thing asked of the store of contents, told when it is over.</summary>
    /// <param name="operation">A word for it: <c>put</c>, <c>upload</c>, <c>open</c>, <c>verify</c>.</param>
    internal static async Task<Outcome<T>> ArtifactAsync<T>(string operation, Func<Task<Outcome<T>>> work)
    {
        if (!Artifacts.Enabled && !Spans.HasListeners())
            return await work().ConfigureAwait(false);
        using var span = Spans.StartActivity("artifact", ActivityKind.Client);
        if (span is not null)
            (span.DisplayName, _) = ($"artifact {operation}", span.SetTag("operation", operation));
        var (began, error) = (Stopwatch.GetTimestamp(), (string?)null);
        try
        {
            var outcome = await work().ConfigureAwait(false);
            error = outcome.Refusal?.Code;
            return outcome;
        }
        catch (Exception e)
        {
            error = ErrorOf(e);
            throw;
        }
        finally
        {
            Failed(span, error);
            var tags = new TagList { { "operation", operation } };
            if (error is not null)
                tags.Add("error.type", error);
            Artifacts.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
        }
    }

    /// <summary>Bytes of contents that went in or out.</summary>
    internal static void Moved(long bytes, bool inwards)
    {
        if (bytes > 0)
            ArtifactBytes.Add(bytes, new KeyValuePair<string, object?>("direction", inwards ? "in" : "out"));
    }

    /// <summary>What one commit made lasting.</summary>
    internal static void Committed(IReadOnlyList<WriteRequest> requests)
    {
        Groups.Record(requests.Count);
        if (Acts.Enabled)
            foreach (var request in requests)
                CommittedActs.Count(request);
    }

    /// <summary>The word for an exception: <c>storage_unavailable</c>, <c>cancelled</c>, or its type.</summary>
    internal static string ErrorOf(Exception e) => e switch
    {
        StorageUnavailableException outage => outage.Code,
        OperationCanceledException => "cancelled",
        _ => e.GetType().FullName ?? "exception",
    };

    private static void Failed(Activity? span, string? error)
    {
        if (error is not null)
            span?.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
    }

    private static Histogram<double> Histogram(string name, string unit, string description, double[] bounds) =>
        Meter.CreateHistogram(name, unit, description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
