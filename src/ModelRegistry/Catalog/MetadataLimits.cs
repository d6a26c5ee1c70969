using System.Text;
using System.Text.Json;
using ModelRegistry.Domain;

namespace ModelRegistry.Catalog;

/// <summary>How much may be said about a model or version, and in which shape. Everything is bounded, since agents write it.</summary>
internal static class MetadataLimits
{
    public const int Text = 4_000, Card = 128 * 1024, Notes = 64 * 1024, Document = 64 * 1024, Tags = 100, TagValue = 100_000, TagValues = 500_000, Metrics = 500, Items = 500;

    public static Refusal? Check(VersionMetadata data, string? description = null, string? task = null, string? owner = null, string? modelCard = null)
    {
        var bad = new Dictionary<string, string>();
        Long(bad, "description", description, Text);
        Long(bad, "task", task, 100);
        Long(bad, "owner", owner, 200);
        Long(bad, "model_card", modelCard, Card);
        // A word: gate findings repeat it, and they are read as the registry's own text.
        if (data.Format.Length is 0 or > 64 || !data.Format.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            bad["format"] = "a word of up to 64 letters, digits, dots, underscores or hyphens, such as onnx";
        Long(bad, "framework", data.Framework, 200);
        Long(bad, "dataset", data.Dataset, 2_000);
        Long(bad, "code_commit", data.CodeCommit, 200);
        Long(bad, "release_notes", data.ReleaseNotes, Notes);
        Long(bad, "card", data.Card, Card);
        Long(bad, "source", data.Source, 2_000);
        Long(bad, "run_id", data.RunId, 200);
        Long(bad, "run_link", data.RunLink, 2_000);
        Long(bad, "model_id", data.LoggedModelId, 200);
        CheckTags(bad, data.Tags);
        CheckMetrics(bad, data.Metrics);
        if (data.Dependencies.Count > Items || data.Dependencies.Any(d => d.Length > 500 || !IsText(d)))
            bad["dependencies"] = $"at most {Items} of at most 500 characters";
        foreach (var (name, document) in new[] { ("hyperparameters", data.Hyperparameters), ("signature", data.Signature), ("lineage", data.Lineage) })
            CheckDocument(bad, name, document);
        return bad.Count == 0 ? null : Refusals.InvalidArguments(bad);
    }

    /// <summary>Whether measurements can be taken as they are.</summary>
    public static Refusal? Check(MeasurementWish wish, DateTimeOffset now)
    {
        var bad = new Dictionary<string, string>();
        if (wish.Measurements.Count is 0 or > MetadataDesk.MostAtOnce)
            bad["measurements"] = $"1 to {MetadataDesk.MostAtOnce} at once";
        foreach (var (i, m) in wish.Measurements.Take(MetadataDesk.MostAtOnce).Index())
        {
            var at = $"measurements[{i}]";
            if (Names.Key(m.Metric, "metric").Refusal is { } no)
                bad[$"{at}.metric"] = no.Fields!["metric"];
            if (!double.IsFinite(m.Value))
                bad[$"{at}.value"] = "must be a finite number";
            var on = m.Evidence;
            Long(bad, $"{at}.dataset", on.Dataset, 2_000);
            Long(bad, $"{at}.split", on.Split, 100);
            if (on.Count is < 1 or > 1_000_000_000_000_000)
                bad[$"{at}.count"] = "must be a whole number of samples from 1";
            if (on.StandardError is { } error && !(error >= 0 && double.IsFinite(error)))
                bad[$"{at}.standard_error"] = "must be a finite number from 0";
            if (on.Low is null != on.High is null || (on.Low is { } low && on.High is { } high && !(double.IsFinite(low) && double.IsFinite(high) && low <= m.Value && m.Value <= high && double.IsFinite(high - low))))
                bad[$"{at}.low"] = "must be the lower end of a 95 % interval around the value, with its upper end in high";
            if (on.MeasuredAt > now.AddMinutes(5))
                bad[$"{at}.measured_at"] = "must not lie in the future";
        }
        if (wish.MakeCurrent && wish.Measurements.GroupBy(m => m.Metric).Any(g => g.Count() > 1))
            bad["current"] = "can be true only for one measurement of a metric";
        return bad.Count == 0 ? null : Refusals.InvalidArguments(bad.Take(20).ToDictionary());
    }

    public static void Long(Dictionary<string, string> bad, string field, string? text, int most)
    {
        if (text is not null && (text.Length > most || !IsText(text)))
            bad[field] = text.Length > most ? $"at most {most:N0} characters" : "may hold neither the character U+0000 nor half a character (a lone surrogate)";
    }

    /// <summary>Whether every database and every face can carry it.</summary>
    private static bool IsText(string text) => !text.Contains('\0') && (!text.AsSpan().ContainsAnyInRange('\ud800', '\udfff') || Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text);

    public static void CheckTags(Dictionary<string, string> bad, IReadOnlyDictionary<string, string> tags)
    {
        if (tags.Count > Tags)
            bad["tags"] = $"at most {Tags}";
        else if (tags.Values.Sum(v => (long)v.Length) > TagValues)
            bad["tags"] = $"their values have at most {TagValues:N0} characters together";
        foreach (var (key, value) in tags)
            if (Names.Key(key, "tags").Refusal is { } no)
                bad["tags"] = no.Fields!["tags"];
            else if (value.Length > TagValue || !IsText(value))
                bad["tags"] = $"the value of '{key}' has at most {TagValue:N0} characters, none of them U+0000 or half of one";
    }

    public static void CheckMetrics(Dictionary<string, string> bad, IReadOnlyDictionary<string, double> metrics)
    {
        if (metrics.Count > Metrics)
            bad["metrics"] = $"at most {Metrics}";
        foreach (var (key, value) in metrics)
            if (Names.Key(key, "metrics").Refusal is { } no)
                bad["metrics"] = no.Fields!["metrics"];
            else if (!double.IsFinite(value))
                bad["metrics"] = $"'{key}' must be a finite number";
    }

    // A document must have a canonical form, or nothing could be said about it that verifies.
    private static void CheckDocument(Dictionary<string, string> bad, string name, System.Text.Json.Nodes.JsonObject document)
    {
        try
        {
            if (CanonicalJson.Bytes(document).Length > Document)
                bad[name] = $"at most {Document / 1024} KiB of JSON";
            else if (CanonicalJson.Text(document).Contains(@"\u0000", StringComparison.Ordinal))
                bad[name] = "may not hold the character U+0000";
        }
        catch (JsonException e)
        {
            bad[name] = e.Message.TrimEnd('.');
        }
    }
}
