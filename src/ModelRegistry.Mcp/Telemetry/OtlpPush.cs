using System.Runtime.CompilerServices;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ModelRegistry.Mcp.Telemetry;

/// <summary>
/// Sends metrics and traces to an OpenTelemetry collector where the environment names one, by OpenTelemetry's own variables
/// (SDK configuration, OTLP exporter configuration). Where it names none, nothing of that SDK is loaded.
/// </summary>
internal sealed class OtlpPush : IDisposable
{
    /// <summary>How long the last of it may take when the process ends.</summary>
    private const int FarewellMilliseconds = 3_000;

    private readonly MeterProvider? _metrics;
    private readonly TracerProvider? _traces;

    private OtlpPush(MeterProvider? metrics, TracerProvider? traces) => (_metrics, _traces) = (metrics, traces);

    /// <param name="gauges">What is looked at for each push; null: only what is measured.</param>
    /// <returns>Disposed of, it sends the last; null where nothing is sent.</returns>
    public static IDisposable? Begin(Func<string, string?> environment, VitalGauges? gauges = null)
    {
        if (string.Equals(environment("OTEL_SDK_DISABLED")?.Trim(), "true", StringComparison.OrdinalIgnoreCase))
            return null;
        var (metrics, traces) = (Wanted(environment, "METRICS"), Wanted(environment, "TRACES"));
        return metrics || traces ? Start(metrics, traces, gauges) : null;
    }

    private static bool Wanted(Func<string, string?> environment, string signal) =>
        !(string.IsNullOrEmpty(environment("OTEL_EXPORTER_OTLP_ENDPOINT")) && string.IsNullOrEmpty(environment($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")))
        && !string.Equals(environment($"OTEL_{signal}_EXPORTER")?.Trim(), "none", StringComparison.OrdinalIgnoreCase);

    // By itself, so that nothing of the SDK is loaded where nothing is sent.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static OtlpPush Start(bool metrics, bool traces, VitalGauges? gauges)
    {
        // What the environment says of the service comes last, and wins.
        var resource = ResourceBuilder.CreateEmpty().AddService("modelregistry", serviceVersion: Tools.RegistryServer.Version).AddTelemetrySdk().AddEnvironmentVariableDetector();
        MeterProvider? pushed = null;
        if (metrics)
        {
            var builder = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter([.. MetricCatalog.Meters]).AddView(StreamOf);
            if (gauges is not null)
            {
                gauges.RefreshesItself = true;
                builder.AddMeter(gauges.Meter.Name);
            }
            pushed = builder.AddOtlpExporter().Build();
        }
        return new OtlpPush(pushed, !traces ? null : Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource)
            .AddSource(RequestSpans.Source, FaceMeter.Name, ModelRegistry.Telemetry.RegistryMeter.Name).AddProcessor(new RequestSpans()).AddOtlpExporter().Build());
    }

    /// <summary>As <see cref="MetricCatalog"/> says, and nothing else.</summary>
    private static MetricStreamConfiguration StreamOf(System.Diagnostics.Metrics.Instrument instrument) => MetricCatalog.Find(instrument.Name) is { } metric
        ? new MetricStreamConfiguration { TagKeys = [.. metric.Labels], CardinalityLimit = Metric.MostSeries }
        : MetricStreamConfiguration.Drop;

    public void Dispose()
    {
        // Both at once: a collector that is away keeps the process from ending only once.
        Task.WaitAll(Task.Run(() => _traces?.Shutdown(FarewellMilliseconds)), Task.Run(() => _metrics?.Shutdown(FarewellMilliseconds)));
        _traces?.Dispose();
        _metrics?.Dispose();
    }
}
