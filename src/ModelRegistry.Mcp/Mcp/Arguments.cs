using System.Globalization;
using System.Text.Json;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// The arguments of one call, held against the tool's declaration before anything is done: every bad one is named at once,
/// with what it takes and the name that was probably meant.
/// </summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, object> _values;

    private Arguments(Dictionary<string, object> values) => _values = values;

    /// <param name="of">What they are arguments of.</param>
    public static Outcome<Arguments> Read(IReadOnlyList<Argument> declared, IDictionary<string, JsonElement>? given, string of = "tool")
    {
        var (values, bad) = (new Dictionary<string, object>(), new Dictionary<string, string>());
        given ??= new Dictionary<string, JsonElement>();
        foreach (var (name, element) in given)
            if (declared.FirstOrDefault(a => a.Name == name) is not { } argument)
                bad[Untrusted.Cut(Untrusted.Clean(name), 80)] = Unknown(name, declared, of);
            else if (!Blank(argument, element))
            {
                if (Value(argument, element) is { } value)
                    values[name] = value;
                else
                    bad[name] = $"must be {argument.Takes}{Given(argument, element)}";
            }
        foreach (var argument in declared.Where(a => a.Required && !values.ContainsKey(a.Name) && !bad.ContainsKey(a.Name)))
            bad[argument.Name] = $"is missing: {argument.Takes}{(argument.Description.Length > 0 ? $" ({argument.Description})" : "")}";
        return bad.Count > 0 ? Refusals.InvalidArguments(bad) : new Arguments(values);
    }

    /// <summary>A text or choice; null when it was left out.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name) as string;

    /// <summary>A text that the declaration requires.</summary>
    public string Need(string name) => (string)_values[name];

    public int? Whole(string name) => _values.GetValueOrDefault(name) as int?;

    public bool? Flag(string name) => _values.GetValueOrDefault(name) as bool?;

    public DateTimeOffset? Time(string name) => _values.GetValueOrDefault(name) as DateTimeOffset?;

    public IReadOnlyList<string> Texts(string name) => _values.GetValueOrDefault(name) as IReadOnlyList<string> ?? [];

    private static bool Blank(Argument argument, JsonElement element) =>
        element.ValueKind == JsonValueKind.Null || (element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 0) || (!argument.BlankCounts && Text(element) is { } text && string.IsNullOrWhiteSpace(text));

    private static object? Value(Argument argument, JsonElement element) => argument.Kind switch
    {
        ArgumentKind.Whole => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var whole) && whole >= 1 && whole <= argument.Most ? whole : null,
        ArgumentKind.Flag => element.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null },
        ArgumentKind.Choice => argument.Choices.FirstOrDefault(c => string.Equals(c, Text(element)?.Trim(), StringComparison.OrdinalIgnoreCase)),
        ArgumentKind.Time => DateTimeOffset.TryParse(Text(element), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null,
        ArgumentKind.Texts => List(argument, element),
        _ => Short(Text(element) ?? Numeral(element), argument.Most),
    };

    // One text with commas is what some clients make of a list.
    private static List<string>? List(Argument argument, JsonElement element)
    {
        IEnumerable<string?> given = element.ValueKind == JsonValueKind.Array
            ? element.EnumerateArray().Take(argument.Most + 1).Select(e => Text(e) ?? Numeral(e))
            : (Text(element) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var items = new List<string>();
        foreach (var item in given)
            if (Short(item, 4_000) is { } text && !string.IsNullOrWhiteSpace(text))
                items.Add(text);
            else
                return null;
        return items.Count > 0 && items.Count <= argument.Most ? items : null;
    }

    private static string? Short(string? text, int most) => text is not null && text.Length <= most && !text.Contains('\0') ? text : null;

    // Versions are numbers as well as labels; a client may write 3 for "3".
    private static string? Numeral(JsonElement element) => element.ValueKind == JsonValueKind.Number ? element.GetRawText() : null;

    private static string? Text(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // An escaped lone surrogate: JSON, but not a text.
            return null;
        }
    }

    private static string Given(Argument argument, JsonElement element) => Text(element) switch
    {
        { } text when argument.Kind == ArgumentKind.Choice => $"; '{Untrusted.Cut(Untrusted.Clean(text), 80)}' is none of them{(Nearest.Of(text, argument.Choices) is { } near ? $", did you mean '{near}'?" : "")}",
        { } text when argument.Kind == ArgumentKind.Text => text.Contains('\0') ? ", without the character U+0000" : $", not {text.Length:N0}",
        null when element.ValueKind == JsonValueKind.String => ", in well-formed Unicode",
        _ => $", not {Word(element)}",
    };

    private static string Word(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => Untrusted.Cut(element.GetRawText(), 20),
        JsonValueKind.String => "this text",
        JsonValueKind.Array => "this list",
        JsonValueKind.Object => "an object",
        var other => other.ToString().ToLowerInvariant(),
    };

    private static string Unknown(string name, IReadOnlyList<Argument> declared, string of) =>
        Nearest.Of(name, declared.Select(a => a.Name)) is { } near ? $"is not an argument of this {of}; did you mean '{near}'?"
        : declared.Count == 0 ? $"is not an argument of this {of}, which takes none"
        : $"is not an argument of this {of}, which takes {string.Join(", ", declared.Select(a => a.Name))}";
}
