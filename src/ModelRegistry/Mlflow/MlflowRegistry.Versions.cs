using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Storage;

namespace ModelRegistry.Mlflow;

/// <summary>A version as an MLflow client registers it.</summary>
/// <param name="Source">Where its files lie; see <see cref="VersionSource"/>.</param>
/// <param name="Here">The address under which the caller reaches this server.</param>
public sealed record MlflowRegistration(string Name, string Source, string Here, string RunId, string RunLink, string ModelId, string Description, IReadOnlyDictionary<string, string> Tags);

/// <summary>Model versions.</summary>
public sealed partial class MlflowRegistry
{
    public Task<Outcome<MlflowVersionView>> GetVersionAsync(Actor by, string name, string version, CancellationToken cancel = default) =>
        OfVersionAsync<MlflowVersionView>(by, name, version, async (session, model, found) => await ViewAsync(session, model.Name, found), cancel);

    /// <summary>
    /// Registers a version of a model that is there. Files that can be reached here become its content: those of another version, those
    /// the caller uploaded, those in the registry's own bucket, those on the tracking server where there is one. Otherwise its source is kept, and its content is not verified.
    /// </summary>
    public async Task<Outcome<MlflowVersionView>> CreateVersionAsync(Actor by, MlflowRegistration asked, CancellationToken cancel = default)
    {
        var source = VersionSource.Parse(asked.Source, asked.Here);
        if (source.Refusal is { } unsafeSource)
            return unsafeSource;
        var planned = await OfModelAsync<Registration>(by, asked.Name, async (session, model) => await PlanAsync(session, by, asked with { Name = model.Name }, source.Value), cancel);
        if (planned.Refusal is { } no)
            return no;
        var filled = await TrackedAsync(by, await WithObjectsAsync(by, planned.Value, source.Value, cancel), source.Value, cancel);
        if (filled.Refusal is { } busy)
            return busy;
        var registered = await _intake.RegisterAsync(by, filled.Value, null, cancel);
        return registered.Refusal is { } refused ? refused : await GetVersionAsync(by, registered.Value.ModelName, Text(registered.Value.Number), cancel);
    }

    /// <summary>With what lies in the registry's own bucket, for who may register: who may not is not told what is there.</summary>
    private async Task<Registration> WithObjectsAsync(Actor by, Registration plan, VersionSource source, CancellationToken cancel)
    {
        if (source is not VersionSource.InBucket || Permissions.Check(by, Permission.Register, plan.ModelName) is not null || ObjectReference.Parse(source.Text.TrimEnd('/')) is not { Refusal: null, Value: var folder })
            return plan;
        return plan with { References = [.. (await _vault.BelowAsync(folder, Manifest.MaxFiles + 1, cancel)).Select(o => new ReferredFile(o.Path, $"{o.Object}", null))] };
    }

    /// <summary>With what the tracking server has, where there is one and nothing was found here.</summary>
    private async Task<Outcome<Registration>> TrackedAsync(Actor by, Registration plan, VersionSource source, CancellationToken cancel) =>
        _tracked is null || source is VersionSource.OfModel || plan.Uploads.Count > 0 || plan.References.Count > 0 ? plan : await _tracked.FillAsync(by, plan, source.Text, cancel);

    private static async ValueTask<Outcome<Registration>> PlanAsync(RegistrySession session, Actor by, MlflowRegistration asked, VersionSource source)
    {
        var metadata = new VersionMetadata { Source = source.Text, RunId = asked.RunId, RunLink = asked.RunLink, LoggedModelId = asked.ModelId, ReleaseNotes = asked.Description, Tags = asked.Tags };
        var plan = new Registration(asked.Name, null, null, [], metadata) { Elsewhere = true };
        switch (source)
        {
            case VersionSource.OfModel other:
                var from = await ResolveAsync(session, other);
                if (from.Refusal is { } unknown)
                    return unknown;
                // The same bytes: what was measured of them holds of them here.
                var known = from.Value.Metadata with
                {
                    Source = metadata.Source,
                    RunId = metadata.RunId,
                    RunLink = metadata.RunLink,
                    LoggedModelId = metadata.LoggedModelId,
                    ReleaseNotes = metadata.ReleaseNotes,
                    Tags = metadata.Tags,
                };
                return plan with { Metadata = known, Uploads = [.. (await session.FilesAsync(from.Value.Id)).Select(f => new UploadedFile(f.Path, f.Sha256.Hex))] };
            case VersionSource.Uploaded uploaded:
                var files = await UploadedAsync(session, by, uploaded.Path);
                return files.Refusal is { } tooMany ? tooMany : plan with { Uploads = files.Value };
            default:
                return plan;
        }
    }

