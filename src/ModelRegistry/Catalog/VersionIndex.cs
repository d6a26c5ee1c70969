using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>Keeps what versions can be looked for by in step with what their metadata says.</summary>
internal static class VersionIndex
{
    // How many at a time: others want to write too.
    private const int Together = 500;

    /// <summary>Writes what changed; everything when <paramref name="before"/> is null.</summary>
    public static async ValueTask WriteAsync(RegistrySession session, RegisteredModel model, ModelVersion version, VersionMetadata? before = null)
    {
        var data = version.Metadata;
        if (before is null || !Same(before.Metrics, data.Metrics))
            await session.WriteVersionMetricsAsync(version);
        if (before is null || before.Framework != data.Framework || before.Dataset != data.Dataset || before.CodeCommit != data.CodeCommit || !JsonNode.DeepEquals(before.Lineage, data.Lineage))
            await session.WriteVersionLinksAsync(version, await LinksAsync(session, model, version));
    }

    /// <summary>Writes those that an older program left, before anybody looks for them.</summary>
    public static async Task CatchUpAsync(RegistryDb db, CancellationToken cancel)
    {
        while (await db.ReadAsync(session => session.AnyUnindexedAsync(), cancel))
            await db.WriteAsync<int>(Actor.Registry, new AuditAct("registry.index", "registry", db.RegistryId), async session =>
            {
                var versions = await session.UnindexedAsync(Together);
                foreach (var version in versions)
                {
                    await WriteAsync(session, await session.GetModelAsync(version.ModelId), version);
                    await session.WriteVersionSourceAsync(version);
                    await session.MarkIndexedAsync(version.Id);
                }
                return new Written<int>(versions.Count, versions.Count == 0 ? [] : [new AuditAct("registry.index", "registry", db.RegistryId, null, new JsonObject { ["versions"] = versions.Count })], []);
            }, cancel);
    }

    /// <summary>What the links of a version mean now. Later models of the same name are not what was meant.</summary>
    private static async ValueTask<IReadOnlyList<StoredLink>> LinksAsync(RegistrySession session, RegisteredModel model, ModelVersion version)
    {
        var links = new List<StoredLink>();
        var models = new Dictionary<string, RegisteredModel?>();
        foreach (var link in LineageLink.Of(version.Metadata))
        {
            var (to, toVersion) = await MeantAsync(session, model, link, models);
            // Nothing comes from itself.
            links.Add(new StoredLink(version.Id, link.Kind, link.Text, toVersion == version.Id ? null : to, toVersion == version.Id ? null : toVersion));
        }
        if (version.Metadata.Framework.Trim() is { Length: > 0 } framework)
            links.Add(new StoredLink(version.Id, LineageLink.Framework, Names.FoldText(framework), null, null));
        return links;
    }

    private static async ValueTask<(string? ModelId, string? VersionId)> MeantAsync(RegistrySession session, RegisteredModel model, LineageLink link, Dictionary<string, RegisteredModel?> models)
    {
        // A parent that is a version of the same model needs no name: parent=v6.
        if (link is { Kind: LineageLink.Parent, Version: null } && VersionReference.Parse(link.Text) is { Refusal: null, Value: VersionReference.ByLabel or VersionReference.ByNumber }
            && await session.ResolveVersionAsync(model, link.Text) is { Refusal: null } own)
            return (model.Id, own.Value.Id);
        if (link.Model is null)
            return (null, null);
        if (!models.TryGetValue(link.Model, out var named))
            models[link.Model] = named = await session.FindModelAsync(link.Model);
        if (named is null || link.Version is null)
            return (named?.Id, null);
        var found = await session.ResolveVersionAsync(named, link.Version);
        return found.Refusal is null ? (named.Id, found.Value.Id) : (null, null);
    }

    private static bool Same(IReadOnlyDictionary<string, double> one, IReadOnlyDictionary<string, double> other) =>
        one.Count == other.Count && one.All(m => other.TryGetValue(m.Key, out var value) && value.Equals(m.Value));
}
