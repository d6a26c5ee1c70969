using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Files that stand together, in a version or in an archive: each is looked into, and then what only looks strange alone is
/// set right: numbers that a model beside them reads, texts that a model of several files consists of.
/// </summary>
internal static class FileSet
{
    /// <param name="files">Path and size of each.</param>
    /// <param name="open">Gives a file's window and what to close afterwards; or why it cannot be opened.</param>
    public static List<FileReading> Look(IReadOnlyList<(string Path, long Size)> files, Func<int, Outcome<(ByteWindow Window, IDisposable? Close)>> open, int depth)
    {
        var beside = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (path, size) in files)
            beside[path] = size;
        var readings = new List<FileReading>(files.Count);
        for (var i = 0; i < files.Count; i++)
            readings.Add(Look(new FileReading(files[i].Path, beside, depth), i, open));
        foreach (var model in readings.Where(r => r.DataFiles.Count > 0).ToList())
            foreach (var data in readings.Where(r => r != model && model.DataFiles.Contains(r.Path) && !r.HidesContainer && (r.Kind == "unknown" || r.MayBeChance)))
                data.IsDataOf(model.Kind);
        return readings;
    }

    private static FileReading Look(FileReading it, int index, Func<int, Outcome<(ByteWindow, IDisposable?)>> open)
    {
        try
        {
            var opened = open(index);
            if (opened.Refusal is { } no)
            {
                it.Find("content_missing", no.Message, ScanVerdict.Unknown);
                return it;
            }
            using var close = opened.Value.Item2;
            Sniffer.Look(opened.Value.Item1, it);
        }
        catch (InspectionStop e)
        {
            // What was learnt before is of a part only.
            it.Parameters = null;
            if (e.Code != "too_many_findings")
                it.Find(e.Code == "malformed" && InspectionSummary.Prefixes.Contains(it.Kind) ? $"{it.Kind}_malformed" : e.Code, e.Message, e.Verdict);
        }
        return it;
    }
}
