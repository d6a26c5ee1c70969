using System.IO.Compression;
using System.Text;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What is recognised by its bytes, and what stands beside a model.</summary>
public sealed class FormatInspectionTests
{
    private static byte[] Model => Onnx.Model();

    internal static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);

    internal static byte[] Zip(params string[] entries)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var entry in entries)
                zip.CreateEntry(entry).Open().Dispose();
        return bytes.ToArray();
    }

    [Theory]
    [InlineData("\u0080\u0004\u0095\u0010\0\0\0\0\0\0\0\u008c\u0005posix\u0094.")]
    [InlineData("\u0080\u0002cos\nsystem\n.")]
    [InlineData("\u0080\u0002}q\0.")]
    [InlineData("\u0080\u0004\u0095damaged")]
    [InlineData("\u0080\u0005")]
    [InlineData("cos\nsystem\n(S'id'\ntR.")]
    [InlineData("cos\nsystem\n(S'id'\ntRdamaged behind the call")]
    [InlineData("(ios\nsystem\nS'id'\no.")]
    [InlineData("(S'id'\nios\nsystem\n.")]
    [InlineData("(dp0\nS'a'\nI1\ns.")]
    [InlineData("N.cos\nsystem\n(tR.")]
    [InlineData("I1\n.")]
    public void A_pickle_is_unsafe_whatever_its_name_and_however_damaged(string bytes)
    {
        foreach (var name in new[] { "model.pkl", "model.onnx", "notes.txt", "weights.safetensors", "LICENSE" })
            Found(Files(("model2.onnx", Model), (name, Latin(bytes))), ScanVerdict.Unsafe, "pickle");
    }

    [Fact]
    public void What_PyTorch_writes_is_unsafe()
    {
        var report = File(Zip("archive/data.pkl", "archive/data/0"), "model.pt");
        Found(report, ScanVerdict.Unsafe, "pickle_in_archive");
        Assert.Equal(["pytorch"], report.Formats);
    }

    [Fact]
    public void A_numpy_array_of_objects_is_unsafe() =>
        Found(File(Latin("\u0093NUMPY\u0001\0v\0{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), "a.npy"), ScanVerdict.Unsafe, "pickle_in_numpy");

    [Theory]
    [InlineData("\u007fELF\u0002\u0001\u0001")]
    [InlineData("#!/bin/sh\necho\n")]
    [InlineData("\u00cf\u00fa\u00ed\u00fe........")]
    public void A_program_is_unsafe_whatever_its_name(string bytes) => Found(Files(("model.onnx", Model), ("README.md", Latin(bytes))), ScanVerdict.Unsafe, "program");

    public static TheoryData<byte[], string> NotParsed => new()
    {
        { Latin("\u0089HDF\r\n\u001a\n........"), "keras" },
        { Latin("GGUF\u0003\0\0\0"), "gguf" },
        { Latin("\u0020\0\0\0TFL3...."), "tflite" },
        { [0x08, 0x01, .. Proto.Bytes(2, Proto.Bytes(1, Proto.Bytes(2, new byte[4])))], "tensorflow_saved_model" },
        { Latin("\u001f\u008b\u0008\0...."), "compressed" },
        { Zip("model.weights.h5", "config.json"), "archive" },
        { Zip("a")[..^3], "archive" },
        { Latin("\u0093NUMPY\u0001\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"), "numpy" },
    };

    [Theory]
    [MemberData(nameof(NotParsed))]
    public void What_nothing_looks_into_yet_is_recognised_and_unknown(byte[] bytes, string kind)
    {
        var report = File(bytes, "model.bin");
        Found(report, ScanVerdict.Unknown, "format_not_inspected");
        Assert.Equal(kind, report.Files.Single().Kind);
    }

    [Theory]
    [InlineData("weights 5f0c", "model.onnx")]
    [InlineData("abc", "model.pt")]
    [InlineData("print('hello')", "train.py")]
    [InlineData("a: !!python/object:os.system", "conda.yaml")]
    [InlineData("some words", "notes")]
    public void What_is_of_no_known_format_is_unknown(string text, string name) => Found(Files(("m.onnx", Model), (name, Latin(text))), ScanVerdict.Unknown, "format_unknown");

    [Theory]
    [InlineData("card.md", "# Card\n\nCity and ünïcode\n")]
    [InlineData("rows.csv", "city,count\nparis,2\n")]
    [InlineData("rows.CSV", "city\nparis\nlisbon\n")]
    [InlineData("tokenizer/vocab.txt", "N. B. a word\nVery\n")]
    [InlineData("config.json", "{\"a\": 1}")]
    [InlineData("config.json", "[1, 2]")]
    [InlineData("LICENSE", "MZ as text")]
    [InlineData("docs/README", "(c) somebody. (l) lists")]
    [InlineData("empty.bin", "")]
    public void Plain_text_beside_a_model_is_clean(string name, string text) => Clean(Files(("m.onnx", Model), (name, Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void A_long_text_may_have_characters_across_every_edge()
    {
        foreach (var lead in new[] { "", "a", "ab", "abc" })
            Clean(Files(("m.onnx", Model), ("a.txt", Encoding.UTF8.GetBytes(lead + string.Concat(Enumerable.Repeat("€𝄞é", 20_000))))));
    }

    [Theory]
    [InlineData("text \0 and more")]
    [InlineData("\u00ff\u00fe not utf-8")]
    [InlineData("cut \u00e2\u0082")]
    [InlineData("\u001b[31m")]
    public void What_is_called_text_and_is_not_is_unknown(string bytes) => Found(Files(("m.onnx", Model), ("a.txt", Latin(bytes))), ScanVerdict.Unknown, "not_text");

    [Fact]
    public void Text_alone_is_no_model() => Found(Files(("README.md", "Hello"u8.ToArray())), ScanVerdict.Unknown, "no_model");

    [Fact]
    public void The_worst_file_gives_the_verdict_and_is_told_first()
    {
        var report = Files(("a.onnx", Model), ("b.bin", [1, 2, 3]), ("c.onnx", Onnx.Model(Onnx.Node("X", "com.acme"))), ("d.pkl", Latin("N.")));

        Assert.Equal(ScanVerdict.Unsafe, report.Verdict);
        Assert.Equal(["pickle", "onnx_custom_domain", "format_unknown"], report.Findings.Select(f => f.Code));
        Assert.Equal(["d.pkl", "c.onnx", "b.bin", "a.onnx"], report.Files.Select(f => f.Path));
    }

    [Fact]
    public void A_report_reads_back_as_it_was_written()
    {
        foreach (var report in new[] { File(Model), File([0x80, 4]), File(Onnx.Model(Onnx.Constant("w", [3], new byte[8]))), File("{}"u8.ToArray(), "a.json") })
            Assert.Equal(CanonicalJson.Text(report.ToJson()), CanonicalJson.Text(InspectionReport.FromJson(report.ToJson()).ToJson()));
    }

    [Fact]
    public void What_cannot_be_opened_is_unknown()
    {
        var report = ModelRegistry.Artifacts.Inspection.Inspector.Inspect([new FileEntry("model.onnx", 3, Digest.Of("gone"))], f => Refusals.BlobMissing(f.Sha256));
        Found(report, ScanVerdict.Unknown, "content_missing");
    }
}
