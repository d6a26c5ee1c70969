using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Tests;

/// <summary>The part of JSON Schema 2020-12 that the tools' output schemas use. An unknown keyword fails, so nothing is passed over.</summary>
internal static class SchemaCheck
{
    private static readonly string[] Known = ["type", "properties", "required", "additionalProperties", "items", "format", "enum", "description"];

    /// <summary>Where and how <paramref name="value"/> breaks <paramref name="schema"/>.</summary>
    public static IEnumerable<string> Problems(JsonNode? value, JsonNode schema, string at = "$")
    {
        if (schema is JsonValue always && always.GetValueKind() == JsonValueKind.True)
            yield break;
        var s = schema.AsObject();
        foreach (var keyword in s.Select(k => k.Key).Where(k => !Known.Contains(k)))
            yield return $"{at}: keyword {keyword} is not checked";
        string[] types = s["type"] switch { null => [], JsonArray a => [.. a.Select(t => (string)t!)], var one => [(string)one!] };
        if (types.Length > 0 && !types.Any(t => Is(value, t)))
        {
            yield return $"{at}: {value?.ToJsonString() ?? "null"} is not {string.Join("|", types)}";
            yield break;
        }
        if (value is JsonArray items && s["items"] is { } item)
            foreach (var problem in items.SelectMany((v, i) => Problems(v, item, $"{at}[{i}]")))
                yield return problem;
        if (value is not JsonObject o)
            yield break;
        foreach (var missing in (s["required"] as JsonArray ?? []).Select(r => (string)r!).Where(r => !o.ContainsKey(r)))
            yield return $"{at}: {missing} is missing";
        foreach (var (name, member) in o)
            if (s["properties"]?[name] is { } property)
                foreach (var problem in Problems(member, property, $"{at}.{name}"))
                    yield return problem;
            else if (s["additionalProperties"] is JsonObject other)
                foreach (var problem in Problems(member, other, $"{at}.{name}"))
                    yield return problem;
            else if (s["properties"] is not null)
                yield return $"{at}: {name} is not in the schema";
    }

    private static bool Is(JsonNode? value, string type) => type switch
    {
        "null" => value is null,
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == JsonValueKind.String,
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "number" => value?.GetValueKind() == JsonValueKind.Number,
        "integer" => value?.GetValueKind() == JsonValueKind.Number && double.IsInteger(value.GetValue<double>()),
        _ => false,
    };
}
