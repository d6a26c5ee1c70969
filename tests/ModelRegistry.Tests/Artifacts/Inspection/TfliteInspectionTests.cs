using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What is found in TensorFlow Lite models.</summary>
public sealed class TfliteInspectionTests
{
    private static InspectionReport Look(byte[] bytes) => File(bytes, "model.tflite");

    [Fact]
    public void A_model_that_flatc_wrote_is_clean_and_says_what_goes_in_and_out()
    {
        var report = WrittenByOthers.Look("dense.tflite");

        Clean(report);
        Assert.Equal(("tflite", "tensorflow", "made by flatc", 8L, "3"), (report.Formats.Single(), report.Framework, report.Producer, report.ParameterCount, report.Details["schema_version"]));
        Assert.Equal("""{"inputs":[{"name":"x","type":"float32","shape":["?",3]}],"outputs":[{"name":"y","type":"float32","shape":[1,2]}]}""", report.Signature.ToJsonString());
        Found(WrittenByOthers.Look("flex.tflite"), ScanVerdict.Findings, "tflite_flex_operator");
    }

    [Fact]
    public void The_tests_own_model_is_clean() => Clean(Look(Tflite.Model()));

    [Theory]
    [InlineData(32, "MyOp", "tflite_custom_operator")]
    [InlineData(32, "FlexReadFile", "tflite_flex_operator")]
    [InlineData(51, null, "tflite_custom_operator")]
    [InlineData(173, null, "tflite_custom_operator")]
    [InlineData(127, null, "tflite_operator")]
    [InlineData(5_000, null, "tflite_operator")]
    public void An_operator_from_elsewhere_is_a_finding(int number, string? name, string code) => Found(Look(Tflite.Model(codes: [Tflite.Code(9), Tflite.Code(number, name)])), ScanVerdict.Findings, code);

    public static TheoryData<string, byte[]> Wrong => new()
    {
        { "tflite_tensor_size", Tflite.Model(tensors: [Tflite.Tensor("x", [1], 0), Tflite.Tensor("w", [3], 1)]) },
        { "tflite_tensor_size", Tflite.Model(tensors: [Tflite.Tensor("x", [1], 0), Tflite.Tensor("w", [int.MaxValue, int.MaxValue, int.MaxValue], 1)]) },
        { "tflite_tensor_size", Tflite.Model(tensors: [Tflite.Tensor("x", [1], 0), Tflite.Tensor("w", [-6], 1)]) },
        { "tflite_tensor_type", Tflite.Model(tensors: [Tflite.Tensor("x", [1], 0), Tflite.Tensor("w", [6], 1, type: 77)]) },
        { "tflite_buffer_range", Tflite.Model(tensors: [Tflite.Tensor("x", [1], 0)], buffers: [Flat.Table((1, 16UL), (2, ulong.MaxValue))]) },
        { "tflite_buffer_range", Tflite.Model(tensors: [Tflite.Tensor("x", [1], 0)], buffers: [Flat.Table(), Flat.Table((1, ulong.MaxValue), (2, 16UL))]) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Tensors_that_are_not_what_they_say_are_findings(string code, byte[] bytes)
    {
        var report = Look(bytes);
        Assert.Contains(code, Codes(report), StringComparison.Ordinal);
        Assert.Equal(ScanVerdict.Findings, report.Verdict);
    }

    [Fact]
    public void Data_outside_of_the_FlatBuffer_counts_where_it_is_within_the_file()
    {
        var inside = Tflite.Model(buffers: [Flat.Table(), Flat.Table((1, 16UL), (2, 24UL))]);
        Clean(Look(inside));
        Assert.Equal(6, Look(inside).ParameterCount);
    }

    public static TheoryData<string, byte[]> Damaged => new()
    {
        { "tflite_version", Tflite.Model(version: 2) },
        { "tflite_malformed", Tflite.Model(inputs: [7]) },
        { "tflite_malformed", Tflite.Model(inputs: [-1]) },
        { "tflite_malformed", Tflite.Model(operation: 1) },
        { "tflite_malformed", Tflite.Model(tensors: [Tflite.Tensor("x", [1], 9)]) },
        { "tflite_malformed", Tflite.Model()[..40] },
        { "tflite_malformed", [8, 0, 0, 0, .. "TFL3"u8] },
        { "tflite_malformed", [0xff, 0xff, 0xff, 0xff, .. "TFL3"u8, .. new byte[64]] },
        { "tflite_malformed", Flat.File(Flat.Table((0, 3))) },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void A_model_that_is_not_laid_out_so_is_unknown(string code, byte[] bytes) => Found(Look(bytes), ScanVerdict.Unknown, code);

    [Fact]
    public void An_archive_behind_the_model_is_told()
    {
        byte[] zip = Archives.Zip(("labels.txt", "cat"u8.ToArray()));
        Found(Look([.. Tflite.Model(), .. zip]), ScanVerdict.Unknown, "tflite_appended_archive");
        // What follows its end keeps no reader from it.
        Found(Look([.. Tflite.Model(), .. zip, 0]), ScanVerdict.Unknown, "tflite_appended_archive");
    }
}
