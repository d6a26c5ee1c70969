using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks into what PyTorch saves: a zip archive of one folder with a pickle, <c>data.pkl</c>, and the numbers it names in
/// <c>data/</c>; with code and constants it is TorchScript.
/// </summary>
internal static class TorchArchive
{
    private static readonly string[] Pickles = [".pkl", ".debug_pkl", ".pickle"];
    private static readonly string[] Plain = ["version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id"];

    public static bool Looks(IReadOnlyList<ArchiveEntry> entries) => entries.Any(e => e.Path == "data.pkl" || e.Path.EndsWith("/data.pkl", StringComparison.Ordinal));

    public static void Read(ByteWindow file, FileReading it, IReadOnlyList<ArchiveEntry> entries)
    {
        var data = entries.First(e => e.Path == "data.pkl" || e.Path.EndsWith("/data.pkl", StringComparison.Ordinal)).Path;
        var root = data[..^"data.pkl".Length];
        var isScript = entries.Any(e => e.Path == $"{root}constants.pkl" || e.Path.StartsWith($"{root}code/", StringComparison.Ordinal));
        it.Kind = isScript ? "torchscript" : "pytorch";
        it.Framework = "pytorch";
        it.Find("pickle_in_archive", $"It is an archive with a Python pickle in it, as PyTorch writes{(isScript ? " for TorchScript" : "")}: loading it as a pickle runs whatever that names.", ScanVerdict.Unsafe);
        var plain = true;
        var others = new List<ArchiveEntry>();
        foreach (var entry in entries)
            if (Pickles.Any(p => entry.Path.EndsWith(p, StringComparison.OrdinalIgnoreCase)))
                plain &= entry.Sealed is null && Walk(file, it, entry, isScript);
            else if (!entry.Path.StartsWith(root, StringComparison.Ordinal) || !IsPart(entry.Path[root.Length..], isScript))
                others.Add(entry);
        if (plain)
            it.Note("pickle_plain", $"Its pickles name nothing but constructors of plain state{(isScript ? " and classes of its own code" : ": a reader that takes only those (torch.load with weights_only) can load it")}.");
        if (others.Count > 0)
            Archive.Look(file, it, others, isKeras: false);
    }

    // Numbers, which the pickle describes; of TorchScript also its code, which its own interpreter runs.
    private static bool IsPart(string path, bool isScript) =>
        Plain.Contains(path) || path.StartsWith("data/", StringComparison.Ordinal)
        || (isScript && (path.StartsWith("constants/", StringComparison.Ordinal) || path.StartsWith("tensors/", StringComparison.Ordinal) || (path.StartsWith("code/", StringComparison.Ordinal) && path.EndsWith(".py", StringComparison.Ordinal))));

    private static bool Walk(ByteWindow file, FileReading it, ArchiveEntry entry, bool isScript)
    {
        var (window, close) = Archive.Open(file, entry).Value;
        using (close)
        {
            var walk = new PickleWalk(window, it) { InTorchScript = isScript };
            walk.Walk(0);
            return walk is { IsPlain: true, IsJoblib: false, Pickles: > 0 };
        }
    }
}
