using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;

namespace ModelRegistry.Mlflow;

/// <summary>Registered models.</summary>
public sealed partial class MlflowRegistry
{
    public Task<Outcome<MlflowModelView>> GetModelAsync(Actor by, string name, CancellationToken cancel = default) =>
        OfModelAsync<MlflowModelView>(by, name, async (session, model) => await ViewAsync(session, model), cancel);

    public async Task<Outcome<MlflowModelView>> CreateModelAsync(Actor by, string name, string? description, IReadOnlyDictionary<string, string> tags, CancellationToken cancel = default) =>
        await ThenModelAsync(by, name, await _metadata.CreateModelAsync(by, new NewModel(name, description, Tags: tags), cancel), cancel);

    /// <param name="description">Null: none, which is how MLflow's clients take one away.</param>
    public async Task<Outcome<MlflowModelView>> UpdateModelAsync(Actor by, string name, string? description, CancellationToken cancel = default) =>
        await ThenModelAsync(by, name, await _metadata.SetAsync(by, new MetadataEdit(name) { Description = description ?? "" }, cancel), cancel);

    public async Task<Outcome<MlflowModelView>> RenameModelAsync(Actor by, string name, string newName, CancellationToken cancel = default) =>
        await ThenModelAsync(by, newName, await _metadata.SetAsync(by, new MetadataEdit(name) { NewName = newName }, cancel), cancel);

    public Task<Outcome<MetadataView>> DeleteModelAsync(Actor by, string name, CancellationToken cancel = default) => _metadata.DeleteModelAsync(by, name, cancel: cancel);

    public async Task<Outcome<MetadataView>> SetModelTagAsync(Actor by, string name, string key, string value, CancellationToken cancel = default) =>
        await _metadata.SetAsync(by, new MetadataEdit(name) { Tags = new Dictionary<string, string> { [key] = value } }, cancel);

    /// <summary>One that is not there is deleted already.</summary>
    public Task<Outcome<MetadataView>> DeleteModelTagAsync(Actor by, string name, string key, CancellationToken cancel = default) =>
        _metadata.SetAsync(by, new MetadataEdit(name) { RemoveTags = [key] }, cancel);

    /// <summary>The highest version of each stage.</summary>
    /// <param name="stages">Stages of MLflow's, in any case; none: all.</param>
    public Task<Outcome<IReadOnlyList<MlflowVersionView>>> LatestVersionsAsync(Actor by, string name, IReadOnlyList<string> stages, CancellationToken cancel = default) =>
        OfModelAsync<IReadOnlyList<MlflowVersionView>>(by, name, async (session, model) =>
        {
            if (stages.FirstOrDefault(s => MlflowStages.Find(s) is null) is { } unknown)
                return Refusals.MlflowStageInvalid(unknown);
            return await LatestAsync(session, model, stages.Count == 0 ? MlflowStages.All : [.. stages.Select(s => MlflowStages.Find(s)!).Distinct()]);
        }, cancel);

    private async Task<Outcome<MlflowModelView>> ThenModelAsync<T>(Actor by, string name, Outcome<T> done, CancellationToken cancel) => done.Refusal is { } no ? no : await GetModelAsync(by, name, cancel);
}
