using System.Text.Json.Nodes;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks into an ONNX model: every field that says where data is, what runs and what goes in and out; weights are
/// stepped over. Field numbers are those of <c>onnx.proto3</c> in the ONNX specification.
/// </summary>
internal sealed partial class OnnxReader(ByteWindow file, FileReading it)
{
    private const int MostGraphDepth = 16, MostValues = 64, MostNames = 100_000, MostDomains = 200, MostCustom = 10_000;

    // Operators that are part of the specification; any other needs code that somebody adds to the runtime.
    private static readonly string[] Standard = ["", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training"];

    private static readonly (string Producer, string Framework)[] Frameworks =
        [("pytorch", "pytorch"), ("tf2onnx", "tensorflow"), ("keras2onnx", "keras"), ("skl2onnx", "scikit-learn"), ("onnxmltools", "onnxmltools"), ("mlflow", "mlflow"), ("paddlepaddle", "paddlepaddle"), ("jax", "jax")];

    private readonly HashSet<ulong> _constants = [];
    private readonly List<(ulong Name, JsonObject Value)> _inputs = [];
    private readonly List<(ulong Name, JsonObject Value)> _outputs = [];
    private readonly HashSet<string> _imports = [];
    private readonly HashSet<(string Domain, string Operator)> _used = [];
    private readonly HashSet<(string Domain, string Operator)> _defined = [];

    /// <summary>Whether it begins as ONNX does, or, however it begins, reads as a whole model.</summary>
    public static bool Looks(ByteWindow file)
    {
        var (version, opset, graph, fields) = (false, false, false, 0);
        try
        {
            var model = new ProtoMessage(file, 0, file.Length);
            for (; model.Next(); fields++)
            {
                version |= model is { Field: 1, Wire: Wire.Varint, Value: > 0 and < 1000 } && fields == 0;
                opset |= model is { Field: 8, Wire: Wire.Length };
                graph |= model is { Field: 7, Wire: Wire.Length, Size: > 0 };
                // Field 2 is the producer's name here; in a SavedModel, which begins alike, it is a message.
                if (fields == 1 && version && !(model is { Field: >= 3 and <= 8 or 14 or 20 or 25 } || (model is { Field: 2, Wire: Wire.Length } && !BeginsMessage(model))))
                    return false;
                if (version && fields >= 1)
                    return true;
            }
        }
        catch (InspectionStop)
        {
            return version && fields >= 1;
        }
        return graph && (version || opset);
    }

    /// <summary>Whether it begins as a TensorFlow SavedModel does (<c>saved_model.proto</c>).</summary>
    public static bool LooksLikeSavedModel(ByteWindow file)
    {
        try
        {
            var model = new ProtoMessage(file, 0, file.Length);
            return model.Next() && model is { Field: 1, Wire: Wire.Varint, Value: 1 } && model.Next() && model is { Field: 2, Wire: Wire.Length } && BeginsMessage(model);
        }
        catch (InspectionStop)
        {
            return false;
        }
    }

    private static bool BeginsMessage(ProtoMessage field) => field.Size > 1 && field.Bytes(1)[0] == 0x0a;

    public void Read()
    {
        it.Parameters = 0;
        var hasGraph = false;
        var version = "";
        var model = new ProtoMessage(file, 0, file.Length);
        while (model.Next())
            switch (model.Field, model.Wire)
            {
                case (1, Wire.Varint): it.IrVersion = (long)Math.Min(model.Value, int.MaxValue); break;
                case (2, Wire.Length): it.Producer = model.Words(100); break;
                case (3, Wire.Length): version = model.Words(60); break;
                case (7, Wire.Length):
                    Once(ref hasGraph, "graph");
                    Graph(model.Inside(), 0, isMain: true, counts: true);
                    break;
                case (8, Wire.Length): Opset(model.Inside()); break;
                case (20, Wire.Length): Training(model.Inside()); break;
                case (25, Wire.Length): Function(model.Inside()); break;
                default: break;
            }
        if (!hasGraph)
            throw new InspectionStop("malformed", "It has no graph.");
        Conclude(version);
    }

    private void Conclude(string version)
    {
        it.Framework = Frameworks.FirstOrDefault(f => it.Producer.StartsWith(f.Producer, StringComparison.OrdinalIgnoreCase)).Framework ?? "";
        if (version.Length > 0)
            it.Producer = $"{it.Producer} {version}".Trim();
        it.Signature = new JsonObject
        {
            // Constants may be listed as inputs too (IR version 3 and before ask for it).
            ["inputs"] = new JsonArray([.. _inputs.Where(i => !_constants.Contains(i.Name)).Take(MostValues).Select(i => (JsonNode)i.Value)]),
            ["outputs"] = new JsonArray([.. _outputs.Take(MostValues).Select(o => (JsonNode)o.Value)]),
        };
        var local = _defined.Select(f => f.Domain).ToHashSet();
        var foreign = _used.Except(_defined).Select(u => u.Domain).Concat(_imports.Where(d => !local.Contains(d))).Distinct().Order(StringComparer.Ordinal);
        foreach (var domain in foreign)
            it.Find("onnx_custom_domain", $"Operators of the domain '{domain}' are not part of ONNX: running it needs code from elsewhere.");
    }

    // OperatorSetIdProto: domain = 1, version = 2
    private void Opset(ProtoMessage import)
    {
        var (domain, version) = ("", 0UL);
        while (import.Next())
            switch (import.Field, import.Wire)
            {
                case (1, Wire.Length): domain = import.Words(200); break;
                case (2, Wire.Varint): version = import.Value; break;
                default: break;
            }
        if (it.Opsets.Count < MostDomains)
            it.Opsets[domain.Length == 0 ? "ai.onnx" : domain] = (long)Math.Min(version, int.MaxValue);
        if (!Standard.Contains(domain) && _imports.Add(domain) && _imports.Count > MostDomains)
            throw new InspectionStop("too_complex", $"It imports operators of more than {MostDomains} domains.");
    }

    // TrainingInfoProto: initialization = 1, algorithm = 2
    private void Training(ProtoMessage info)
    {
        while (info.Next())
            if (info is { Field: 1 or 2, Wire: Wire.Length })
                Graph(info.Inside(), 0, isMain: false, counts: false);
    }

    // FunctionProto: name = 1, node = 7, domain = 10, opset_import = 9, attribute_proto = 11
    private void Function(ProtoMessage function)
    {
        var (name, domain) = ("", "");
        while (function.Next())
            switch (function.Field, function.Wire)
            {
                case (1, Wire.Length): name = function.Words(200); break;
                case (7, Wire.Length): Node(function.Inside(), 0, counts: false); break;
                case (10, Wire.Length): domain = function.Words(200); break;
                case (11, Wire.Length): Attribute(function.Inside(), 0, counts: false); break;
                default: break;
            }
        if (_defined.Count < MostNames)
            _defined.Add((domain, name));
    }

    // GraphProto: node = 1, initializer = 5, input = 11, output = 12, sparse_initializer = 15
    private void Graph(ProtoMessage graph, int depth, bool isMain, bool counts)
    {
        if (depth > MostGraphDepth)
            throw new InspectionStop("too_deep", $"Graphs lie more than {MostGraphDepth} deep within one another.");
        while (graph.Next())
            switch (graph.Field, graph.Wire)
            {
                case (1, Wire.Length): Node(graph.Inside(), depth, counts); break;
                case (5, Wire.Length): Tensor(graph.Inside(), counts, isMain); break;
                case (11, Wire.Length) when isMain: Value(graph.Inside(), _inputs); break;
                case (12, Wire.Length) when isMain: Value(graph.Inside(), _outputs); break;
                case (15, Wire.Length): Sparse(graph.Inside(), counts, isMain); break;
                default: break;
            }
    }

    // NodeProto: op_type = 4, attribute = 5, domain = 7
    private void Node(ProtoMessage node, int depth, bool counts)
    {
        var (domain, operation) = ("", default(ProtoMessage?));
        while (node.Next())
            switch (node.Field, node.Wire)
            {
                case (4, Wire.Length): operation = node; break;
                case (5, Wire.Length): Attribute(node.Inside(), depth, counts); break;
                case (7, Wire.Length): domain = node.Words(200); break;
                default: break;
            }
        if (!Standard.Contains(domain) && _used.Add((domain, operation?.Words(200) ?? "")) && _used.Count > MostCustom)
            throw new InspectionStop("too_complex", $"It uses more than {MostCustom:N0} operators that are not part of ONNX.");
    }

    // AttributeProto: t = 5, g = 6, tensors = 10, graphs = 11, sparse_tensor = 22, sparse_tensors = 23
    private void Attribute(ProtoMessage attribute, int depth, bool counts)
    {
        var (hasTensor, hasGraph, hasSparse) = (false, false, false);
        while (attribute.Next())
            switch (attribute.Field, attribute.Wire)
            {
                case (5, Wire.Length):
                    Once(ref hasTensor, "tensor of an attribute");
                    Tensor(attribute.Inside(), counts: false, isMain: false);
                    break;
                case (6, Wire.Length):
                    Once(ref hasGraph, "graph of an attribute");
                    Graph(attribute.Inside(), depth + 1, isMain: false, counts);
                    break;
                case (10, Wire.Length): Tensor(attribute.Inside(), counts: false, isMain: false); break;
                case (11, Wire.Length): Graph(attribute.Inside(), depth + 1, isMain: false, counts); break;
                case (22, Wire.Length):
                    Once(ref hasSparse, "sparse tensor of an attribute");
                    Sparse(attribute.Inside(), counts: false, isMain: false);
                    break;
                case (23, Wire.Length): Sparse(attribute.Inside(), counts: false, isMain: false); break;
                default: break;
            }
    }

    // Readers merge what is there twice, each in its way: what is approved must read the same everywhere.
    private static void Once(ref bool seen, string what)
    {
        if (seen)
            throw new InspectionStop("malformed", $"The {what} is there twice.");
        seen = true;
    }
}
