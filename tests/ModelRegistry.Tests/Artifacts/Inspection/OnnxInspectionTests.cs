using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What is found in ONNX models, and that nothing is found where nothing is wrong.</summary>
public sealed class OnnxInspectionTests
{
    [Theory]
    [InlineData("digits-v1.onnx", 650, 2)]
    [InlineData("digits-v2.onnx", 2_410, 4)]
    public void A_real_model_is_clean_and_says_what_goes_in_and_out(string name, long parameters, long tensors)
    {
        var report = File(System.IO.File.ReadAllBytes(Repository.At($"samples/digits/{name}")));

        Clean(report);
        Assert.Equal(parameters, report.ParameterCount);
        Assert.Equal([KeyValuePair.Create("float32", tensors)], report.TensorTypes);
        Assert.Equal(("onnx", 8L, 13L), (report.Formats.Single(), report.IrVersion, report.Opsets["ai.onnx"]));
        Assert.Equal("""{"inputs":[{"name":"pixels","type":"float32","shape":["n",64]}],"outputs":[{"name":"probabilities","type":"float32","shape":["n",10]}]}""", report.Signature.ToJsonString());
    }

    [Fact]
    public void A_known_producer_names_the_framework() => Assert.Equal(("pytorch", "pytorch 2.1"), File(Onnx.Model()) is var r ? (r.Framework, r.Producer) : default);

    [Fact]
    public void Types_and_shapes_of_every_kind_are_told()
    {
        var report = File(Onnx.Model(
            Onnx.Value(11, "a", 7, Proto.Number(1, 3), Proto.Text(2, "batch"), []),
            Onnx.Value(11, "w", 1, Proto.Number(1, 2)),
            Onnx.Constant("w", [2], new byte[8]),
            Proto.Bytes(12, Proto.Text(1, "s"), Proto.Bytes(2, Proto.Bytes(4, Proto.Bytes(1, Proto.Bytes(1, Proto.Number(1, 10)))))),
            Proto.Bytes(12, Proto.Text(1, "m"), Proto.Bytes(2, Proto.Bytes(5, Proto.Number(1, 7), Proto.Bytes(2, Proto.Bytes(1, Proto.Number(1, 1))))))));

        Clean(report);
        Assert.Equal("""{"inputs":[{"name":"a","type":"int64","shape":[3,"batch","?"]}],"outputs":[{"name":"s","type":"sequence of float16"},{"name":"m","type":"map to float32"}]}""", report.Signature.ToJsonString());
    }

    [Fact]
    public void Constants_of_graphs_within_graphs_count()
    {
        var body = Proto.Message(Onnx.Nested(Onnx.Constant("inner", [5], new byte[20])), Onnx.Constant("mid", [2, 2], new byte[16]));
        Assert.Equal(10, File(Onnx.Model(Onnx.Nested(body), Onnx.Constant("outer", [], new byte[4]))).ParameterCount);
    }

    [Fact]
    public void Half_bytes_are_packed() => Clean(File(Onnx.Model(Onnx.Constant("w", [3], new byte[2], type: 22))));

    [Fact]
    public void Packed_dimensions_are_read_as_unpacked_ones() =>
        Assert.Equal(600, File(Onnx.Model(Onnx.Constant("w", [], new byte[2400], 1, Proto.Bytes(1, Proto.Varint(2), Proto.Varint(300))))).ParameterCount);

    public static TheoryData<string, byte[]> WrongConstants => new()
    {
        { "onnx_tensor_size", Onnx.Constant("w", [3], new byte[8]) },
        { "onnx_tensor_size", Onnx.Constant("w", [3]) },
        { "onnx_tensor_size", Onnx.Constant("w", [1], new byte[1], type: 8) },
        { "onnx_data_type", Onnx.Constant("w", [1], new byte[4], type: 99) },
        { "onnx_data_type", Onnx.Constant("w", [1], new byte[4], type: 0) },
        { "onnx_shape", Onnx.Constant("w", [1UL << 40, 1UL << 40], new byte[4]) },
        { "onnx_shape", Onnx.Constant("w", [1UL << 32, 1UL << 32], []) },
        { "onnx_external_path", Onnx.Constant("w", [1], new byte[4], 1, Proto.Bytes(13, Proto.Text(1, "location"), Proto.Text(2, "w.bin"))) },
    };

    [Theory]
    [MemberData(nameof(WrongConstants))]
    public void A_constant_that_is_not_what_it_says_is_a_finding(string code, byte[] constant)
    {
        Found(File(Onnx.Model(constant)), ScanVerdict.Findings, code);
        Found(File(Onnx.Model(Onnx.Nested(constant))), ScanVerdict.Findings, code);
    }

    [Theory]
    [InlineData("com.acme")]
    [InlineData("com.microsoft")]
    [InlineData("ai.onnx\u200b")]
    public void An_operator_from_elsewhere_is_a_finding(string domain)
    {
        Found(File(Onnx.Model(Onnx.Node("Backdoor", domain))), ScanVerdict.Findings, "onnx_custom_domain");
        Found(File(Onnx.Model(Onnx.Nested(Onnx.Node("Backdoor", domain)))), ScanVerdict.Findings, "onnx_custom_domain");
        Found(File(Onnx.Whole([Proto.Bytes(7), Onnx.Opset(domain, 1)])), ScanVerdict.Findings, "onnx_custom_domain");
    }

