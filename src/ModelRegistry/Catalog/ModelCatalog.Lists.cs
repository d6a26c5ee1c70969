using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>Lists, and how rows become views.</summary>
public sealed partial class ModelCatalog
{
    /// <summary>Models by name.</summary>
    public async Task<Outcome<Page<ModelView>>> ListModelsAsync(Actor by, ModelQuery query, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (Cursor.Limit(query.Limit).Refusal is { } limit)
            return limit;
        var after = query.Cursor is null ? [""] : Cursor.Read(query.Cursor, 1);
        if (after is null)
            return Refusals.CursorInvalid;
        if (TooMany(query.Tags, query.Metrics) is { } tooMany)
            return tooMany;
        return await _db.ReadAsync<Outcome<Page<ModelView>>>(async session =>
        {
            string? stage = null;
            if (!string.IsNullOrWhiteSpace(query.Stage))
            {
                var ladder = (await _policies.GetAsync(session)).StageNames;
                if ((stage = Stages.Find(ladder, query.Stage)) is null)
                    return Refusals.StageUnknown(query.Stage, ladder);
            }
            var rows = await session.ListModelsAsync(new ModelFilter(Blank(query.Search), Blank(query.Task), stage, Tags(query.Tags), query.Metrics, query.IncludeInactive, query.OnlyInactive), after[0], query.Limit + 1);
            var tags = await session.TagsOfModelsAsync([.. rows.Select(r => r.Id)]);
            return new Page<ModelView>(
                [.. rows.Take(query.Limit).Select(r => r.View with { Tags = tags[r.Id].ToDictionary(t => t.Key, t => Begun(t.Value)) })],
                rows.Count > query.Limit ? Cursor.Write(Names.Fold(rows[query.Limit - 1].View.Name)) : null);
        }, cancel);
    }

    /// <summary>Names of active models that begin with a text, ignoring case, by name: for completion, so any text will do.</summary>
    public async Task<Outcome<NamesView>> NamesAsync(Actor by, string start, int most, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (Cursor.Limit(most).Refusal is { } limit)
            return limit;
        // What no name begins with is looked for nowhere: not every database takes every text.
        if (start.Length > 0 && Names.Model(start.TrimEnd(' ')).Refusal is not null)
            return new NamesView([], false);
        var names = await _db.ReadAsync(session => session.ModelNamesAsync(Names.Fold(start), most + 1), cancel);
        return new NamesView([.. names.Take(most)], names.Count > most);
    }

    // How many versions one request looks at for those of a status.
    private const int MostLookedAt = 1_000;

    /// <summary>
    /// Versions of a model, newest first. Narrowed by status or default, a page may have fewer versions than asked for, or none,
    /// and still a cursor: one request looks at so many versions and no more.
    /// </summary>
    public Task<Outcome<Page<VersionView>>> ListVersionsAsync(Actor by, VersionQuery query, CancellationToken cancel = default) =>
        OfModelAsync<Page<VersionView>>(by, query.ModelName, async (session, model) =>
        {
            if (Cursor.Limit(query.Limit).Refusal is { } no)
                return no;
            if (TooMany(query.Tags, query.Metrics) is { } tooMany)
                return tooMany;
            var below = long.MaxValue;
            if (query.Cursor is not null && (Cursor.Read(query.Cursor, 1) is not [var key] || !long.TryParse(key, out below)))
                return Refusals.CursorInvalid;
            string? stage = null;
            if (!string.IsNullOrWhiteSpace(query.Stage))
            {
                var ladder = (await _policies.GetAsync(session)).StageNames;
                if ((stage = Stages.Find(ladder, query.Stage)) is null)
                    return Refusals.StageUnknown(query.Stage, ladder);
            }
            var filter = new VersionFilter(stage, Tags(query.Tags), query.Metrics);
            string? status = null;
            if (!string.IsNullOrWhiteSpace(query.Status) && (status = VersionStatus.Find(query.Status)) is null)
                return Refusals.InvalidArgument("status", $"must be one of {string.Join(", ", VersionStatus.Words)}");
            var aliases = await session.AliasesAsync(model.Id);
            var serving = await session.ServingOfModelAsync(model.Id);
            if (status is not null || query.IsDefault is not null)
            {
                var byDefault = query.IsDefault is null || model.HighestNumber == 0 ? null : await session.ResolveVersionAsync(model, null) is { Refusal: null } found ? found.Value.Id : null;
                return await NarrowedAsync(session, model.Id, filter, below, query.Limit, (v, rejected, deployed) => View(v, aliases, serving, rejected, deployed),
                    (v, view) => (status is null || VersionStatus.Fits(status, view.Status, view.Stage, view.Deprecated)) && (query.IsDefault is null || v.Id == byDefault == query.IsDefault));
            }
            var rows = await session.ListVersionsAsync(model.Id, filter, below, query.Limit + 1);
            var rejected = await session.RejectedAsync([.. rows.Select(v => v.Id)]);
            var deployed = await session.DeployedAsync([.. rows.Select(v => v.Id)]);
            return new Page<VersionView>([.. rows.Take(query.Limit).Select(v => View(v, aliases, serving, rejected.Contains(v.Id), deployed.Contains(v.Id)))], rows.Count > query.Limit ? Cursor.Write(rows[query.Limit - 1].Number.ToString(System.Globalization.CultureInfo.InvariantCulture)) : null);
        }, cancel);

