using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks into the graph of a TensorFlow SavedModel (<c>saved_model.proto</c> and what it holds): which operators run, in the
/// graph and in every function, what the signatures take and give, and who wrote it. Constants are stepped over.
/// </summary>
internal sealed class SavedModelReader(ByteWindow file, FileReading it)
{
    private const int MostGraphs = 100, MostNames = 20_000, MostSignatures = 200, MostValues = 64, MostShownRank = 16, MostTold = 40, MostMetadata = 16 * 1024 * 1024;

    private readonly HashSet<string> _operators = new(StringComparer.Ordinal);
    private readonly HashSet<string> _functions = new(StringComparer.Ordinal);

    /// <summary>Functions that read or write checkpoints where the caller says, as every SavedModel has for its own saver.</summary>
    private readonly HashSet<string> _savers = new(StringComparer.Ordinal);

    /// <summary>Functions called from elsewhere than the saver's own nodes.</summary>
    private readonly HashSet<string> _called = new(StringComparer.Ordinal);

    /// <summary>Whether the name of the checkpoint comes from whoever runs the saver.</summary>
    private bool _saverAsks = true;

    private readonly SortedDictionary<string, JsonObject> _signatures = new(StringComparer.Ordinal);

    // SavedModel: saved_model_schema_version = 1, meta_graphs = 2
    public void Read()
    {
        it.Framework = "tensorflow";
        // Variables are counted where they lie; a frozen graph has its weights among the constants, which are not counted.
        it.Parameters = it.Beside.ContainsKey($"{it.Folder}variables/variables.index") ? 0 : null;
        var (graphs, model) = (0, new ProtoMessage(file, 0, file.Length));
        while (model.Next())
            if (model is { Field: 2, Wire: Wire.Length })
            {
                if (++graphs > MostGraphs)
                    throw new InspectionStop("too_complex", $"It has more than {MostGraphs} graphs.");
                MetaGraph(model.Inside());
            }
        Conclude();
    }

    // MetaGraphDef: meta_info_def = 1, graph_def = 2, signature_def = 5, object_graph_def = 7; MetaInfoDef: tensorflow_version = 5
    private void MetaGraph(ProtoMessage graph)
    {
        while (graph.Next())
            switch (graph.Field, graph.Wire)
            {
                case (1, Wire.Length):
                    for (var info = graph.Inside(); info.Next();)
                        if (info is { Field: 5, Wire: Wire.Length })
                        {
                            it.Producer = $"tensorflow {info.Words(40)}".Trim();
                            it.Detail("tensorflow_version", info.Words(40));
                        }
                    break;
                case (2, Wire.Length): Graph(graph.Inside()); break;
                case (5, Wire.Length): Signature(graph.Inside()); break;
                case (7, Wire.Length): Objects(graph.Inside()); break;
                default: break;
            }
    }

    // GraphDef: node = 1, library = 2; FunctionDefLibrary: function = 1
    private void Graph(ProtoMessage graph)
    {
        while (graph.Next())
            switch (graph.Field, graph.Wire)
            {
                case (1, Wire.Length): Node(graph.Inside(), function: null); break;
                case (2, Wire.Length):
                    for (var library = graph.Inside(); library.Next();)
                        if (library is { Field: 1, Wire: Wire.Length })
                            Function(library.Inside());
                    break;
                default: break;
            }
    }

    // FunctionDef: signature = 1 (OpDef: name = 1), node_def = 3
    private void Function(ProtoMessage function)
    {
        var (name, again) = ("", function);
        while (function.Next())
            if (function is { Field: 1, Wire: Wire.Length })
                for (var signature = function.Inside(); signature.Next();)
                    if (signature is { Field: 1, Wire: Wire.Length })
                        name = Keep(_functions, signature.Words(300));
        while (again.Next())
            if (again is { Field: 3, Wire: Wire.Length })
                Node(again.Inside(), name);
    }

    // NodeDef: name = 1, op = 2, input = 3, attr = 5 (a map: key = 1, value = 2)
    private void Node(ProtoMessage node, string? function)
    {
        var (name, operation, first, calls) = ("", "", (string?)null, new List<string>());
        while (node.Next())
            switch (node.Field, node.Wire)
            {
                case (1, Wire.Length): name = node.Words(200); break;
                case (2, Wire.Length): operation = node.Words(200); break;
                case (3, Wire.Length): first ??= node.Words(200); break;
                case (5, Wire.Length):
                    for (var attribute = node.Inside(); attribute.Next();)
                        if (attribute is { Field: 2, Wire: Wire.Length })
                            Calls(attribute.Inside(), calls);
                    break;
                default: break;
            }
        // A saver gets the name of its checkpoint from whoever calls it: nothing but that may reach it.
        if (function is not null && SavedModelOperators.IsSaver(operation, first ?? ""))
            Keep(_savers, function);
        else
            Keep(_operators, operation);
        _saverAsks &= name != "saver_filename" || operation == "Placeholder";
        if (function is null && first == "saver_filename")
            return;
        Keep(_called, operation);
        calls.ForEach(c => Keep(_called, c));
    }

