using System.Globalization;
using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Mlflow;

namespace ModelRegistry.Mcp.Mlflow;

/// <summary>
/// The parameters of a request: members of its body, or of its query. Those that nobody asks for are passed over, as MLflow's own
/// server does: each release of its clients adds some.
/// </summary>
internal sealed class MlflowFields
{
    private readonly Dictionary<string, JsonElement> _members = [];
    private readonly IQueryCollection? _query;

    public MlflowFields(JsonElement body)
    {
        foreach (var member in body.EnumerateObject())
            _members[member.Name] = member.Value;
    }

    public MlflowFields(IQueryCollection query) => _query = query;

    /// <summary>The first thing that was wrong with what was asked for.</summary>
    public Refusal? Problem { get; private set; }

    /// <summary>A text that has to be there. A number is taken as its text, as clients write versions either way.</summary>
    public string Need(string name)
    {
        var text = Text(name);
        if (string.IsNullOrEmpty(text))
            Problem ??= Refusals.ParameterMissing(name);
        return text ?? "";
    }

    /// <summary>A text; null where there is none.</summary>
    public string? Text(string name)
    {
        if (_query is not null)
            return _query.TryGetValue(name, out var values) ? values[^1] : null;
        return _members.GetValueOrDefault(name) switch
        {
            { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
            _ => Misfit<string>(name, "must be a text"),
        };
    }

    /// <summary>Texts; none where there are none. In a query each stands by itself, under the same name.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        if (_query is not null)
            return _query.TryGetValue(name, out var values) ? [.. values.OfType<string>()] : [];
        var found = _members.GetValueOrDefault(name);
        if (found.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return [];
        return found.ValueKind == JsonValueKind.Array && found.EnumerateArray().All(t => t.ValueKind == JsonValueKind.String)
            ? [.. found.EnumerateArray().Select(t => t.GetString()!)]
            : Misfit<IReadOnlyList<string>>(name, "must be a list of texts") ?? [];
    }

    public bool Flag(string name)
    {
        if (_query is not null)
            return Text(name) is { } text && text.Equals("true", StringComparison.OrdinalIgnoreCase);
        return _members.GetValueOrDefault(name) switch
        {
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False } => false,
            // Old clients write it as a text.
            { ValueKind: JsonValueKind.String } text when bool.TryParse(text.GetString(), out var flag) => flag,
            _ => Misfit<bool>(name, "must be true or false"),
        };
    }

    /// <summary>Tags, as <c>[{"key": …, "value": …}, …]</c>. One that comes twice counts as it comes last.</summary>
    public IReadOnlyDictionary<string, string> Tags()
    {
        var tags = new Dictionary<string, string>();
        var found = _members.GetValueOrDefault("tags");
        if (found.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return tags;
        if (found.ValueKind != JsonValueKind.Array)
            return Misfit<Dictionary<string, string>>("tags", "must be a list of objects with key and value") ?? tags;
        foreach (var (i, tag) in found.EnumerateArray().Index())
        {
            if (tag.ValueKind != JsonValueKind.Object || !tag.TryGetProperty("key", out var key) || key.ValueKind != JsonValueKind.String)
                return Misfit<Dictionary<string, string>>(string.Create(CultureInfo.InvariantCulture, $"tags[{i}]"), "must be an object with key and value") ?? tags;
            var value = tag.TryGetProperty("value", out var said) ? said : default;
            tags[key.GetString()!] = value.ValueKind switch
            {
                JsonValueKind.Undefined or JsonValueKind.Null => "",
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Number => value.GetRawText(),
                _ => Misfit<string>(string.Create(CultureInfo.InvariantCulture, $"tags[{i}].value"), "must be a text") ?? "",
            };
        }
        return tags;
    }

    /// <summary>Parts of an upload, as <c>[{"part_number": …, "etag": …}, …]</c>; where each was sent may stand there as well.</summary>
    public IReadOnlyList<MlflowPart> Parts()
    {
        var parts = new List<MlflowPart>();
        var found = _members.GetValueOrDefault("parts");
        if (found.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return parts;
        if (found.ValueKind != JsonValueKind.Array)
            return Misfit<List<MlflowPart>>("parts", "must be a list of objects with part_number and etag") ?? parts;
        foreach (var (i, part) in found.EnumerateArray().Index())
            if (part.ValueKind == JsonValueKind.Object && part.TryGetProperty("part_number", out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var whole)
                && part.TryGetProperty("etag", out var tag) && tag.ValueKind == JsonValueKind.String)
                parts.Add(new MlflowPart(whole, tag.GetString()!));
            else
                return Misfit<List<MlflowPart>>(string.Create(CultureInfo.InvariantCulture, $"parts[{i}]"), "must be an object with part_number and etag") ?? parts;
        return parts;
    }

    /// <summary>Events of webhooks, as <c>[{"entity": …, "action": …}, …]</c> or <c>["entity.action", …]</c>, each once.</summary>
    public IReadOnlyList<string> Events(string name)
    {
        var found = _members.GetValueOrDefault(name);
        if (found.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return [];
        return found.ValueKind == JsonValueKind.Array ? [.. found.EnumerateArray().Select((e, i) => Event(string.Create(CultureInfo.InvariantCulture, $"{name}[{i}]"), e)).OfType<string>().Distinct()]
            : Misfit<IReadOnlyList<string>>(name, "must be a list of events") ?? [];
    }

    /// <summary>One event; null where there is none.</summary>
    public string? Event(string name) => _members.GetValueOrDefault(name) is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } found ? Event(name, found) : null;

    private string? Event(string name, JsonElement found)
    {
        var (entity, action) = found.ValueKind switch
        {
            JsonValueKind.String when found.GetString()!.Split('.') is [var one, var other] => (one, other),
            JsonValueKind.Object when found.TryGetProperty("entity", out var one) && found.TryGetProperty("action", out var other) && (one.ValueKind, other.ValueKind) == (JsonValueKind.String, JsonValueKind.String) => (one.GetString(), other.GetString()),
            _ => (null, null),
        };
        if (entity is null || action is null)
            return Misfit<string>(name, "must be an object with entity and action");
        var read = MlflowEvents.Read(entity, action);
        Problem ??= read.Refusal;
        return read.Refusal is null ? read.Value : null;
    }

    private T? Misfit<T>(string name, string rule)
    {
        Problem ??= Refusals.InvalidArgument(name, rule);
        return default;
    }
}
