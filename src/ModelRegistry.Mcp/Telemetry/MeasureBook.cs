using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ModelRegistry.Mcp.Telemetry;

/// <summary>
/// Listens to the instruments of <see cref="MetricCatalog"/> and keeps what they measure, from when it is made until it is
/// disposed of.
/// </summary>
internal sealed class MeasureBook : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Ledger> _ledgers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Ledger, bool> _observed = new();
    private readonly Lock _turn = new();

    /// <param name="own">The meter of this server's gauges: other servers of the same process have theirs.</param>
    public MeasureBook(Meter own)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if ((instrument.Meter != own && !MetricCatalog.Meters.Contains(instrument.Meter.Name)) || MetricCatalog.Find(instrument.Name) is not { } metric)
                return;
            var ledger = _ledgers.GetOrAdd(metric.Name, _ => new Ledger(metric, BoundsOf(instrument)));
            if (instrument.IsObservable)
                _observed[ledger] = true;
            listener.EnableMeasurementEvents(instrument, ledger);
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, ledger) => ((Ledger)ledger!).Add(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, ledger) => ((Ledger)ledger!).Add(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, ledger) => ((Ledger)ledger!).Add(value, tags));
        _listener.Start();
    }

    /// <summary>Asks what is to be observed, and lets everything be written, in the order of the catalogue.</summary>
    public T Read<T>(Func<IEnumerable<Ledger>, T> write)
    {
        lock (_turn)
        {
            foreach (var ledger in _observed.Keys)
                ledger.Clear();
            _listener.RecordObservableInstruments();
            return write(MetricCatalog.All.Select(m => _ledgers.GetValueOrDefault(m.Name)).OfType<Ledger>());
        }
    }

    public void Dispose() => _listener.Dispose();

    private static double[] BoundsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        _ => [],
    };
}
