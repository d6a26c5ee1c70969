using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// How views become structured content: as on every other face, but no text goes out with invisible characters in it, and
/// what is marked <see cref="UntrustedTextAttribute"/> lies between delimiters.
/// </summary>
internal static class ToolJson
{
    private static readonly JsonSerializerOptions Plain = new(Replies.Json) { NumberHandling = JsonNumberHandling.Strict };

    private static readonly JsonSerializerOptions Guarded = new(Plain)
    {
        Converters = { new CleanText() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { Guard } },
    };

    public static JsonElement Of<T>(T view) => JsonSerializer.SerializeToElement(view, Guarded);

    /// <summary>The schema that <see cref="Of{T}"/> keeps to.</summary>
    public static JsonElement Schema(Type type)
    {
        var schema = Plain.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = (_, node) => WithoutDefault(node) });
        return JsonSerializer.SerializeToElement(schema, Plain);
    }

    // An optional member is left out, not null: its default says nothing.
    private static JsonNode WithoutDefault(JsonNode node)
    {
        (node as JsonObject)?.Remove("default");
        return node;
    }

    private static void Guard(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
            if (property.AttributeProvider?.GetCustomAttributes(typeof(UntrustedTextAttribute), inherit: true) is [UntrustedTextAttribute mark, ..])
                property.CustomConverter = ConverterOf(property.PropertyType, mark.Label);
    }

    private static JsonConverter ConverterOf(Type type, bool label) =>
        type == typeof(string) ? new Written<string>(text => label ? Untrusted.Label(text) : Untrusted.Quote(text))
        : type == typeof(JsonObject) ? new Written<JsonObject>(document => Untrusted.Document(document))
        : type == typeof(IReadOnlyList<string>) ? new Written<IReadOnlyList<string>>(list => new JsonArray([.. list.Select(text => (JsonNode)Untrusted.Label(text))]))
        : type == typeof(IReadOnlyDictionary<string, string>) ? new Written<IReadOnlyDictionary<string, string>>(map => new JsonObject(map.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)Untrusted.Quote(t.Value)))))
        : throw new NotSupportedException($"{type} cannot be marked as untrusted text.");

    private sealed class Written<T>(Func<T, JsonNode?> safe) : JsonConverter<T> where T : class
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            if (safe(value) is { } node)
                node.WriteTo(writer, options);
            else
                writer.WriteNullValue();
        }
    }

    private sealed class CleanText : JsonConverter<string>
    {
        public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(Untrusted.Clean(value));

        public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(Untrusted.Clean(value));
    }
}
