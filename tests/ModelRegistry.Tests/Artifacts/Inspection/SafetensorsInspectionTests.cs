using System.Buffers.Binary;
using System.Text;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What is found in safetensors files.</summary>
public sealed class SafetensorsInspectionTests
{
    internal static byte[] Tensors(string header, int data) => Tensors(Encoding.UTF8.GetBytes(header), data);

    internal static byte[] Tensors(byte[] header, int data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. new byte[data]];
    }

    private static InspectionReport Look(string header, int data) => File(Tensors(header, data), "model.safetensors");

    [Fact]
    public void Tensors_that_fill_the_file_are_clean()
    {
        var report = Look("""{"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[],"data_offsets":[12,14]},"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"e":{"dtype":"I64","shape":[0,4],"data_offsets":[14,14]}}   """, 14);

        Clean(report);
        Assert.Equal(("safetensors", "pytorch", 4L), (report.Formats.Single(), report.Framework, report.ParameterCount));
        Assert.Equal(["bfloat16 1", "float32 1", "int64 1"], report.TensorTypes.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key} {t.Value}"));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", 16, "safetensors_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}}""", 16, "safetensors_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", 8, "safetensors_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""", 6, "safetensors_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[6,10]}}""", 10, "safetensors_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}""", 12, "safetensors_size")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "safetensors_size")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}""", 0, "safetensors_size")]
    [InlineData("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}""", 1, "safetensors_size")]
    [InlineData("""{"a":{"dtype":"OBJ","shape":[3],"data_offsets":[0,12]}}""", 12, "safetensors_type")]
    public void Tensors_that_are_not_what_they_say_are_findings(string header, int data, string code) => Found(Look(header, data), ScanVerdict.Findings, code);

    [Theory]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""")]
    [InlineData("""{"__metadata__":{"a":1}}""")]
    [InlineData("""{"__metadata__":{"a":{"b":"c"}}}""")]
    [InlineData("""{"__metadata__":[]}""")]
    [InlineData("""{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1e400]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,99999999999999999999]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"run":"x"}}""")]
    [InlineData("""{"a":7}""")]
    [InlineData("""{"\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""")]
    [InlineData("""{"a":[[[[[[[[[[1]]]]]]]]]]}""")]
    [InlineData("""{} {}""")]
    [InlineData("""{"a":""")]
    public void A_header_that_is_not_laid_out_so_is_unknown(string header) => Found(Look(header, 1), ScanVerdict.Unknown, "safetensors_malformed");

    [Fact]
    public void A_header_that_is_not_utf8_is_unknown() => Found(File(Tensors([.. "{\"a\":\""u8, 0xff, .. "\"}"u8], 0), "model.safetensors"), ScanVerdict.Unknown, "safetensors_malformed");

    [Fact]
    public void A_header_said_to_be_longer_than_the_file_is_unknown()
    {
        var bytes = Tensors("{}", 0);
        bytes[2] = 0x7f;
        Found(File(bytes, "model.safetensors"), ScanVerdict.Unknown, "safetensors_malformed");
        // Beyond 16 MiB it is not taken for safetensors at all.
        bytes[3] = 0x7f;
        Found(File(bytes, "model.safetensors"), ScanVerdict.Unknown, "format_unknown");
    }

    [Theory]
    [InlineData(0x80)]
    [InlineData(0x280)]
    public void A_header_whose_length_begins_like_a_pickle_is_still_safetensors(int length) => Clean(File(Tensors("{}".PadRight(length), 0), "model.safetensors"));

    [Fact]
    public void A_file_that_is_safetensors_and_a_pickle_at_once_is_unsafe()
    {
        // 80 02 starts a pickle; G takes the next eight bytes, among them the brace and the quote; U steps over the text.
        const int length = 0x470280;
        var header = new byte[length];
        Array.Fill(header, (byte)' ');
        "{\"__metadata__\":{\""u8.CopyTo(header);
        byte[] calls = [.. "cos\nsystem\n"u8, .. "U\u0001xR."u8];
        var file = Tensors(header, 0);
        // 80 02 47 | 00 00 00 00 00 7b 22 5f | then opcodes: put a call there, as it would stand behind steps over the header.
        calls.CopyTo(file, 11);
        Found(File(file, "model.safetensors"), ScanVerdict.Unsafe, "pickle");
    }
}
