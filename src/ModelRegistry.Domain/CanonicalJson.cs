using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>
/// RFC 8785 (JSON Canonicalization Scheme): one and only one text for a JSON value, so that its digest means the value.
/// </summary>
/// <remarks>
/// Stricter than the RFC where it would lose something silently: an integer that a double cannot carry is refused
/// (pass it as a string), and so is nesting deeper than <see cref="MaxDepth"/>. Everything refused here, whether
/// read or written, is a <see cref="JsonException"/>.
/// </remarks>
public static class CanonicalJson
{
    /// <summary>How many arrays and objects may lie within one another.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Strict = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = MaxDepth,
    };

    // A lone surrogate has no UTF-8; better no bytes than those of U+FFFD.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The canonical text as UTF-8 (RFC 8785 section 3.2.4), without a byte order mark.</summary>
    public static byte[] Bytes(JsonNode? node) => Utf8.GetBytes(Text(node));

    /// <inheritdoc cref="Bytes(JsonNode?)"/>
    public static byte[] Bytes(JsonElement element) => Bytes(ToNode(element));

    /// <summary>SHA-256 of the canonical bytes.</summary>
    public static Digest Digest(JsonNode? node) => Domain.Digest.Of(Bytes(node));

    /// <summary>The canonical text.</summary>
    public static string Text(JsonNode? node)
    {
        var text = new StringBuilder();
        try
        {
            Write(text, node, depth: 0);
        }
        // The framework's own noes: a name twice in a lazily read object, an escaped lone surrogate, NaN.
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new JsonException($"This JSON has no canonical form: {e.Message}", e);
        }
        return text.ToString();
    }

    /// <summary>
    /// Reads JSON that has a canonical form: no name twice in an object, no comments, no trailing commas, no lone
    /// surrogates, no number a double cannot carry, at most <see cref="MaxDepth"/> levels. Null is the JSON null.
    /// </summary>
    public static JsonNode? Parse(string json)
    {
        try
        {
            // JsonDocument looks for double names at once; JsonNode would only when the object is first used.
            using var document = JsonDocument.Parse(Utf8.GetBytes(json), Strict);
            var node = ToNode(document.RootElement.Clone());
            Text(node);
            return node;
        }
        // From the text itself, or from an escape in the name of a member.
        catch (Exception e) when (e is EncoderFallbackException or InvalidOperationException)
        {
            throw new JsonException("The text holds a lone surrogate.", e);
        }
    }

    private static JsonNode? ToNode(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(element),
    };

    private static void Write(StringBuilder text, JsonNode? node, int depth)
    {
        if (node is JsonObject or JsonArray && depth == MaxDepth)
            throw new JsonException($"JSON may be nested {MaxDepth} levels deep, no deeper.");
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                text.Append('{');
                var first = true;
                // Section 3.2.3: names in the order of their UTF-16 code units.
                foreach (var (name, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    if (!first)
                        text.Append(',');
                    first = false;
                    WriteString(text, name);
                    text.Append(':');
                    Write(text, value, depth + 1);
                }
                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                for (var i = 0; i < items.Count; i++)
                {
                    if (i > 0)
                        text.Append(',');
                    Write(text, items[i], depth + 1);
                }
                text.Append(']');
                break;
            default:
                WriteScalar(text, node);
                break;
        }
    }

    private static void WriteScalar(StringBuilder text, JsonNode node)
    {
        switch (node.GetValueKind())
        {
            case JsonValueKind.True:
                text.Append("true");
                break;
            case JsonValueKind.False:
                text.Append("false");
                break;
            case JsonValueKind.Null:
                text.Append("null");
                break;
            case JsonValueKind.Number:
                text.Append(Number(node.ToJsonString()));
                break;
            case JsonValueKind.String:
                // A time, a GUID and the like are JSON strings of the framework's making.
                WriteString(text, node.AsValue().TryGetValue(out string? plain) ? plain : JsonSerializer.Deserialize<string>(node.ToJsonString())!);
                break;
            default:
                throw new JsonException("Only plain JSON has a canonical form, not an object of the program.");
        }
    }

    /// <summary>Section 3.2.2.2: the short escapes, <c>\u00xx</c> for other control characters, all else as it is.</summary>
    private static void WriteString(StringBuilder text, string value)
    {
        text.Append('"');
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (char.IsSurrogate(c))
            {
                if (i + 1 == value.Length || !char.IsSurrogatePair(c, value[i + 1]))
                    throw new JsonException("A string holds a lone surrogate.");
                text.Append(c).Append(value[++i]);
                continue;
            }
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\t' => text.Append("\\t"),
                '\n' => text.Append("\\n"),
                '\f' => text.Append("\\f"),
                '\r' => text.Append("\\r"),
                < ' ' => text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }
        text.Append('"');
    }

    /// <summary>Section 3.2.2.3: a JSON number as the double it stands for, written as ECMAScript does.</summary>
    private static string Number(string literal)
    {
        var value = double.Parse(literal, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
            throw new JsonException($"The number {literal} is beyond what a double can hold.");
        var canonical = EcmaScript(value);
        var isInteger = literal.AsSpan().IndexOfAny('.', 'e', 'E') < 0;
        if (isInteger && Math.Abs(value) >= 1L << 53 && canonical != literal)
            throw new JsonException($"The integer {literal} would become {canonical}; write it as a string.");
        return canonical;
    }

    /// <summary>ECMA-262 <c>Number::toString</c>: the shortest digits that read back as the same double, laid out by size.</summary>
    private static string EcmaScript(double value)
    {
        if (value == 0)
            return "0"; // minus zero too
        // The framework finds the same shortest digits and only lays them out otherwise: take digits and scale apart.
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var mantissa = shortest[0].Split('.');
        var all = string.Concat(mantissa);
        var digits = all.TrimStart('0');
        // value = 0.digits × 10^scale
        var scale = mantissa[0].Length - (all.Length - digits.Length) + (shortest.Length > 1 ? int.Parse(shortest[1], CultureInfo.InvariantCulture) : 0);
        digits = digits.TrimEnd('0');

        var sign = value < 0 ? "-" : "";
        if (scale is > 21 or <= -6)
        {
            var exponent = (scale > 0 ? "+" : "") + (scale - 1).ToString(CultureInfo.InvariantCulture);
            return $"{sign}{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{exponent}";
        }
        if (scale <= 0)
            return $"{sign}0.{new string('0', -scale)}{digits}";
        return digits.Length <= scale
            ? sign + digits.PadRight(scale, '0')
            : $"{sign}{digits[..scale]}.{digits[scale..]}";
    }
}
