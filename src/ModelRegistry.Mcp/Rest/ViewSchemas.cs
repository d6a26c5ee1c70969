using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Schemas of views (JSON Schema 2020-12), each record once and by its name.</summary>
internal sealed class ViewSchemas
{
    private readonly SortedDictionary<string, JsonNode?> _all = new(StringComparer.Ordinal);

    /// <summary>All that were asked for so far.</summary>
    public JsonObject All() => new(_all.Select(s => KeyValuePair.Create(s.Key, s.Value?.DeepClone())));

    public JsonObject Problem() => Kept("Problem", () => new JsonObject
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["title"] = new JsonObject { ["type"] = "string", ["description"] = "What is wrong." },
            ["status"] = new JsonObject { ["type"] = "integer" },
            ["code"] = new JsonObject { ["type"] = "string", ["description"] = "A stable name; the same on every face." },
            ["remedy"] = new JsonObject { ["type"] = "string", ["description"] = "What to do next." },
            ["errors"] = new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" }, ["description"] = "What is wrong with which field." },
            ["promotion"] = Of(typeof(Promotions.PromotionView)),
        },
        ["required"] = new JsonArray("title", "status", "code", "remedy"),
    });

    /// <summary>A reference to the schema of a type, which is made where it is not there yet.</summary>
    public JsonObject Of(Type type) => IsNamed(type) ? Kept(NameOf(type), () => Export(type)) : Export(type);

    private JsonObject Kept(string name, Func<JsonObject> make)
    {
        if (!_all.ContainsKey(name))
        {
            // It may speak of itself.
            _all[name] = null;
            _all[name] = make();
        }
        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    private JsonObject Export(Type type) => (JsonObject)Replies.Json.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, schema) =>
        {
            if (context.TypeInfo.Type is var inner && inner != type && IsNamed(inner))
            {
                var named = Of(inner);
                return schema is JsonObject { } made && made["type"] is JsonArray ? new JsonObject { ["anyOf"] = new JsonArray(named, new JsonObject { ["type"] = "null" }) } : named;
            }
            // Numbers are written as numbers, whatever else would be read.
            if (schema is JsonObject number && number["type"] is JsonArray types && types.Any(t => (string?)t is "integer" or "number") && number.Remove("pattern"))
            {
                var kept = types.Select(t => (string)t!).Where(t => t != "string").ToArray();
                number["type"] = kept.Length == 1 ? kept[0] : new JsonArray([.. kept.Select(t => (JsonNode)t)]);
            }
            // The root may be null as far as its type says, and is not.
            if (inner == type && context.Path.IsEmpty && schema is JsonObject root && root["type"] is JsonArray)
                root["type"] = "object";
            return schema;
        },
    });

    private static bool IsNamed(Type type) => type.IsClass && type != typeof(string) && (type.Assembly.GetName().Name?.StartsWith("ModelRegistry", StringComparison.Ordinal) == true || type.Assembly == typeof(ViewSchemas).Assembly);

    private static string NameOf(Type type) => type.IsGenericType
        ? $"{string.Concat(type.GetGenericArguments().Select(NameOf))}{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}"
        : type.Name.EndsWith("View", StringComparison.Ordinal) && type.Name.Length > 4 ? type.Name[..^4] : type.Name;
}
