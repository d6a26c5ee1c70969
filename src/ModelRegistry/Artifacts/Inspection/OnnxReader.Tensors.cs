using System.Globalization;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>Constants: their shapes, types and where their bytes are.</summary>
internal sealed partial class OnnxReader
{
    private const int MostRank = 64, MostEntries = 16;

    // SparseTensorProto: values = 1, indices = 2
    private void Sparse(ProtoMessage sparse, bool counts, bool isMain)
    {
        var (hasValues, hasIndices) = (false, false);
        while (sparse.Next())
            switch (sparse.Field, sparse.Wire)
            {
                case (1, Wire.Length):
                    Once(ref hasValues, "list of values of a sparse tensor");
                    Tensor(sparse.Inside(), counts, isMain);
                    break;
                case (2, Wire.Length):
                    Once(ref hasIndices, "list of indices of a sparse tensor");
                    Tensor(sparse.Inside(), counts: false, isMain: false);
                    break;
                default: break;
            }
    }

    private sealed class TensorFacts
    {
        public ulong Type { get; set; }
        public Int128 Count { get; set; } = 1;
        public int Rank { get; set; }
        public long? Raw { get; set; }
        public bool Typed { get; set; }
        public bool External { get; set; }
        public Dictionary<string, string> Entries { get; } = [];
        public string Name { get; set; } = "";
    }

    // TensorProto: dims = 1, data_type = 2, name = 8, raw_data = 9, external_data = 13, data_location = 14 (1: external),
    // and the lists of typed values 4, 5, 6, 7, 10, 11
    private void Tensor(ProtoMessage tensor, bool counts, bool isMain)
    {
        var facts = new TensorFacts();
        while (tensor.Next())
            switch (tensor.Field, tensor.Wire)
            {
                case (1, Wire.Varint): Dimension(facts, tensor.Value); break;
                case (1, Wire.Length):
                    var packed = tensor.Inside();
                    while (packed.NextPacked(out var dimension))
                        Dimension(facts, dimension);
                    break;
                case (2, Wire.Varint): facts.Type = tensor.Value; break;
                case (4 or 5 or 6 or 7 or 10 or 11, _): facts.Typed = true; break;
                case (8, Wire.Length):
                    facts.Name = tensor.Words(80);
                    if (isMain && _constants.Count < MostNames)
                        _constants.Add(tensor.Fingerprint());
                    break;
                case (9, Wire.Length):
                    if (facts.Raw is not null)
                        throw new InspectionStop("malformed", "The bytes of a constant are there twice.");
                    facts.Raw = tensor.Size;
                    break;
                case (13, Wire.Length): Entry(facts, tensor.Inside()); break;
                case (14, Wire.Varint): facts.External = tensor.Value == 1; break;
                default: break;
            }
        if (OnnxTypes.Find(facts.Type) is not var (type, bits))
        {
            it.Find("onnx_data_type", $"The constant '{facts.Name}' is of a type with number {facts.Type}, which is not known.");
            return;
        }
        if (facts.Count > long.MaxValue)
        {
            it.Find("onnx_shape", $"The constant '{facts.Name}' is said to have more elements than 64 bits can count.");
            return;
        }
        if (counts)
            Count(type, (long)facts.Count);
        CheckBytes(facts, bits);
    }

    private static void Dimension(TensorFacts facts, ulong dimension)
    {
        if (++facts.Rank > MostRank)
            throw new InspectionStop("malformed", $"A constant has more than {MostRank} dimensions.");
        if (dimension > long.MaxValue)
            throw new InspectionStop("malformed", "A constant has a negative dimension.");
        // Beyond 64 bits it stays there: nothing wraps around to a size that fits.
        facts.Count = facts.Count > long.MaxValue ? facts.Count : facts.Count * (long)dimension;
    }

    // StringStringEntryProto: key = 1, value = 2
    private static void Entry(TensorFacts facts, ProtoMessage entry)
    {
        var (key, value) = ("", "");
        while (entry.Next())
            switch (entry.Field, entry.Wire)
            {
                case (1, Wire.Length): key = entry.Words(80); break;
                case (2, Wire.Length): value = entry.Words(400); break;
                default: break;
            }
        if (facts.Entries.Count >= MostEntries || !facts.Entries.TryAdd(key, value))
            throw new InspectionStop("malformed", "Where the data of a constant is, is said more than once.");
    }

    private void Count(string type, long elements)
    {
        it.CountType(type);
        if (it.Parameters is not { } sum)
            return;
        if (elements > long.MaxValue - sum)
        {
            it.Parameters = null;
            it.Find("onnx_shape", "All constants together are said to have more elements than 64 bits can count.");
            return;
        }
        it.Parameters = sum + elements;
    }

    private void CheckBytes(TensorFacts facts, int bits)
    {
        // Types of less than a byte are packed; the last byte may be half empty.
        var bytes = (facts.Count * bits + 7) / 8;
        if (facts.External)
            CheckExternal(facts, bytes, isText: bits == 0);
        else if (facts.Entries.Count > 0)
            it.Find("onnx_external_path", $"The constant '{facts.Name}' names another file without being said to lie in it.");
        else if (facts.Raw is { } raw ? bits == 0 || raw != bytes : !facts.Typed && facts.Count > 0)
            it.Find("onnx_tensor_size", facts.Raw is null ? $"The constant '{facts.Name}' has no data." : $"The constant '{facts.Name}' has {facts.Raw} bytes, which is not what its shape and type ask for.");
    }

    private void CheckExternal(TensorFacts facts, Int128 bytes, bool isText)
    {
        var location = facts.Entries.GetValueOrDefault("location", "");
        var folder = it.Path.LastIndexOf('/') is var slash and >= 0 ? it.Path[..(slash + 1)] : "";
        if (facts.Raw is not null || isText)
            it.Find("onnx_tensor_size", $"The constant '{facts.Name}' is said to lie in another file and cannot.");
        else if (ArtifactPath.Parse(location).Refusal is not null || folder + location == it.Path)
            it.Find("onnx_external_path", $"The data of the constant '{facts.Name}' is said to be in '{location}', which is not a plain path beside the model.");
        else if (!it.Beside.TryGetValue(folder + location, out var size))
            it.Find("onnx_external_missing", $"The data of the constant '{facts.Name}' is said to be in '{location}', which is not a file of this version.");
        else if (Number(facts, "offset", 0) is not { } offset || Number(facts, "length", bytes) is not { } length || offset + length > size || length != bytes)
            it.Find("onnx_external_range", $"The data of the constant '{facts.Name}' does not lie within '{location}', or is not as long as its shape and type ask for.");
        else
            it.DataFiles.Add(folder + location);
    }

    private static Int128? Number(TensorFacts facts, string key, Int128 usual) =>
        !facts.Entries.TryGetValue(key, out var text) ? usual : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
