using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>Writes a version's files into a folder, each verified while it is copied.</summary>
public sealed class VersionDownload
{
    private readonly RegistryDb _db;
    private readonly ArtifactVault _vault;

    internal VersionDownload(RegistryDb db, ArtifactVault vault) => (_db, _vault) = (db, vault);

    /// <param name="overwrite">Whether files that are there may be replaced.</param>
    public async Task<Outcome<DownloadView>> DownloadAsync(Actor by, string modelName, string? versionRef, string outFolder, bool overwrite = false, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        var found = await _db.ReadAsync<Outcome<(ModelVersion Version, List<FileEntry> Files, string Model)>>(async session =>
        {
            if (await session.FindModelAsync(modelName) is not { } model)
                return Refusals.ModelNotFound(modelName, await session.NearestModelNameAsync(modelName));
            var version = await session.ResolveVersionAsync(model, versionRef);
            return version.Refusal is { } unknown ? unknown : (version.Value, await session.FilesAsync(version.Value.Id), model.Name);
        }, cancel);
        if (found.Refusal is { } missing)
            return missing;

        var written = new List<string>();
        foreach (var file in found.Value.Files)
        {
            var path = ArtifactPath.Parse(file.Path);
            if (path.Refusal is { } unsafePath)
                return unsafePath;
            var target = DownloadTarget.Resolve(outFolder, path.Value);
            if (target.Refusal is { } outside)
                return outside;
            var inner = progress is null ? null : new Progress<long>(done => progress.Report(new TransferProgress(file.Path, done, file.Size)));
            var copied = await _vault.CopyToFileAsync(file.Sha256, target.Value, overwrite, file.Size, inner, cancel);
            if (copied.Refusal is { } damaged)
                return damaged;
            written.Add(target.Value.FullPath);
        }
        return new DownloadView(found.Value.Model, found.Value.Version.Label, found.Value.Version.ManifestDigest.Hex, written);
    }
}
