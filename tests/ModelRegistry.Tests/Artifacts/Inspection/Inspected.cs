using System.IO.Compression;
using ModelRegistry.Artifacts.Inspection;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>Looks inside files that a test made.</summary>
internal static class Inspected
{
    public static InspectionReport Files(params (string Path, byte[] Bytes)[] files) => Files(null, files);

    public static InspectionReport Files(SigningKeys? keys, params (string Path, byte[] Bytes)[] files)
    {
        var bytes = files.ToDictionary(f => f.Path, f => f.Bytes);
        return Inspector.Inspect([.. files.Select(f => new FileEntry(f.Path, f.Bytes.Length, Digest.Of(f.Bytes)))], f => new MemoryStream(bytes[f.Path], writable: false), keys);
    }

    public static InspectionReport File(byte[] bytes, string path = "model.onnx") => Files((path, bytes));

    /// <summary>The one finding there must be.</summary>
    public static void Found(InspectionReport report, ScanVerdict verdict, string code)
    {
        Assert.Equal((verdict, code), (report.Verdict, Codes(report)));
        Assert.All(report.Findings, f => Assert.NotEqual("", f.Words));
    }

    /// <summary>Every code once, in the order of the findings.</summary>
    public static string Codes(InspectionReport report) => string.Join(", ", report.Findings.Select(f => f.Code).Distinct());

    public static void Clean(InspectionReport report)
    {
        Assert.Empty(report.Findings);
        Assert.Equal(ScanVerdict.Clean, report.Verdict);
    }
}

/// <summary>Files that other programs wrote (<c>Written/write.py</c> says which).</summary>
internal static class WrittenByOthers
{
    private static readonly Dictionary<string, byte[]> All = Read();

    public static IEnumerable<string> Names => All.Keys;

    public static byte[] Bytes(string name) => All[name];

    public static InspectionReport Look(string name) => Inspected.File(All[name], name);

    private static Dictionary<string, byte[]> Read()
    {
        using var zip = ZipFile.OpenRead(Repository.At("tests/ModelRegistry.Tests/Artifacts/Inspection/Written/written-by-others.zip"));
        var all = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var entry in zip.Entries)
        {
            using var content = entry.Open();
            var bytes = new byte[entry.Length];
            content.ReadExactly(bytes);
            all[entry.FullName] = bytes;
        }
        return all;
    }
}
