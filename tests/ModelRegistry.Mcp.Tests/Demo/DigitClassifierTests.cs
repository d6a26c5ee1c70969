using Google.Protobuf;
using ModelRegistry.Mcp.Demo;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Demo;

public sealed class DigitClassifierTests : IDisposable
{
    private static readonly string Samples = Path.Combine(AppContext.BaseDirectory, "samples", "digits");

    private readonly string _folder = Directory.CreateTempSubdirectory("digits-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The expected values are scikit-learn's own, printed by samples/digits/train.py on the same rows.
    [Theory]
    [InlineData("digits-v1.onnx", 1, 0.9278, 0.9276, 0.3496)]
    [InlineData("digits-v2.onnx", 2, 0.9815, 0.9815, 0.0748)]
    public void What_is_measured_is_what_scikit_learn_measured(string file, int layers, double accuracy, double macroF1, double logLoss)
    {
        var classifier = DigitClassifier.Read(Path.Combine(Samples, file));
        var measured = HeldOutRows.Read(Path.Combine(Samples, "test.csv")).Measure(classifier);

        Assert.Equal((64, 10, layers), (classifier.Inputs, classifier.Classes, classifier.Layers));
        Assert.Equal(540, measured.Rows);
        Assert.Equal(new Dictionary<string, double> { ["accuracy"] = accuracy, ["macro_f1"] = macroF1, ["log_loss"] = logLoss }, measured.ToMetrics());
    }

    [Fact]
    public void Probabilities_add_up_to_one()
    {
        var classifier = DigitClassifier.Read(Path.Combine(Samples, "digits-v2.onnx"));
        Assert.Equal(1, classifier.Run(new float[64]).Sum(), 5);
    }

    [Fact]
    public void Metrics_are_computed_as_defined()
    {
        // Two inputs go straight to two classes; three of four rows are guessed right.
        var classifier = DigitClassifier.Read(Written(Onnx.Chain([Onnx.Weights([2, 2], 1, 0, 0, 1), Onnx.Biases(0, 0)])));
        File.WriteAllText(InFolder("rows.csv"), "0,16,0\n0,16,0\n1,0,16\n1,16,0\n");
        var measured = HeldOutRows.Read(InFolder("rows.csv")).Measure(classifier);

        Assert.Equal(0.75, measured.Accuracy, 12);
        // Class 0: precision 2/3, recall 1, F1 0.8; class 1: precision 1, recall 1/2, F1 2/3.
        Assert.Equal((0.8 + 2.0 / 3) / 2, measured.MacroF1, 12);
        var sure = Math.E / (Math.E + 1);
        Assert.Equal(-(3 * Math.Log(sure) + Math.Log(1 - sure)) / 4, measured.LogLoss, 5);
    }

    [Fact]
    public void Every_truncation_of_a_file_is_refused_by_name()
    {
        var whole = File.ReadAllBytes(Path.Combine(Samples, "digits-v1.onnx"));
        for (var length = 0; length < whole.Length; length += 97)
        {
            File.WriteAllBytes(InFolder("cut.onnx"), whole[..length]);
            var refused = Assert.Throws<InvalidDataException>(() => DigitClassifier.Read(InFolder("cut.onnx")));
            Assert.StartsWith("cut.onnx is not a classifier that can be run here: ", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_of_another_kind_is_refused_by_name()
    {
        File.WriteAllText(InFolder("notes.onnx"), "not a model at all");
        Assert.Contains("notes.onnx", Assert.Throws<InvalidDataException>(() => DigitClassifier.Read(InFolder("notes.onnx"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_operation_is_refused_and_not_skipped() => Refused("'Sigmoid' is not known", Onnx.Chain([Onnx.Weights([2, 2], 1, 0, 0, 1), Onnx.Biases(0, 0)], "Sigmoid"));

    [Fact]
    public void An_attribute_that_changes_the_result_is_refused() => Refused("Gemm with transB = 1", Onnx.Chain([Onnx.Weights([2, 2], 1, 0, 0, 1), Onnx.Biases(0, 0)], gemmAttribute: ("transB", 1)));

    [Fact]
    public void Weights_and_biases_that_do_not_fit_are_refused() => Refused("shape 2×2 do not go with biases of shape 3", Onnx.Chain([Onnx.Weights([2, 2], 1, 0, 0, 1), Onnx.Biases(0, 0, 0)]));

    [Fact]
    public void A_shape_larger_than_its_bytes_is_refused() => Refused("has 16 bytes", Onnx.Chain([Onnx.Weights([1L << 62, 4], 1, 0, 0, 1), Onnx.Biases(0, 0)]));

    [Fact]
    public void A_weight_that_is_no_number_is_refused() => Refused("no number", Onnx.Chain([Onnx.Weights([2, 2], 1, 0, float.NaN, 1), Onnx.Biases(0, 0)]));

    [Theory]
    [InlineData("3,1,2\n4,1,x\n", "line 2")]
    [InlineData("3,1,17\n", "line 1")]
    [InlineData("", "holds no rows")]
    public void A_bad_row_is_named(string rows, string said)
    {
        File.WriteAllText(InFolder("rows.csv"), rows);
        Assert.Contains(said, Assert.Throws<InvalidDataException>(() => HeldOutRows.Read(InFolder("rows.csv"))).Message, StringComparison.Ordinal);
    }

    private void Refused(string said, byte[] file) => Assert.Contains(said, Assert.Throws<InvalidDataException>(() => DigitClassifier.Read(Written(file))).Message, StringComparison.Ordinal);

    private string InFolder(string name) => Path.Combine(_folder, name);

    private string Written(byte[] file)
    {
        File.WriteAllBytes(InFolder("model.onnx"), file);
        return InFolder("model.onnx");
    }

    /// <summary>Small ONNX files, written field by field.</summary>
    private static class Onnx
    {
        public static byte[] Weights(long[] shape, params float[] values) => Tensor("W", shape, values);

        public static byte[] Biases(params float[] values) => Tensor("b", [values.Length], values);

        public static byte[] Chain(byte[][] constants, string last = "Softmax", (string Name, long Value)? gemmAttribute = null) => Message(model => Put(model, 7, Message(graph =>
        {
            Put(graph, 1, Node("Gemm", ["x", "W", "b"], "z", gemmAttribute));
            Put(graph, 1, Node(last, ["z"], "p", null));
            foreach (var constant in constants)
                Put(graph, 5, constant);
            Put(graph, 11, Message(m => Put(m, 1, "x")));
            Put(graph, 12, Message(m => Put(m, 1, "p")));
        })));

        private static byte[] Node(string operation, string[] inputs, string output, (string Name, long Value)? attribute) => Message(m =>
        {
            foreach (var input in inputs)
                Put(m, 1, input);
            Put(m, 2, output);
            Put(m, 4, operation);
            if (attribute is { } a)
                Put(m, 5, Message(n =>
                {
                    Put(n, 1, a.Name);
                    Put(n, 3, a.Value);
                    Put(n, 20, 2L);
                }));
        });

        private static byte[] Tensor(string name, long[] shape, float[] values) => Message(m =>
        {
            foreach (var size in shape)
                Put(m, 1, size);
            Put(m, 2, 1L);
            Put(m, 8, name);
            Put(m, 9, values.SelectMany(BitConverter.GetBytes).ToArray());
        });

        private static byte[] Message(Action<CodedOutputStream> write)
        {
            using var bytes = new MemoryStream();
            using (var output = new CodedOutputStream(bytes, leaveOpen: true))
                write(output);
            return bytes.ToArray();
        }

        private static void Put(CodedOutputStream m, int field, string text) => Put(m, field, System.Text.Encoding.UTF8.GetBytes(text));

        private static void Put(CodedOutputStream m, int field, byte[] bytes)
        {
            m.WriteTag(field, WireFormat.WireType.LengthDelimited);
            m.WriteBytes(ByteString.CopyFrom(bytes));
        }

        private static void Put(CodedOutputStream m, int field, long number)
        {
            m.WriteTag(field, WireFormat.WireType.Varint);
            m.WriteInt64(number);
        }
    }
}
