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
    [InlineData("\u007fELF\u0002\u0001\u0001")]
    [InlineData("#!/bin/sh\necho\n")]
    [InlineData("\u00cf\u00fa\u00ed\u00fe........")]
    public void A_program_is_unsafe_whatever_its_name(string bytes) => Found(Files(("model.onnx", Model), ("README.md", Latin(bytes))), ScanVerdict.Unsafe, "program");

    [Theory]
    [InlineData("BZh91AY")]
    [InlineData("\u00fd7zXZ\0....")]
    [InlineData("\u0028\u00b5\u002f\u00fd....")]
    [InlineData("\u0004\u0022\u004d\u0018....")]
    [InlineData("7z\u00bc\u00af\u0027\u001c....")]
    public void What_nothing_unpacks_is_recognised_and_unknown(string bytes)
    {
        var report = File(Latin(bytes), "model.bin");
        Found(report, ScanVerdict.Unknown, "format_not_inspected");
        Assert.Equal("compressed", report.Files.Single().Kind);
    }

    public static TheoryData<string, byte[], string> Claims => new()
    {
        { "onnx", Gguf.Model(), "gguf" },
        { "gguf", Onnx.Model(), "onnx" },
        { "tflite", Tf.Usual(), "tensorflow_saved_model" },
        { "sklearn", Onnx.Model(), "onnx" },
        { "torchscript", WrittenByOthers.Bytes("state.pt"), "pytorch" },
        { "keras", Tflite.Model(), "tflite" },
        { "safetensors", WrittenByOthers.Bytes("pipeline.pkl"), "sklearn" },
        { "onnx", Archives.Zip(("saved_model.pb", Tf.Usual())), "tensorflow_saved_model" },
    };

    [Theory]
    [MemberData(nameof(Claims))]
    public void A_format_that_the_bytes_contradict_is_a_finding(string claimed, byte[] bytes, string format)
    {
        var report = File(bytes, "model");

        Assert.Equal("format_contradicted", report.Against(claimed).Findings[0].Code);
        Assert.True(report.Against(claimed).Verdict >= ScanVerdict.Findings);
        Assert.Same(report, report.Against(format));
        Assert.Same(report, report.Against("other"));
        Assert.Equal(format, report.Fill(new VersionMetadata()).Format);
    }

    [Theory]
    [InlineData("pytorch", "script.pt")]
    [InlineData("pytorch", "state.pt")]
    [InlineData("pytorch", "state4.pkl")]
    [InlineData("sklearn", "state4.pkl")]
    [InlineData("sklearn", "forest.pkl")]
    [InlineData("torchscript", "script.pt")]
    public void What_the_bytes_can_be_is_no_contradiction(string claimed, string name) => Assert.DoesNotContain("format_contradicted", Codes(WrittenByOthers.Look(name).Against(claimed)), StringComparison.Ordinal);

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
        foreach (var report in new[] { File(Gguf.Model(Gguf.Key("tokenizer.chat_template", "x"))), File(Tf.Usual()), File(Model), File([0x80, 4]), File(Onnx.Model(Onnx.Constant("w", [3], new byte[8]))), File("{}"u8.ToArray(), "a.json") })
            Assert.Equal(CanonicalJson.Text(report.ToJson()), CanonicalJson.Text(InspectionReport.FromJson(report.ToJson()).ToJson()));
    }

    [Fact]
    public void What_cannot_be_opened_is_unknown()
    {
        var report = ModelRegistry.Artifacts.Inspection.Inspector.Inspect([new FileEntry("model.onnx", 3, Digest.Of("gone"))], f => Refusals.BlobMissing(f.Sha256));
        Found(report, ScanVerdict.Unknown, "content_missing");
    }
}
