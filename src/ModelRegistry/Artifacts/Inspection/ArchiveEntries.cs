using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>A file in an archive.</summary>
/// <param name="Path">Within the archive, as it stands there.</param>
/// <param name="Size">In bytes, unpacked, as the archive says.</param>
/// <param name="Start">Where its bytes begin in the archive.</param>
/// <param name="Packed">How many bytes they are there.</param>
/// <param name="Packing">How they are packed; null: not at all.</param>
/// <param name="Sealed">Why nothing can look into it; null: it can be looked into.</param>
internal sealed record ArchiveEntry(string Path, long Size, long Start, long Packed, Packing? Packing, string? Sealed = null);

/// <summary>
/// What all archives are asked: names that stay inside, none of them twice in any spelling, no links, and not more than one
/// would want to unpack.
/// </summary>
internal sealed class ArchiveEntries(FileReading it, long archiveSize)
{
    public const int Most = 10_000;

    private const int MostTold = 20, MostRatio = 200, FreeBytes = 16 * 1024 * 1024;
    private const long MostBytes = 256L << 30;

    private readonly Dictionary<string, (string Spelling, bool IsFile)> _places = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private readonly List<ArchiveEntry> _files = [];
    private Int128 _total;
    private int _told, _count;

    public IReadOnlyList<ArchiveEntry> Files => _files;

    public void Tell(string code, string words, ScanVerdict verdict = ScanVerdict.Findings)
    {
        if (_told++ < MostTold)
            it.Find(code, words, verdict);
    }

    /// <summary>Counts an entry, whatever it is.</summary>
    public void Step()
    {
        if (++_count > Most)
            throw new InspectionStop("archive_too_many", $"It has more than {Most:N0} entries.");
    }

    public void Folder(string path) => Claim(path.TrimEnd('/'), isFile: false);

    public void Add(ArchiveEntry entry)
    {
        Claim(entry.Path, isFile: true);
        _total += Math.Max(0, entry.Size);
        if (entry.Size > FreeBytes && entry.Size / MostRatio > entry.Packed)
            Tell("archive_ratio", $"'{Shown(entry.Path)}' unpacks to more than {MostRatio} times its size.");
        _files.Add(entry);
    }

    /// <summary>A link or a device leads out of the archive, whatever it is called.</summary>
    public void Link(string path) => Tell("archive_link", $"'{Shown(path)}' is a link or a device: unpacked, it leads elsewhere.");

    /// <summary>What can be said only when all are known.</summary>
    public void Close()
    {
        if (_total > MostBytes)
            Tell("archive_size", $"It unpacks to more than {MostBytes >> 30} GiB.");
        else if (_total > FreeBytes && _total / MostRatio > archiveSize)
            Tell("archive_ratio", $"All together unpack to more than {MostRatio} times its size.");
    }

    public static string Shown(string path) => FileReading.Words(path, 120);

    private void Claim(string path, bool isFile)
    {
        if (ArtifactPath.Parse(path).Refusal is not null)
        {
            Tell("archive_path", $"'{Shown(path)}' is not a plain path: unpacked, it may land outside of the folder, or elsewhere than it reads.");
            return;
        }
        if (isFile && !_paths.Add(path))
        {
            Tell("archive_duplicate", $"'{Shown(path)}' is there more than once: readers differ in which counts.");
            return;
        }
        for (var end = path.IndexOf('/', StringComparison.Ordinal); ; end = path.IndexOf('/', end + 1))
        {
            var isLast = end < 0;
            var place = isLast ? path : path[..end];
            if (!_places.TryAdd(place, (place, isLast && isFile)))
            {
                var (spelling, wasFile) = _places[place];
                if (spelling != place)
                    Tell("archive_case", $"'{Shown(spelling)}' and '{Shown(place)}' differ only in case: where that is ignored, one overwrites the other.");
                else if (wasFile || (isLast && isFile))
                    Tell("archive_duplicate", $"'{Shown(place)}' is there as a file and as a folder.");
            }
            if (isLast)
                return;
        }
    }
}
