using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Storage;

namespace ModelRegistry.Mlflow;

/// <summary>Models as they are shown: each with its aliases, and with the highest version of each stage.</summary>
public sealed partial class MlflowRegistry
{
    /// <summary>What an alias counts for in an answer that is held in memory.</summary>
    private const long AliasCharacters = 200;

    private async ValueTask<MlflowModelView> ViewAsync(RegistrySession session, RegisteredModel model) => (await ViewsAsync(session, [model], long.MaxValue)).Views[0];

    /// <summary>The first of a page of models, in its order: as many as the characters suffice for, and one at least.</summary>
    /// <param name="models">A page of them at most. Tags are read here.</param>
    /// <returns>The views, and how many characters were read for them.</returns>
    private async ValueTask<(List<MlflowModelView> Views, long Characters)> ViewsAsync(RegistrySession session, IReadOnlyList<RegisteredModel> models, long mostCharacters)
    {
        var highest = (await HighestAsync(session, models, MlflowStages.All)).ToLookup(h => h.ModelId);
        var aliasCounts = await session.AliasCountsAsync([.. models.Select(m => m.Id)]);
        var tagLengths = await session.TagLengthsAsync([.. models.Select(m => m.Id)]);
        // What is read at once has to be held in memory.
        var (shown, characters) = (new List<RegisteredModel>(), 0L);
        foreach (var model in models)
        {
            characters += model.Description.Length + tagLengths.GetValueOrDefault(model.Id) + AliasCharacters * aliasCounts.GetValueOrDefault(model.Id) + highest[model.Id].Sum(h => h.Length);
            shown.Add(model);
            if (characters > mostCharacters)
                break;
        }
        var ids = shown.ConvertAll(m => m.Id);
        var (tags, aliases) = (await session.TagsOfModelsAsync(ids), await session.AliasesOfModelsAsync(ids));
        var latest = await LatestAsync(session, shown, [.. ids.SelectMany(id => highest[id])], MlflowStages.All, aliases);
        return (shown.ConvertAll(m => new MlflowModelView(m.Name, Millis(m.CreatedAt), Millis(m.UpdatedAt), m.Description, latest[m.Id],
            Tags(tags[m.Id]), [.. aliases[m.Id].Select(a => new MlflowAlias(a.Alias, Text(a.Number)))])), characters);
    }

    /// <summary>The highest version of each of these stages of MLflow's, highest first.</summary>
    private async ValueTask<List<MlflowVersionView>> LatestAsync(RegistrySession session, RegisteredModel model, IReadOnlyList<string> stages) =>
        (await LatestAsync(session, [model], await HighestAsync(session, [model], stages), stages, await session.AliasesOfModelsAsync([model.Id])))[model.Id];

    /// <summary>The highest version of each stage of this registry's that MLflow's clients see as one of theirs.</summary>
    private async ValueTask<List<(string ModelId, string VersionId, long Length)>> HighestAsync(RegistrySession session, IReadOnlyList<RegisteredModel> models, IReadOnlyList<string> stages)
    {
        var (ids, among) = (models.Where(m => m.HighestNumber > 0).Select(m => m.Id).ToList(), (await _policies.GetAsync(session)).StageNames.Where(s => stages.Contains(MlflowStages.Of(s))).ToList());
        return ids.Count == 0 || among.Count == 0 ? [] : await session.HighestAsync(ids, among);
    }

    private async ValueTask<IReadOnlyDictionary<string, List<MlflowVersionView>>> LatestAsync(RegistrySession session, IReadOnlyList<RegisteredModel> models, IReadOnlyList<(string ModelId, string VersionId, long Length)> highest,
        IReadOnlyList<string> stages, ILookup<string, (string Alias, string VersionId, long Number)> aliases)
    {
        var first = (await _policies.GetAsync(session)).FirstStage;
        var versions = (await session.VersionsAsync([.. highest.Select(h => h.VersionId)])).ToLookup(v => v.ModelId);
        // Several stages of this registry's may be one of MLflow's.
        return models.ToDictionary(m => m.Id, m => stages.Select(stage => versions[m.Id].Where(v => MlflowStages.Of(v.Stage) == stage).MaxBy(v => v.Number)).OfType<ModelVersion>().OrderByDescending(v => v.Number)
            .Select(v => View(m.Name, v, [.. aliases[m.Id].Where(a => a.VersionId == v.Id).Select(a => a.Alias)], first)).ToList());
    }
}
