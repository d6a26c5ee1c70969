using System.Globalization;
using System.Text;

namespace ModelRegistry.Domain;

/// <summary>One file of a version: where it is, how many bytes it has, and what they hash to.</summary>
/// <param name="Path">As <see cref="ArtifactPath"/> has it.</param>
/// <param name="Size">In bytes.</param>
public sealed record FileEntry(string Path, long Size, Digest Sha256);

/// <summary>
/// Every file of a version, in ordinal order of path. Its <see cref="Digest"/> is what an approval binds to: it changes when a
/// byte, a size or a name does.
/// </summary>
public sealed class Manifest
{
    /// <summary>The most files one version may have.</summary>
    public const int MaxFiles = 10_000;

    /// <summary>The largest integer that JSON readers agree on (RFC 8785, section 3.2.2.3): 2^53 − 1.</summary>
    private const long MaxSize = (1L << 53) - 1;

    private Manifest(IReadOnlyList<FileEntry> files)
    {
        Files = files;
        Digest = Digest.Of(Canonical(files));
    }

    /// <summary>In ordinal (UTF-16) order of path, the order in which RFC 8785 would sort them as keys.</summary>
    public IReadOnlyList<FileEntry> Files { get; }

    /// <summary>SHA-256 over the canonical JSON (RFC 8785) of <c>[{"path":…,"sha256":…,"size":…}, …]</c>.</summary>
    public Digest Digest { get; }

    /// <summary>Bytes of all files together.</summary>
    public long Size => Files.Sum(file => file.Size);

    /// <summary>Of a content that nobody here has seen: no file, and so nothing that an approval could bind to.</summary>
    public static Manifest Unknown { get; } = new([]);

    /// <summary>
    /// The manifest, or why these files cannot be one version: <c>manifest_empty</c>, <c>too_many_files</c>, <c>path_unsafe</c>,
    /// <c>file_size_invalid</c>, <c>file_duplicate</c>, <c>path_case_collision</c>, <c>path_is_also_folder</c>.
    /// </summary>
    public static Outcome<Manifest> Of(IEnumerable<FileEntry> entries)
    {
        // One more than allowed is enough to know: the source may be an endless stream.
        var files = entries.Take(MaxFiles + 1).ToList();
        if (files.Count == 0)
            return Refusals.ManifestEmpty();
        if (files.Count > MaxFiles)
            return Refusals.TooManyFiles(MaxFiles);

        var places = new Dictionary<string, (string Spelling, bool IsFile)>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            if (file.Sha256.Hex.Length == 0)
                throw new ArgumentException($"'{file.Path}' has no digest.", nameof(entries));
            if (ArtifactPath.Parse(file.Path).Refusal is { } unsafePath)
                return unsafePath;
            if (file.Size is < 0 or > MaxSize)
                return Refusals.FileSizeInvalid(file.Path, file.Size);
            if (Claim(places, file.Path) is { } clash)
                return clash;
        }
        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new Manifest(files.AsReadOnly());
    }

    /// <summary>
    /// Takes the path's folders and the path itself. Folders that differ only in case collide as well: unpacked where case is
    /// ignored they become one, and the paths found there are no longer the ones approved.
    /// </summary>
    private static Refusal? Claim(Dictionary<string, (string Spelling, bool IsFile)> places, string path)
    {
        for (var end = path.IndexOf('/', StringComparison.Ordinal); ; end = path.IndexOf('/', end + 1))
        {
            var isFile = end < 0;
            var place = isFile ? path : path[..end];
            if (!places.TryAdd(place, (place, isFile)))
            {
                var taken = places[place];
                if (taken.Spelling != place)
                    return Refusals.PathCaseCollision(taken.Spelling, place);
                if (taken.IsFile != isFile)
                    return Refusals.PathIsAlsoFolder(place);
                if (isFile)
                    return Refusals.FileDuplicate(place);
            }
            if (isFile)
                return null;
        }
    }

    private static byte[] Canonical(IReadOnlyList<FileEntry> files)
    {
        var json = new StringBuilder("[");
        foreach (var file in files)
        {
            if (json.Length > 1)
                json.Append(',');
            // RFC 8785 escapes only quotes, backslashes and controls, none of which an ArtifactPath has.
            json.Append("{\"path\":\"").Append(file.Path)
                .Append("\",\"sha256\":\"").Append(file.Sha256.Hex)
                .Append("\",\"size\":").Append(file.Size.ToString(CultureInfo.InvariantCulture)).Append('}');
        }
        return Encoding.UTF8.GetBytes(json.Append(']').ToString());
    }
}
