using System.Diagnostics;
using System.Diagnostics.Metrics;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp;

/// <summary>What the faces measure of what they answer. Nothing is measured while nobody listens.</summary>
internal static class FaceMeter
{
    /// <summary>The name of the meter, and of the source of spans.</summary>
    public const string Name = "ModelRegistry.Mcp";

    private static readonly Counter<long> Refusals;

    static FaceMeter()
    {
        Meter = new Meter(Name);
        Spans = new ActivitySource(Name);
        Refusals = Meter.CreateCounter<long>("modelregistry.refusals", "{refusal}", "Requests that were refused.");
    }

    public static Meter Meter { get; }

    public static ActivitySource Spans { get; }

    /// <summary>A no is told to somebody. Its code is one of the table's; its text stays out of this.</summary>
    /// <param name="face">The shape it is told in: <c>mcp</c>, <c>rest</c>, <c>mlflow</c>, <c>web</c>.</param>
    public static void Refused(Refusal refusal, string face) =>
        Refusals.Add(1, new KeyValuePair<string, object?>("code", refusal.Code), new KeyValuePair<string, object?>("face", face));
}
