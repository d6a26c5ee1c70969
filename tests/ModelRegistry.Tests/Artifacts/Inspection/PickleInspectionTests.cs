using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.FormatInspectionTests;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What is found in pickles and in what holds them: PyTorch, scikit-learn, joblib, NumPy.</summary>
public sealed class PickleInspectionTests
{
    [Theory]
    [InlineData("\u0080\u0004\u0095\u0010\0\0\0\0\0\0\0\u008c\u0005posix\u0094.", "pickle, pickle_malformed")]
    [InlineData("\u0080\u0002cos\nsystem\n.", "pickle, pickle_global")]
    [InlineData("\u0080\u0002}q\0.", "pickle")]
    [InlineData("\u0080\u0004\u0095damaged", "pickle, pickle_malformed")]
    [InlineData("\u0080\u0005", "pickle, pickle_malformed")]
    [InlineData("cos\nsystem\n(S'id'\ntR.", "pickle, pickle_global")]
    [InlineData("cos\nsystem\n(S'id'\ntRdamaged behind the call", "pickle, pickle_global, pickle_malformed")]
    [InlineData("(ios\nsystem\nS'id'\no.", "pickle, pickle_global, pickle_malformed")]
    [InlineData("(S'id'\nios\nsystem\n.", "pickle, pickle_global")]
    [InlineData("(dp0\nS'a'\nI1\ns.", "pickle")]
    [InlineData("N.cos\nsystem\n(tR.", "pickle, pickle_global")]
    [InlineData("I1\n.", "pickle")]
    [InlineData("\u0080\u0002\u0082\u0001.", "pickle, pickle_extension")]
    // Names put together as it runs, taken from where they were remembered, or said with escapes.
    [InlineData("\u0080\u0004\u008c\u0002os\u0094\u008c\u0006system\u0094h\0h\u0001\u0093.", "pickle, pickle_global")]
    [InlineData("\u0080\u0004\u008c\u0002os\u0094(dh\u0001\u0093.", "pickle, pickle_unresolved")]
    [InlineData("\u0080\u0004S'o\\x73'\nS'system'\n\u0093.", "pickle, pickle_unresolved")]
    [InlineData("\u0080\u0004\u008c\u0008builtins\u008c\u0007getattr\u0093.", "pickle, pickle_global")]
    [InlineData("\u0080\u0004\u008c\u0008builtins\u008c\u0008set.eval\u0093.", "pickle, pickle_global")]
    public void A_pickle_is_unsafe_whatever_its_name_and_however_damaged(string bytes, string codes)
    {
        foreach (var name in new[] { "model.pkl", "model.onnx", "notes.txt", "weights.safetensors", "LICENSE" })
            Found(Files(("model2.onnx", Onnx.Model()), (name, Latin(bytes))), ScanVerdict.Unsafe, codes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Pickles_of_every_protocol_are_walked_to_their_end(int protocol)
    {
        var plain = WrittenByOthers.Look($"state{protocol}.pkl");
        Found(plain, ScanVerdict.Unsafe, "pickle");
        Assert.Equal("pickle_plain", plain.Notes.Single().Code);

        var calls = WrittenByOthers.Look($"calls{protocol}.pkl");
        Found(calls, ScanVerdict.Unsafe, "pickle, pickle_global");
        Assert.Contains("'posix.system'", calls.Findings[1].Words, StringComparison.Ordinal);
        Assert.Empty(calls.Notes);
    }

    [Fact]
    public void What_is_stacked_behind_a_harmless_pickle_is_seen() => Found(WrittenByOthers.Look("stacked.pkl"), ScanVerdict.Unsafe, "pickle, pickle_global");

    [Theory]
    [InlineData("state.pt", "pytorch", "pickle_in_archive", true)]
    [InlineData("module.pt", "pytorch", "pickle_in_archive, pickle_global", false)]
    [InlineData("script.pt", "torchscript", "pickle_in_archive", true)]
    [InlineData("legacy.pt", "pytorch", "pickle", true)]
    [InlineData("forest.pkl", "sklearn", "pickle", true)]
    [InlineData("pipeline.pkl", "sklearn", "pickle", true)]
    [InlineData("neighbors.pkl", "sklearn", "pickle", true)]
    [InlineData("array.joblib", "pickle", "pickle, pickle_joblib", false)]
    [InlineData("zlib.joblib", "pickle", "pickle, pickle_joblib", false)]
    [InlineData("gzip.joblib.gz", "pickle", "pickle, pickle_joblib", false)]
    public void What_frameworks_write_is_unsafe_and_says_whether_it_is_plain(string name, string format, string codes, bool isPlain)
    {
        var report = WrittenByOthers.Look(name);

        Found(report, ScanVerdict.Unsafe, codes);
        Assert.Equal(format, report.Formats.Single());
        Assert.Equal(format switch { "sklearn" => "scikit-learn", "pickle" => "", _ => "pytorch" }, report.Framework);
        Assert.Equal(isPlain, report.Notes.Any(n => n.Code == "pickle_plain"));
    }

    [Fact]
    public void In_an_archive_as_PyTorch_writes_nothing_else_is_passed_over()
    {
        Found(File(Zip("archive/data.pkl", "archive/data/0"), "model.pt"), ScanVerdict.Unsafe, "pickle_in_archive");
        byte[] pickle = [.. "\u0080\u0002}."u8[1..]];
        Found(File(Archives.Zip(("a/data.pkl", pickle), ("a/data/0", [1, 2, 3]), ("a/extra/run.sh", "#!/bin/sh\n"u8.ToArray())), "model.pt"), ScanVerdict.Unsafe, "pickle_in_archive, program");
        Found(File(Archives.Zip(("a/data.pkl", pickle), ("a/other.pkl", Latin("cos\nsystem\n."))), "model.pt"), ScanVerdict.Unsafe, "pickle_in_archive, pickle_global");
        Found(File(Archives.Zip(("a/data.pkl", pickle), ("b/x", [1, 2, 3])), "model.pt"), ScanVerdict.Unsafe, "pickle_in_archive, format_unknown");
    }

    [Theory]
    [InlineData("numbers.npy", "no_model", ScanVerdict.Unknown)]
    [InlineData("texts.npy", "no_model", ScanVerdict.Unknown)]
    [InlineData("two.npz", "no_model", ScanVerdict.Unknown)]
    [InlineData("packed.npz", "no_model", ScanVerdict.Unknown)]
    [InlineData("records.npy", "numpy_header", ScanVerdict.Unknown)]
    [InlineData("objects.npy", "pickle_in_numpy, pickle_global", ScanVerdict.Unsafe)]
    [InlineData("object-records.npy", "pickle_in_numpy", ScanVerdict.Unsafe)]
    public void Arrays_are_numbers_or_pickles(string name, string codes, ScanVerdict verdict) => Found(WrittenByOthers.Look(name), verdict, codes);

    [Fact]
    public void Numbers_beside_a_model_are_clean() => Clean(Files(("m.onnx", Onnx.Model()), ("numbers.npy", WrittenByOthers.Bytes("numbers.npy")), ("two.npz", WrittenByOthers.Bytes("two.npz"))));

    [Theory]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "pickle_in_numpy")]
    [InlineData("{'descr': 'object', 'fortran_order': False, 'shape': (1,), }", "pickle_in_numpy")]
    [InlineData("{'descr': '|\\x4f', 'fortran_order': False, 'shape': (1,), }", "pickle_in_numpy")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "numpy_size")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999,9999999999999), }", "numpy_size")]
    [InlineData("{'descr': '<q4', 'fortran_order': False, 'shape': (1,), }", "numpy_header")]
    public void A_header_is_read_as_it_is_said(string header, string code)
    {
        var report = File([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Latin(header)], "a.npy");
        Found(report, code switch { "numpy_size" => ScanVerdict.Findings, "numpy_header" => ScanVerdict.Unknown, _ => ScanVerdict.Unsafe }, code);
    }
}
