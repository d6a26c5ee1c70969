using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>Makes one report of what was learnt about many files.</summary>
internal static class InspectionSummary
{
    /// <summary>Formats whose whole structure is known here: a version is clean only with one of them.</summary>
    private static readonly string[] Parsed = ["onnx", "safetensors", "gguf", "tflite", "tensorflow_saved_model"];

    /// <summary>Formats that say what is in the files, or are part of one that does.</summary>
    private static readonly string[] Models = [.. Parsed, "keras", "pytorch", "torchscript", "sklearn", "pickle"];

    private static readonly string[] Counted = [.. Parsed, "keras", "pytorch", "torchscript", "tensorflow_variables"];

    /// <summary>Kinds whose damage has a code of its own.</summary>
    public static readonly string[] Prefixes = [.. Parsed, "tensorflow_variables", "keras", "hdf5", "numpy", "zip", "tar", "gzip", "zlib", "model_signature"];

    /// <param name="signingKeys">Which keys signatures were held against; empty where there was no signature.</param>
    public static InspectionReport Of(List<FileReading> files, string signingKeys)
    {
        var readings = files.SelectMany(f => f.All()).ToList();
        var findings = readings.SelectMany(r => r.Findings).ToList();
        var verdict = readings.Select(r => r.Verdict).DefaultIfEmpty(ScanVerdict.Unknown).Max();
        if (verdict == ScanVerdict.Clean && !readings.Any(r => Parsed.Contains(r.Kind)))
        {
            verdict = ScanVerdict.Unknown;
            findings.Add(new InspectionFinding("no_model", "", "None of the files is a model of a format that is looked into here."));
        }
        var verdicts = new Dictionary<string, ScanVerdict>(StringComparer.Ordinal);
        foreach (var reading in readings)
            verdicts[reading.Path] = (ScanVerdict)Math.Max((int)reading.Verdict, (int)verdicts.GetValueOrDefault(reading.Path));
        var models = readings.Where(r => Counted.Contains(r.Kind)).ToList();
        var writers = readings.Where(r => Models.Contains(r.Kind)).ToList();
        var graphs = models.Where(r => r.Signature is not null).ToList();
        return new InspectionReport
        {
            Verdict = verdict,
            // The worst first: of thousands only the first are kept.
            Findings = [.. findings.OrderByDescending(f => verdicts.GetValueOrDefault(f.Path, verdict)).Take(InspectionReport.MostFindings)],
            FindingCount = Math.Max(findings.Count, readings.Sum(r => r.FindingCount)),
            Notes = [.. readings.SelectMany(r => r.Notes).Take(InspectionReport.MostNotes)],
            Files = [.. readings.OrderByDescending(r => r.Verdict).Take(InspectionReport.MostFiles).Select(r => new InspectedFile(r.Path, r.Kind, r.Verdict))],
            FileCount = readings.Count,
            Formats = [.. readings.Select(r => r.Kind).Where(Models.Contains).Distinct().Order(StringComparer.Ordinal)],
            Framework = writers.Select(m => m.Framework).Where(f => f.Length > 0).Distinct().ToList() is [var one] ? one : "",
            ParameterCount = Sum(models),
            TensorTypes = models.SelectMany(m => m.Types).GroupBy(t => t.Key).ToDictionary(g => g.Key, g => g.Sum(t => t.Value)),
            Signature = graphs is [var only] ? only.Signature! : [],
            Opsets = models.SelectMany(m => m.Opsets).GroupBy(o => o.Key).ToDictionary(g => g.Key, g => g.Max(o => o.Value)),
            IrVersion = models.Max(m => m.IrVersion),
            Producer = writers.Select(m => m.Producer).Where(p => p.Length > 0).Distinct().ToList() is [var same] ? same : "",
            Details = Details(readings),
            SigningKeys = signingKeys,
        };
    }

    /// <summary>Where two files disagree, neither is believed.</summary>
    private static Dictionary<string, string> Details(List<FileReading> readings) => readings.SelectMany(r => r.Details)
        .GroupBy(d => d.Key, d => d.Value).Where(g => g.Distinct().Count() == 1).Take(InspectionReport.MostDetails).ToDictionary(g => g.Key, g => g.First());

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
