using System.Text.Json.Nodes;
using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Mlflow;

/// <summary>
/// Files by path, as MLflow's clients ask for them. Below <c>registered-models/NAME/NUMBER</c> (or the model's id) lie the files of versions, for everybody
/// to read and for nobody to change; everywhere else lies what the caller itself uploaded and no version has taken yet.
/// </summary>
public sealed class MlflowArtifacts
{
    /// <summary>The folder of what is registered.</summary>
    public const string Registered = "registered-models";

    /// <summary>How long an upload waits for a version.</summary>
    public static TimeSpan Kept { get; } = TimeSpan.FromDays(7);

    /// <summary>Files that one caller may have waiting at once.</summary>
    public const int MostWaiting = 100_000;

    private readonly RegistryDb _db;
    private readonly ArtifactVault _vault;
    private readonly BlobDesk _blobs;

    internal MlflowArtifacts(RegistryDb db, ArtifactVault vault, BlobDesk blobs) => (_db, _vault, _blobs) = (db, vault, blobs);

    /// <summary>
    /// Where a version's files are, as an address and a query write it alike: clients take the one for the other as it stands. A name with
    /// a space, which they differ in, gives way to the model's id; and so does one that could pass for an id.
    /// </summary>
    internal static string PathOf(RegisteredModel model, ModelVersion version) => $"{Registered}/{(model.Name.Contains(' ', StringComparison.Ordinal) || IsId(model.Name) ? model.Id : model.Name)}/{version.Number}";

    private static bool IsId(string step) => step.StartsWith("mdl_", StringComparison.OrdinalIgnoreCase);

    /// <summary>What lies right below a folder, by name; a path that is a file, or nothing, has nothing below it.</summary>
    /// <param name="path">Without a slash at its ends; empty: everything.</param>
    public async Task<Outcome<IReadOnlyList<MlflowFileView>>> ListAsync(Actor by, string? path, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        var folder = (path ?? "").Trim('/');
        if (folder.Length > 0 && ArtifactPath.Parse(folder).Refusal is { } bad)
            return bad;
        return await _db.ReadAsync<Outcome<IReadOnlyList<MlflowFileView>>>(async session =>
        {
            if (IsRegistered(folder))
            {
                var found = await VersionAsync(session, folder);
                return found.Refusal is { } unknown ? unknown : Below(await session.FilesAsync(found.Value.Version.Id), found.Value.Within);
            }
            return Below(await session.UploadedBelowAsync(by.Id, folder, MostWaiting), folder);
        }, cancel);
    }

    /// <summary>The file at a path.</summary>
    public async Task<Outcome<FileEntry>> FindAsync(Actor by, string path, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (ArtifactPath.Parse(path).Refusal is { } bad)
            return bad;
        return await _db.ReadAsync<Outcome<FileEntry>>(async session =>
        {
            if (!IsRegistered(path))
                return await session.UploadedAsync(by.Id, path) is { } uploaded ? uploaded : Refusals.ArtifactNotFound(path);
            var found = await VersionAsync(session, path);
            if (found.Refusal is { } unknown)
                return unknown;
            return await session.FileAsync(found.Value.Version.Id, found.Value.Within) is { } file ? file : Refusals.ArtifactNotFound(path);
        }, cancel);
    }

    /// <summary>Opens a file's content; it is hashed again on the way.</summary>
    public Task<Outcome<Stream>> OpenAsync(FileEntry file, CancellationToken cancel = default) => _vault.OpenReadAsync(file.Sha256, file.Size, cancel);

