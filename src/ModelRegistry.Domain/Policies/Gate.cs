using System.Globalization;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>One check of a policy: what must hold of a version before it may enter a stage.</summary>
public abstract record Gate(string Rule)
{
    /// <summary>The metric is there and at least <paramref name="Value"/>.</summary>
    public sealed record MetricMin(string Metric, double Value) : Gate("metric_min");

    /// <summary>The metric is there and at most <paramref name="Value"/>.</summary>
    public sealed record MetricMax(string Metric, double Value) : Gate("metric_max");

    /// <summary>The metric is no worse than that of what serves now, up to <paramref name="Tolerance"/> (absolute).</summary>
    public sealed record NoRegression(string Metric, double Tolerance) : Gate("no_regression");

    /// <summary>These metadata fields are filled in: <c>dataset</c>, <c>code_commit</c>, <c>card.intended_use</c>, <c>metrics.f1</c>, <c>tags.team</c> …</summary>
    public sealed record Requires(IReadOnlyList<string> Fields) : Gate("requires")
    {
        public bool Equals(Requires? other) => other is not null && Fields.SequenceEqual(other.Fields);

        public override int GetHashCode() => string.Join('\n', Fields).GetHashCode(StringComparison.Ordinal);
    }

    /// <summary>The format is one of these.</summary>
    public sealed record FormatIn(IReadOnlyList<string> Formats) : Gate("format_in")
    {
        public bool Equals(FormatIn? other) => other is not null && Formats.SequenceEqual(other.Formats);

        public override int GetHashCode() => string.Join('\n', Formats).GetHashCode(StringComparison.Ordinal);
    }

    /// <summary>The files were inspected and nothing dangerous was found.</summary>
    public sealed record ScanClean() : Gate("scan_clean");

    /// <summary>The version has been in <paramref name="Stage"/> for so long.</summary>
    public sealed record SoakHours(string Stage, double Hours) : Gate("soak_hours");

    /// <summary>Not during these days (UTC, both inclusive).</summary>
    public sealed record Freeze(IReadOnlyList<FreezeWindow> Windows) : Gate("freeze")
    {
        public bool Equals(Freeze? other) => other is not null && Windows.SequenceEqual(other.Windows);

        public override int GetHashCode() => Windows.Count;
    }

    /// <summary>The version comes from one of these stages. Made from a stage rule's <c>from</c>, so that it is kept with the promotion like any gate.</summary>
    public sealed record FromStage(IReadOnlyList<string> Stages) : Gate("from_stage")
    {
        public bool Equals(FromStage? other) => other is not null && Stages.SequenceEqual(other.Stages);

        public override int GetHashCode() => string.Join('\n', Stages).GetHashCode(StringComparison.Ordinal);
    }

    /// <summary>The proposer gave a reason. Made from a stage rule's <c>reason_required</c>.</summary>
    public sealed record ReasonRequired() : Gate("reason_required");

    /// <summary>The rules that a policy file can name in <c>gates</c> and waive.</summary>
    public static IReadOnlyList<string> Rules { get; } =
        ["metric_min", "metric_max", "no_regression", "requires", "format_in", "scan_clean", "soak_hours", "freeze"];

    /// <summary>Two gates of one identity are the same check.</summary>
    public string Identity => CanonicalJson.Text(ToJson());

    /// <summary>Written as in the policy file.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["rule"] = Rule };
        switch (this)
        {
            case MetricMin g: json["metric"] = g.Metric; json["value"] = g.Value; break;
            case MetricMax g: json["metric"] = g.Metric; json["value"] = g.Value; break;
            case NoRegression g: json["metric"] = g.Metric; json["tolerance"] = g.Tolerance; break;
            case Requires g: json["fields"] = new JsonArray([.. g.Fields.Select(f => (JsonNode)f)]); break;
            case FormatIn g: json["formats"] = new JsonArray([.. g.Formats.Select(f => (JsonNode)f)]); break;
            case FromStage g: json["stages"] = new JsonArray([.. g.Stages.Select(f => (JsonNode)f)]); break;
            case SoakHours g: json["stage"] = g.Stage; json["hours"] = g.Hours; break;
            case Freeze g: json["windows"] = new JsonArray([.. g.Windows.Select(w => (JsonNode)new JsonObject { ["from"] = w.From.ToString("O", CultureInfo.InvariantCulture), ["to"] = w.To.ToString("O", CultureInfo.InvariantCulture) })]); break;
            default: break;
        }
        return json;
    }

    public static Gate FromJson(JsonObject json) => (string)json["rule"]! switch
    {
        "metric_min" => new MetricMin((string)json["metric"]!, (double)json["value"]!),
        "metric_max" => new MetricMax((string)json["metric"]!, (double)json["value"]!),
        "no_regression" => new NoRegression((string)json["metric"]!, (double)json["tolerance"]!),
        "requires" => new Requires([.. json["fields"]!.AsArray().Select(f => (string)f!)]),
        "format_in" => new FormatIn([.. json["formats"]!.AsArray().Select(f => (string)f!)]),
        "scan_clean" => new ScanClean(),
        "from_stage" => new FromStage([.. json["stages"]!.AsArray().Select(f => (string)f!)]),
        "reason_required" => new ReasonRequired(),
        "soak_hours" => new SoakHours((string)json["stage"]!, (double)json["hours"]!),
        "freeze" => new Freeze([.. json["windows"]!.AsArray().Select(w => new FreezeWindow(DateOnly.Parse((string)w!["from"]!, CultureInfo.InvariantCulture), DateOnly.Parse((string)w["to"]!, CultureInfo.InvariantCulture)))]),
        var other => throw new FormatException($"Unknown gate rule '{other}'."),
    };
}

/// <summary>Days on which nothing enters a stage, UTC, both inclusive.</summary>
public sealed record FreezeWindow(DateOnly From, DateOnly To);
