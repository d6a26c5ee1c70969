using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>A JSON object that is right, bent a little at a time; some of what comes in its place no tree can hold.</summary>
internal sealed class BentJson(JsonObject tree)
{
    private static readonly byte[][] Bytes =
    [
        [0], [0xEF, 0xBB, 0xBF], [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x80], [(byte)'\r'], [(byte)'\n'], "\r\n"u8.ToArray(), "\n\n"u8.ToArray(), "{"u8.ToArray(), "}"u8.ToArray(),
        "\""u8.ToArray(), "\\"u8.ToArray(), ","u8.ToArray(), "//"u8.ToArray(), "/**/"u8.ToArray(), "\\u"u8.ToArray(), "\\ud800"u8.ToArray(), "NaN"u8.ToArray(), "\t"u8.ToArray(), [0x1B], [0x7F], [0xC2, 0x85], [0xE2, 0x80, 0xA8],
    ];

    private readonly List<string> _splices = [];

    /// <summary>Puts any JSON text in the place of a member's value.</summary>
    public void Set(JsonObject at, string name, string json) => at[name] = Splice(json);

    /// <summary>Bends one member of one object in it.</summary>
    /// <param name="favourite">The object that is bent half of the time; null: none is more likely than another.</param>
    public void Bend(Random random, JsonObject? favourite = null)
    {
        var objects = new List<JsonObject>();
        Collect(tree, objects);
        var at = random.Next(2) == 0 && favourite is { Count: > 0 } ? favourite : objects[random.Next(objects.Count)];
        if (at.Count == 0)
        {
            at["a"] = Splice(Nasty.Json(random));
            return;
        }
        var (name, value) = at.ElementAt(random.Next(at.Count));
        switch (random.Next(9))
        {
            case 0:
                at.Remove(name);
                break;
            case 1:
                at.Remove(name);
                at[random.Next(2) == 0 ? name.ToUpperInvariant() : name + "_"] = value?.DeepClone();
                break;
            case 2:
                // The same member twice: with what it was and with something else.
                Splice($"{Nasty.Quoted(name)}:{Nasty.Json(random)}");
                at[Marker(_splices.Count - 1)] = null;
                break;
            case 3:
                Splice($"{Nasty.Quoted(Nasty.Text(random))}:{Nasty.Json(random)}");
                at[Marker(_splices.Count - 1)] = null;
                break;
            case 4:
                at[name] = value switch { JsonObject o => new JsonArray(o.DeepClone()), JsonArray { Count: > 0 } a => a[0]?.DeepClone(), JsonValue v => v.GetValueKind() == JsonValueKind.String ? new JsonObject { ["text"] = v.DeepClone() } : v.ToJsonString(), _ => "null" };
                break;
            case 5 when value is JsonArray list:
                list.Add(Splice(Nasty.Json(random)));
                break;
            case 6 when value is JsonValue said && said.TryGetValue(out string? text) && text.Length > 0:
                at[name] = text.Insert(random.Next(text.Length), Nasty.Text(random));
                break;
            case 7:
                at[name] = Nasty.Text(random);
                break;
            default:
                at[name] = Splice(Nasty.Json(random));
                break;
        }
    }

    /// <summary>The text that it has become.</summary>
    public string Text()
    {
        var text = tree.ToJsonString();
        for (var i = 0; i < _splices.Count; i++)
            text = text.Replace(Member(i) + ":null", _splices[i], StringComparison.Ordinal).Replace(Member(i), _splices[i], StringComparison.Ordinal);
        return text;
    }

    /// <summary>A text around it, or after it, that makes it another one.</summary>
    public static string Wrapped(string text, Random random) => random.Next(40) switch
    {
        0 => $"[{text}]",
        1 => $"[{text},{text}]",
        2 => text + text,
        3 => $" \t{text}\r",
        4 => $"{text} {Nasty.Json(random)}",
        _ => text,
    };

    /// <summary>The bytes of a text, sometimes in an encoding that is not JSON's.</summary>
    public static byte[] Encoded(string text, Random random) => random.Next(100) == 0 ? Encoding.Unicode.GetBytes(text) : Encoding.UTF8.GetBytes(text);

    /// <summary>Bytes flipped, cut, repeated and put in.</summary>
    public static byte[] Scrambled(byte[] bytes, Random random)
    {
        var list = new List<byte>(bytes);
        for (var i = random.Next(1, 4); i > 0 && list.Count > 1; i--)
        {
            var at = random.Next(list.Count);
            switch (random.Next(6))
            {
                case 0:
                    list[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    list.RemoveRange(at, list.Count - at);
                    break;
                case 2:
                    list.RemoveRange(at, Math.Min(list.Count - at, random.Next(1, 8)));
                    break;
                case 3:
                    list.InsertRange(at, list.GetRange(at, Math.Min(list.Count - at, random.Next(1, 40))));
                    break;
                case 4:
                    list.InsertRange(0, Bytes[random.Next(Bytes.Length)]);
                    break;
                default:
                    list.InsertRange(at, Bytes[random.Next(Bytes.Length)]);
                    break;
            }
        }
        return [.. list];
    }

    // A place in the tree that stands for text which no tree can hold.
    private static string Marker(int splice) => $"splice-{splice}-here";

    private static string Member(int splice) => $"\"{Marker(splice)}\"";

    private JsonValue Splice(string json)
    {
        _splices.Add(json);
        return JsonValue.Create(Marker(_splices.Count - 1))!;
    }

    private static void Collect(JsonNode? node, List<JsonObject> into)
    {
        if (node is JsonObject found)
        {
            into.Add(found);
            foreach (var (_, child) in found)
                Collect(child, into);
        }
        else if (node is JsonArray list)
            foreach (var child in list)
                Collect(child, into);
    }
}
