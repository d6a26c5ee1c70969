using ModelRegistry.Artifacts.Inspection;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>Looks inside files that a test made.</summary>
internal static class Inspected
{
    public static InspectionReport Files(params (string Path, byte[] Bytes)[] files)
    {
        var bytes = files.ToDictionary(f => f.Path, f => f.Bytes);
        return Inspector.Inspect([.. files.Select(f => new FileEntry(f.Path, f.Bytes.Length, Digest.Of(f.Bytes)))], f => new MemoryStream(bytes[f.Path], writable: false));
    }

    public static InspectionReport File(byte[] bytes, string path = "model.onnx") => Files((path, bytes));

    /// <summary>The one finding there must be.</summary>
    public static void Found(InspectionReport report, ScanVerdict verdict, string code)
    {
        Assert.Equal((verdict, code), (report.Verdict, string.Join(", ", report.Findings.Select(f => f.Code).Distinct())));
        Assert.All(report.Findings, f => Assert.NotEqual("", f.Words));
    }

    public static void Clean(InspectionReport report)
    {
        Assert.Empty(report.Findings);
        Assert.Equal(ScanVerdict.Clean, report.Verdict);
    }
}
