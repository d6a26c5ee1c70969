using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>Where versions come from, and what came of them.</summary>
public sealed partial class ModelCatalog
{
    // Links can lead far and in circles: so many steps in each direction, and no more.
    private const int MostDepth = 16, MostSteps = 300;

    /// <summary>The lineage of a version in both directions, step by step; what was seen once is not followed again.</summary>
    public Task<Outcome<LineageView>> LineageAsync(Actor by, string modelName, string? versionRef, CancellationToken cancel = default) =>
        OfModelAsync<LineageView>(by, modelName, async (session, model) =>
        {
            var version = await session.ResolveVersionAsync(model, versionRef);
            if (version.Refusal is { } no)
                return no;
            var (from, cutFrom) = await WalkAsync(session, model, version.Value, back: true);
            var (derived, cutDerived) = await WalkAsync(session, model, version.Value, back: false);
            return new LineageView(model.Name, version.Value.Label, from, derived, cutFrom || cutDerived);
        }, cancel);

    /// <summary>Versions that were made from a dataset, from a commit, or from both, newest first.</summary>
    public async Task<Outcome<Page<SourcedVersionView>>> FromSourceAsync(Actor by, SourceQuery query, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (Cursor.Limit(query.Limit).Refusal is { } limit)
            return limit;
        var (dataset, commit) = (Blank(query.Dataset), Blank(query.CodeCommit));
        if (dataset is null && commit is null)
            return Refusals.InvalidArgument("dataset", "or code_commit is needed");
        var before = query.Cursor is null ? null : Cursor.Read(query.Cursor, 1)?[0];
        if (query.Cursor is not null && before is null)
            return Refusals.CursorInvalid;
        var rows = await _db.ReadAsync(session => session.VersionsLinkedAsync(dataset, commit, before, query.Limit + 1), cancel);
        return new Page<SourcedVersionView>(
            [.. rows.Take(query.Limit).Select(r => new SourcedVersionView(r.Model, r.Version.Label, r.Version.Number, r.Version.Stage, r.Version.Metadata.Dataset, r.Version.Metadata.CodeCommit, r.Version.CreatedAt, r.Version.Author.Name))],
            rows.Count > query.Limit ? Cursor.Write(rows[query.Limit - 1].Version.Id) : null);
    }

    private static async ValueTask<(IReadOnlyList<LineageStepView> Steps, bool Cut)> WalkAsync(RegistrySession session, RegisteredModel model, ModelVersion start, bool back)
    {
        var (steps, names, seen) = (new List<LineageStepView>(), new Dictionary<string, string> { [start.Id] = $"{model.Name} {start.Label}" }, new HashSet<string> { start.Id });
        List<string> level = [start.Id];
        for (var depth = 1; level.Count > 0; depth++)
        {
            var links = new List<StoredLink>();
            foreach (var some in level.Chunk(Cursor.MaxLimit))
                links.AddRange(back ? await session.LinksFromAsync(some) : await session.LinksToAsync(some, MostSteps + 1));
            if (!back && depth == 1)
                links.AddRange(await session.LinksToModelAsync(model.Id, MostSteps + 1));
            // One step more than there is room for tells that there are more.
            var shown = links.Take(MostSteps + 1 - steps.Count).ToList();
            var ends = await EndsAsync(session, [.. shown.Select(l => back ? l.ToVersionId : l.VersionId).OfType<string>().Distinct()]);
            level = [];
            foreach (var link in shown)
            {
                if (depth > MostDepth || steps.Count == MostSteps)
                    return (steps, true);
                var farId = back ? link.ToVersionId : link.VersionId;
                var end = farId is not null ? ends.GetValueOrDefault(farId) : link.ToModelId is not null ? await session.ModelEndAsync(link.ToModelId) : null;
                steps.Add(new LineageStepView(link.Kind, names[back ? link.VersionId : link.ToVersionId ?? start.Id], link.Text, end?.Model, end?.Version, end?.Stage, end?.Deleted ?? false, depth));
                if (farId is null || end is null || !seen.Add(farId))
                    continue;
                names[farId] = $"{end.Model} {end.Version}";
                level.Add(farId);
            }
        }
        return (steps, false);
    }

    private static async ValueTask<Dictionary<string, LineageEnd>> EndsAsync(RegistrySession session, string[] versionIds)
    {
        var ends = new Dictionary<string, LineageEnd>();
        foreach (var some in versionIds.Chunk(Cursor.MaxLimit))
            foreach (var (id, end) in await session.VersionEndsAsync(some))
                ends[id] = end;
        return ends;
    }
}
