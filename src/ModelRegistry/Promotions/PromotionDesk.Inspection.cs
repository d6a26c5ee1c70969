using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>Looking inside what is proposed, where nobody has yet, the rules have become stricter since, or other signing keys are pinned.</summary>
public sealed partial class PromotionDesk
{
    /// <summary>
    /// Inspects the files of a version that was registered before files were inspected, or by older rules, and keeps the
    /// report: outside the transaction of the request, which is judged by it.
    /// </summary>
    /// <remarks>Only for who may propose the version; whatever else is wrong with the request is told by the request itself.</remarks>
    private async Task LookInsideAsync(Actor by, string modelName, Func<RegistrySession, RegisteredModel, ValueTask<Outcome<ModelVersion>>> find, CancellationToken cancel)
    {
        var due = await _db.ReadAsync<(ModelVersion Version, List<FileEntry> Files)?>(async session =>
        {
            if (await session.FindModelAsync(modelName) is not { } model || Permissions.Check(by, Permission.Propose, model.Name) is not null)
                return null;
            var found = await find(session, model);
            if (found.Refusal is not null || _inspector.IsCurrent(await session.InspectionAsync(found.Value.Id)))
                return null;
            return (found.Value, await session.FilesAsync(found.Value.Id));
        }, cancel);
        if (due is not var (version, files))
            return;
        var report = await _inspector.InspectAsync(files, cancel);
        var act = new AuditAct("version.inspect", "version", version.Id, version.ModelId, report.ToFacts());
        await _db.WriteAsync<bool>(Actor.Registry, act, async session =>
        {
            // Another process may have been first.
            if (_inspector.IsCurrent(await session.InspectionAsync(version.Id)))
                return new Written<bool>(false, [], []);
            await session.KeepInspectionAsync(version.Id, report);
            return new Written<bool>(true, [act], [new FeedChange("version", version.ModelId, version.Id)]);
        }, cancel);
    }
}
