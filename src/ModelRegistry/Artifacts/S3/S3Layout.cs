using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.S3;

/// <summary>Where things lie in the bucket. Keys are made here and nowhere else.</summary>
// PREFIX/
// ├── blobs/sha256/ab/cd/abcd…ef        one object per content, named by its SHA-256 in hex; written once it is known to be it
// ├── staging/<uuid v7>                 content being written or hashed, by this registry and nobody else, and parts that wait for
// │                                     the others; swept after a crash, and when the whole never comes
// ├── uploads/<sha256>                  how far an upload is that may go on: in its metadata where its parts are, in its body what
// │                                     came behind them
// ├── presigned/<sha256>/<uuid v7>      a multipart upload whose parts a client puts by addresses signed for it
// └── models/NAME/LABEL/…               for people and other programs to look at; never read here
internal sealed class S3Layout(string prefix)
{
    private static readonly string[] Areas = ["blobs/", "staging/", "uploads/", "presigned/", "models/"];

    /// <summary>Empty, or ending in a slash.</summary>
    internal string Prefix { get; } = prefix.Length == 0 || prefix.EndsWith('/') ? prefix : prefix + "/";

    internal string Blobs => Prefix + "blobs/sha256/";

    internal string Staging => Prefix + "staging/";

    internal string Uploads => Prefix + "uploads/";

    internal string Presigned => Prefix + "presigned/";

    internal string Models => Prefix + "models/";

    internal string Blob(Digest digest) => digest.Hex is { Length: 64 } hex
        ? $"{Prefix}blobs/sha256/{hex[..2]}/{hex[2..4]}/{hex}"
        : throw new ArgumentException("The digest is empty.", nameof(digest));

    /// <summary>A key that was never used and that nobody can guess.</summary>
    internal string NewStaging() => $"{Staging}{Guid.CreateVersion7():N}";

    internal string Parked(string place) => place.All(char.IsAsciiLetterOrDigit) ? Staging + place : throw new ArgumentException("It is no place of this store.", nameof(place));

    internal string Upload(string uploader, Digest digest) => Uploads + Own(uploader, digest);

    internal string PresignedOf(string uploader, Digest digest) => $"{Presigned}{Own(uploader, digest)}/";

    /// <summary>Whether a key is the registry's own, so that nobody may refer to it.</summary>
    internal bool IsOwn(string key) => Prefix.Length > 0
        ? key.StartsWith(Prefix, StringComparison.Ordinal)
        : Areas.Any(area => key.StartsWith(area, StringComparison.Ordinal));

    /// <summary>Prefixes below which everything was written by the registry.</summary>
    internal IEnumerable<string> Own() => Areas.Select(area => Prefix + area);

    // One uploader's bytes of one content, so that nobody's bytes end up in another's upload.
    private static string Own(string uploader, Digest digest) => Digest.Of($"{uploader}/{digest}").Hex;
}