    /// <summary>Takes a file in, in place of what the caller had there. Where versions are, nothing can be put.</summary>
    public async Task<Outcome<FileEntry>> PutAsync(Actor by, string path, Stream content, CancellationToken cancel = default)
    {
        if ((Unfit(by, path) ?? await _db.ReadAsync(session => CrowdedAsync(session, by), cancel)) is { } no)
            return await _db.WriteAsync<FileEntry>(by, new AuditAct("artifact.upload", "artifact", path), _ => new(no), cancel);
        // Before it is here: whatever is collected from now on is seen below.
        var collected = await _db.ReadAsync(session => session.CollectedUpToAsync(), cancel);
        var stored = await _blobs.PutAsync(by, null, content, cancel);
        if (stored.Refusal is { } untaken)
            return untaken;
        var file = new FileEntry(path, stored.Value.SizeBytes!.Value, Digest.Parse(stored.Value.Sha256));
        return await _db.WriteAsync<FileEntry>(by, Act("artifact.upload", file), async session =>
        {
            if (await session.CollectedSinceAsync([file], collected))
                return Refusals.ContentCollected;
            await session.KeepUploadedAsync(by.Id, file);
            return new Written<FileEntry>(file, [Act("artifact.upload", file)], []);
        }, cancel);
    }

    /// <summary>Forgets what the caller uploaded at a path, or below it. What a version has taken stays in it.</summary>
    public Task<Outcome<int>> DeleteAsync(Actor by, string path, CancellationToken cancel = default)
    {
        var act = new AuditAct("artifact.delete", "artifact", path);
        return _db.WriteAsync<int>(by, act, async session =>
        {
            if (Unfit(by, path) is { } no)
                return no;
            var gone = await session.ForgetUploadedAsync(by.Id, path);
            return new Written<int>(gone, gone == 0 ? [] : [act with { Facts = new JsonObject { ["files"] = gone } }], []);
        }, cancel);
    }

    /// <summary>Whether a caller has so much waiting that nothing may be added; what comes in parts waits as well.</summary>
    internal static async ValueTask<Refusal?> CrowdedAsync(RegistrySession session, Actor by) =>
        await session.UploadedCountAsync(by.Id) + await session.MultipartCountAsync(by.Id) >= MostWaiting ? Refusals.UploadsWaiting(MostWaiting) : null;

    /// <summary>Whether a caller may put a file at a path.</summary>
    internal static Refusal? Unfit(Actor by, string path) =>
        Permissions.Check(by, Permission.Register) ?? ArtifactPath.Parse(path).Refusal ?? (IsRegistered(path) ? Refusals.RegisteredIsFixed(path) : null);

    /// <summary>A file's place, on record.</summary>
    internal static AuditAct Act(string verb, FileEntry file) => new(verb, "artifact", file.Path, null, new JsonObject { ["sha256"] = file.Sha256.Hex, ["size"] = file.Size });

    private static bool IsRegistered(string path) => path.Equals(Registered, StringComparison.OrdinalIgnoreCase) || path.StartsWith(Registered + "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>The version whose files a path is among, and the path within it.</summary>
    private static async ValueTask<Outcome<(ModelVersion Version, string Within)>> VersionAsync(RegistrySession session, string path)
    {
        var steps = path.Split('/', 4);
        if (steps.Length < 3 || !long.TryParse(steps[2], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number))
            return Refusals.ArtifactNotFound(path);
        if ((IsId(steps[1]) ? await session.FindModelByIdAsync(steps[1]) : await session.FindModelAsync(steps[1])) is not { } model)
            return Refusals.ModelNotFound(steps[1], null);
        return await session.VersionByNumberAsync(model.Id, number) is { } version ? (version, steps.Length == 4 ? steps[3] : "") : Refusals.VersionNotFound(model.Name, steps[2], null);
    }

    private static List<MlflowFileView> Below(IEnumerable<FileEntry> files, string folder)
    {
        var start = folder.Length == 0 ? 0 : folder.Length + 1;
        return [.. files.Where(f => folder.Length == 0 || f.Path.StartsWith(folder + "/", StringComparison.Ordinal))
            .Select(f => (File: f, Slash: f.Path.IndexOf('/', start)))
            .GroupBy(f => f.Slash < 0 ? f.File.Path[start..] : f.File.Path[start..f.Slash], StringComparer.Ordinal)
            .Select(g => g.First().Slash < 0 ? new MlflowFileView(g.Key, false, g.First().File.Size) : new MlflowFileView(g.Key, true, null))
            .OrderBy(f => f.Path, StringComparer.Ordinal)];
    }
}
