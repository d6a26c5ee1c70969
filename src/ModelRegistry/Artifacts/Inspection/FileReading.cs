using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>What is learnt about one file while it is looked at.</summary>
/// <param name="beside">Every file of the version by path, itself included.</param>
internal sealed class FileReading(FileEntry file, IReadOnlyDictionary<string, FileEntry> beside)
{
    private const int MostFindings = 1_000;

    private readonly List<InspectionFinding> _findings = [];

    public string Path => file.Path;

    public IReadOnlyDictionary<string, FileEntry> Beside => beside;

    public string Kind { get; set; } = "unknown";

    public ScanVerdict Verdict { get; private set; } = ScanVerdict.Clean;

    public IReadOnlyList<InspectionFinding> Findings => _findings;

    public int FindingCount { get; private set; }

    /// <summary>What it looks like could be chance, as with a file of bare numbers that another file describes.</summary>
    public bool MayBeChance { get; set; }

    /// <summary>Files that this one reads its numbers from, within their bounds.</summary>
    public HashSet<string> DataFiles { get; } = [];

    public long? Parameters { get; set; }

    public Dictionary<string, long> Types { get; } = [];

    public JsonObject? Signature { get; set; }

    public Dictionary<string, long> Opsets { get; } = [];

    public long? IrVersion { get; set; }

    public string Producer { get; set; } = "";

    public string Framework { get; set; } = "";

    public void Find(string code, string words, ScanVerdict verdict = ScanVerdict.Findings)
    {
        if (verdict > Verdict)
            Verdict = verdict;
        if (_findings.Count < InspectionReport.MostFindings)
            _findings.Add(new InspectionFinding(code, file.Path, words));
        if (++FindingCount == MostFindings)
            throw new InspectionStop("too_many_findings", "There is more wrong with it than is worth listing.", verdict);
    }

    /// <summary>It is the data of a model that was read: numbers, which have no form of their own.</summary>
    public void IsDataOf(string kind)
    {
        (Kind, Verdict, FindingCount) = (kind, ScanVerdict.Clean, 0);
        _findings.Clear();
    }

    public void CountType(string type) => Types[type] = Types.GetValueOrDefault(type) + 1;

    /// <summary>
    /// Text from a file, fit to be kept and shown: replaced where it is not UTF-8 or where nobody would see it, and cut.
    /// </summary>
    public static string Words(ReadOnlySpan<byte> utf8, int mostCharacters)
    {
        var words = new StringBuilder();
        while (utf8.Length > 0 && words.Length < mostCharacters)
        {
            Rune.DecodeFromUtf8(utf8, out var rune, out var used);
            utf8 = utf8[used..];
            words.Append(ArtifactPath.Unseen(rune) ? "?" : rune.ToString());
        }
        return utf8.Length > 0 ? words.Append('…').ToString() : words.ToString();
    }
}
