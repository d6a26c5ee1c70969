using ModelRegistry.Artifacts.Readable;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Files;

/// <summary>
/// The readable names in the folder, as relative symbolic links to the contents. A link takes no room and can be deleted without harm; what
/// is written through it meets a read-only file, which a hard link would as well, and a link is seen to be one.
/// </summary>
internal sealed class FileReadableTree(FileLayout layout, bool links) : IReadableTree
{
    private const string Showing = "Writing the readable files";

    private string Root => Path.Combine(layout.Root, "models");

    public Task<string?> ReadAsync(string path, CancellationToken ct = default) => Guarded(() =>
    {
        try
        {
            return File.ReadAllText(At(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    });

    public Task WriteAsync(string path, string text, CancellationToken ct = default) => Guarded(() =>
    {
        var target = At(path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        // Whole, but not flushed: it can be made again.
        var made = Made();
        File.WriteAllText(made, text);
        File.Move(made, target, overwrite: true);
        return true;
    });

    public Task ShowAsync(string path, Digest digest, long size, CancellationToken ct = default) => Guarded(() =>
    {
        if (!links)
            return false;
        var link = At(path);
        var folder = Path.GetDirectoryName(link)!;
        var target = Path.GetRelativePath(folder, layout.Blob(digest));
        if (new FileInfo(link).LinkTarget == target)
            return true;
        Directory.CreateDirectory(folder);
        var made = Made();
        File.CreateSymbolicLink(made, target);
        File.Move(made, link, overwrite: true);
        return true;
    });

    public string LocationOf(Digest digest) => Path.GetRelativePath(layout.Root, layout.Blob(digest)).Replace('\\', '/');

    public Task DeleteAsync(string folder, CancellationToken ct = default) => Guarded(() =>
    {
        var path = At(folder);
        // Links below are deleted, never followed.
        if (FileKinds.At(path) == FileKind.Folder)
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
        return true;
    });

    // Swept where a crash leaves it.
    private string Made() => Path.Combine(layout.Staging, $".{Guid.CreateVersion7():N}{StagedFile.Ending}");

    private string At(string path) => Path.Combine([Root, .. path.Split('/')]);

    private static Task<T> Guarded<T>(Func<T> work)
    {
        try
        {
            return Task.FromResult(work());
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was there to delete.
            return Task.FromResult(default(T)!);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While(Showing, e);
        }
    }
}
