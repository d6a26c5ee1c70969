using System.Buffers.Binary;
using Google.Protobuf;

namespace ModelRegistry.Mcp.Demo;

/// <summary>One operation of a graph.</summary>
/// <param name="Attributes">Numbers by name; an attribute of another kind is there as null.</param>
internal sealed record OnnxNode(string Operation, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyDictionary<string, double?> Attributes);

/// <summary>A constant of a graph: 32-bit floats in row-major order.</summary>
internal sealed record OnnxTensor(IReadOnlyList<long> Shape, float[] Values);

/// <summary>
/// The part of an ONNX file that a small classifier is made of, read field by field from the protobuf wire format.
/// Field numbers are those of <c>onnx.proto3</c> in the ONNX specification (IR version 8).
/// </summary>
/// <param name="Inputs">What the graph is given, without its constants.</param>
internal sealed record OnnxGraph(IReadOnlyList<OnnxNode> Nodes, IReadOnlyDictionary<string, OnnxTensor> Constants, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs)
{
    private const int DataTypeFloat = 1;

    /// <summary>Reads a file's bytes.</summary>
    /// <exception cref="InvalidDataException">They are not ONNX, or hold something that this reader does not know.</exception>
    public static OnnxGraph Parse(ReadOnlyMemory<byte> file)
    {
        try
        {
            // ModelProto: graph = 7
            var graphs = Fields(UnsafeByteOperations.UnsafeWrap(file)).Where(f => f.Number == 7).ToList();
            return graphs is [var only] ? Graph(only.Bytes) : throw new InvalidDataException($"it holds {graphs.Count} graphs instead of one");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"it is not protobuf ({e.Message})", e);
        }
    }

    private static OnnxGraph Graph(ByteString message)
    {
        List<OnnxNode> nodes = [];
        Dictionary<string, OnnxTensor> constants = [];
        List<string> inputs = [], outputs = [];
        // GraphProto: node = 1, initializer = 5, input = 11, output = 12; their ValueInfoProto: name = 1
        foreach (var (number, bytes, _) in Fields(message))
            switch (number)
            {
                case 1: nodes.Add(Node(bytes)); break;
                case 5:
                    var (name, tensor) = Tensor(bytes);
                    if (!constants.TryAdd(name, tensor))
                        throw new InvalidDataException($"the constant '{name}' comes twice");
                    break;
                case 11: inputs.Add(Text(bytes, 1)); break;
                case 12: outputs.Add(Text(bytes, 1)); break;
            }
        return new OnnxGraph(nodes, constants, [.. inputs.Where(i => !constants.ContainsKey(i))], outputs);
    }

    // NodeProto: input = 1, output = 2, op_type = 4, attribute = 5, domain = 7
    private static OnnxNode Node(ByteString message)
    {
        var fields = Fields(message);
        var domain = Text(message, 7);
        return new OnnxNode(domain.Length == 0 ? Text(message, 4) : $"{domain}.{Text(message, 4)}",
            [.. fields.Where(f => f.Number == 1).Select(f => f.Bytes.ToStringUtf8())],
            [.. fields.Where(f => f.Number == 2).Select(f => f.Bytes.ToStringUtf8())],
            fields.Where(f => f.Number == 5).Select(f => Attribute(f.Bytes)).DistinctBy(a => a.Key).ToDictionary());
    }

    // AttributeProto: name = 1, f = 2, i = 3, type = 20 (1: float, 2: int)
    private static KeyValuePair<string, double?> Attribute(ByteString message)
    {
        var fields = Fields(message);
        double? value = fields.LastOrDefault(f => f.Number == 20).Scalar switch
        {
            1 => BitConverter.UInt32BitsToSingle((uint)fields.LastOrDefault(f => f.Number == 2).Scalar),
            2 => (long)fields.LastOrDefault(f => f.Number == 3).Scalar,
            _ => null,
        };
        return new(Text(message, 1), value);
    }

    // TensorProto: dims = 1, data_type = 2, name = 8, raw_data = 9 (little endian), data_location = 14 (1: another file)
    private static (string Name, OnnxTensor Tensor) Tensor(ByteString message)
    {
        var (name, fields) = (Text(message, 8), Fields(message));
        long[] shape = [.. fields.Where(f => f.Number == 1).SelectMany(Integers)];
        if (fields.LastOrDefault(f => f.Number == 2).Scalar != DataTypeFloat || fields.LastOrDefault(f => f.Number == 14).Scalar != 0)
            throw new InvalidDataException($"the constant '{name}' is not of 32-bit floats kept in the file itself");
        var raw = fields.LastOrDefault(f => f.Number == 9).Bytes ?? ByteString.Empty;
        // Multiplied as decimals, so that an absurd shape cannot wrap around to a fitting size.
        if (shape.Any(d => d <= 0) || shape.Aggregate(4m, (size, d) => size > raw.Length ? size : size * d) != raw.Length)
            throw new InvalidDataException($"the constant '{name}' of shape {string.Join('×', shape)} has {raw.Length} bytes");
        var values = new float[raw.Length / 4];
        for (var i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(raw.Span[(4 * i)..]);
        return values.All(float.IsFinite) ? (name, new OnnxTensor(shape, values)) : throw new InvalidDataException($"the constant '{name}' holds a value that is no number");
    }

    private readonly record struct Field(int Number, ByteString Bytes, ulong Scalar);

    private static List<Field> Fields(ByteString message)
    {
        var (input, fields) = (message.CreateCodedInput(), new List<Field>());
        while (input.ReadTag() is var tag and not 0)
        {
            var number = WireFormat.GetTagFieldNumber(tag);
            switch (WireFormat.GetTagWireType(tag))
            {
                case WireFormat.WireType.Varint: fields.Add(new Field(number, ByteString.Empty, input.ReadUInt64())); break;
                case WireFormat.WireType.Fixed32: fields.Add(new Field(number, ByteString.Empty, input.ReadFixed32())); break;
                case WireFormat.WireType.LengthDelimited: fields.Add(new Field(number, input.ReadBytes(), 0)); break;
                default: input.SkipLastField(); break;
            }
        }
        return fields;
    }

    // Whole numbers stand alone or packed into one field.
    private static IEnumerable<long> Integers(Field field)
    {
        if (field.Bytes.IsEmpty)
            return [(long)field.Scalar];
        var (input, numbers) = (field.Bytes.CreateCodedInput(), new List<long>());
        while (!input.IsAtEnd)
            numbers.Add(input.ReadInt64());
        return numbers;
    }

    private static string Text(ByteString message, int number) => Fields(message).LastOrDefault(f => f.Number == number).Bytes?.ToStringUtf8() ?? "";
}
