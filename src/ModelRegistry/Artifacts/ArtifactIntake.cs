using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts;

/// <summary>A file to register: where it is now, and the path it will have within the version.</summary>
public sealed record SourceFile(string FullPath, ArtifactPath Path);

/// <summary>Finds the files of a version on this machine's disk.</summary>
public static class ArtifactIntake
{
    /// <summary>
    /// One entry for a file; for a folder, every file below it, hidden ones included, in ordinal order of path. Empty folders leave no
    /// trace. Links are refused rather than followed: what they lead to is not what the folder holds.
    /// </summary>
    /// <returns>
    /// At least one entry, or <c>source_missing</c>, <c>source_unreadable</c>, <c>not_a_regular_file</c>, <c>path_unsafe</c>,
    /// <c>manifest_empty</c>, <c>too_many_files</c>.
    /// </returns>
    public static Outcome<IReadOnlyList<SourceFile>> EnumerateFiles(string path)
    {
        if (string.IsNullOrEmpty(path) || path.Contains('\0'))
            return Refusals.SourceMissing(path ?? "");
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var found = new List<SourceFile>();
        var asked = root;
        try
        {
            var kind = FileKinds.At(root);
            if (kind == FileKind.Missing)
                return Refusals.SourceMissing(path);
            // Entries still to be looked at; the file named by the caller stands for itself, a folder for what is below it.
            var waiting = new Stack<(string FullPath, string Relative)>();
            waiting.Push((root, kind == FileKind.Folder ? "" : Path.GetFileName(root)));
            while (waiting.TryPop(out var entry))
            {
                asked = entry.FullPath;
                kind = FileKinds.At(entry.FullPath);
                if (kind == FileKind.Folder)
                {
                    foreach (var below in Directory.EnumerateFileSystemEntries(entry.FullPath))
                    {
                        var name = Path.GetFileName(below);
                        waiting.Push((below, entry.Relative.Length == 0 ? name : $"{entry.Relative}/{name}"));
                    }
                    continue;
                }
                if (kind != FileKind.Regular)
                    return kind == FileKind.Missing ? Refusals.SourceMissing(entry.FullPath) : Refusals.NotARegularFile(entry.FullPath, kind.Describe());
                var parsed = ArtifactPath.Parse(entry.Relative);
                if (parsed.Refusal is { } refusal)
                    return refusal;
                if (found.Count == Manifest.MaxFiles)
                    return Refusals.TooManyFiles(Manifest.MaxFiles);
                found.Add(new SourceFile(entry.FullPath, parsed.Value));
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Refusals.SourceMissing(asked);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refusals.SourceUnreadable(asked);
        }
        if (found.Count == 0)
            return Refusals.ManifestEmpty();
        found.Sort((a, b) => string.CompareOrdinal(a.Path.Value, b.Path.Value));
        return found;
    }
}
