using ModelRegistry.Artifacts;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Mlflow.Sites;

/// <summary>What came of taking files in.</summary>
/// <param name="Files">None where they cannot be had: then <paramref name="Why"/> says it.</param>
/// <param name="Bytes">All of them together.</param>
/// <param name="Passing">Whether it may be otherwise another time.</param>
internal sealed record SiteFilesTaken(IReadOnlyList<UploadedFile> Files, long Bytes, string Why, bool Passing);

/// <summary>Takes the files of one version in from another server, one after the other, hashed on the way and in flat memory. All of them or none.</summary>
internal sealed class SiteIntake(BlobDesk blobs)
{
    /// <param name="source">What a client says of where they are.</param>
    /// <param name="told">Told of each file that is here, and how many there are.</param>
    public async Task<SiteFilesTaken> TakeAsync(Actor by, string model, MlflowSite site, string source, Action<string, int, int>? told, CancellationToken cancel)
    {
        static SiteFilesTaken None(string why, bool passing) => new([], 0, why, passing);
        try
        {
            if (await site.PlaceAsync(source, cancel) is not { } place)
                return None("its files lie where the server's proxy does not reach", false);
            var files = await site.FilesAsync(place, Manifest.MaxFiles, cancel);
            if (files.Count == 0)
                return None("the server lists no file", false);
            // What a version cannot have is found before a byte is read.
            if (Manifest.Of([.. files.Select(file => new FileEntry(file.Path, 0, Digest.Of("")))]).Refusal is { } unfit)
                return None($"a version cannot have files such as these ({unfit.Code})", false);
            if (files.Sum(file => (decimal)(file.Size ?? 0)) > BlobDesk.MostBytes)
                return None($"its files have more than {BlobDesk.MostBytes} bytes", false);
            var (taken, bytes) = (new List<UploadedFile>(), 0L);
            foreach (var file in files)
            {
                var stored = await site.ReadAsync(file, BlobDesk.MostBytes - bytes, content => blobs.PutAsync(by, model, content, cancel), cancel);
                if (stored.Refusal is { } no)
                    return None(no.Message, false);
                if (file.Size is { } size && size != stored.Value.SizeBytes)
                    return None($"a file came with {stored.Value.SizeBytes} bytes of {size}", true);
                taken.Add(new UploadedFile(file.Path, stored.Value.Sha256));
                bytes += stored.Value.SizeBytes!.Value;
                told?.Invoke(file.Path, taken.Count, files.Count);
            }
            return new SiteFilesTaken(taken, bytes, "", false);
        }
        catch (MlflowSiteException e)
        {
            return None(e.Message, e.IsPassing);
        }
    }
}
