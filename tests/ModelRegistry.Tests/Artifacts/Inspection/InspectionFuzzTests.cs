using System.Diagnostics;
using System.Text;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>
/// Real and handmade files, cut, flipped, spliced, nested and with lengths that lie: looking inside ends in a report, soon and in
/// little memory. Seeded, so that a case can be had again: MODELREGISTRY_FUZZ_CASES asks for more, MODELREGISTRY_FUZZ_SEED
/// for others, MODELREGISTRY_FUZZ_FROM for where to begin.
/// </summary>
public sealed class InspectionFuzzTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private static int Number(string variable, int usual) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var asked) ? asked : usual;

    // Windows, what unpacks, a head and a report; beyond that, in proportion to the file. What a length field says is no part of it.
    private static long MostBytes(int size) => 2 * 1024 * 1024 + 512L * size;

    /// <summary>By parser; each gets as many cases as any other.</summary>
    private static readonly (string Parser, (string Path, byte[] Bytes)[] Files)[] Corpus =
    [
        ("onnx",
        [
            ("digits-v1.onnx", File.ReadAllBytes(Repository.At("samples/digits/digits-v1.onnx"))),
            ("digits-v2.onnx", File.ReadAllBytes(Repository.At("samples/digits/digits-v2.onnx"))),
            ("many.onnx", Onnx.Whole([
                Proto.Bytes(7,
                    Onnx.Value(11, "in", 1, Proto.Number(1, 3), Proto.Text(2, "n")), Onnx.Value(12, "out", 7),
                    Onnx.Constant("w", [2, 3], new byte[24]), Onnx.Constant("h", [3], new byte[2], 22), Onnx.External("e", [4], ("location", "data.bin"), ("offset", "4"), ("length", "16")),
                    Onnx.Nested(Proto.Message(Onnx.Nested(Onnx.Node("Add")), Onnx.Constant("i", [], new byte[4]))), Onnx.Node("f", "local"), Onnx.Node("g", "com.acme"),
                    Proto.Bytes(15, Proto.Bytes(1, Onnx.Constant("s", [1], new byte[4])[2..]), Proto.Bytes(2, Onnx.Constant("t", [1], new byte[8], 7)[2..]))),
                Proto.Bytes(25, Proto.Text(1, "f"), Proto.Text(10, "local"), Proto.Bytes(7, Onnx.Node("Erf")[2..])),
                Proto.Bytes(20, Proto.Bytes(1, Onnx.Node("Add")))])),
        ]),
        ("safetensors", [("model.safetensors", SafetensorsInspectionTests.Tensors("""{"__metadata__":{"format":"pt","a":"b"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}  """, 32))]),
        ("gguf", [("model.gguf", Gguf.Model(Gguf.Key("tokenizer.chat_template", "{{ messages }}"), Gguf.Raw("a", 9, [.. Gguf.Int(9), .. Gguf.Long(1), .. Gguf.Int(5), .. Gguf.Long(2), .. new byte[8]])))]),
        ("tflite", [("dense.tflite", WrittenByOthers.Bytes("dense.tflite")), ("flex.tflite", WrittenByOthers.Bytes("flex.tflite")), ("own.tflite", Tflite.Model(codes: [Tflite.Code(9), Tflite.Code(32, "MyOp")]))]),
        ("tensorflow_saved_model", [("saved_model.pb", Tf.Usual()), ("saved_model.pb", Tf.Model(Tf.Node("n", "ReadFile"), Tf.Library(Tf.Function("f", Tf.Node("a", "MatMul")))))]),
        ("tensorflow_variables", [("variables.index", Tf.Index(("a", [2, 3], 0, 24), ("b", [], 24, 4)))]),
        ("keras", [("model.keras", Archives.Zip(System.IO.Compression.CompressionLevel.NoCompression, ("metadata.json", """{"keras_version": "3.3.3"}"""u8.ToArray()), ("config.json", """{"class_name": "Sequential", "config": {"layers": [{"module": "keras.layers", "class_name": "Dense", "registered_name": null}]}}"""u8.ToArray())))]),
        ("hdf5", [.. Written(".h5")]),
        ("pickle",
        [
            ("old.pkl", FormatInspectionTests.Latin("(dp0\nS'a'\np1\n(lp2\nI1\naF1.5\naVxyz\nascos\nsystem\n(S'id'\ntR.")),
            ("new.pkl", FormatInspectionTests.Latin("\u0080\u0004\u0095\u001e\0\0\0\0\0\0\0\u008c\u0005posix\u0094\u008c\u0006system\u0094\u0093\u0094\u008c\u0002id\u0094\u0085\u0094R\u0094.")),
            .. Written(".pkl"), .. Written(".joblib"), .. Written("legacy.pt"),
        ]),
        ("numpy", [("array.npy", FormatInspectionTests.Latin("\u0093NUMPY\u0001\0v\0{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")), .. Written(".npy")]),
        ("zip",
        [
            ("model.pt", FormatInspectionTests.Zip("archive/data.pkl", "archive/data/0", "archive/version")), ("plain.zip", FormatInspectionTests.Zip("a", "b/c")), .. Written("state.pt"), .. Written("script.pt"), .. Written(".npz"),
            ("folder.zip", Archives.Zip(System.IO.Compression.CompressionLevel.NoCompression, ("m/saved_model.pb", Tf.Usual()), ("m/variables/variables.index", Tf.Index(("a", [2], 0, 8))), ("m/variables/variables.data-00000-of-00001", new byte[8]))),
            ("nested.zip", Archives.Zip(("a.zip", Archives.Zip(("b.zip", Archives.Zip(("m.onnx", Onnx.Model()), ("t.tar", Archives.Tar(("m.gguf", Gguf.Model()))))))))),
            ("packed.zip", Archives.Zip(("m.onnx", Onnx.Model()), ("README.md", new byte[4_000]))),
        ]),
        ("tar", [("model.tar", Archives.Tar(("m.onnx", Onnx.Model()), ("docs/README.md", "words"u8.ToArray()))), ("links.tar", [.. Archives.TarEntry("l", [], '2'), .. Archives.TarEntry("p", "13 path=../x\n"u8.ToArray(), 'x'), .. Archives.Tar(("m.onnx", Onnx.Model()))])]),
        ("gzip", [("model.tar.gz", Archives.Gzip(Archives.Tar(("m.onnx", Onnx.Model())))), .. Written("packed.tar.gz"), ("model.onnx.gz", Archives.Gzip(Onnx.Model())), .. Written("gzip.joblib.gz")]),
        ("signature", [("model.sig", SignatureInspectionTests.Sample)]),
        ("text", [("card.md", Encoding.UTF8.GetBytes("# Card\n\nWords, ünïcode and 𝄞.\n"))]),
    ];

    private static IEnumerable<(string, byte[])> Written(string ending) => WrittenByOthers.Names.Where(n => n.EndsWith(ending, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(n => (n, WrittenByOthers.Bytes(n)));

    [Fact]
    public void Whatever_the_bytes_a_report_comes_of_them_soon_and_in_little_memory()
    {
        var (cases, seed, from) = (Number("MODELREGISTRY_FUZZ_CASES", 60_000), Number("MODELREGISTRY_FUZZ_SEED", 20_261_124), Number("MODELREGISTRY_FUZZ_FROM", 0));
        var verdicts = new Dictionary<ScanVerdict, int>();
        var (most, longest) = (0L, TimeSpan.Zero);
        for (var i = from; i < from + cases; i++)
        {
            var random = new Random(unchecked(seed * 31 + i));
            var (path, bytes) = Mutated(random);
            var (before, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
            InspectionReport report;
            try
            {
                // Numbers that no model asks for are unknown: they are there only for the one that does.
                report = path switch
                {
                    "many.onnx" => Inspected.Files((path, bytes), ("data.bin", new byte[20])),
                    "variables.index" => Inspected.Files((path, bytes), ("variables.data-00000-of-00001", new byte[28])),
                    _ => Inspected.File(bytes, path),
                };
            }
            catch (Exception e)
            {
                throw new Xunit.Sdk.XunitException($"Case {i} of seed {seed}, {path}: {e}");
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= MostBytes(bytes.Length), $"Case {i} of seed {seed}, {path} of {bytes.Length} bytes, took {allocated} bytes of memory.");
            Assert.True(watch.Elapsed < Soon, $"Case {i} of seed {seed}, {path}, took {watch.Elapsed}.");
            Assert.True(IsWhole(report), $"Case {i} of seed {seed}, {path}: {report.ToJson().ToJsonString()}");
            (most, longest) = (Math.Max(most, allocated), watch.Elapsed > longest ? watch.Elapsed : longest);
            verdicts[report.Verdict] = verdicts.GetValueOrDefault(report.Verdict) + 1;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{cases} cases over {Corpus.Length} parsers: {string.Join(", ", verdicts.OrderBy(v => v.Key).Select(v => $"{v.Key} {v.Value}"))}; at most {most / 1024} KiB allocated and {longest.TotalMilliseconds:F0} ms for one.");
        // Mutations that never get past the first look would show nothing.
        Assert.All([ScanVerdict.Clean, ScanVerdict.Findings, ScanVerdict.Unknown, ScanVerdict.Unsafe], v => Assert.True(cases < 10_000 || verdicts.GetValueOrDefault(v) > cases / 200, $"{v}: {verdicts.GetValueOrDefault(v)}"));
    }

    /// <summary>It can be kept and told: it has a canonical form and bounds, and what is not clean has a reason.</summary>
    private static bool IsWhole(InspectionReport report) =>
        report.Verdict != ScanVerdict.NotScanned && report.Findings.Count <= InspectionReport.MostFindings && report.FindingCount >= report.Findings.Count
        && (report.Verdict == ScanVerdict.Clean) == (report.FindingCount == 0) && report.ParameterCount is null or >= 0
        && CanonicalJson.Text(InspectionReport.FromJson(report.ToJson()).ToJson()).Length is > 0 and < 200_000;

    private static (string Path, byte[] Bytes) Mutated(Random random)
    {
        var (path, bytes) = Any(random);
        // The names lie too, now and then.
        if (random.Next(8) == 0)
            path = Any(random).Path;
        bytes = [.. bytes];
        for (var times = random.Next(5); times > 0; times--)
            bytes = Mutate(random, bytes);
        return (path, bytes);
    }

    private static (string Path, byte[] Bytes) Any(Random random) => Corpus[random.Next(Corpus.Length)].Files is var files ? files[random.Next(files.Length)] : default;

    private static byte[] Mutate(Random random, byte[] bytes)
    {
        // Often near the beginning, where headers are.
        var at = random.Next(random.Next(2) == 0 ? bytes.Length + 1 : Math.Min(bytes.Length, 200) + 1);
        switch (random.Next(9))
        {
            case 0:
                return bytes[..at];
            case 1 or 2 when at < bytes.Length:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 3 when at < bytes.Length:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 4:
                // A length field made huge: as a varint, or over eight bytes.
                return [.. bytes[..at], .. Proto.Varint((ulong)random.NextInt64() << random.Next(8)), .. bytes[Math.Min(bytes.Length, at + 1)..]];
            case 5:
                var large = BitConverter.GetBytes(random.NextInt64() >> random.Next(63));
                large.AsSpan(0, Math.Min(8, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                return bytes;
            case 6:
                var other = Any(random).Bytes;
                return [.. bytes[..at], .. other[random.Next(other.Length)..]];
            case 7:
                var end = Math.Min(bytes.Length, at + random.Next(40));
                return [.. bytes[..end], .. bytes[at..end], .. bytes[end..]];
            default:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(40))..]];
        }
    }
}
