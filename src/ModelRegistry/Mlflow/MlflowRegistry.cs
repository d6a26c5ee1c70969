using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Policies;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;

namespace ModelRegistry.Mlflow;

/// <summary>
/// The registry in the words of MLflow's clients. What they read is the same catalog that everybody reads; what they change goes
/// the same ways, past the same gate.
/// </summary>
public sealed partial class MlflowRegistry
{
    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;
    private readonly MetadataDesk _metadata;
    private readonly PromotionDesk _promotions;
    private readonly VersionIntake _intake;
    private readonly Artifacts.ArtifactVault _vault;

    private readonly Sites.TrackedSources? _tracked;

    internal MlflowRegistry(RegistryDb db, PolicyInForce policies, MetadataDesk metadata, PromotionDesk promotions, VersionIntake intake, Artifacts.ArtifactVault vault, Sites.TrackedSources? tracked) =>
        (_db, _policies, _metadata, _promotions, _intake, _vault, _tracked) = (db, policies, metadata, promotions, intake, vault, tracked);

    private async Task<Outcome<T>> ReadAsync<T>(Actor by, Func<RegistrySession, ValueTask<Outcome<T>>> read, CancellationToken cancel) =>
        Permissions.Check(by, Permission.Read) is { } no ? no : await _db.ReadAsync(read, cancel);

    private Task<Outcome<T>> OfModelAsync<T>(Actor by, string name, Func<RegistrySession, RegisteredModel, ValueTask<Outcome<T>>> read, CancellationToken cancel) =>
        ReadAsync<T>(by, async session => await session.FindModelAsync(name) is { } model ? await read(session, model) : Refusals.ModelNotFound(name, null), cancel);

    private Task<Outcome<T>> OfVersionAsync<T>(Actor by, string name, string number, Func<RegistrySession, RegisteredModel, ModelVersion, ValueTask<Outcome<T>>> read, CancellationToken cancel) =>
        OfModelAsync<T>(by, name, async (session, model) =>
        {
            var version = await FindAsync(session, model, number);
            return version.Refusal is { } no ? no : await read(session, model, version.Value);
        }, cancel);

    /// <summary>A version by its number, and by nothing else.</summary>
    private static async ValueTask<Outcome<ModelVersion>> FindAsync(RegistrySession session, RegisteredModel model, string number)
    {
        if (!long.TryParse(number, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var n))
            return Refusals.VersionNotInteger(number);
        return await session.VersionByNumberAsync(model.Id, n) is { } version ? version : Refusals.VersionNotFound(model.Name, number, null);
    }

    private async ValueTask<MlflowVersionView> ViewAsync(RegistrySession session, string modelName, ModelVersion version) => (await ViewsAsync(session, [(version, modelName)]))[0];

    private async ValueTask<List<MlflowVersionView>> ViewsAsync(RegistrySession session, IReadOnlyList<(ModelVersion Version, string ModelName)> rows)
    {
        if (rows.Count == 0)
            return [];
        var first = (await _policies.GetAsync(session)).FirstStage;
        var aliases = await session.AliasesOfAsync([.. rows.Select(r => r.Version.Id)]);
        return [.. rows.Select(r => View(r.ModelName, r.Version, [.. aliases[r.Version.Id]], first))];
    }

    private static MlflowVersionView View(string modelName, ModelVersion v, IReadOnlyList<string> aliases, string firstStage)
    {
        var tags = Tags(v.Metadata.Tags.Select(t => (t.Key, t.Value)));
        if (v.Stage != firstStage && MlflowStages.Of(v.Stage) == MlflowStages.None)
            tags.Add(new MlflowTag(OwnTags.Registry + "stage", v.Stage));
        if (v.Label != $"v{v.Number}")
            tags.Add(new MlflowTag(OwnTags.Registry + "label", v.Label));
        if (!v.ContentVerified)
            tags.Add(new MlflowTag(OwnTags.Registry + "content", "unverified"));
        return new MlflowVersionView(modelName, Text(v.Number), Millis(v.CreatedAt), Millis(v.UpdatedAt), v.Author.Name, MlflowStages.Of(v.Stage), v.Metadata.ReleaseNotes,
            v.Metadata.Source, v.Metadata.RunId, "READY", "", tags, v.Metadata.RunLink, aliases, v.Metadata.LoggedModelId);
    }

    // Those of the registry's own names that are kept from before nobody could set them are nobody's word here: only the registry speaks so.
    private static List<MlflowTag> Tags(IEnumerable<(string Key, string Value)> tags) =>
        [.. tags.Where(t => t.Key == Sites.TrackedSources.Problem || !t.Key.StartsWith(OwnTags.Registry, StringComparison.OrdinalIgnoreCase)).Select(t => new MlflowTag(t.Key, t.Value))];

    private static long Millis(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