    /// <summary>What the caller uploaded at a path: a folder's files, by their paths in it, or one file.</summary>
    private static async ValueTask<Outcome<IReadOnlyList<UploadedFile>>> UploadedAsync(RegistrySession session, Actor by, string path)
    {
        var below = await session.UploadedBelowAsync(by.Id, path, Manifest.MaxFiles + 1);
        if (below.Count > Manifest.MaxFiles)
            return Refusals.TooManyFiles(Manifest.MaxFiles);
        if (below.Count > 0)
            return below.ConvertAll(f => new UploadedFile(path.Length == 0 ? f.Path : f.Path[(path.Length + 1)..], f.Sha256.Hex));
        return await session.UploadedAsync(by.Id, path) is { } file ? [new UploadedFile(file.Path[(file.Path.LastIndexOf('/') + 1)..], file.Sha256.Hex)] : (List<UploadedFile>)[];
    }

    /// <summary>The version that <c>models:/NAME/…</c> names.</summary>
    private static async ValueTask<Outcome<ModelVersion>> ResolveAsync(RegistrySession session, VersionSource.OfModel source)
    {
        if (await session.FindModelAsync(source.Name) is not { } model)
            return Refusals.ModelNotFound(source.Name, null);
        if (MlflowStages.Find(source.Reference) is not { } stage || stage == MlflowStages.None)
            return await session.ResolveVersionAsync(model, source.Reference);
        return await session.HighestInStageAsync(model.Id, MlflowStages.Meant(stage, "")) is { } version ? version : Refusals.VersionNotFound(model.Name, source.Reference, null);
    }

    /// <param name="description">Null: none.</param>
    public async Task<Outcome<MlflowVersionView>> UpdateVersionAsync(Actor by, string name, string version, string? description, CancellationToken cancel = default) =>
        NotANumber(version) ?? await ThenVersionAsync(by, name, version, await _metadata.SetAsync(by, new MetadataEdit(name) { Version = version, ReleaseNotes = description ?? "" }, cancel), cancel);

    public async Task<Outcome<MetadataView>> DeleteVersionAsync(Actor by, string name, string version, CancellationToken cancel = default) =>
        NotANumber(version) is { } no ? no : await _metadata.DeleteVersionAsync(by, name, version, cancel: cancel);

    public async Task<Outcome<MetadataView>> SetVersionTagAsync(Actor by, string name, string version, string key, string value, CancellationToken cancel = default) =>
        NotANumber(version) is { } no ? no : await _metadata.SetAsync(by, new MetadataEdit(name) { Version = version, Tags = new Dictionary<string, string> { [key] = value } }, cancel);

    /// <summary>One that is not there is deleted already.</summary>
    public async Task<Outcome<MetadataView>> DeleteVersionTagAsync(Actor by, string name, string version, string key, CancellationToken cancel = default) =>
        NotANumber(version) is { } no ? no : await _metadata.SetAsync(by, new MetadataEdit(name) { Version = version, RemoveTags = [key] }, cancel);

    /// <summary>Where the files of a version can be had: from here where they are here, else where it came from.</summary>
    /// <param name="here">The address under which the caller reaches this server.</param>
    public Task<Outcome<string>> DownloadUriAsync(Actor by, string name, string version, string here, CancellationToken cancel = default) =>
        OfVersionAsync<string>(by, name, version, (_, model, found) => new(found.FileCount > 0 ? $"{here}{VersionSource.ProxyPath}{MlflowArtifacts.PathOf(model, found)}" : found.Metadata.Source), cancel);

    private static Refusal? NotANumber(string version) => long.TryParse(version, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out _) ? null : Refusals.VersionNotInteger(version);

    private async Task<Outcome<MlflowVersionView>> ThenVersionAsync<T>(Actor by, string name, string version, Outcome<T> done, CancellationToken cancel) => done.Refusal is { } no ? no : await GetVersionAsync(by, name, version, cancel);
}
