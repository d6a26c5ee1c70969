using System.Globalization;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Mlflow.Sites;

namespace ModelRegistry.Mlflow.Import;

/// <param name="Models">Only these; none: all.</param>
public sealed record MlflowImportWish(Uri From, MlflowCredential Credential, IReadOnlyList<string> Models)
{
    /// <summary>How long the other server may stand still in the middle of a file.</summary>
    public TimeSpan Patience { get; init; } = MlflowSite.Patience;
}

/// <summary>What could not be taken over, and why.</summary>
/// <param name="What">A model, a version, an alias.</param>
public sealed record NotImported(string Model, string? Version, string What, string Why);

/// <summary>What an import came to.</summary>
/// <param name="Models">Made here now.</param>
/// <param name="Versions">Registered here now, of which the content of <paramref name="Unverified"/> could not be had.</param>
/// <param name="There">Versions that an earlier run had taken over.</param>
/// <param name="Waiting">Promotions that wait for a person: what served a stage there which is governed here.</param>
public sealed record MlflowImportView(int Models, int Versions, int There, int Unverified, int Files, long Bytes, IReadOnlyList<string> Waiting, IReadOnlyList<NotImported> Missing);

/// <summary>
/// Copies what another server has: models, versions with their numbers, tags, descriptions, aliases and stages, and their files where its
/// proxy gives them. Run again it goes on where it was, and takes what is new. Nothing comes into a governed stage by it: that is proposed.
/// </summary>
public sealed class MlflowImport
{
    private readonly MlflowRegistry _mlflow;
    private readonly MetadataDesk _metadata;
    private readonly VersionIntake _intake;
    private readonly SiteIntake _files;

    internal MlflowImport(MlflowRegistry mlflow, MetadataDesk metadata, VersionIntake intake, SiteIntake files) => (_mlflow, _metadata, _intake, _files) = (mlflow, metadata, intake, files);

    private sealed class Tally
    {
        public int Models, Versions, There, Unverified, Files;
        public long Bytes;
        public List<string> Waiting { get; } = [];
        public List<NotImported> Missing { get; } = [];

        public MlflowImportView View => new(Models, Versions, There, Unverified, Files, Bytes, Waiting, Missing);
    }

