using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks into a safetensors file ("Format", safetensors documentation): eight bytes of length, a JSON header, and the
/// tensors, which must fill the rest of the file without a hole.
/// </summary>
internal sealed class SafetensorsReader(ByteWindow file, FileReading it)
{
    private const int MostHeaderBytes = 16 * 1024 * 1024, MostTensors = 100_000, MostRank = 64;

    private static readonly Dictionary<string, (string Name, int Bits)> Types = new()
    {
        ["BOOL"] = ("bool", 8), ["U8"] = ("uint8", 8), ["I8"] = ("int8", 8), ["F8_E5M2"] = ("float8e5m2", 8), ["F8_E4M3"] = ("float8e4m3fn", 8), ["F8_E8M0"] = ("float8e8m0", 8),
        ["I16"] = ("int16", 16), ["U16"] = ("uint16", 16), ["F16"] = ("float16", 16), ["BF16"] = ("bfloat16", 16), ["I32"] = ("int32", 32), ["U32"] = ("uint32", 32), ["F32"] = ("float32", 32),
        ["F64"] = ("float64", 64), ["I64"] = ("int64", 64), ["U64"] = ("uint64", 64), ["C64"] = ("complex64", 64), ["F4"] = ("float4e2m1", 4), ["F6_E2M3"] = ("float6e2m3", 6), ["F6_E3M2"] = ("float6e3m2", 6),
    };

    private static readonly Dictionary<string, string> Frameworks = new() { ["pt"] = "pytorch", ["tf"] = "tensorflow", ["flax"] = "flax", ["np"] = "numpy", ["mlx"] = "mlx" };

    /// <summary>Whether it begins as safetensors do: a length below 16 MiB, then the brace of a JSON object.</summary>
    public static bool Looks(ReadOnlySpan<byte> head) =>
        head.Length >= 9 && head[8] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(head) is > 1 and <= MostHeaderBytes;

    public void Read()
    {
        file.Position = 0;
        var length = file.UInt64();
        if (length > MostHeaderBytes || (long)length > file.Length - 8)
            throw new InspectionStop("malformed", "Its header is said to be longer than the file, or than 16 MiB.");
        var header = file.Piece(8, (int)length);
        if (!Utf8.IsValid(header))
            throw new InspectionStop("malformed", "Its header is not UTF-8.");
        it.Parameters = 0;
        try
        {
            Header(header);
        }
        // The framework's own noes: JSON that is none, a number that is none, an escape that is half a character.
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new InspectionStop("malformed", "Its header is not JSON as it should be.");
        }
    }

    private void Header(byte[] header)
    {
        var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 8 });
        Expect(json.Read() && json.TokenType == JsonTokenType.StartObject);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var ranges = new List<(long Begin, long End)>();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            file.Budget.Step();
            var name = json.GetString()!;
            if (!names.Add(name))
                throw new InspectionStop("malformed", "Two entries of its header have one name.");
            if (names.Count > MostTensors)
                throw new InspectionStop("too_complex", $"It has more than {MostTensors:N0} tensors.");
            if (name == "__metadata__")
                Metadata(ref json);
            else
                ranges.Add(Tensor(ref json, Shown(name)));
        }
        Expect(json.TokenType == JsonTokenType.EndObject && !json.Read());
        CheckRanges(ranges, file.Length - 8 - header.Length);
    }

    private void Metadata(ref Utf8JsonReader json)
    {
        Expect(json.Read() && json.TokenType == JsonTokenType.StartObject);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            file.Budget.Step();
            var key = json.GetString()!;
            if (!keys.Add(key))
                throw new InspectionStop("malformed", "Two entries of its metadata have one name.");
            if (!json.Read() || json.TokenType != JsonTokenType.String)
                throw new InspectionStop("malformed", "Its metadata holds something else than text.");
            var value = json.GetString()!;
            if (key == "format")
                it.Framework = Frameworks.GetValueOrDefault(value, "");
        }
        Expect(json.TokenType == JsonTokenType.EndObject);
    }

    private (long Begin, long End) Tensor(ref Utf8JsonReader json, string name)
    {
        Expect(json.Read() && json.TokenType == JsonTokenType.StartObject);
        string? type = null;
        Int128? count = null;
        (long Begin, long End)? range = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("dtype") && type is null)
                type = json.Read() && json.TokenType == JsonTokenType.String ? json.GetString() : null;
            else if (json.ValueTextEquals("shape") && count is null)
                count = Shape(ref json);
            else if (json.ValueTextEquals("data_offsets") && range is null)
                range = Offsets(ref json);
            else
                throw new InspectionStop("malformed", "A tensor says something twice, or something that no tensor says.");
        }
        Expect(json.TokenType == JsonTokenType.EndObject);
        if (type is null || count is not { } elements || range is not var (begin, end))
            throw new InspectionStop("malformed", "A tensor lacks its type, its shape or its place.");
        if (!Types.TryGetValue(type, out var known))
            it.Find("safetensors_type", $"The tensor '{name}' is of a type that is not known.");
        else if (elements > long.MaxValue / 128 || begin > end || elements * known.Bits % 8 != 0 || elements * known.Bits / 8 != end - begin)
            it.Find("safetensors_size", $"The tensor '{name}' has another number of bytes than its shape and type ask for.");
        else
        {
            it.CountType(known.Name);
            // Each is below 2^57, and there are fewer than 2^17: only a sum that the file cannot hold overflows, of nothing bigger than it.
            it.Parameters = it.Parameters is { } sum && elements <= long.MaxValue - sum ? sum + (long)elements : null;
        }
        return (begin, end);
    }

    private static Int128 Shape(ref Utf8JsonReader json)
    {
        Expect(json.Read() && json.TokenType == JsonTokenType.StartArray);
        Int128 count = 1;
        for (var rank = 0; json.Read() && json.TokenType == JsonTokenType.Number; rank++)
        {
            Expect(rank < MostRank && json.TryGetInt64(out var size) && size >= 0);
            count = count > long.MaxValue ? count : count * json.GetInt64();
        }
        Expect(json.TokenType == JsonTokenType.EndArray);
        return count;
    }

    private static (long, long) Offsets(ref Utf8JsonReader json)
    {
        Span<long> offsets = stackalloc long[2];
        Expect(json.Read() && json.TokenType == JsonTokenType.StartArray);
        foreach (ref var offset in offsets)
            Expect(json.Read() && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out offset) && offset >= 0);
        Expect(json.Read() && json.TokenType == JsonTokenType.EndArray);
        return (offsets[0], offsets[1]);
    }

    private void CheckRanges(List<(long Begin, long End)> ranges, long size)
    {
        ranges.Sort();
        var at = 0L;
        foreach (var (begin, end) in ranges)
        {
            if (begin != at)
            {
                it.Find("safetensors_offsets", begin > at ? $"Between the tensors, at byte {at} of the data, is something that belongs to none." : $"Two tensors share the bytes from {begin} of the data on.");
                return;
            }
            at = Math.Max(end, begin);
        }
        if (at != size)
            it.Find("safetensors_offsets", at > size ? "Its tensors are said to reach beyond the end of the file." : "After the last tensor there is something that belongs to none.");
    }

    private static string Shown(string name) => FileReading.Words(System.Text.Encoding.UTF8.GetBytes(name), 80);

    private static void Expect(bool holds)
    {
        if (!holds)
            throw new InspectionStop("malformed", "Its header is not laid out as that of safetensors.");
    }
}
