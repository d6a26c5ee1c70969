namespace ModelRegistry.Mcp.Demo;

/// <summary>
/// Runs a classifier whose ONNX graph is a chain of Gemm and Relu that ends in Softmax, as many layers as the file has.
/// The demo uses it to measure the models it registers, so that no metric in the story is typed in.
/// </summary>
internal sealed class DigitClassifier
{
    private abstract record Step
    {
        public sealed record Dense(int Inputs, int Outputs, float[] Weights, float[] Biases) : Step;

        public sealed record Relu : Step;

        public sealed record Softmax : Step;
    }

    // What an attribute may be where it changes nothing: x·W + b as it stands, and probabilities over the classes.
    private static readonly Dictionary<string, double[]> PlainAttributes = new()
    {
        ["Gemm.alpha"] = [1], ["Gemm.beta"] = [1], ["Gemm.transA"] = [0], ["Gemm.transB"] = [0], ["Softmax.axis"] = [1, -1],
    };

    private readonly IReadOnlyList<Step> _steps;

    private DigitClassifier(IReadOnlyList<Step> steps, int inputs, int classes) => (_steps, Inputs, Classes) = (steps, inputs, classes);

    /// <summary>Values it takes.</summary>
    public int Inputs { get; }

    /// <summary>Probabilities it gives.</summary>
    public int Classes { get; }

    /// <summary>Layers with weights.</summary>
    public int Layers => _steps.OfType<Step.Dense>().Count();

    /// <summary>Reads a classifier from an ONNX file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or is another kind of model; the message names file and cause.</exception>
    public static DigitClassifier Read(string path)
    {
        try
        {
            return Of(OnnxGraph.Parse(File.ReadAllBytes(path)));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{Path.GetFileName(path)} is not a classifier that can be run here: {e.Message}.", e);
        }
    }

    /// <summary>The probability of each class.</summary>
    public float[] Run(ReadOnlySpan<float> values)
    {
        if (values.Length != Inputs)
            throw new ArgumentException($"{Inputs} values are needed, not {values.Length}.", nameof(values));
        var current = values.ToArray();
        foreach (var step in _steps)
            current = step switch
            {
                Step.Dense dense => Multiply(dense, current),
                Step.Relu => Array.ConvertAll(current, v => Math.Max(0, v)),
                _ => Softmax(current),
            };
        return current;
    }

    private static DigitClassifier Of(OnnxGraph graph)
    {
        if (graph is not { Inputs: [var current], Outputs: [var result] })
            throw new InvalidDataException($"it has {graph.Inputs.Count} inputs and {graph.Outputs.Count} outputs instead of one each");
        List<Step> steps = [];
        foreach (var node in graph.Nodes)
        {
            if (node.Outputs is not [var next] || node.Inputs is not [var first, ..] || first != current)
                throw new InvalidDataException($"its operations are not one chain: {node.Operation} does not go on from '{current}'");
            foreach (var (name, value) in node.Attributes)
                if (value is not { } number || !PlainAttributes.TryGetValue($"{node.Operation}.{name}", out var plain) || !plain.Contains(number))
                    throw new InvalidDataException($"{node.Operation} with {name} = {value?.ToString() ?? "?"} is not known");
            steps.Add(node.Operation switch
            {
                "Gemm" => Dense(node, graph),
                "Relu" when node.Inputs.Count == 1 => new Step.Relu(),
                "Softmax" when node.Inputs.Count == 1 => new Step.Softmax(),
                var other => throw new InvalidDataException($"the operation '{other}' is not known"),
            });
            current = next;
        }
        if (current != result || steps is not [Step.Dense { Inputs: var inputs }, .., Step.Softmax] || steps[..^1].Any(s => s is Step.Softmax))
            throw new InvalidDataException("it is not a chain from Gemm to one Softmax at its end");
        Step.Dense[] layers = [.. steps.OfType<Step.Dense>()];
        foreach (var (before, after) in layers.Zip(layers.Skip(1)))
            if (before.Outputs != after.Inputs)
                throw new InvalidDataException($"a layer with {before.Outputs} outputs is followed by one with {after.Inputs} inputs");
        return new DigitClassifier(steps, inputs, layers[^1].Outputs);
    }

    private static Step.Dense Dense(OnnxNode node, OnnxGraph graph)
    {
        if (node.Inputs is not [_, var weightsName, var biasesName] || !graph.Constants.TryGetValue(weightsName, out var weights) || !graph.Constants.TryGetValue(biasesName, out var biases))
            throw new InvalidDataException("a Gemm lacks weights or biases");
        return weights.Shape is [var rows, var columns] && biases.Shape is [var count] && count == columns
            ? new Step.Dense((int)rows, (int)columns, weights.Values, biases.Values)
            : throw new InvalidDataException($"weights of shape {string.Join('×', weights.Shape)} do not go with biases of shape {string.Join('×', biases.Shape)}");
    }

    private static float[] Multiply(Step.Dense layer, float[] values)
    {
        var sums = (float[])layer.Biases.Clone();
        for (var i = 0; i < layer.Inputs; i++)
            for (var o = 0; o < layer.Outputs; o++)
                sums[o] += values[i] * layer.Weights[i * layer.Outputs + o];
        return sums;
    }

    private static float[] Softmax(float[] values)
    {
        var most = values.Max();
        var powers = Array.ConvertAll(values, v => MathF.Exp(v - most));
        var sum = powers.Sum();
        return Array.ConvertAll(powers, p => p / sum);
    }
}
