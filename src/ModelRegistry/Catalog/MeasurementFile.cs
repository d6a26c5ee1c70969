using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <summary>Measurements as evaluation jobs write them: one by its members, or several in <c>measurements</c>; <c>current</c> beside them.</summary>
public sealed record MeasurementFile(IReadOnlyList<NewMeasurement> Measurements, bool Current)
{
    private static readonly string[] Members = ["metric", "value", "dataset", "split", "count", "standard_error", "low", "high", "measured_at"];

    /// <summary>Reads a list of measurements.</summary>
    public static Outcome<MeasurementFile> Parse(string json)
    {
        try
        {
            return Parse(new JsonObject { ["measurements"] = CanonicalJson.Parse(json) });
        }
        catch (JsonException e)
        {
            return Refusals.InvalidArgument("measurements", $"is no JSON: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Reads a document; what is unknown or does not fit is named.</summary>
    public static Outcome<MeasurementFile> Parse(JsonObject document)
    {
        var bad = new Dictionary<string, string>();
        var current = Take(document, "current") switch
        {
            null => false,
            var flag when flag.GetValueKind() is JsonValueKind.True or JsonValueKind.False => (bool)flag,
            _ => Bad(bad, "current", "must be true or false", false),
        };
        var measured = new List<NewMeasurement>();
        if (Take(document, "measurements") is { } several)
        {
            foreach (var name in document.Select(m => m.Key))
                bad[Short(name)] = "must stand within measurements";
            if (several is JsonArray list && list.Count <= MetadataDesk.MostAtOnce)
                foreach (var (i, item) in list.Index())
                {
                    if (item is JsonObject one)
                        measured.Add(Read(one, $"measurements[{i}].", bad));
                    else
                        bad[$"measurements[{i}]"] = "must be an object";
                }
            else
                bad["measurements"] = $"must be a list of 1 to {MetadataDesk.MostAtOnce} objects";
        }
        else
            measured.Add(Read(document, "", bad));
        return bad.Count > 0 ? Refusals.InvalidArguments(bad.Take(20).ToDictionary()) : new MeasurementFile(measured, current);
    }

    private static NewMeasurement Read(JsonObject one, string at, Dictionary<string, string> bad)
    {
        foreach (var name in one.Select(m => m.Key).Where(name => !Members.Contains(name)))
            bad[at + Short(name)] = Nearest.Of(name, Members) is { } near ? $"is unknown; did you mean '{near}'?" : $"is unknown; known are {string.Join(", ", Members)}";
        return new NewMeasurement(
            Text(one, "metric", at, bad) ?? Bad(bad, at + "metric", "is missing", ""),
            Number(one, "value", at, bad) ?? (bad.ContainsKey(at + "value") ? 0 : Bad(bad, at + "value", "is missing", 0.0)),
            new MetricEvidence(Text(one, "dataset", at, bad) ?? "", Text(one, "split", at, bad) ?? "", Time(one, at, bad), Whole(one, at, bad), Number(one, "standard_error", at, bad), Number(one, "low", at, bad), Number(one, "high", at, bad)));
    }

    private static string? Text(JsonObject one, string name, string at, Dictionary<string, string> bad) => one[name] switch
    {
        null => null,
        var value when value.GetValueKind() == JsonValueKind.String => (string)value! is { Length: > 0 } text ? text : null,
        _ => Bad<string?>(bad, at + name, "must be a text", null),
    };

    private static double? Number(JsonObject one, string name, string at, Dictionary<string, string> bad) => one[name] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.Number && double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
        _ => Bad<double?>(bad, at + name, "must be a finite number", null),
    };

    private static long? Whole(JsonObject one, string at, Dictionary<string, string> bad) => one["count"] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.Number && long.TryParse(value.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out var whole) => whole,
        _ => Bad<long?>(bad, at + "count", "must be a whole number of samples from 1", null),
    };

    private static DateTimeOffset? Time(JsonObject one, string at, Dictionary<string, string> bad)
    {
        if (Text(one, "measured_at", at, bad) is not { } text)
            return null;
        // Whole microseconds, as every other time is kept.
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) && time >= DateTimeOffset.UnixEpoch
            ? Times.Truncate(time) : Bad<DateTimeOffset?>(bad, at + "measured_at", "must be a time such as 2026-01-31T12:00:00Z", null);
    }

    private static JsonNode? Take(JsonObject document, string name) => document.Remove(name, out var value) ? value : null;

    private static string Short(string name) => name.Length <= 80 ? name : name[..80];

    private static T Bad<T>(Dictionary<string, string> bad, string name, string problem, T none)
    {
        bad[name] = problem;
        return none;
    }
}
