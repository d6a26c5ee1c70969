using System.Globalization;
using System.Text.Json;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Rest;

/// <summary>
/// The members of a body, or the parameters of a query. What a route asks for is what it knows: whatever else was sent is named
/// with the name that was probably meant, together with everything that does not fit. Nothing is done before <see cref="Problem"/> is null.
/// </summary>
internal sealed class RestFields
{
    private const int MostText = 65_536, MostItems = 1_000;

    // A JsonElement of a body, or a text of a query; several where it is there more than once.
    private readonly IReadOnlyDictionary<string, object> _given;
    private readonly string _prefix;
    private readonly HashSet<string> _known = [];
    private readonly Dictionary<string, string> _bad = [];
    private readonly List<RestFields> _within = [];
    // What was asked for, where that is the question.
    private List<FieldShape>? _asked;

    private RestFields(IReadOnlyDictionary<string, object> given, string prefix) => (_given, _prefix) = (given, prefix);

    /// <summary>The members of an object whose texts are all well-formed and whose names are all different.</summary>
    public static RestFields Of(JsonElement body, Digest? digest = null) => new(Members(body), "") { Body = digest };

    public static Outcome<RestFields> Of(IQueryCollection query)
    {
        var given = new Dictionary<string, object>();
        foreach (var (name, values) in query)
            if (values is [{ } only])
                given[name] = only;
            else
                given[name] = values.Take(MostItems + 1).Select(v => v ?? "").ToArray();
        return new RestFields(given, "");
    }

    /// <summary>Over the bytes of the body, where its request has a key of its own.</summary>
    public Digest? Body { get; init; }

    /// <summary>Empty ones that remember what they are asked for, to describe the route that asks.</summary>
    public static RestFields Asking() => new(new Dictionary<string, object>(), "") { _asked = [] };

    /// <summary>Whether nothing was sent, and the question is what would be asked for.</summary>
    public bool IsAsking => _asked is not null;

    /// <summary>What was asked for, in that order.</summary>
    public IReadOnlyList<FieldShape> Asked => _asked ?? [];

    /// <summary>Headers that the route looks at.</summary>
    public List<string> Headers { get; } = [];

    /// <summary>Everything that does not fit; null when all does.</summary>
    public Refusal? Problem
    {
        get
        {
            var all = new Dictionary<string, string>();
            Collect(all);
            return all.Count > 0 ? Refusals.InvalidArguments(all) : null;
        }
    }

    /// <summary>A text, or a number as it is written; null when it was left out, is null or blank.</summary>
    public string? Text(string name, bool required = false)
    {
        Note(new FieldShape(name, "string", required));
        var text = Find(name) switch
        {
            null => null,
            string asked => asked,
            JsonElement { ValueKind: JsonValueKind.String } element => element.GetString(),
            JsonElement { ValueKind: JsonValueKind.Number } element => element.GetRawText(),
            _ => Bad(name, "must be a text"),
        };
        if (text?.Contains('\0') == true)
            return Bad(name, "must be a text without the character U+0000");
        if (text?.Length > MostText)
            return Bad(name, "is longer than any text that is taken");
        if (!string.IsNullOrWhiteSpace(text))
            return text;
        return required ? Bad(name, "is missing") : null;
    }

    /// <summary>A text that the route cannot do without; empty when it is missing, which <see cref="Problem"/> tells.</summary>
    public string Need(string name) => Text(name, required: true) ?? "";

    /// <summary>One of several words, in any case.</summary>
    public string? Choice(string name, bool required, params string[] choices)
    {
        Note(new FieldShape(name, "string", required, Choices: choices));
        if (Text(name, required) is not { } text)
            return null;
        return choices.FirstOrDefault(c => string.Equals(c, text.Trim(), StringComparison.OrdinalIgnoreCase))
            ?? Bad(name, $"must be one of {string.Join(", ", choices)}{(Nearest.Of(text, choices) is { } near ? $"; did you mean '{near}'?" : "")}");
    }

