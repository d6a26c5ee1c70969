using System.Text.Json.Nodes;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks into a TensorFlow Lite model (<c>schema.fbs</c>, version 3): what goes in and out, which operators run, and whether
/// constants are as long as they say; weights are stepped over.
/// </summary>
internal sealed class TfliteReader(ByteWindow file, FileReading it)
{
    private const int MostGraphs = 1_000, MostTensors = 200_000, MostOperators = 500_000, MostCodes = 2_000, MostBuffers = 200_000, MostValues = 64, MostShownRank = 16, MostRank = 64;
    private const int Custom = 32, Delegate = 51, Placeholder = 127, CustomCall = 173, LastBuiltin = 209;

    // TensorType in the order of its numbers; what has no fixed width is written 0.
    private static readonly (string Name, int Bits)[] Types =
    [
        ("float32", 32), ("float16", 16), ("int32", 32), ("uint8", 8), ("int64", 64), ("string", 0), ("bool", 8), ("int16", 16), ("complex64", 64), ("int8", 8), ("float64", 64), ("complex128", 128), ("uint64", 64),
        ("resource", 0), ("variant", 0), ("uint32", 32), ("uint16", 16), ("int4", 4), ("bfloat16", 16), ("int2", 2), ("uint4", 4),
    ];

    private readonly List<long> _buffers = [];
    private readonly HashSet<long> _counted = [];
    private int _codes, _tensors, _operators;

    public static bool Looks(ReadOnlySpan<byte> head) => head.Length >= 8 && head[4..].StartsWith("TFL3"u8);

    // Model: version = 0, operator_codes = 1, subgraphs = 2, description = 3, buffers = 4
    public void Read()
    {
        it.Parameters = 0;
        it.Framework = "tensorflow";
        var model = FlatTable.Root(file);
        var version = model.UInt32(0);
        if (version != 3)
            throw new InspectionStop("tflite_version", $"It is of version {version} of the format, which nothing here reads.");
        it.Detail("schema_version", "3");
        it.Producer = model.Words(3, 100);
        Codes(model.List(1, 4));
        Buffers(model.List(4, 4));
        var graphs = model.List(2, 4);
        if (graphs.Count is 0 or > MostGraphs)
            throw new InspectionStop(graphs.Count == 0 ? "malformed" : "too_complex", $"It has no graph, or more than {MostGraphs:N0}.");
        for (var i = 0L; i < graphs.Count; i++)
            Graph(FlatTable.Of(graphs, i), isMain: i == 0);
        if (HiddenContainer.HasZip(file))
            it.Find("tflite_appended_archive", "Behind the model stands a zip archive, which is not looked into.", Domain.ScanVerdict.Unknown);
    }

    // OperatorCode: deprecated_builtin_code = 0, custom_code = 1, version = 2, builtin_code = 3
    private void Codes(FlatList codes)
    {
        if (codes.Count > MostCodes)
            throw new InspectionStop("too_complex", $"It lists more than {MostCodes:N0} operators.");
        _codes = (int)codes.Count;
        for (var i = 0L; i < codes.Count; i++)
        {
            var code = FlatTable.Of(codes, i);
            var number = Math.Max((sbyte)code.Byte(0), (int)code.UInt32(3));
            var name = number == Custom ? code.Words(1, 100) : "";
            if (number == Custom && name.StartsWith("Flex", StringComparison.Ordinal))
                it.Find("tflite_flex_operator", $"The operator '{name}' is one of TensorFlow itself: running it needs the Flex delegate, and it can do what TensorFlow's operators can.");
            else if (number is Custom or Delegate or CustomCall)
                it.Find("tflite_custom_operator", number == Custom ? $"The operator '{name}' is not part of TensorFlow Lite: running it needs code from elsewhere." : "An operator is handed to code from elsewhere.");
            else if (number is < 0 or Placeholder or > LastBuiltin)
                it.Find("tflite_operator", $"An operator has the number {number}, which is not known.");
        }
    }

    // Buffer: data = 0, offset = 1, size = 2 (outside of the FlatBuffer, in models of more than 2 GB)
    private void Buffers(FlatList buffers)
    {
        if (buffers.Count > MostBuffers)
            throw new InspectionStop("too_complex", $"It has more than {MostBuffers:N0} buffers.");
        for (var i = 0L; i < buffers.Count; i++)
        {
            var buffer = FlatTable.Of(buffers, i);
            var (inside, offset, size) = (buffer.List(0, 1).Count, buffer.UInt64(1), buffer.UInt64(2));
            if (offset > 1 && (size > (ulong)file.Length || offset > (ulong)file.Length - size))
                it.Find("tflite_buffer_range", $"Buffer {i} is said to lie beyond the end of the file.");
            _buffers.Add(offset > 1 ? (long)Math.Min(size, long.MaxValue) : inside);
        }
    }

