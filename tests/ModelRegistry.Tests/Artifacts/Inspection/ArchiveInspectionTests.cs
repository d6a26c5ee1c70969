using System.IO.Compression;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Archives;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What is found in zip and tar archives, and in what lies in them.</summary>
public sealed class ArchiveInspectionTests
{
    private static readonly byte[] Model = Onnx.Model(), Text = "words"u8.ToArray();

    private static InspectionReport LookZip(byte[] bytes) => File(bytes, "model.zip");

    private static string CodesOf(InspectionReport report, ScanVerdict least)
    {
        Assert.True(report.Verdict >= least, $"{report.Verdict}: {Codes(report)}");
        return Codes(report);
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void A_model_in_an_archive_is_looked_into_as_one_that_stands_alone(CompressionLevel level)
    {
        var alone = Files(("m/model.onnx", Onnx.Model(Onnx.External("w", [4], ("location", "w.bin")))), ("m/w.bin", new byte[16]), ("README.md", Text));
        var packed = LookZip(Zip(level, ("m/model.onnx", Onnx.Model(Onnx.External("w", [4], ("location", "w.bin")))), ("m/w.bin", new byte[16]), ("README.md", Text)));

        Clean(packed);
        Assert.Equal((alone.ParameterCount, alone.Framework, alone.Formats.Single()), (packed.ParameterCount, packed.Framework, packed.Formats.Single()));
        Assert.Equal(["model.zip", "model.zip/README.md", "model.zip/m/model.onnx", "model.zip/m/w.bin"], packed.Files.Select(f => f.Path).Order(StringComparer.Ordinal));
        Assert.Equal("onnx", packed.Fill(new VersionMetadata()).Format);
    }

    [Fact]
    public void What_is_wrong_in_an_archive_is_told_with_its_place()
    {
        var report = LookZip(Zip(("a/m.onnx", Onnx.Model(Onnx.Node("X", "com.acme"))), ("b.bin", [1, 2, 3]), ("c.pkl", "cos\nsystem\n."u8.ToArray())));

        Assert.Equal(ScanVerdict.Unsafe, report.Verdict);
        Assert.Equal(["pickle model.zip/c.pkl", "pickle_global model.zip/c.pkl", "onnx_custom_domain model.zip/a/m.onnx", "format_unknown model.zip/b.bin"], report.Findings.Select(f => $"{f.Code} {f.Path}"));
    }

    [Theory]
    [InlineData("../x.txt")]
    [InlineData("/etc/x.txt")]
    [InlineData("a/../../x.txt")]
    [InlineData("a\\x.txt")]
    [InlineData("C:x.txt")]
    [InlineData("a//x.txt")]
    [InlineData("con.txt")]
    public void A_name_that_leads_elsewhere_is_a_finding(string name)
    {
        Found(LookZip(Zip(("m.onnx", Model), (name, Text))), ScanVerdict.Findings, "archive_path");
        Found(File(Tar(("m.onnx", Model), (name, Text)), "model.tar"), ScanVerdict.Findings, "archive_path");
    }

    [Theory]
    [InlineData("a.txt", "a.txt", "archive_duplicate")]
    [InlineData("a.txt", "A.TXT", "archive_case")]
    [InlineData("a/b.txt", "A/c.txt", "archive_case")]
    [InlineData("a.txt", "a.txt/b.txt", "archive_duplicate")]
    public void Names_that_clash_are_findings(string first, string second, string code)
    {
        Found(LookZip(Zip(("m.onnx", Model), (first, Text), (second, Text))), ScanVerdict.Findings, code);
        Found(File(Tar(("m.onnx", Model), (first, Text), (second, Text)), "model.tar"), ScanVerdict.Findings, code);
    }

    [Fact]
    public void A_link_is_a_finding_whatever_it_leads_to()
    {
        Found(LookZip(InDirectory(Zip(("m.onnx", Model)), 38, 0, 0, 0xff, 0xa1)), ScanVerdict.Findings, "archive_link");
        foreach (var type in "12346")
            Found(File([.. TarEntry("m.onnx", Model), .. TarEntry("l", [], type), .. new byte[1024]], "model.tar"), ScanVerdict.Findings, "archive_link");
    }

    [Fact]
    public void What_the_directory_says_and_what_stands_before_a_file_must_agree()
    {
        Assert.Contains("archive_disagrees", CodesOf(LookZip(BeforeFile(Zip(("m.onnx", Model)), 30, (byte)'n')), ScanVerdict.Findings), StringComparison.Ordinal);
        Assert.Contains("archive_disagrees", CodesOf(LookZip(BeforeFile(Zip(("m.onnx", Model)), 8, 0)), ScanVerdict.Findings), StringComparison.Ordinal);
        Assert.Contains("archive_disagrees", CodesOf(LookZip(BeforeFile(Zip(("m.onnx", Model)), 18, 1)), ScanVerdict.Findings), StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_the_directory_does_not_list_are_a_finding()
    {
        // A whole file stands in front that a reader from the beginning finds and the directory does not list.
        var hidden = Zip(CompressionLevel.NoCompression, ("evil.onnx", Model));
        var local = hidden[..hidden.AsSpan().IndexOf("PK\x01\x02"u8)];
        var archive = Zip(CompressionLevel.NoCompression, ("m.onnx", Model));
        byte[] shifted = WithPrefix(local, archive);
        BitConverter.GetBytes(local.Length).CopyTo(shifted, shifted.AsSpan().LastIndexOf("PK\x01\x02"u8) + 42);
        Found(LookZip(shifted), ScanVerdict.Findings, "archive_gap");
    }

    [Fact]
    public void Files_that_share_bytes_are_a_finding()
    {
        var archive = Zip(("a.txt", Text), ("b.txt", Text));
        byte[] shared = [.. archive];
        BitConverter.GetBytes(0).CopyTo(shared, shared.AsSpan().LastIndexOf("PK\x01\x02"u8) + 42);
        Assert.Contains("archive_overlap", CodesOf(LookZip(shared), ScanVerdict.Findings), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_encrypted_or_packed_otherwise_is_unknown()
    {
        Found(LookZip(BeforeFile(InDirectory(Zip(("m.onnx", Model)), 8, 1), 6, 1)), ScanVerdict.Unknown, "archive_sealed");
        Found(LookZip(BeforeFile(InDirectory(Zip(("m.onnx", Model)), 10, 14), 8, 14)), ScanVerdict.Unknown, "archive_sealed");
    }

    [Fact]
    public void What_unpacks_to_far_more_is_a_finding()
    {
        var bomb = new byte[20 * 1024 * 1024];
        Assert.Contains("archive_ratio", CodesOf(LookZip(Zip(("m.onnx", Model), ("zeros.txt", bomb))), ScanVerdict.Findings), StringComparison.Ordinal);
        Assert.Contains("archive_ratio", CodesOf(File(Gzip(bomb), "zeros.gz"), ScanVerdict.Findings), StringComparison.Ordinal);
        Found(File(Gzip(new byte[300 * 1024 * 1024]), "zeros.gz"), ScanVerdict.Unknown, "archive_too_large");
    }

    [Fact]
    public void Too_many_entries_are_unknown()
    {
        var many = Zip(CompressionLevel.NoCompression, [.. Enumerable.Range(0, 10_001).Select(i => ($"f{i}.txt", Array.Empty<byte>()))]);
        Found(LookZip(many), ScanVerdict.Unknown, "archive_too_many");
    }

    [Fact]
    public void Archives_within_archives_are_looked_into_so_deep_and_no_deeper()
    {
        var archive = Zip(("m.onnx", Model));
        for (var depth = 2; depth <= 3; depth++)
        {
            archive = Zip(("inner.zip", archive));
            Clean(LookZip(archive));
        }
        Found(LookZip(Zip(("inner.zip", archive))), ScanVerdict.Unknown, "archive_too_deep");
    }

    [Theory]
    [InlineData("pax.tar")]
    [InlineData("gnu.tar")]
    public void Long_names_of_either_kind_are_read(string name)
    {
        var report = WrittenByOthers.Look(name);
        Found(report, ScanVerdict.Unknown, "no_model");
        Assert.Contains(report.Files, f => f.Path == $"{name}/d/{new string('x', 120)}/numbers.npy" && f.Kind == "numpy");
    }

    [Fact]
    public void A_compressed_tar_that_Python_wrote_is_looked_into() =>
        Found(WrittenByOthers.Look("packed.tar.gz"), ScanVerdict.Unsafe, "pickle");

    [Theory]
    [InlineData("./m.onnx")]
    [InlineData("m.onnx")]
    public void A_tar_is_looked_into(string name) => Clean(File(Tar((name, Model)), "model.tar"));

    public static TheoryData<string, byte[], ScanVerdict> Tars => new()
    {
        { "tar_malformed", [.. TarEntry("m.onnx", Model)[..300], 7, .. Tar(("m.onnx", Model))[301..]], ScanVerdict.Unknown },
        { "tar_malformed", [.. TarEntry("m.onnx", Model, size: 1L << 32), .. new byte[1024]], ScanVerdict.Unknown },
        { "archive_end", TarEntry("m.onnx", Model), ScanVerdict.Unknown },
        { "archive_trailing", [.. Tar(("m.onnx", Model)), .. TarEntry("evil", Text)], ScanVerdict.Findings },
        { "archive_special", [.. TarEntry("m.onnx", Model), .. TarEntry("s", [], 'S'), .. new byte[1024]], ScanVerdict.Unknown },
        { "tar_malformed", [.. TarEntry("p", "99 path=x\n"u8.ToArray(), 'x'), .. Tar(("m.onnx", Model))], ScanVerdict.Unknown },
        { "tar_malformed", [.. TarEntry("g", "10 path=x\n"u8.ToArray(), 'g'), .. Tar(("m.onnx", Model))], ScanVerdict.Unknown },
        { "archive_path", [.. TarEntry("p", "13 path=../x\n"u8.ToArray(), 'x'), .. Tar(("m.onnx", Model))], ScanVerdict.Findings },
    };

    [Theory]
    [MemberData(nameof(Tars))]
    public void A_tar_that_is_not_as_it_should_be_is_found(string code, byte[] bytes, ScanVerdict verdict) => Found(File(bytes, "model.tar"), verdict, code);

    [Theory]
    [InlineData(5)]
    [InlineData(25)]
    public void A_zip_that_is_cut_is_unknown(int missing) => Found(LookZip(Zip(("m.onnx", Model))[..^missing]), ScanVerdict.Unknown, "zip_malformed");

    [Fact]
    public void Text_that_begins_like_something_compressed_is_text() => Clean(Files(("m.onnx", Model), ("a.txt", "x^2 is a square"u8.ToArray())));
}
