using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>Writes a version's files into a folder, each verified while it is copied.</summary>
public sealed partial class VersionDownload
{
    private readonly RegistryDb _db;
    private readonly ArtifactVault _vault;

    internal VersionDownload(RegistryDb db, ArtifactVault vault) => (_db, _vault) = (db, vault);

    /// <param name="overwrite">Whether files that are there may be replaced.</param>
    public async Task<Outcome<DownloadView>> DownloadAsync(Actor by, string modelName, string? versionRef, string outFolder, bool overwrite = false, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        var found = await FindAsync(by, modelName, versionRef, cancel);
        if (found.Refusal is { } missing)
            return missing;

        // Every target is looked at before a byte is written: a refusal leaves no half of a version behind.
        var targets = new List<(FileEntry File, DownloadTarget Target)>();
        foreach (var file in found.Value.Files)
        {
            var target = ArtifactPath.Parse(file.Path).Then(path => DownloadTarget.Resolve(outFolder, path));
            if (target.Refusal is { } outside)
                return outside;
            if (!overwrite && Path.Exists(target.Value.FullPath))
                return Refusals.TargetExists(target.Value.FullPath);
            targets.Add((file, target.Value));
        }
        foreach (var (file, target) in targets)
        {
            var copied = await _vault.CopyToFileAsync(file.Sha256, target, overwrite, file.Size, TransferProgress.Of(file.Path, file.Size, progress), cancel);
            if (copied.Refusal is { } damaged)
                return damaged;
        }
        return new DownloadView(found.Value.Model, found.Value.Version.Label, found.Value.Version.ManifestDigest.Hex, [.. targets.Select(t => t.Target.FullPath)]);
    }

    private async Task<Outcome<(ModelVersion Version, List<FileEntry> Files, string Model)>> FindAsync(Actor by, string modelName, string? versionRef, CancellationToken cancel) =>
        Permissions.Check(by, Permission.Read) is { } no ? no : await _db.ReadAsync<Outcome<(ModelVersion Version, List<FileEntry> Files, string Model)>>(async session =>
        {
            if (await session.FindModelAsync(modelName) is not { } model)
                return Refusals.ModelNotFound(modelName, await session.NearestModelNameAsync(modelName));
            var version = await session.ResolveVersionAsync(model, versionRef);
            return version.Refusal is { } unknown ? unknown : (version.Value, await session.FilesAsync(version.Value.Id), model.Name);
        }, cancel);
}