    // SubGraph: tensors = 0, inputs = 1, outputs = 2, operators = 3
    private void Graph(FlatTable graph, bool isMain)
    {
        var tensors = graph.List(0, 4);
        if ((_tensors += (int)Math.Min(tensors.Count, MostTensors + 1)) > MostTensors)
            throw new InspectionStop("too_complex", $"It has more than {MostTensors:N0} tensors.");
        for (var i = 0L; i < tensors.Count; i++)
            Constant(FlatTable.Of(tensors, i));
        Operators(graph.List(3, 4));
        var (inputs, outputs) = (Values(graph.List(1, 4), tensors), Values(graph.List(2, 4), tensors));
        if (isMain)
            it.Signature = new JsonObject { ["inputs"] = inputs, ["outputs"] = outputs };
    }

    // Operator: opcode_index = 0
    private void Operators(FlatList operators)
    {
        if ((_operators += (int)Math.Min(operators.Count, MostOperators + 1)) > MostOperators)
            throw new InspectionStop("too_complex", $"It runs more than {MostOperators:N0} operators.");
        for (var i = 0L; i < operators.Count; i++)
            if (FlatTable.Of(operators, i).UInt32(0) >= _codes)
                throw new InspectionStop("malformed", "It runs an operator that it does not list.");
    }

    // Tensor: shape = 0, type = 1, buffer = 2, name = 3, is_variable = 5, sparsity = 6, shape_signature = 7
    private void Constant(FlatTable tensor)
    {
        var (number, buffer, shape) = (tensor.Byte(1), tensor.UInt32(2), tensor.List(0, 4));
        if (buffer >= _buffers.Count && buffer != 0)
            throw new InspectionStop("malformed", "A tensor names a buffer that there is not.");
        if (shape.Count > MostRank)
            throw new InspectionStop("malformed", $"A tensor has more than {MostRank} dimensions.");
        var bytes = buffer < _buffers.Count ? _buffers[(int)buffer] : 0;
        if (bytes == 0)
            return;
        if (number >= Types.Length)
        {
            it.Find("tflite_tensor_type", $"The tensor '{tensor.Words(3, 80)}' is of a type with number {number}, which is not known.");
            return;
        }
        UInt128 count = 1;
        for (var i = 0L; i < shape.Count; i++)
            // Beyond 63 bits it stays there: nothing wraps around to a size that fits.
            count = count > long.MaxValue ? count : count * (uint)Math.Max(0, shape.Int32(i));
        var (type, bits) = Types[number];
        var isSparse = tensor.UInt32(6) != 0;
        if (bits > 0 && !isSparse && (count > long.MaxValue || (count * (uint)bits + 7) / 8 != (UInt128)bytes))
            it.Find("tflite_tensor_size", $"The tensor '{tensor.Words(3, 80)}' has {bytes} bytes, which is not what its shape and type ask for.");
        // Several tensors may share a buffer, across graphs too.
        else if (_counted.Add(buffer) && !it.Count(type, (Int128)count))
            it.Find("tflite_tensor_size", "All constants together are said to have more elements than 63 bits can count.");
    }

    private static JsonArray Values(FlatList indices, FlatList tensors)
    {
        var values = new JsonArray();
        for (var i = 0L; i < indices.Count; i++)
        {
            var index = indices.Int32(i);
            if (index < 0 || index >= tensors.Count)
                throw new InspectionStop("malformed", "A graph takes or gives a tensor that there is not.");
            if (i >= MostValues)
                continue;
            var tensor = FlatTable.Of(tensors, index);
            // The signature says where a dimension may be of any size; the shape is then an example.
            var shape = tensor.List(7, 4) is { Count: > 0 } signature ? signature : tensor.List(0, 4);
            var shown = new JsonArray();
            for (var d = 0L; d < Math.Min(shape.Count, MostShownRank); d++)
                shown.Add(shape.Int32(d) is >= 0 and var size ? JsonValue.Create((long)size) : JsonValue.Create("?"));
            values.Add(new JsonObject { ["name"] = tensor.Words(3, 200), ["type"] = Types.ElementAtOrDefault(tensor.Byte(1)).Name ?? "unknown", ["shape"] = shown });
        }
        return values;
    }
}
