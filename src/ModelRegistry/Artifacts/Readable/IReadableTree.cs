using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Readable;

/// <summary>
/// A place beside the contents where people and other programs find them by name: <c>models/NAME/LABEL/…</c>. Paths are relative to
/// <c>models</c>, with forward slashes. The registry reads nothing from it but how far it is.
/// </summary>
/// <remarks>Every method throws <see cref="StorageUnavailableException"/> when the place cannot be read or written. Done again, each does no harm.</remarks>
internal interface IReadableTree
{
    /// <summary>A small text that was written here; null when there is none.</summary>
    Task<string?> ReadAsync(string path, CancellationToken ct = default);

    Task WriteAsync(string path, string text, CancellationToken ct = default);

    /// <summary>Shows a content under a name, as this place does it: by a link, by a copy, or not at all.</summary>
    Task ShowAsync(string path, Digest digest, long size, CancellationToken ct = default);

    /// <summary>Where a content really lies, as somebody finds it from the registry's folder or bucket.</summary>
    string LocationOf(Digest digest);

    /// <summary>Deletes a folder with everything below it, and no content that it shows.</summary>
    Task DeleteAsync(string folder, CancellationToken ct = default);
}