    [Fact]
    public void A_function_that_the_model_brings_along_is_looked_into_and_may_be_used()
    {
        byte[] Function(byte[] node) => Proto.Bytes(25, Proto.Text(1, "gelu"), Proto.Text(10, "pkg.local"), Proto.Bytes(7, node[2..]));
        var graph = Proto.Bytes(7, Onnx.Node("gelu", "pkg.local"));

        Clean(File(Onnx.Whole([graph, Onnx.Opset("pkg.local", 1), Function(Onnx.Node("Erf"))])));
        Found(File(Onnx.Whole([graph, Function(Onnx.Node("Backdoor", "com.acme"))])), ScanVerdict.Findings, "onnx_custom_domain");
        Found(File(Onnx.Whole([Proto.Bytes(7, Onnx.Node("other", "pkg.local")), Function(Onnx.Node("Erf"))])), ScanVerdict.Findings, "onnx_custom_domain");
    }

    [Theory]
    [InlineData("", "onnx_external_path")]
    [InlineData("../w.bin", "onnx_external_path")]
    [InlineData("/etc/passwd", "onnx_external_path")]
    [InlineData("a/../../w.bin", "onnx_external_path")]
    [InlineData("C:\\w.bin", "onnx_external_path")]
    [InlineData("%2e%2e/w.bin", "onnx_external_path")]
    [InlineData("model.onnx", "onnx_external_path")]
    [InlineData("other.bin", "onnx_external_missing")]
    [InlineData("W.BIN", "onnx_external_missing")]
    public void Data_elsewhere_must_lie_beside_the_model(string location, string code)
    {
        var report = Files(("m/model.onnx", Onnx.Model(Onnx.External("w", [4], ("location", location)))), ("w.bin", new byte[16]));

        Assert.Contains(report.Findings, f => f.Code == code && f.Path == "m/model.onnx");
        Assert.NotEqual(ScanVerdict.Clean, report.Verdict);
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("0", "16", true)]
    [InlineData("4", "16", true)]
    [InlineData("5", "16", false)]
    [InlineData("5", null, false)]
    [InlineData("-4", "16", false)]
    [InlineData("0", "15", false)]
    [InlineData("0", "-16", false)]
    [InlineData("9223372036854775807", "16", false)]
    [InlineData("18446744073709551612", "16", false)]
    [InlineData("0x4", "16", false)]
    public void Data_elsewhere_must_lie_within_its_file(string? offset, string? length, bool holds)
    {
        (string, string)[] entries = [("location", "w.bin"), .. offset is null ? [] : new[] { ("offset", offset) }, .. length is null ? [] : new[] { ("length", length) }];
        var report = Files(("m/model.onnx", Onnx.Model(Onnx.External("w", [4], entries))), ("m/w.bin", new byte[20]));

        if (holds)
            Clean(report);
        else
            Assert.Contains(report.Findings, f => f.Code == "onnx_external_range");
    }

    [Fact]
    public void Data_that_no_model_asks_for_is_unknown()
    {
        var model = Onnx.Model(Onnx.External("w", [1], ("location", "w.bin")));
        Found(Files(("model.onnx", model), ("w.bin", [1, 2, 3, 4]), ("v.bin", [1, 2, 3, 4])), ScanVerdict.Unknown, "format_unknown");
    }

    [Fact]
    public void Numbers_that_begin_like_a_pickle_by_chance_are_data_and_a_pickle_is_not()
    {
        var model = Onnx.Model(Onnx.External("w", [2], ("location", "w.bin")));
        Clean(Files(("model.onnx", model), ("w.bin", [0x80, 2, 0, 0, 0, 0, 0, 0])));
        Found(Files(("model.onnx", model), ("w.bin", FormatInspectionTests.Latin("\u0080\u0002cos\nsystem\n."))), ScanVerdict.Unsafe, "pickle, pickle_global");
    }

    public static TheoryData<byte[]> Damaged => new()
    {
        Onnx.Whole([]),
        Onnx.Whole([Proto.Bytes(7), Proto.Bytes(7)]),
        Onnx.Model()[..^1],
        (byte[])[.. Onnx.Model(), 0x0b],
        (byte[])[.. Onnx.Model(), 0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        (byte[])[.. Onnx.Model(), 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        Onnx.Model(Proto.Bytes(5, [0x0a, 0x05, 0x01])),
        Onnx.Model(Onnx.Constant("w", [ulong.MaxValue], new byte[4])),
        Onnx.Model(Onnx.Constant("w", [1], new byte[4], 1, Proto.Bytes(9, new byte[4]))),
        Onnx.Model(Onnx.External("w", [1], ("location", "a"), ("location", "b"))),
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void A_damaged_model_is_unknown(byte[] bytes)
    {
        var report = File(bytes);
        Found(report, ScanVerdict.Unknown, "onnx_malformed");
        Assert.Null(report.ParameterCount);
    }

    [Theory]
    [InlineData(16, null)]
    [InlineData(17, "too_deep")]
    [InlineData(2_000, "too_deep")]
    public void Graphs_within_graphs_have_a_bound(int depth, string? code)
    {
        var graph = Array.Empty<byte>();
        for (var i = 0; i < depth; i++)
            graph = Onnx.Nested(graph);
        var report = File(Onnx.Model(graph));
        if (code is null)
            Clean(report);
        else
            Found(report, ScanVerdict.Unknown, code);
    }

    [Fact]
    public void What_a_file_calls_itself_is_made_visible_and_cut()
    {
        var report = File(Onnx.Whole([Proto.Bytes(7, Onnx.Value(11, "a\u202eb\0" + new string('x', 5_000), 1))], producer: "evil\u200b\n"));
        Assert.StartsWith("evil??", report.Producer, StringComparison.Ordinal);
        Assert.StartsWith("a?b?xxx", (string)report.Signature["inputs"]![0]!["name"]!, StringComparison.Ordinal);
        Assert.True(report.Signature.ToJsonString().Length < 400);
    }
}
