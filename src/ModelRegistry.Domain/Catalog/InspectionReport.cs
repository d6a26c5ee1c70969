using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>What looking inside files came to, from harmless to dangerous. Only <see cref="Clean"/> counts as clean.</summary>
public enum ScanVerdict
{
    /// <summary>Nobody has looked.</summary>
    NotScanned,
    /// <summary>Of a format that is parsed here, and nothing was found.</summary>
    Clean,
    /// <summary>Of a format that nothing here parses, or damaged: nobody knows.</summary>
    Unknown,
    /// <summary>Parsed, and something in it is not as it should be.</summary>
    Findings,
    /// <summary>Loading it can run code.</summary>
    Unsafe,
}

/// <summary>One thing found in the files of a version.</summary>
/// <param name="Code">Which rule: <c>pickle</c>, <c>onnx_external_path</c>, …</param>
/// <param name="Path">The file; empty when it is about the version as a whole.</param>
/// <param name="Words">For people. May repeat names that stand in the file: untrusted text.</param>
public sealed record InspectionFinding(string Code, string Path, string Words);

/// <summary>What one file is.</summary>
/// <param name="Kind">Recognised by its bytes: <c>onnx</c>, <c>safetensors</c>, <c>pickle</c>, <c>text</c>, <c>unknown</c>, …</param>
public sealed record InspectedFile(string Path, string Kind, ScanVerdict Verdict);

/// <summary>
/// What the headers of a version's files say, read without loading any of them. It is about bytes alone and so stays true
/// as long as the rules it was made by.
/// </summary>
public sealed record InspectionReport
{
    /// <summary>Raised whenever the same bytes may come to something else; older reports are then made anew.</summary>
    public const int CurrentRules = 3;

    public const int MostFindings = 50, MostFiles = 200, MostNotes = 20, MostDetails = 20;

    public int Rules { get; init; } = CurrentRules;
    /// <summary>The worst of all files; never clean without a model of a format that is parsed.</summary>
    public required ScanVerdict Verdict { get; init; }
    /// <summary>The first <see cref="MostFindings"/>.</summary>
    public IReadOnlyList<InspectionFinding> Findings { get; init; } = [];
    public int FindingCount { get; init; }
    /// <summary>What is worth knowing and bears on no verdict: a chat template, a signature and whose. The first <see cref="MostNotes"/>.</summary>
    public IReadOnlyList<InspectionFinding> Notes { get; init; } = [];
    /// <summary>The first <see cref="MostFiles"/>, those that are not clean before the others.</summary>
    public IReadOnlyList<InspectedFile> Files { get; init; } = [];
    public int FileCount { get; init; }
    /// <summary>Every model format recognised, in the words of <see cref="VersionMetadata.Format"/>.</summary>
    public IReadOnlyList<string> Formats { get; init; } = [];
    /// <summary>The framework that wrote it, where the file names one that is known; empty otherwise.</summary>
    public string Framework { get; init; } = "";
    /// <summary>Elements of all constants together; null where no file that has any was parsed to its end.</summary>
    public long? ParameterCount { get; init; }
    /// <summary>How many tensors there are of each type.</summary>
    public IReadOnlyDictionary<string, long> TensorTypes { get; init; } = new Dictionary<string, long>();
    /// <summary>Inputs and outputs of the one graph; empty when there is none or more than one.</summary>
    public JsonObject Signature { get; init; } = [];
    /// <summary>Operator sets of ONNX by domain, the standard one being <c>ai.onnx</c>.</summary>
    public IReadOnlyDictionary<string, long> Opsets { get; init; } = new Dictionary<string, long>();
    public long? IrVersion { get; init; }
    /// <summary>The program that wrote it, as it calls itself: untrusted text.</summary>
    public string Producer { get; init; } = "";
    /// <summary>What a format says beside all that, such as <c>architecture</c>, <c>quantization</c>, <c>context_length</c>, <c>license</c>: untrusted text.</summary>
    public IReadOnlyDictionary<string, string> Details { get; init; } = new Dictionary<string, string>();
    /// <summary>The fingerprint of the pinned keys that signatures were held against; empty where there was no signature.</summary>
    public string SigningKeys { get; init; } = "";

    /// <summary>The same held against the format that was claimed: a contradiction is one more finding.</summary>
    public InspectionReport Against(string claimed)
    {
        if (Formats.Count == 0 || Formats.Contains(claimed, StringComparer.OrdinalIgnoreCase) || !Recognised.Contains(claimed, StringComparer.OrdinalIgnoreCase))
            return this;
        // PyTorch and scikit-learn write pickles, and not every pickle tells whose it is.
        if (claimed.ToLowerInvariant() is "pytorch" or "sklearn" && Formats.Contains("pickle") || claimed.Equals("pytorch", StringComparison.OrdinalIgnoreCase) && Formats.Contains("torchscript"))
            return this;
        var finding = new InspectionFinding("format_contradicted", "", $"It is registered as {claimed.ToLowerInvariant()}; the bytes are {string.Join(" and ", Formats)}.");
        return this with
        {
            Verdict = Verdict < ScanVerdict.Findings ? ScanVerdict.Findings : Verdict,
            Findings = [finding, .. Findings.Take(MostFindings - 1)],
            FindingCount = FindingCount + 1,
        };
    }