    /// <returns>What it came to, or <c>import_source_unusable</c> where the other server cannot be read at all.</returns>
    public async Task<Outcome<MlflowImportView>> RunAsync(Actor by, MlflowImportWish wish, IProgress<TransferProgress>? progress, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Register) is { } no)
            return no;
        if (wish.From.Scheme is not ("http" or "https") || wish.From.Query.Length > 0 || wish.From.UserInfo.Length > 0)
            return Refusals.InvalidArgument("from", "an address such as https://mlflow.example.org, without a name, a password or a query in it");
        using var site = new MlflowSite(wish.From, wish.Credential, wish.Patience);
        var catalog = new SiteCatalog(site);
        var tally = new Tally();
        var origin = wish.From.GetLeftPart(UriPartial.Path).TrimEnd('/');
        var found = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            await foreach (var model in catalog.ModelsAsync(cancel))
            {
                if (wish.Models.Count > 0 && !wish.Models.Contains(model.Name))
                    continue;
                found.Add(model.Name);
                await ModelAsync(by, site, catalog, origin, model, tally, progress, cancel);
            }
        }
        catch (MlflowSiteException e)
        {
            return Refusals.ImportSourceUnusable(origin, e.Message, tally.Versions);
        }
        foreach (var name in wish.Models.Where(m => !found.Contains(m)))
            tally.Missing.Add(new NotImported(name, null, "model", "the server has none of this name"));
        return tally.View;
    }

    private async Task ModelAsync(Actor by, MlflowSite site, SiteCatalog catalog, string origin, SiteModel model, Tally tally, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        var made = await _metadata.CreateModelAsync(by, new NewModel(model.Name, model.Description, Tags: Free(model.Tags)) { OwnTags = History(("from", origin)) }, cancel);
        if (made.Refusal is null)
            tally.Models++;
        else if (made.Refusal.Code != "model_exists" || await OtherAsync(by, model.Name, origin, cancel))
        {
            tally.Missing.Add(new NotImported(model.Name, null, "model", made.Refusal.Code == "model_exists" ? "a model of this name is here that does not come from there" : made.Refusal.Message));
            return;
        }
        var versions = await catalog.VersionsAsync(model.Name, cancel);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var version in versions)
            if (await VersionAsync(by, site, catalog, origin, version, taken, tally, progress, cancel) is Step.LaterAgain)
                break;
        // Only of what this run took: what stands here already is no longer for the other server to say, nor is it known to be its.
        foreach (var (alias, number) in model.Aliases.Where(a => taken.Contains(a.Value)))
            await AliasAsync(by, model.Name, alias, number, tally, cancel);
        // What serves a stage is the highest in it; the others keep their stage as a tag.
        foreach (var serving in versions.Where(v => taken.Contains(Text(v.Number)) && MlflowStages.Find(v.Stage) is { } s && s != MlflowStages.None).GroupBy(v => v.Stage, StringComparer.OrdinalIgnoreCase).Select(g => g.Last()))
            await StageAsync(by, serving, tally, cancel);
    }

    private async Task<bool> OtherAsync(Actor by, string name, string origin, CancellationToken cancel) =>
        await _mlflow.GetModelAsync(by, name, cancel) is not { Refusal: null } there || there.Value.Tags.All(t => t.Key != OwnTags.Imported + "from" || t.Value != origin);

    private enum Step { Done, LaterAgain }

    private async Task<Step> VersionAsync(Actor by, MlflowSite site, SiteCatalog catalog, string origin, SiteVersion version, HashSet<string> newly, Tally tally, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        var number = Text(version.Number);
        if (await _mlflow.GetVersionAsync(by, version.Model, number, cancel) is { Refusal: null } there)
        {
            // Anybody may write a tag; who registered it is the registry's own word.
            if (there.Value.UserId == by.Name && there.Value.Tags.Any(t => t.Key == OwnTags.Imported + "from" && t.Value == origin))
                tally.There++;
            else
                tally.Missing.Add(new NotImported(version.Model, number, "version", "this number is another version's here"));
            return Step.Done;
        }
        var (uploads, why, passing) = await FilesAsync(by, site, catalog, version, tally, progress, cancel);
        if (passing)
        {
            // A number is given once: registered without its content it would stay so.
            tally.Missing.Add(new NotImported(version.Model, number, "version, and those after it", $"{why}; run it again"));
            return Step.LaterAgain;
        }
        var source = VersionSource.Parse(version.Source, "").Refusal is null ? version.Source : "";
        var metadata = new VersionMetadata
        {
            Source = source, RunId = version.RunId, RunLink = version.RunLink, LoggedModelId = version.LoggedModelId, ReleaseNotes = version.Description,
            Tags = Free(version.Tags),
        };
        var history = History(("from", origin), ("stage", version.Stage), ("source", source.Length == 0 ? version.Source : ""), ("created", DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(version.CreatedAt, 0, 253402300799999)).ToString("O", CultureInfo.InvariantCulture)), ("by", version.User));
        var registered = await _intake.RegisterAsync(by, new Registration(version.Model, $"v{number}", null, [], metadata) { Uploads = uploads, Elsewhere = true, OwnTags = history }, null, cancel);
        if (registered.Refusal is { } no)
        {
            tally.Missing.Add(new NotImported(version.Model, number, "version", no.Message));
            return Step.Done;
        }
        tally.Versions++;
        newly.Add(number);
        if (uploads.Count > 0)
            return Step.Done;
        tally.Unverified++;
        tally.Missing.Add(new NotImported(version.Model, number, "content", why));
        return Step.Done;
    }

    /// <returns>Its files; none, and why, where they cannot be had; and whether that may pass.</returns>
    private async Task<(IReadOnlyList<UploadedFile> Files, string Why, bool Passing)> FilesAsync(Actor by, MlflowSite site, SiteCatalog catalog, SiteVersion version, Tally tally, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        try
        {
            var taken = await _files.TakeAsync(by, version.Model, site, await catalog.SourceAsync(version, cancel), (path, done, all) => progress?.Report(new TransferProgress($"{version.Model} {version.Number}: {path}", done, all)), cancel);
            tally.Files += taken.Files.Count;
            tally.Bytes += taken.Bytes;
            return (taken.Files, taken.Why, taken.Passing);
        }
        catch (MlflowSiteException e)
        {
            return ([], e.Message, e.IsPassing);
        }
    }

    private async Task AliasAsync(Actor by, string model, string alias, string number, Tally tally, CancellationToken cancel)
    {
        var set = await _metadata.SetAsync(by, new MetadataEdit(model) { Version = number, Alias = alias }, cancel);
        // One that follows what serves comes with the stage.
        if (set.Refusal is { } no && (no.Code != "alias_governed" || await _mlflow.ByAliasAsync(by, model, alias, cancel) is not { Refusal: null }))
            tally.Missing.Add(new NotImported(model, number, $"alias {alias}", no.Message));
    }

    private async Task StageAsync(Actor by, SiteVersion version, Tally tally, CancellationToken cancel)
    {
        var number = Text(version.Number);
        var moved = await _mlflow.TransitionAsync(by, version.Model, number, version.Stage, false, $"It stood in {version.Stage} where it was imported from.", cancel);
        if (moved.Refusal is { } no)
            tally.Missing.Add(new NotImported(version.Model, number, $"stage {version.Stage}", no.Message));
        else if (moved.Value.Waiting is { PromotionId: { } id })
            tally.Waiting.Add(id);
        else if (moved.Value.Waiting is { } stopped)
            tally.Missing.Add(new NotImported(version.Model, number, $"stage {version.Stage}", $"the policy stops it: {string.Join(", ", stopped.Gates.Where(g => g.Verdict == "fail").Select(g => g.Rule))}"));
    }

    // With room for what is told of its history; what is not a key here, or is the registry's own, is left out.
    private static Dictionary<string, string> Free(IReadOnlyDictionary<string, string> tags) =>
        tags.Where(t => Names.Key(t.Key, "tags").Refusal is null && OwnTags.Check([t.Key]) is null).Take(90).ToDictionary(t => t.Key, t => t.Value);

    private static Dictionary<string, string> History(params (string Key, string Value)[] history) => history.Where(h => h.Value.Length > 0).ToDictionary(h => OwnTags.Imported + h.Key, h => h.Value);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