    /// <summary>A whole number.</summary>
    public int? Whole(string name, int least, int most)
    {
        Note(new FieldShape(name, "integer", Least: least, Most: most));
        int? number = Find(name) switch
        {
            null => null,
            string { Length: 0 } => null,
            string asked => int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) ? whole : int.MinValue,
            JsonElement { ValueKind: JsonValueKind.Number } element => element.TryGetInt32(out var whole) ? whole : int.MinValue,
            _ => int.MinValue,
        };
        if (number is null || (number >= least && number <= most))
            return number;
        Bad(name, $"must be a whole number from {least} to {most}");
        return null;
    }

    /// <summary>A length in bytes that the route cannot do without; 0 when it is missing or none, which <see cref="Problem"/> tells.</summary>
    public long NeedBytes(string name)
    {
        Note(new FieldShape(name, "integer", true));
        if (Find(name) is JsonElement { ValueKind: JsonValueKind.Number } element && element.TryGetInt64(out var bytes) && bytes >= 0)
            return bytes;
        Bad(name, "must be a whole number of bytes");
        return 0;
    }

    public bool? Flag(string name)
    {
        Note(new FieldShape(name, "boolean"));
        bool? flag = Find(name) switch
        {
            JsonElement { ValueKind: JsonValueKind.True } => true,
            JsonElement { ValueKind: JsonValueKind.False } => false,
            string asked when bool.TryParse(asked, out var said) => said,
            _ => null,
        };
        if (flag is null && Find(name) is not (null or ""))
            Bad(name, "must be true or false");
        return flag;
    }

    /// <summary>A moment (RFC 3339).</summary>
    public DateTimeOffset? Time(string name)
    {
        Note(new FieldShape(name, "string", Format: "date-time"));
        if (Text(name) is not { } text)
            return null;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            return time;
        Bad(name, "must be a time such as 2026-01-31T12:00:00Z");
        return null;
    }

    /// <summary>A list of texts; in a query, and where one text was sent, separated by commas.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        Note(new FieldShape(name, "array"));
        var items = Find(name) switch
        {
            null => [],
            string asked => Parts(asked),
            JsonElement { ValueKind: JsonValueKind.String } element => Parts(element.GetString()!),
            JsonElement { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() <= MostItems && list.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String) => [.. list.EnumerateArray().Select(e => e.GetString()!)],
            _ => ["\0"],
        };
        if (items.All(item => item.Length <= MostText && !item.Contains('\0')))
            return items;
        Bad(name, $"must be a list of at most {MostItems} texts");
        return [];
    }

    /// <summary>An object within; null when it was left out.</summary>
    public RestFields? Object(string name)
    {
        if (_asked is not null)
        {
            var asking = Asking();
            Note(new FieldShape(name, "object", Within: asking));
            return asking;
        }
        switch (Find(name))
        {
            case null:
                return null;
            case JsonElement { ValueKind: JsonValueKind.Object } element:
                var within = new RestFields(Members(element), $"{_prefix}{name}.");
                _within.Add(within);
                return within;
            default:
                Bad(name, "must be an object");
                return null;
        }
    }

    /// <summary>An object as it was written, for whoever reads it by its own rules; null when it was left out.</summary>
    public string? Json(string name) => Find(name, "object") switch
    {
        null => null,
        JsonElement { ValueKind: JsonValueKind.Object } element => element.GetRawText(),
        _ => Bad(name, "must be an object"),
    };

    /// <summary>An object as a document; null when it was left out.</summary>
    public System.Text.Json.Nodes.JsonObject? Tree(string name) => Json(name) is { } json ? (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(json)! : null;

    /// <summary>A list that may be empty; null when it was left out.</summary>
    public IReadOnlyList<string>? List(string name) => Find(name) is null ? null : Texts(name);

    /// <summary>Everything that was sent, for whoever reads it by its own rules and names what is unknown.</summary>
    public System.Text.Json.Nodes.JsonObject Document()
    {
        _known.UnionWith(_given.Keys);
        return new(_given.Select(m => KeyValuePair.Create(m.Key, m.Value is JsonElement element ? System.Text.Json.Nodes.JsonNode.Parse(element.GetRawText()) : (System.Text.Json.Nodes.JsonNode?)(string)m.Value)));
    }

    /// <summary>An object of texts; a null among them is kept. Null when it was left out.</summary>
    public Dictionary<string, string?>? Pairs(string name)
    {
        Note(new FieldShape(name, "object", Format: "texts"));
        if (Find(name) is not { } found)
            return null;
        if (found is JsonElement { ValueKind: JsonValueKind.Object } element && element.EnumerateObject().All(m => m.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null))
            return element.EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString());
        Bad(name, "must be an object of texts");
        return null;
    }

    /// <summary>An object of finite numbers; null when it was left out.</summary>
    public Dictionary<string, double>? Numbers(string name)
    {
        Note(new FieldShape(name, "object", Format: "numbers"));
        if (Find(name) is not { } found)
            return null;
        if (found is JsonElement { ValueKind: JsonValueKind.Object } element && element.EnumerateObject().All(m => m.Value.ValueKind == JsonValueKind.Number && double.IsFinite(m.Value.GetDouble())))
            return element.EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetDouble());
        Bad(name, "must be an object of numbers");
        return null;
    }

    /// <summary>A text as it was sent, blank ones too; null when it was left out.</summary>
    public string? Blank(string name) => Find(name) is JsonElement { ValueKind: JsonValueKind.String } element && string.IsNullOrWhiteSpace(element.GetString()) ? "" : Text(name);

    /// <summary>Whether a member is there and is an object.</summary>
    public bool HasObject(string name)
    {
        Note(new FieldShape(name, "object"));
        return _given.GetValueOrDefault(name) is JsonElement { ValueKind: JsonValueKind.Object };
    }

    private static Dictionary<string, object> Members(JsonElement element) => element.EnumerateObject().ToDictionary(m => m.Name, m => (object)m.Value);

    private static string[] Parts(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A parameter that may be there more than once; those that are blank are left out.</summary>
    public IReadOnlyList<string> Several(string name)
    {
        Note(new FieldShape(name, "array") { Repeated = true });
        _known.Add(name);
        string[] items = _given.GetValueOrDefault(name) switch { null => [], string one => [one], string[] several => several, _ => ["\0"] };
        if (items.Length <= MostItems && items.All(item => item.Length <= MostText && !item.Contains('\0')))
            return [.. items.Where(item => !string.IsNullOrWhiteSpace(item))];
        Bad(name, $"must be at most {MostItems} texts");
        return [];
    }

    /// <summary>Bounds of metrics: <c>min_accuracy=0.9</c>, <c>max_latency_ms=50</c>.</summary>
    public IReadOnlyList<MetricBound> Bounds()
    {
        Note(new FieldShape("bounds", "object", Format: "numbers", Names: "^(min|max)_.+$"));
        var bounds = new Dictionary<string, MetricBound>();
        foreach (var name in _given.Keys.Where(n => n.Length > 4 && (n.StartsWith("min_", StringComparison.Ordinal) || n.StartsWith("max_", StringComparison.Ordinal))))
        {
            _known.Add(name);
            var metric = name[4..];
            if (_given[name] is not string text || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number) || metric.Contains('\0'))
            {
                Bad(name, "must be one finite number");
                continue;
            }
            var bound = bounds.GetValueOrDefault(metric) ?? new MetricBound(metric, null, null);
            bounds[metric] = name[1] == 'i' ? bound with { Least = number } : bound with { Most = number };
        }
        return [.. bounds.Values];
    }

    /// <summary>Says what is asked for where another reads it.</summary>
    public void Tell(string type, params string[] names)
    {
        foreach (var name in names)
            Note(new FieldShape(name, type));
    }

    // The first word on a field stands; that an object would do as well is added.
    private void Note(FieldShape shape)
    {
        if (_asked is null)
            return;
        var known = _asked.FindIndex(f => f.Name == shape.Name);
        if (known < 0)
            _asked.Add(shape);
        else if (_asked[known] is { Type: "object", Within: null } && shape.Type != "object")
            _asked[known] = shape with { OrObject = true };
    }

    private object? Find(string name, string? type = null)
    {
        if (type is not null)
            Note(new FieldShape(name, type));
        _known.Add(name);
        if (_given.GetValueOrDefault(name) is string[])
            return Bad(name, "is there more than once");
        return _given.GetValueOrDefault(name) is { } value && value is not JsonElement { ValueKind: JsonValueKind.Null } ? value : null;
    }

    private string? Bad(string name, string problem)
    {
        _bad[_prefix + name] = problem;
        return null;
    }

    private void Collect(Dictionary<string, string> all)
    {
        foreach (var name in _given.Keys.Where(name => !_known.Contains(name)))
            all[_prefix + (name.Length <= 80 ? name : name[..80])] = Nearest.Of(name, _known) is { } near ? $"is unknown; did you mean '{near}'?"
                : _known.Count == 0 ? "is unknown; nothing is asked for here" : $"is unknown; known are {string.Join(", ", _known)}";
        foreach (var (name, problem) in _bad)
            all[name] = problem;
        foreach (var within in _within)
            within.Collect(all);
    }
}
