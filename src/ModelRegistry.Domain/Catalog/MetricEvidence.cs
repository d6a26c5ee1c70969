using System.Globalization;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>What a metric's value was measured on. Everything is optional, and is what the author says.</summary>
/// <param name="Dataset">Name or link of the data.</param>
/// <param name="Split">Which part of it, such as <c>test</c>.</param>
/// <param name="MeasuredAt">When, UTC.</param>
/// <param name="Count">How many samples.</param>
/// <param name="StandardError">Of the value, in its unit.</param>
/// <param name="Low">Lower end of its 95 % confidence interval.</param>
/// <param name="High">Upper end of it.</param>
public sealed record MetricEvidence(string Dataset = "", string Split = "", DateTimeOffset? MeasuredAt = null, long? Count = null, double? StandardError = null, double? Low = null, double? High = null)
{
    /// <summary>Nothing but the value is known.</summary>
    public static MetricEvidence None { get; } = new();

    /// <summary>Half of a 95 % interval of a normal distribution, in standard errors.</summary>
    private const double Half95 = 1.959963984540054;

    /// <summary>The standard error that was given, or follows from the interval; null where neither was given.</summary>
    public double? Error => StandardError ?? (Low is { } low && High is { } high ? (high - low) / (2 * Half95) : null);

    /// <summary>Without what was not said.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        if (Dataset.Length > 0)
            json["dataset"] = Dataset;
        if (Split.Length > 0)
            json["split"] = Split;
        if (MeasuredAt is { } at)
            json["measured_at"] = Times.Text(at);
        if (Count is { } count)
            json["count"] = count;
        if (StandardError is { } error)
            json["standard_error"] = error;
        if (Low is { } low)
            json["low"] = low;
        if (High is { } high)
            json["high"] = high;
        return json;
    }

    public static MetricEvidence FromJson(JsonObject json) => new(
        (string?)json["dataset"] ?? "", (string?)json["split"] ?? "",
        (string?)json["measured_at"] is { } at ? DateTimeOffset.Parse(at, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal) : null,
        (long?)json["count"], (double?)json["standard_error"], (double?)json["low"], (double?)json["high"]);
}