    // AttrValue: list = 1 (its func = 9), func = 10; NameAttrList: name = 1
    private static void Calls(ProtoMessage value, List<string> calls)
    {
        while (value.Next())
            if (value is { Field: 10, Wire: Wire.Length })
                Name(value.Inside(), calls);
            else if (value is { Field: 1, Wire: Wire.Length, Size: > 0 })
                for (var list = value.Inside(); list.Next();)
                    if (list is { Field: 9, Wire: Wire.Length })
                        Name(list.Inside(), calls);

        static void Name(ProtoMessage named, List<string> calls)
        {
            while (named.Next())
                if (named is { Field: 1, Wire: Wire.Length } && calls.Count < MostNames)
                    calls.Add(named.Words(300));
        }
    }

    // SavedObjectGraph: nodes = 1; SavedObject: user_object = 4; SavedUserObject: identifier = 1, metadata = 3
    private void Objects(ProtoMessage graph)
    {
        while (graph.Next())
            if (graph is { Field: 1, Wire: Wire.Length })
                for (var node = graph.Inside(); node.Next();)
                    if (node is { Field: 4, Wire: Wire.Length })
                        for (var user = node.Inside(); user.Next();)
                            if (user is { Field: 3, Wire: Wire.Length, Size: > 2 })
                                new KerasConfig(it, file.Budget).ReadMetadata(user.Size <= MostMetadata ? user.Bytes(MostMetadata) : throw new InspectionStop("too_complex", "A layer in it is described at too great length."));
    }

    // A map: key = 1, value = 2 (SignatureDef: inputs = 1, outputs = 2, each a map to TensorInfo)
    private void Signature(ProtoMessage entry)
    {
        var (key, inputs, outputs) = ("", new JsonArray(), new JsonArray());
        while (entry.Next())
            if (entry is { Field: 1, Wire: Wire.Length })
                key = entry.Words(100);
            else if (entry is { Field: 2, Wire: Wire.Length })
                for (var definition = entry.Inside(); definition.Next();)
                    if (definition is { Field: 1 or 2, Wire: Wire.Length } && Value(definition.Inside()) is { } value && (definition.Field == 1 ? inputs : outputs) is { Count: < MostValues } list)
                        list.Add(value);
        if (_signatures.Count < MostSignatures)
            _signatures.TryAdd(key, new JsonObject { ["inputs"] = Sorted(inputs), ["outputs"] = Sorted(outputs) });
    }

    // The order of a protobuf map means nothing and changes from one writing to the next.
    private static JsonArray Sorted(JsonArray values) => [.. values.Select(v => v!.DeepClone()).OrderBy(v => (string)v["name"]!, StringComparer.Ordinal)];

    // TensorInfo: dtype = 2, tensor_shape = 3; TensorShapeProto: dim = 2 (size = 1), unknown_rank = 3
    private static JsonObject Value(ProtoMessage entry)
    {
        var value = new JsonObject { ["name"] = "", ["type"] = "unknown" };
        while (entry.Next())
            if (entry is { Field: 1, Wire: Wire.Length })
                value["name"] = entry.Words(200);
            else if (entry is { Field: 2, Wire: Wire.Length })
                for (var info = entry.Inside(); info.Next();)
                    if (info is { Field: 2, Wire: Wire.Varint })
                        value["type"] = TensorFlowTypes.Find(info.Value)?.Name ?? "unknown";
                    else if (info is { Field: 3, Wire: Wire.Length })
                        value["shape"] = Shape(info.Inside());
        return value;
    }

    private static JsonArray Shape(ProtoMessage shape)
    {
        var dimensions = new JsonArray();
        while (shape.Next())
            if (shape is { Field: 2, Wire: Wire.Length })
            {
                var size = 0L;
                for (var dimension = shape.Inside(); dimension.Next();)
                    if (dimension is { Field: 1, Wire: Wire.Varint })
                        size = (long)dimension.Value;
                if (dimensions.Count < MostShownRank)
                    dimensions.Add(size is >= 0 and < 1L << 53 ? JsonValue.Create(size) : JsonValue.Create("?"));
            }
        return dimensions;
    }

    private void Conclude()
    {
        // The usual entry, or the only one; the one that the loader itself runs is none.
        _signatures.Remove("__saved_model_init_op");
        it.Signature = _signatures.GetValueOrDefault("serving_default") ?? (_signatures.Count == 1 ? _signatures.First().Value : null);
        if (_signatures.Count > 1)
            it.Detail("signatures", string.Join(", ", _signatures.Keys.Take(8)));
        var told = 0;
        foreach (var operation in _operators.Where(o => !_functions.Contains(o)).Order(StringComparer.Ordinal))
            if (SavedModelOperators.Why(operation) is var (verdict, why) && told++ < MostTold)
                it.Find(verdict == ScanVerdict.Unsafe ? "saved_model_unsafe_operator" : "saved_model_operator", $"The operator '{operation}' {why}", verdict);
        foreach (var saver in _savers.Where(s => !_saverAsks || _called.Contains(s)).Order(StringComparer.Ordinal).Take(MostTold))
            it.Find("saved_model_unsafe_operator", $"The function '{saver}' reads or writes checkpoints and is called from elsewhere than the saver: with a name of the model's choosing.", ScanVerdict.Unsafe);
    }

    private static string Keep(HashSet<string> names, string name)
    {
        if (names.Add(name) && names.Count > MostNames)
            throw new InspectionStop("too_complex", $"It has more than {MostNames:N0} functions or operators.");
        return name;
    }
}