    // The formats of which it can be told that the bytes are not theirs.
    private static readonly string[] Recognised = ["onnx", "safetensors", "gguf", "tflite", "keras", "tensorflow_saved_model", "pytorch", "torchscript", "sklearn"];

    /// <summary>The metadata with what its author left out and the files say. What was said stays.</summary>
    public VersionMetadata Fill(VersionMetadata said) => said with
    {
        Format = said.Format == "other" && Formats is [not "pickle"] ? Formats[0] : said.Format,
        Framework = said.Framework.Length == 0 ? Framework : said.Framework,
        Signature = said.Signature.Count == 0 ? (JsonObject)Signature.DeepClone() : said.Signature,
    };

    /// <summary>
    /// Verdict and first findings for a gate report, which is read as the registry's own words: codes, and paths only
    /// where they cannot be a sentence.
    /// </summary>
    public string Measured()
    {
        var first = Findings.Take(3).Select(f => f.Path.Length == 0 ? f.Code : $"{f.Code} in {Plain(f.Path)}").Distinct().ToList();
        var more = FindingCount - Math.Min(3, Findings.Count);
        return Word(Verdict) + (first.Count == 0 ? "" : $": {string.Join(", ", first)}{(more > 0 ? $" and {more} more" : "")}");
    }

    private static string Plain(string path) =>
        path.Length <= 64 && path.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/') ? path : "a file whose name is not repeated here";

    /// <summary>As it is written and shown: <c>clean</c>, <c>unknown</c>, <c>findings</c>, <c>unsafe</c>, <c>not inspected</c>.</summary>
    public static string Word(ScanVerdict verdict) => verdict == ScanVerdict.NotScanned ? "not inspected" : verdict.ToString().ToLowerInvariant();

    /// <summary>For an audit entry: the verdict, and the digest of the whole report.</summary>
    public JsonObject ToFacts() => new() { ["rules"] = Rules, ["verdict"] = Word(Verdict), ["report_sha256"] = CanonicalJson.Digest(ToJson()).Hex };

    public JsonObject ToJson() => new()
    {
        ["rules"] = Rules,
        ["verdict"] = Word(Verdict),
        ["findings"] = new JsonArray([.. Findings.Select(f => (JsonNode)new JsonObject { ["code"] = f.Code, ["path"] = f.Path, ["words"] = f.Words })]),
        ["finding_count"] = FindingCount,
        ["notes"] = new JsonArray([.. Notes.Select(f => (JsonNode)new JsonObject { ["code"] = f.Code, ["path"] = f.Path, ["words"] = f.Words })]),
        ["files"] = new JsonArray([.. Files.Select(f => (JsonNode)new JsonObject { ["path"] = f.Path, ["kind"] = f.Kind, ["verdict"] = Word(f.Verdict) })]),
        ["file_count"] = FileCount,
        ["formats"] = new JsonArray([.. Formats.Select(f => (JsonNode)f)]),
        ["framework"] = Framework,
        // As text: an integer beyond 2^53 has no canonical form.
        ["parameter_count"] = ParameterCount?.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["tensor_types"] = Counts(TensorTypes),
        ["signature"] = Signature.DeepClone(),
        ["opsets"] = Counts(Opsets),
        ["ir_version"] = IrVersion,
        ["producer"] = Producer,
        ["details"] = new JsonObject(Details.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value))),
        ["signing_keys"] = SigningKeys,
    };

    public static InspectionReport FromJson(JsonObject json) => new()
    {
        Rules = (int)json["rules"]!,
        Verdict = Enum.Parse<ScanVerdict>((string)json["verdict"]!, ignoreCase: true),
        Findings = Found(json["findings"]),
        FindingCount = (int)json["finding_count"]!,
        // Reports by the first rules have neither notes nor details.
        Notes = Found(json["notes"]),
        Files = [.. json["files"]!.AsArray().Select(f => new InspectedFile((string)f!["path"]!, (string)f["kind"]!, Enum.Parse<ScanVerdict>((string)f["verdict"]!, ignoreCase: true)))],
        FileCount = (int)json["file_count"]!,
        Formats = [.. json["formats"]!.AsArray().Select(f => (string)f!)],
        Framework = (string)json["framework"]!,
        ParameterCount = (string?)json["parameter_count"] is { } count ? long.Parse(count, System.Globalization.CultureInfo.InvariantCulture) : null,
        TensorTypes = Counts(json["tensor_types"]!.AsObject()),
        Signature = (JsonObject)json["signature"]!.DeepClone(),
        Opsets = Counts(json["opsets"]!.AsObject()),
        IrVersion = (long?)json["ir_version"],
        Producer = (string)json["producer"]!,
        Details = json["details"] is JsonObject details ? details.ToDictionary(d => d.Key, d => (string)d.Value!) : [],
        SigningKeys = (string?)json["signing_keys"] ?? "",
    };

    private static List<InspectionFinding> Found(JsonNode? list) => list is JsonArray found ? [.. found.Select(f => new InspectionFinding((string)f!["code"]!, (string)f["path"]!, (string)f["words"]!))] : [];

    private static JsonObject Counts(IReadOnlyDictionary<string, long> counts) =>
        new(counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value)));

    private static Dictionary<string, long> Counts(JsonObject counts) => counts.ToDictionary(c => c.Key, c => (long)c.Value!);
}
