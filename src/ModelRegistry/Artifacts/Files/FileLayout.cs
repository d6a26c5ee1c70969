using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Files;

/// <summary>Where things lie in the folder. Paths of blobs are made here and nowhere else.</summary>
// root/
// ├── blobs/sha256/ab/cd/abcd…ef     one file per content, named by its SHA-256 in hex, mode 0444;
// │                                  two levels of 256 folders keep each listing short at millions of blobs
// ├── staging/.<uuid v7>.part        content being written; moved to blobs/ whole, or deleted; after a crash, swept
//             <sha256>.upload        an upload that may go on after a cut; swept when nobody does
//             <uuid v7>.upload       a part of an upload that comes in parts; swept when the whole never comes
// └── models/NAME/LABEL/…            for people and other programs to look at; never read here
internal sealed class FileLayout(string root)
{
    internal string Root { get; } = Path.GetFullPath(root);

    internal string Staging => Path.Combine(Root, "staging");

    /// <summary>Where an upload waits to go on: one uploader's bytes of one content, so that nobody's bytes end up in another's upload.</summary>
    internal string Upload(string uploader, Digest digest) => Path.Combine(Staging, $"{Digest.Of($"{uploader}/{digest}").Hex}{StagedFile.UploadEnding}");

    /// <summary>A name for what is parked. It ends as uploads do, and is swept with them.</summary>
    internal static string NewParked() => $"{Guid.CreateVersion7():N}{StagedFile.UploadEnding}";

    internal string Parked(string place) => Path.GetFileName(place) == place && place.EndsWith(StagedFile.UploadEnding, StringComparison.Ordinal)
        ? Path.Combine(Staging, place)
        : throw new ArgumentException("It is no place of this store.", nameof(place));

    internal string Blobs => Path.Combine(Root, "blobs", "sha256");

    internal string Blob(Digest digest) => digest.Hex is { Length: 64 } hex
        ? Path.Combine(Blobs, hex[..2], hex[2..4], hex)
        : throw new ArgumentException("The digest is empty.", nameof(digest));

    /// <summary>Creates the two folders and makes them outlive a power cut.</summary>
    internal void Create()
    {
        var isNew = !Directory.Exists(Root);
        Directory.CreateDirectory(Staging);
        Directory.CreateDirectory(Blobs);
        Posix.FlushFolder(Path.GetDirectoryName(Blobs)!);
        Posix.FlushFolder(Root);
        try
        {
            if (isNew && Path.GetDirectoryName(Root) is { } parent)
                Posix.FlushFolder(parent);
        }
        catch (UnauthorizedAccessException)
        {
            // A folder that may be entered but not listed cannot be flushed; what it holds can be used all the same.
        }
    }

    /// <summary>Creates the two folders above a blob. They are flushed even when found: who made them may not have got to it.</summary>
    internal void CreateShard(string blob)
    {
        var inner = Path.GetDirectoryName(blob)!;
        Directory.CreateDirectory(inner);
        Posix.FlushFolder(Path.GetDirectoryName(inner)!);
        Posix.FlushFolder(Blobs);
    }
}
