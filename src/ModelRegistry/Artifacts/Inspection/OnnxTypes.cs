using System.Text.Json.Nodes;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>Element types of ONNX (<c>TensorProto.DataType</c>).</summary>
internal static class OnnxTypes
{
    // In the order of their numbers, from 1; text has no fixed width, which is written 0.
    private static readonly (string Name, int Bits)[] Types =
    [
        ("float32", 32), ("uint8", 8), ("int8", 8), ("uint16", 16), ("int16", 16), ("int32", 32), ("int64", 64), ("string", 0), ("bool", 8), ("float16", 16), ("float64", 64), ("uint32", 32),
        ("uint64", 64), ("complex64", 64), ("complex128", 128), ("bfloat16", 16), ("float8e4m3fn", 8), ("float8e4m3fnuz", 8), ("float8e5m2", 8), ("float8e5m2fnuz", 8), ("uint4", 4), ("int4", 4),
        ("float4e2m1", 4), ("float8e8m0", 8), ("uint2", 2), ("int2", 2),
    ];

    public static (string Name, int Bits)? Find(ulong number) => number is > 0 && number <= (ulong)Types.Length ? Types[number - 1] : null;
}

/// <summary>What goes into a graph and comes out of it.</summary>
internal sealed partial class OnnxReader
{
    private const int MostTypeDepth = 8, MostShownRank = 16, MostShownBytes = 200, MostListed = 10_000;

    // ValueInfoProto: name = 1, type = 2
    private static void Value(ProtoMessage value, List<(ulong, JsonObject)> values)
    {
        var (name, type, shape, hasType, fingerprint) = ("", "unknown", (JsonArray?)null, false, 0UL);
        while (value.Next())
            switch (value.Field, value.Wire)
            {
                case (1, Wire.Length):
                    (name, fingerprint) = (value.Words(MostShownBytes), value.Fingerprint());
                    break;
                case (2, Wire.Length):
                    Once(ref hasType, "type of an input or output");
                    (type, shape) = TypeOf(value.Inside(), 0);
                    break;
                default: break;
            }
        if (values.Count < MostListed)
            values.Add((fingerprint, shape is null ? new JsonObject { ["name"] = name, ["type"] = type } : new JsonObject { ["name"] = name, ["type"] = type, ["shape"] = shape }));
    }

    // TypeProto: tensor_type = 1, sequence_type = 4, map_type = 5, opaque_type = 7, sparse_tensor_type = 8, optional_type = 9
    private static (string Type, JsonArray? Shape) TypeOf(ProtoMessage type, int depth)
    {
        if (depth > MostTypeDepth)
            throw new InspectionStop("too_deep", $"Types lie more than {MostTypeDepth} deep within one another.");
        var found = ("unknown", (JsonArray?)null);
        while (type.Next())
            found = (type.Field, type.Wire) switch
            {
                (1, Wire.Length) => TensorType(type.Inside()),
                (8, Wire.Length) => TensorType(type.Inside()) is var (of, shape) ? ($"sparse {of}", shape) : found,
                (4, Wire.Length) => ($"sequence of {ElementType(type.Inside(), 1, depth)}", null),
                (9, Wire.Length) => ($"optional {ElementType(type.Inside(), 1, depth)}", null),
                (5, Wire.Length) => ($"map to {ElementType(type.Inside(), 2, depth)}", null),
                (7, Wire.Length) => ("opaque", null),
                _ => found,
            };
        return found;
    }

    private static string ElementType(ProtoMessage container, int field, int depth)
    {
        var type = "unknown";
        while (container.Next())
            if (container.Field == field && container.Wire == Wire.Length)
                type = TypeOf(container.Inside(), depth + 1).Type;
        return type;
    }

    // TypeProto.Tensor: elem_type = 1, shape = 2
    private static (string, JsonArray?) TensorType(ProtoMessage tensor)
    {
        var (type, shape) = ("unknown", (JsonArray?)null);
        while (tensor.Next())
            switch (tensor.Field, tensor.Wire)
            {
                case (1, Wire.Varint): type = OnnxTypes.Find(tensor.Value)?.Name ?? "unknown"; break;
                case (2, Wire.Length): shape = Shape(tensor.Inside()); break;
                default: break;
            }
        return (type, shape);
    }

    // TensorShapeProto: dim = 1; its dim_value = 1, dim_param = 2; neither: a dimension nobody knows
    private static JsonArray Shape(ProtoMessage shape)
    {
        var dimensions = new JsonArray();
        while (shape.Next())
        {
            if (shape is not { Field: 1, Wire: Wire.Length })
                continue;
            var (dimension, inside) = ((JsonNode?)null, shape.Inside());
            while (inside.Next())
                dimension = (inside.Field, inside.Wire) switch
                {
                    // What a double cannot carry has no canonical form; nobody feeds such a tensor.
                    (1, Wire.Varint) => (long)inside.Value is >= 0 and < 1L << 53 and var size ? JsonValue.Create(size) : JsonValue.Create("invalid"),
                    (2, Wire.Length) => JsonValue.Create(inside.Words(64)),
                    _ => dimension,
                };
            if (dimensions.Count < MostShownRank)
                dimensions.Add(dimension ?? JsonValue.Create("?"));
        }
        return dimensions;
    }
}
