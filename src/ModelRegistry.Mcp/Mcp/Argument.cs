using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Tools;

internal enum ArgumentKind { Text, Choice, Whole, Flag, Time, Texts }

/// <summary>
/// One argument of a tool: what its schema says and what a call is held against. All are flat: no objects, no unions.
/// </summary>
internal sealed record Argument(string Name, ArgumentKind Kind, string Description = "")
{
    public bool Required { get; init; }

    /// <summary>The most characters of a text, or items of a list of texts.</summary>
    public int Most { get; init; } = 256;

    /// <summary>The values of a <see cref="ArgumentKind.Choice"/>, lower case.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Whether an empty text means something (clear it); elsewhere it is as good as leaving the argument out.</summary>
    public bool BlankCounts { get; init; }

    /// <summary>What it takes, as the rest of the sentence "… must be".</summary>
    public string Takes => Kind switch
    {
        ArgumentKind.Choice => $"one of {string.Join(", ", Choices)}",
        ArgumentKind.Whole => $"a whole number from 1 to {Most}",
        ArgumentKind.Flag => "true or false",
        ArgumentKind.Time => "a time such as 2026-01-31T12:00:00Z",
        ArgumentKind.Texts => $"a list of at most {Most} texts",
        _ => $"a text of at most {Most:N0} characters",
    };

    public JsonObject Schema()
    {
        var schema = new JsonObject
        {
            ["type"] = Kind switch { ArgumentKind.Whole => "integer", ArgumentKind.Flag => "boolean", ArgumentKind.Texts => "array", _ => "string" },
        };
        if (Description.Length > 0)
            schema["description"] = Description;
        if (Kind == ArgumentKind.Choice)
            schema["enum"] = new JsonArray([.. Choices.Select(c => (JsonNode)c)]);
        if (Kind == ArgumentKind.Whole)
            (schema["minimum"], schema["maximum"]) = (1, Most);
        if (Kind == ArgumentKind.Texts)
            schema["items"] = new JsonObject { ["type"] = "string" };
        return schema;
    }

    public static JsonObject Schema(IReadOnlyList<Argument> arguments)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(arguments.Select(a => KeyValuePair.Create(a.Name, (JsonNode?)a.Schema()))),
        };
        if (arguments.Any(a => a.Required))
            schema["required"] = new JsonArray([.. arguments.Where(a => a.Required).Select(a => (JsonNode)a.Name)]);
        schema["additionalProperties"] = false;
        return schema;
    }
}
