using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>What is learnt about one file while it is looked at.</summary>
/// <param name="path">Within the version; of what lies in an archive, the archive's path and its own behind it.</param>
/// <param name="beside">The size of every file that stands with it by path, itself included.</param>
/// <param name="depth">How many archives it lies in.</param>
internal sealed class FileReading(string path, IReadOnlyDictionary<string, long> beside, int depth = 0)
{
    private const int MostFindings = 1_000, MostDetails = 16;

    private readonly List<InspectionFinding> _findings = [];
    private readonly List<InspectionFinding> _notes = [];

    public string Path => path;

    public IReadOnlyDictionary<string, long> Beside => beside;

    public int Depth => depth;

    /// <summary>The name alone, without folders.</summary>
    public string Name => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>The folder it stands in, with the slash; empty at the top.</summary>
    public string Folder => path[..(path.LastIndexOf('/') + 1)];

    public string Kind { get; set; } = "unknown";

    public ScanVerdict Verdict { get; private set; } = ScanVerdict.Clean;

    public IReadOnlyList<InspectionFinding> Findings => _findings;

    public int FindingCount { get; private set; }

    /// <summary>What is worth knowing and nothing to hold against it.</summary>
    public IReadOnlyList<InspectionFinding> Notes => _notes;

    /// <summary>What it looks like could be chance, as with a file of bare numbers that another file describes.</summary>
    public bool MayBeChance { get; set; }

    /// <summary>Whether there is a container in it that its format knows nothing of: then it is nobody's bare numbers.</summary>
    public bool HidesContainer { get; set; }

    /// <summary>Files that this one reads its numbers from, within their bounds.</summary>
    public HashSet<string> DataFiles { get; } = [];

    /// <summary>What lies in it, of an archive.</summary>
    public List<FileReading> Within { get; } = [];

    public long? Parameters { get; set; }

    public Dictionary<string, long> Types { get; } = [];

    public JsonObject? Signature { get; set; }

    public Dictionary<string, long> Opsets { get; } = [];

    public long? IrVersion { get; set; }

    public string Producer { get; set; } = "";

    public string Framework { get; set; } = "";

    /// <summary>What a format says beside all that: architecture, quantisation, licence. Untrusted text.</summary>
    public Dictionary<string, string> Details { get; } = [];

    /// <summary>A signature over the files of the version, to be held against them.</summary>
    public SignedModel? Signed { get; set; }

    public void Find(string code, string words, ScanVerdict verdict = ScanVerdict.Findings)
    {
        if (verdict > Verdict)
            Verdict = verdict;
        if (_findings.Count < InspectionReport.MostFindings)
            _findings.Add(new InspectionFinding(code, path, words));
        if (++FindingCount == MostFindings)
            throw new InspectionStop("too_many_findings", "There is more wrong with it than is worth listing.", verdict);
    }

    public void Note(string code, string words)
    {
        if (_notes.Count < InspectionReport.MostNotes)
            _notes.Add(new InspectionFinding(code, path, words));
    }

    public void Detail(string name, string value)
    {
        if (value.Length > 0 && Details.Count < MostDetails)
            Details.TryAdd(name, value);
    }

    /// <summary>It is the data of a model that was read: numbers, which have no form of their own.</summary>
    public void IsDataOf(string kind)
    {
        (Kind, Verdict, FindingCount) = ($"{kind}_data", ScanVerdict.Clean, 0);
        _findings.Clear();
        _notes.Clear();
    }

    /// <summary>Itself and all that lies in it.</summary>
    public IEnumerable<FileReading> All() => [this, .. Within.SelectMany(w => w.All())];

    public void CountType(string type) => Types[type] = Types.GetValueOrDefault(type) + 1;

    /// <summary>Adds to the parameters; beyond 64 bits nobody knows how many there are.</summary>
    /// <returns>Whether they can still be counted.</returns>
    public bool Count(string type, Int128 elements)
    {
        CountType(type);
        if (Parameters is not { } sum)
            return true;
        Parameters = elements <= long.MaxValue - sum ? sum + (long)elements : null;
        return Parameters is not null;
    }

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

    /// <summary>The same of text that was decoded already.</summary>
    public static string Words(string text, int mostCharacters) => Words(Encoding.UTF8.GetBytes(text.Length > mostCharacters * 2 ? text[..(mostCharacters * 2)] : text), mostCharacters);
}
