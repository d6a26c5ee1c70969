using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mlflow;

/// <summary>Stages and aliases. Those the policy governs move only through a promotion, here as at every door.</summary>
public sealed partial class MlflowRegistry
{
    /// <summary>Moves a version to a stage, or puts a promotion forward that would. One that is there already is left there.</summary>
    /// <param name="stage">Of MLflow's, in any case.</param>
    /// <param name="archiveExisting">Whether whatever else stands in that stage goes to the archive: with the version, or nothing moves. In a stage that the policy governs, the policy says where the version that is replaced goes.</param>
    /// <param name="comment">The reason that whoever decides reads. MLflow's own clients have no place for one: then it says where the wish came from.</param>
    public async Task<Outcome<MlflowMoveView>> TransitionAsync(Actor by, string name, string version, string stage, bool archiveExisting, string? comment, CancellationToken cancel = default)
    {
        if (MlflowStages.Find(stage) is not { } asked)
            return Refusals.MlflowStageInvalid(stage);
        if (archiveExisting && asked is MlflowStages.None or MlflowStages.Archived)
            return Refusals.ArchiveExistingInvalid(asked);
        var found = await OfVersionAsync<(string Stage, bool There)>(by, name, version, async (session, _, v) =>
            (MlflowStages.Meant(asked, (await _policies.GetAsync(session)).FirstStage), MlflowStages.Of(v.Stage) == asked), cancel);
        if (found.Refusal is { } no)
            return no;
        var request = new PromotionRequest(name, version, found.Value.Stage, string.IsNullOrWhiteSpace(comment) ? $"An MLflow client asked for {asked}." : comment);
        if (archiveExisting)
        {
            var taken = await _promotions.TakePlaceAsync(by, request, cancel);
            return taken.Refusal is { } stuck ? stuck : await MovedAsync(by, name, version, taken.Value.Own, cancel);
        }
        if (found.Value.There)
            return await MovedAsync(by, name, version, null, cancel);
        var moved = await _promotions.RequestAsync(by, request, cancel);
        return moved.Refusal is { } refused ? refused : await MovedAsync(by, name, version, moved.Value, cancel);
    }

    /// <summary>Points an alias at a version, or puts a promotion forward after which it will point there.</summary>
    public async Task<Outcome<MlflowMoveView>> SetAliasAsync(Actor by, string name, string alias, string version, CancellationToken cancel = default)
    {
        if (IsReserved(alias))
            return Refusals.AliasReserved(alias);
        var found = await OfVersionAsync<(string? Stage, bool There)>(by, name, version, async (session, model, v) =>
        {
            var governed = (await _policies.GetAsync(session)).GovernedAliases.FirstOrDefault(a => Names.Fold(a.Key) == Names.Fold(alias));
            return (governed.Value, (await session.AliasesOfAsync([v.Id]))[v.Id].Any(a => Names.Fold(a) == Names.Fold(alias)));
        }, cancel);
        if (found.Refusal is { } no)
            return no;
        if (found.Value.There)
            return await MovedAsync(by, name, version, null, cancel);
        if (found.Value.Stage is { } stage)
        {
            var moved = await _promotions.RequestAsync(by, new PromotionRequest(name, version, stage, $"An MLflow client set the alias '{alias}'."), cancel);
            return moved.Refusal is { } refused ? refused : await MovedAsync(by, name, version, moved.Value, cancel);
        }
        var set = await _metadata.SetAsync(by, new MetadataEdit(name) { Version = version, Alias = alias }, cancel);
        return set.Refusal is { } unset ? unset : await MovedAsync(by, name, version, null, cancel);
    }

    /// <summary>Takes an alias away; one that is not there is away already. What follows what serves cannot be.</summary>
    public Task<Outcome<MetadataView>> DeleteAliasAsync(Actor by, string name, string alias, CancellationToken cancel = default) =>
        _metadata.SetAsync(by, new MetadataEdit(name) { RemoveAliases = [alias] }, cancel);

    public Task<Outcome<MlflowVersionView>> ByAliasAsync(Actor by, string name, string alias, CancellationToken cancel = default) =>
        OfModelAsync<MlflowVersionView>(by, name, async (session, model) =>
            await session.VersionByAliasAsync(model.Id, alias) is { } version ? await ViewAsync(session, model.Name, version) : Refusals.AliasNotFound(alias), cancel);

    private static bool IsReserved(string alias) => FreeAlias.Parse(alias).Refusal is not null
        && (Names.Fold(alias) == "latest" || alias.TrimStart('v', 'V') is { Length: > 0 } digits && digits.All(char.IsAsciiDigit));

    private async Task<Outcome<MlflowMoveView>> MovedAsync(Actor by, string name, string version, PromotionView? promotion, CancellationToken cancel)
    {
        var now = await GetVersionAsync(by, name, version, cancel);
        return now.Refusal is { } no ? no : new MlflowMoveView(promotion is null or { Status: "applied" } ? null : promotion, now.Value);
    }
}
