using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What is found in TensorFlow SavedModels: in a folder, in an archive.</summary>
public sealed class SavedModelInspectionTests
{
    private static readonly byte[] Index = Tf.Index(("a/.ATTRIBUTES/VARIABLE_VALUE", [2, 3], 0, 24), ("b/.ATTRIBUTES/VARIABLE_VALUE", [], 24, 4), ("b/.OPTIMIZER_SLOT/m/.ATTRIBUTES/VARIABLE_VALUE", [2], 28, 8));

    private static (string, byte[])[] Folder(byte[] graph, byte[]? index = null, int data = 36, string under = "") =>
        [($"{under}saved_model.pb", graph), ($"{under}variables/variables.index", index ?? Index), ($"{under}variables/variables.data-00000-of-00001", new byte[data])];

    private static InspectionReport Look(params byte[][] graph) => File(Tf.Model(graph), "saved_model.pb");

    [Theory]
    [InlineData("")]
    [InlineData("model/1/")]
    public void A_folder_is_clean_and_says_what_goes_in_and_out(string under)
    {
        var report = Files(Folder(Tf.Usual(), under: under));

        Clean(report);
        Assert.Equal(("tensorflow_saved_model", "tensorflow", "tensorflow 2.15.0", 7L), (report.Formats.Single(), report.Framework, report.Producer, report.ParameterCount));
        Assert.Equal("""{"inputs":[{"name":"x","type":"float32","shape":["?",28,28,1]}],"outputs":[{"name":"y","type":"float32","shape":["?",10]}]}""", report.Signature.ToJsonString());
        Assert.Equal("tensorflow_variables_data", report.Files.Single(f => f.Path.Contains("data-", StringComparison.Ordinal)).Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("my_model/")]
    public void An_archive_of_one_is_the_same(string under)
    {
        var folder = Folder(Tf.Usual(), under: under);
        foreach (var (name, archive) in new[] { ("model.zip", Archives.Zip(folder)), ("model.tar", Archives.Tar(folder)), ("model.tar.gz", Archives.Gzip(Archives.Tar(folder))) })
        {
            var report = File(archive, name);

            Clean(report);
            Assert.Equal(("tensorflow_saved_model", 7L), (report.Formats.Single(), report.ParameterCount));
            Assert.Equal(["x", "y"], new[] { "inputs", "outputs" }.Select(way => (string)report.Signature[way]![0]!["name"]!));
            Assert.Contains(report.Files, f => f.Path == $"{name}/{under}saved_model.pb");
        }
    }

    [Theory]
    [InlineData("ReadFile")]
    [InlineData("WriteFile")]
    [InlineData("PyFunc")]
    [InlineData("EagerPyFunc")]
    [InlineData("PrintV2")]
    [InlineData("ImmutableConst")]
    [InlineData("RestoreV2")]
    public void An_operator_that_reaches_outside_is_unsafe_wherever_it_stands(string operation)
    {
        Found(Look(Tf.Node("n", operation)), ScanVerdict.Unsafe, "saved_model_unsafe_operator");
        Found(Look(Tf.Library(Tf.Function("f", Tf.Node("n", operation)))), ScanVerdict.Unsafe, "saved_model_unsafe_operator");
        var report = File(Archives.Zip(("m/saved_model.pb", Tf.Model(Tf.Node("n", operation)))), "model.zip");
        Found(report, ScanVerdict.Unsafe, "saved_model_unsafe_operator");
        Assert.Contains($"'{operation}'", report.Findings[0].Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MyCustomOp")]
    [InlineData("Readfile")]
    [InlineData("MatMul\u200b")]
    public void An_operator_that_is_not_known_to_compute_only_is_a_finding(string operation) => Found(Look(Tf.Node("n", operation)), ScanVerdict.Findings, "saved_model_operator");

    [Fact]
    public void A_function_of_the_model_may_be_an_operator_of_it() =>
        Clean(Look(Tf.Node("n", "mine"), Tf.Library(Tf.Function("mine", Tf.Node("a", "Relu")))));

    public static TheoryData<byte[]> Savers => new()
    {
        Tf.Model(Tf.Node("n", "StatefulPartitionedCall", Tf.Input("x"), Tf.Calls("r")), Tf.Library(Tf.Function("r", Tf.Node("a", "RestoreV2", Tf.Input("file_prefix"))))),
        Tf.Model(Tf.Node("n", "r", Tf.Input("x")), Tf.Library(Tf.Function("r", Tf.Node("a", "RestoreV2", Tf.Input("file_prefix"))))),
        Tf.Model(Tf.Node("saver_filename", "Const"), Tf.Node("n", "PartitionedCall", Tf.Input("saver_filename"), Tf.Calls("r")), Tf.Library(Tf.Function("r", Tf.Node("a", "RestoreV2", Tf.Input("file_prefix"))))),
        Tf.Model(Tf.Library(Tf.Function("g", Tf.Node("b", "PartitionedCall", Tf.Input("saver_filename"), Tf.Calls("r"))), Tf.Function("r", Tf.Node("a", "RestoreV2", Tf.Input("file_prefix"))))),
        Tf.Model(Tf.Library(Tf.Function("r", Tf.Node("a", "RestoreV2", Tf.Input("path:output:0"))))),
        Tf.Model(Tf.Library(Tf.Function("s", Tf.Node("a", "SaveV2", Tf.Input("ShardedFilename:output:0"))))),
    };

    [Theory]
    [MemberData(nameof(Savers))]
    public void A_saver_that_serves_another_is_unsafe(byte[] graph) => Found(File(graph, "saved_model.pb"), ScanVerdict.Unsafe, "saved_model_unsafe_operator");

    [Fact]
    public void What_stands_beside_the_graph_is_read()
    {
        byte[] Keras(string layer) => Proto.Bytes(1, Proto.Number(2, 1), Proto.Text(4, "_tf_keras_layer"), Proto.Text(5, $$"""{"class_name": "{{layer}}", "config": {} }"""));
        var files = Folder(Tf.Usual());

        Clean(Files([.. files, ("fingerprint.pb", [.. Proto.Number(1, 7), .. Proto.Number(2, 8)]), ("keras_metadata.pb", Keras("Dense")), ("assets/vocab.txt", "a\nb\n"u8.ToArray())]));
        Found(Files([.. files, ("keras_metadata.pb", Keras("Lambda"))]), ScanVerdict.Unsafe, "keras_lambda");
        Found(File(Tf.Usual(Proto.Bytes(7, Proto.Bytes(1, Proto.Bytes(4, Proto.Text(1, "_tf_keras_layer"), Proto.Text(3, """{"class_name": "Lambda"}""")))))), ScanVerdict.Unsafe, "keras_lambda");
    }

    public static TheoryData<string, byte[], int> WrongIndexes => new()
    {
        { "tensorflow_variables_size", Tf.Index(("a", [2, 3], 0, 20)), 24 },
        { "tensorflow_variables_size", Tf.Index(("a", [1UL << 40, 1UL << 40], 0, 20)), 24 },
        { "tensorflow_variables_range", Tf.Index(("a", [2, 3], 4, 24)), 24 },
        { "tensorflow_variables_range", Tf.Index(("a", [2, 3], ulong.MaxValue, 24)), 24 },
    };

    [Theory]
    [MemberData(nameof(WrongIndexes))]
    public void Variables_that_are_not_where_they_should_be_are_findings(string code, byte[] index, int data) => Found(Files(Folder(Tf.Usual(), index, data)), ScanVerdict.Findings, code);

    [Fact]
    public void A_part_of_the_variables_that_is_missing_is_a_finding() =>
        Found(Files(Folder(Tf.Usual())[..2]), ScanVerdict.Findings, "tensorflow_variables_missing");

    [Fact]
    public void A_damaged_graph_or_index_is_unknown()
    {
        Found(File([.. Tf.Usual(), 0x0b], "saved_model.pb"), ScanVerdict.Unknown, "tensorflow_saved_model_malformed");
        byte[] index = [.. Index];
        index[^48] = 0xff;
        index[^45] = 0xff;
        Found(Files(Folder(Tf.Usual(), index)), ScanVerdict.Unknown, "tensorflow_variables_malformed, format_unknown");
    }
}