    /// <summary>Those that fit among the next ones below a number.</summary>
    private static async ValueTask<Page<VersionView>> NarrowedAsync(RegistrySession session, string modelId, VersionFilter filter, long below, int limit, Func<ModelVersion, bool, bool, VersionView> view, Func<ModelVersion, VersionView, bool> fits)
    {
        var kept = new List<VersionView>();
        for (var looked = 0; looked < MostLookedAt && kept.Count < limit; looked += Cursor.MaxLimit)
        {
            var rows = await session.ListVersionsAsync(modelId, filter, below, Cursor.MaxLimit);
            var (rejected, deployed) = (await session.RejectedAsync([.. rows.Select(v => v.Id)]), await session.DeployedAsync([.. rows.Select(v => v.Id)]));
            foreach (var row in rows.TakeWhile(_ => kept.Count < limit))
            {
                below = row.Number;
                if (view(row, rejected.Contains(row.Id), deployed.Contains(row.Id)) is var shown && fits(row, shown))
                    kept.Add(shown);
            }
            if (rows.Count < Cursor.MaxLimit && (rows.Count == 0 || below == rows[^1].Number))
                return new Page<VersionView>(kept, null);
        }
        return new Page<VersionView>(kept, Cursor.Write(below.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static VersionView View(ModelVersion v, List<(string Alias, string VersionId, string Label)> aliases, List<(string Stage, string VersionId)> serving, bool rejected, bool deployed) => new(
        v.Label, v.Number, v.Stage, Status(v, serving, rejected, deployed), v.Metadata.Metrics, v.Metadata.Format, serving.Any(s => s.VersionId == v.Id), v.Deprecated,
        [.. aliases.Where(a => a.VersionId == v.Id).Select(a => a.Alias)], v.ManifestDigest.Hex, v.SizeBytes, v.CreatedAt, v.Author.Name);

    private static async ValueTask<VersionDetailView> DetailAsync(RegistrySession session, RegisteredModel model, ModelVersion v, List<(string Alias, string VersionId, string Label)> aliases, List<(string Stage, string VersionId)> serving)
    {
        var data = v.Metadata;
        var detail = new VersionDetailView(v.Id, v.Label, v.Number, v.Stage, v.StageSince, Status(v, serving, (await session.RejectedAsync([v.Id])).Count > 0, (await session.DeployedAsync([v.Id])).Count > 0), serving.Any(s => s.VersionId == v.Id), v.Deprecated, v.ContentVerified,
            v.ManifestDigest.Hex, v.SizeBytes, v.FileCount, [.. (await session.FilesAsync(v.Id)).Select(f => new FileView(f.Path, f.Size, f.Sha256.Hex))],
            data.Metrics, data.Format, data.Framework, data.Hyperparameters, data.Dataset, data.CodeCommit, data.Dependencies, data.Signature, data.Lineage, data.ReleaseNotes,
            ModelCard.Of(data, model.Card), data.Tags, [.. aliases.Where(a => a.VersionId == v.Id).Select(a => a.Alias)], data.Source, data.RunId, v.Author.Name, v.CreatedAt, v.UpdatedAt, View((await session.InspectionAsync(v.Id))?.Against(data.Format)),
            Evidence: data.Evidence.Count == 0 ? null : data.Evidence.ToDictionary(e => e.Key, e => new EvidenceView(e.Value.Dataset, e.Value.Split, e.Value.MeasuredAt, e.Value.Count, e.Value.StandardError, e.Value.Low, e.Value.High)));
        return detail with { Revision = RevisionOf(detail) };
    }

    private static InspectionView? View(InspectionReport? r) => r is null ? null : new InspectionView(
        InspectionReport.Word(r.Verdict), [.. r.Findings.Select(f => new InspectionFindingView(f.Code, f.Path, f.Words))], r.FindingCount,
        [.. r.Files.Select(f => new InspectedFileView(f.Path, f.Kind, InspectionReport.Word(f.Verdict)))], r.Formats, r.ParameterCount, r.TensorTypes, [.. r.Opsets.Select(o => $"{o.Key} {o.Value}")], r.IrVersion, r.Producer,
        [.. r.Notes.Select(f => new InspectionFindingView(f.Code, f.Path, f.Words))], r.Details)
    { SigningKeys = r.SigningKeys };

    private static string Status(ModelVersion v, List<(string Stage, string VersionId)> serving, bool rejected, bool deployed) =>
        VersionStatus.Of(v.Stage, deployed || serving.Any(s => s.VersionId == v.Id && s.Stage == Stages.Production), rejected);

    // Each is one more look per row.
    private static Refusal? TooMany(IReadOnlyList<string> tags, IReadOnlyList<MetricBound> metrics) =>
        tags.Count > MostConditions ? Refusals.InvalidArgument("tag", $"at most {MostConditions} at once")
        : metrics.Count > MostConditions ? Refusals.InvalidArgument("metrics", $"bounds of at most {MostConditions} at once") : null;

    private const int MostConditions = 8;

    private static string[] Tags(IEnumerable<string?> tags) => [.. tags.Select(Blank).OfType<string>().Distinct(StringComparer.Ordinal)];

    // A list has many models, and a tag may be as long as a text: whole it is with its model.
    private static string Begun(string value) => value.Length <= MostOfATag ? value : value[..(MostOfATag - (char.IsHighSurrogate(value[MostOfATag - 1]) ? 1 : 0))] + "…";

    private const int MostOfATag = 1_000;

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
