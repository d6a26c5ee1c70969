using System.Text;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>Files that are of a format which runs nothing, and of another to whoever opens them otherwise.</summary>
public sealed class HiddenContainerTests
{
    private static readonly byte[] Keras = Archives.Zip(("config.json", Encoding.UTF8.GetBytes("""{"class_name": "Lambda"}""")), ("metadata.json", "{}"u8.ToArray()));

    private static readonly byte[] Hdf5 = [0x89, .. "HDF\r\n"u8, 0x1a, (byte)'\n', .. new byte[88]];

    private static byte[] Weights(byte[] data) =>
        [.. SafetensorsInspectionTests.Tensors($$$"""{"a":{"dtype":"U8","shape":[{{{data.Length}}}],"data_offsets":[0,{{{data.Length}}}]}}""", 0), .. data];

    private static byte[] At(int place, byte[] hidden)
    {
        var data = new byte[place + hidden.Length];
        hidden.CopyTo(data, place - (Weights(data).Length - data.Length));
        return Weights(data);
    }

    [Theory]
    [InlineData("model.keras"), InlineData("model.safetensors")]
    [Attack(19, "rules")]
    public void Weights_that_end_as_an_archive_are_not_clean(string name)
    {
        Clean(File(Weights(new byte[400]), name));
        Found(File(Weights(Keras), name), ScanVerdict.Findings, "hidden_archive");
        // Readers take its offsets from its own beginning or from the file's, and what follows its end for a comment.
        Found(File(Weights([.. Keras, .. new byte[60_000]]), name), ScanVerdict.Findings, "hidden_archive");
        Found(File(Weights(Archives.WithPrefix([1, 2, 3], Keras)), name), ScanVerdict.Findings, "hidden_archive");
        // A mark alone is none.
        Clean(File(Weights([.. "PK\x05\x06"u8, .. new byte[18]]), name));
        Clean(File(Weights("PK\x05\x06"u8.ToArray()), name));
    }

    [Theory]
    [InlineData(512), InlineData(1_024), InlineData(65_536)]
    public void Weights_with_HDF5_where_its_readers_look_for_it_are_not_clean(int place)
    {
        Found(File(At(place, Hdf5), "model.h5"), ScanVerdict.Findings, "hidden_hdf5");
        Clean(File(At(place + 8, Hdf5), "model.h5"));
    }

    [Fact]
    public void Bare_numbers_that_a_model_reads_hide_nothing_either()
    {
        byte[] numbers = [0, 0, 0, 0, .. Keras];
        numbers = [.. numbers, .. new byte[(4 - numbers.Length % 4) % 4]];
        var model = Onnx.Model(Onnx.External("w", [(ulong)numbers.Length / 4], ("location", "model.keras")));
        Clean(Files(("model.onnx", model), ("model.keras", new byte[numbers.Length])));
        var report = Files(("model.onnx", model), ("model.keras", numbers));
        Assert.NotEqual(ScanVerdict.Clean, report.Verdict);
        Assert.Contains("hidden_archive", Codes(report), StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_that_an_archive_lists_is_not_hidden() =>
        Assert.DoesNotContain("hidden", Codes(File(Archives.Tar(("a.zip", Archives.Zip(("x.txt", "x"u8.ToArray())))), "a.tar")), StringComparison.Ordinal);
}
