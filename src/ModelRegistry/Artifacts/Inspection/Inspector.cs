using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks inside the files of a version and never loads one. What it reads are headers; what it says is a report, whatever
/// the files hold. Bounded in time and memory.
/// </summary>
internal sealed class Inspector(ArtifactVault vault)
{
    // The kinds that are models, in the words of a version's format; of these two the whole structure is known here.
    private static readonly string[] ModelKinds = ["onnx", "safetensors", "gguf", "tflite", "keras", "tensorflow_saved_model", "pytorch", "pickle"];
    private static readonly string[] Parsed = ["onnx", "safetensors"];

    /// <summary>Looks at every file, on a thread of its own, outside any lock.</summary>
    /// <exception cref="StorageUnavailableException">The vault cannot be read.</exception>
    public Task<InspectionReport> InspectAsync(IReadOnlyList<FileEntry> files, CancellationToken cancel = default) =>
        Task.Run(() =>
        {
            try
            {
                return Inspect(files, file => vault.OpenSeekableAsync(file.Sha256, file.Size, cancel).GetAwaiter().GetResult(), cancel);
            }
            catch (Exception e) when (StorageUnavailableException.Covers(e))
            {
                throw StorageUnavailableException.While("Looking inside stored files", e);
            }
        }, cancel);

    /// <param name="open">Gives a file's bytes; they may be read in any order.</param>
    public static InspectionReport Inspect(IReadOnlyList<FileEntry> files, Func<FileEntry, Outcome<Stream>> open, CancellationToken cancel = default)
    {
        var beside = files.ToDictionary(f => f.Path, StringComparer.Ordinal);
        var budget = new InspectionBudget(cancel);
        var readings = files.Select(f => Look(new FileReading(f, beside), f, open, budget)).ToList();
        foreach (var model in readings.Where(r => r.DataFiles.Count > 0))
            foreach (var data in readings.Where(r => r != model && model.DataFiles.Contains(r.Path) && (r.Kind == "unknown" || r.MayBeChance)))
                data.IsDataOf("onnx_data");
        return Report(readings);
    }

    private static FileReading Look(FileReading it, FileEntry file, Func<FileEntry, Outcome<Stream>> open, InspectionBudget budget)
    {
        try
        {
            var opened = open(file);
            if (opened.Refusal is { } no)
            {
                it.Find("content_missing", no.Message, ScanVerdict.Unknown);
                return it;
            }
            using var content = opened.Value;
            Sniffer.Look(new ByteWindow(content, file.Size, budget), it);
        }
        catch (InspectionStop e)
        {
            // What was learnt before is of a part only.
            it.Parameters = null;
            if (e.Code != "too_many_findings")
                it.Find(e.Code == "malformed" && Parsed.Contains(it.Kind) ? $"{it.Kind}_malformed" : e.Code, e.Message, e.Verdict);
        }
        return it;
    }

    private static InspectionReport Report(List<FileReading> readings)
    {
        var findings = readings.SelectMany(r => r.Findings).ToList();
        var verdict = readings.Select(r => r.Verdict).DefaultIfEmpty(ScanVerdict.Unknown).Max();
        if (verdict == ScanVerdict.Clean && !readings.Any(r => Parsed.Contains(r.Kind)))
        {
            verdict = ScanVerdict.Unknown;
            findings.Add(new InspectionFinding("no_model", "", "None of the files is a model of a format that is looked into here."));
        }
        var verdicts = readings.ToDictionary(r => r.Path, r => r.Verdict, StringComparer.Ordinal);
        var models = readings.Where(r => Parsed.Contains(r.Kind)).ToList();
        var graphs = models.Where(r => r.Signature is not null).ToList();
        return new InspectionReport
        {
            Verdict = verdict,
            // The worst first: of thousands only the first are kept.
            Findings = [.. findings.OrderByDescending(f => verdicts.GetValueOrDefault(f.Path, verdict)).Take(InspectionReport.MostFindings)],
            FindingCount = Math.Max(findings.Count, readings.Sum(r => r.FindingCount)),
            Files = [.. readings.OrderByDescending(r => r.Verdict).Take(InspectionReport.MostFiles).Select(r => new InspectedFile(r.Path, r.Kind, r.Verdict))],
            FileCount = readings.Count,
            Formats = [.. readings.Select(r => r.Kind).Where(ModelKinds.Contains).Distinct().Order(StringComparer.Ordinal)],
            Framework = models.Select(m => m.Framework).Distinct().ToList() is [var one] ? one : "",
            ParameterCount = Sum(models),
            TensorTypes = models.SelectMany(m => m.Types).GroupBy(t => t.Key).ToDictionary(g => g.Key, g => g.Sum(t => t.Value)),
            Signature = graphs is [var only] ? only.Signature! : [],
            Opsets = models.SelectMany(m => m.Opsets).GroupBy(o => o.Key).ToDictionary(g => g.Key, g => g.Max(o => o.Value)),
            IrVersion = models.Max(m => m.IrVersion),
            Producer = models.Select(m => m.Producer).Distinct().ToList() is [var same] ? same : "",
        };
    }

    private static long? Sum(List<FileReading> models)
    {
        Int128 sum = 0;
        foreach (var model in models)
        {
            if (model.Parameters is not { } count)
                return null;
            sum += count;
        }
        return models.Count == 0 || sum > long.MaxValue ? null : (long)sum;
    }
}
