using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What holds of every file of a kind: generated ones, not only those somebody thought of.</summary>
public sealed class InspectionPropertyTests
{
    private static readonly Config Often = Config.QuickThrowOnFailure.WithMaxTest(2000);

    private static Gen<byte[]> Bytes(int most) => Gen.Choose(0, most).SelectMany(n => Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(n));

    private static readonly Gen<ulong[]> Shape = Gen.Choose(0, 4).SelectMany(rank => Gen.Choose(1, 5).Select(d => (ulong)d).ArrayOf(rank));

    /// <summary>A GGUF file of tensors of 32-bit numbers, laid out as it should be, and how many numbers there are.</summary>
    private static readonly Gen<(byte[] File, long Count)> Tensors = Gen.Choose(1, 6).SelectMany(n => Shape.ArrayOf(n)).Select(shapes =>
    {
        var (tensors, at, end, count) = (new List<Gguf.Tensor>(), 0UL, 0UL, 0L);
        foreach (var (shape, i) in shapes.Select((s, i) => (s, i)))
        {
            var elements = shape.Aggregate(1UL, (a, b) => a * b);
            tensors.Add(new Gguf.Tensor($"t{i}", shape, 0, at));
            (end, count) = (at + elements * 4, count + (long)elements);
            at = (end + 31) / 32 * 32;
        }
        return (Gguf.File([Gguf.Key("general.architecture", "a")], [.. tensors], (int)end), count);
    });

    [Fact]
    public void Every_GGUF_file_laid_out_as_it_should_be_is_clean_and_counted_and_no_cut_one_is() =>
        Prop.ForAll(Tensors.Zip(Gen.Choose(1, 1000)).ToArbitrary(), made =>
        {
            var ((file, count), cut) = made;
            var whole = File(file, "m.gguf");
            return whole.Verdict == ScanVerdict.Clean && whole.ParameterCount == count && File(file[..^Math.Min(file.Length, 1 + file.Length * cut / 1001)], "m.gguf").Verdict != ScanVerdict.Clean;
        }).Check(Often);

    [Fact]
    public void Every_graph_of_TensorFlow_Lite_has_the_inputs_and_the_numbers_it_was_made_with() =>
        Prop.ForAll(Shape.Zip(Shape).ToArbitrary(), shapes =>
        {
            var (input, constant) = shapes;
            var count = constant.Aggregate(1UL, (a, b) => a * b);
            var report = File(Tflite.Model(tensors: [Tflite.Tensor("x", [.. input.Select(d => (int)d)], 0), Tflite.Tensor("w", [.. constant.Select(d => (int)d)], 1)], buffers: [Flat.Table(), Tflite.Buffer((int)count * 4)]), "m.tflite");
            return report.Verdict == ScanVerdict.Clean && report.ParameterCount == (long)count && report.Signature["inputs"]![0]!["shape"]!.AsArray().Select(d => (ulong)(long)d!).SequenceEqual(input);
        }).Check(Often);

    [Fact]
    public void No_archive_with_a_name_that_a_version_may_not_have_is_clean()
    {
        var segments = Gen.Elements("a", "b.txt", "..", ".", "", "C:", "con", "a ", "é", "e\u0301", "%2e%2e", "x\\y", "\u202e", "~");
        var names = Gen.Choose(1, 4).SelectMany(n => segments.ArrayOf(n)).Select(s => string.Join('/', s)).Where(n => n.Length > 0 && !n.EndsWith('/'));
        Prop.ForAll(names.ToArbitrary(), name =>
        {
            var allowed = ArtifactPath.Parse(name).Refusal is null;
            var zip = File(Archives.Zip(("m.onnx", Onnx.Model()), (name, "{}"u8.ToArray())), "m.zip");
            return allowed == (Codes(zip).Contains("archive_path", StringComparison.Ordinal) is false) && (allowed || zip.Verdict >= ScanVerdict.Findings);
        }).Check(Often);
    }

    [Fact]
    public void Whatever_stands_behind_the_mark_of_a_pickle_it_is_unsafe()
    {
        // Opcodes with fitting arguments more often than chance would have it.
        var opcode = Gen.Elements<byte[]>([(byte)'N'], [(byte)')'], [(byte)'}'], [(byte)']'], [(byte)'('], [(byte)'t'], [(byte)'R'], [0x81], [0x93], [0x94], [(byte)'h', 0], [0x8c, 2, (byte)'o', (byte)'s'], [(byte)'c', .. "os\nsystem\n"u8], [(byte)'.'], [0x85], [(byte)'0'], [(byte)'b'], [(byte)'K', 1]);
        Prop.ForAll(Gen.Choose(0, 5).Zip(Gen.OneOf(opcode, Bytes(3)).ListOf().Select(o => o.SelectMany(b => b).ToArray())).ToArbitrary(), made =>
            File([0x80, (byte)made.Item1, .. made.Item2], "m.onnx") is { Verdict: ScanVerdict.Unsafe } report && report.Findings[0].Code == "pickle").Check(Often);
    }

    [Fact]
    public void What_stands_in_an_archive_is_never_better_than_what_stands_alone()
    {
        var files = Gen.Elements<(string, byte[])>(("m.onnx", Onnx.Model()), ("m.gguf", Gguf.Model()), ("c.pkl", "I1\n."u8.ToArray()), ("b.bin", [1, 2, 3]), ("t.md", "words"u8.ToArray()), ("x.onnx", Onnx.Model(Onnx.Node("X", "com.acme"))), ("s.pb", Tf.Model(Tf.Node("n", "ReadFile"))));
        Prop.ForAll(files.ArrayOf().Where(f => f.Length > 0 && f.DistinctBy(p => p.Item1).Count() == f.Length).ToArbitrary(), made =>
        {
            var alone = Files(made).Verdict;
            return alone == File(Archives.Zip(made), "m.zip").Verdict && alone == File(Archives.Tar(made), "m.tar").Verdict && alone == File(Archives.Gzip(Archives.Tar(made)), "m.tar.gz").Verdict;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }
}
