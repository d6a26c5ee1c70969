using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>
/// Malformed JSON-RPC and MCP messages: right ones of both eras, bent in one to three ways. The same seed, index and
/// <see cref="Known"/> give the same bytes.
/// </summary>
internal sealed class MalformedMessages(int seed, Known known)
{
    private static readonly byte[][] Bytes =
    [
        [0], [0xEF, 0xBB, 0xBF], [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x80], [(byte)'\r'], [(byte)'\n'], "\r\n"u8.ToArray(), "\n\n"u8.ToArray(), "{"u8.ToArray(), "}"u8.ToArray(),
        "\""u8.ToArray(), "\\"u8.ToArray(), ","u8.ToArray(), "//"u8.ToArray(), "/**/"u8.ToArray(), "\\u"u8.ToArray(), "\\ud800"u8.ToArray(), "NaN"u8.ToArray(), "\t"u8.ToArray(), [0x1B], [0x7F], [0xC2, 0x85], [0xE2, 0x80, 0xA8],
    ];

    /// <summary>The bytes of one case. They can hold line ends.</summary>
    public byte[] this[int index]
    {
        get
        {
            var random = new Random(Mixed(seed, index));
            if (random.Next(60) == 0)
                return Noise(random);
            var message = ValidMessages.Any(random, known, index);
            var splices = new List<string>();
            // One in eight stays as it is: what is right has to be answered between what is wrong.
            var bends = random.Next(8) == 0 ? 0 : random.Next(1, 4);
            for (var i = 0; i < bends; i++)
                if (random.Next(4) > 0)
                    Bend(message, random, index, splices);
            var text = message.ToJsonString();
            for (var i = 0; i < splices.Count; i++)
                text = text.Replace(Member(i) + ":null", splices[i], StringComparison.Ordinal).Replace(Member(i), splices[i], StringComparison.Ordinal);
            text = random.Next(40) switch
            {
                0 => $"[{text}]",
                1 => $"[{text},{text}]",
                2 => text + text,
                3 => $" \t{text}\r",
                4 => $"{text} {Nasty.Json(random)}",
                _ => text,
            };
            var bytes = random.Next(100) == 0 ? Encoding.Unicode.GetBytes(text) : Encoding.UTF8.GetBytes(text);
            return bends > 0 && random.Next(4) == 0 ? Scramble(bytes, random) : bytes;
        }
    }

    // Neighbouring seeds give neighbouring numbers; this spreads them.
    private static int Mixed(int seed, int index)
    {
        var x = unchecked(((ulong)(uint)seed << 32 | (uint)index) * 0x9E37_79B9_7F4A_7C15);
        return (int)(x ^ x >> 29 ^ x >> 47);
    }

    // A place in the tree that stands for text which no tree can hold.
    private static string Marker(int splice) => $"splice-{splice}-here";

    private static string Member(int splice) => $"\"{Marker(splice)}\"";

    private static JsonNode Splice(List<string> splices, string json)
    {
        splices.Add(json);
        return JsonValue.Create(Marker(splices.Count - 1))!;
    }

    private static void Bend(JsonObject message, Random random, int index, List<string> splices)
    {
        if (random.Next(8) == 0)
        {
            message["id"] = Splice(splices, Nasty.Id(random, index));
            return;
        }
        var objects = new List<JsonObject>();
        Collect(message, objects);
        // Arguments are the largest part of what is read; the envelope is small and gets its share.
        var at = random.Next(2) == 0 && message["params"] is JsonObject parameters && parameters["arguments"] is JsonObject { Count: > 0 } arguments ? arguments : objects[random.Next(objects.Count)];
        if (at.Count == 0)
        {
            at["a"] = Splice(splices, Nasty.Json(random));
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
                Splice(splices, $"{Nasty.Quoted(name)}:{Nasty.Json(random)}");
                at[Marker(splices.Count - 1)] = null;
                break;
            case 3:
                Splice(splices, $"{Nasty.Quoted(Nasty.Text(random))}:{Nasty.Json(random)}");
                at[Marker(splices.Count - 1)] = null;
                break;
            case 4:
                at[name] = value switch { JsonObject o => new JsonArray(o.DeepClone()), JsonArray { Count: > 0 } a => a[0]?.DeepClone(), JsonValue v => v.GetValueKind() == System.Text.Json.JsonValueKind.String ? new JsonObject { ["text"] = v.DeepClone() } : v.ToJsonString(), _ => "null" };
                break;
            case 5 when value is JsonArray list:
                list.Add(Splice(splices, Nasty.Json(random)));
                break;
            case 6 when value is JsonValue said && said.TryGetValue(out string? text) && text.Length > 0:
                at[name] = text.Insert(random.Next(text.Length), Nasty.Text(random));
                break;
            case 7:
                at[name] = Nasty.Text(random);
                break;
            default:
                at[name] = Splice(splices, Nasty.Json(random));
                break;
        }
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

    private static byte[] Scramble(byte[] bytes, Random random)
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

    private static byte[] Noise(Random random)
    {
        if (random.Next(2) == 0)
            return Encoding.UTF8.GetBytes(Nasty.Json(random));
        var bytes = new byte[random.Next(1, 200)];
        random.NextBytes(bytes);
        return bytes;
    }
}
