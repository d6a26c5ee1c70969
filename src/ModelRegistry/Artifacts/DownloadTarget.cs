using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts;

/// <summary>Where a downloaded file is written: below one folder, whatever its path says and whatever links lie there.</summary>
public sealed class DownloadTarget
{
    private readonly string _folder;
    private readonly ArtifactPath _path;

    private DownloadTarget(string folder, ArtifactPath path) => (_folder, _path) = (folder, path);

    public string FullPath => Path.Combine([_folder, .. _path.Segments]);

    /// <param name="folder">The folder the caller chose; it may be a link itself, for the caller named it.</param>
    /// <returns>The target; or <c>invalid_arguments</c> for a folder without a name, <c>target_leaves_folder</c> when a link or file stands where a folder of the path should be.</returns>
    /// <exception cref="StorageUnavailableException">The folder cannot be looked into.</exception>
    public static Outcome<DownloadTarget> Resolve(string folder, ArtifactPath path)
    {
        if (folder.Length == 0)
            return Refusals.InvalidArgument("folder", "must name a folder");
        var target = new DownloadTarget(Path.GetFullPath(folder), path);
        return target.Walk(create: false) is { } refusal ? refusal : target;
    }

    /// <summary>Creates the folders of the path one by one, each looked at after it is there.</summary>
    internal Refusal? CreateFolders() => Walk(create: true);

    private Refusal? Walk(bool create)
    {
        try
        {
            var at = _folder;
            if (create)
                Directory.CreateDirectory(at);
            foreach (var name in _path.Segments.SkipLast(1))
            {
                at = Path.Combine(at, name);
                if (create && FileKinds.At(at) == FileKind.Missing)
                    Directory.CreateDirectory(at);
                var kind = FileKinds.At(at);
                if (kind == FileKind.Missing)
                    return null;
                if (kind != FileKind.Folder)
                    return Refusals.TargetLeaves(_path.Value, at);
            }
            return null;
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While("Preparing the download folder", e);
        }
    }
}
