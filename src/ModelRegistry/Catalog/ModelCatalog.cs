using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>Looks models, versions and what serves up. Reads only.</summary>
public sealed partial class ModelCatalog
{
    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;
    private readonly string _signingKeys;

    /// <param name="signingKeys">The fingerprint of the pinned keys: a signature that was held against others is not told as one of theirs.</param>
    internal ModelCatalog(RegistryDb db, PolicyInForce policies, string signingKeys) => (_db, _policies, _signingKeys) = (db, policies, signingKeys);

    /// <summary>A model with one version in full; the default version when none is named.</summary>
    public Task<Outcome<ModelInfoView>> GetAsync(Actor by, string modelName, string? versionRef, CancellationToken cancel = default) =>
        OfModelAsync<ModelInfoView>(by, modelName, async (session, model) =>
        {
            ModelVersion? version = null;
            if (model.HighestNumber > 0 || !string.IsNullOrWhiteSpace(versionRef))
            {
                var resolved = await session.ResolveVersionAsync(model, versionRef);
                // A model whose versions are all gone is still a model.
                if (resolved.Refusal is { } no && !string.IsNullOrWhiteSpace(versionRef))
                    return no;
                version = resolved.Refusal is null ? resolved.Value : null;
            }
            return UnderKeys(await InfoAsync(session, model, version));
        }, cancel);

    /// <summary>Two to ten versions side by side; deltas are against the first. One named twice is shown once.</summary>
    public Task<Outcome<ComparisonView>> CompareAsync(Actor by, string modelName, IReadOnlyList<string> versionRefs, CancellationToken cancel = default) =>
        OfModelAsync<ComparisonView>(by, modelName, async (session, model) =>
        {
            var versions = await TwoToTenAsync(session, model, versionRefs);
            return versions.Refusal is { } no ? no : await CompareAsync(session, model, versions.Value, await session.AliasesAsync(model.Id), await session.ServingOfModelAsync(model.Id));
        }, cancel);

    /// <summary>
    /// Two to ten versions compared, each with all that is known about it. What the others are held against comes first: the one
    /// named, or else what serves production, or else the oldest.
    /// </summary>
    /// <param name="baseRef">One of the versions; null: see above.</param>
    public Task<Outcome<SideBySideView>> SideBySideAsync(Actor by, string modelName, IReadOnlyList<string> versionRefs, string? baseRef, CancellationToken cancel = default) =>
        OfModelAsync<SideBySideView>(by, modelName, async (session, model) =>
        {
            var named = await TwoToTenAsync(session, model, versionRefs);
            if (named.Refusal is { } no)
                return no;
            var against = baseRef is null ? null : (Outcome<ModelVersion>?)await session.ResolveVersionAsync(model, baseRef);
            if (against?.Refusal is { } unknown)
                return unknown;
            var aliases = await session.AliasesAsync(model.Id);
            var serving = await session.ServingOfModelAsync(model.Id);
            var first = against?.Value.Id ?? serving.Where(s => s.Stage == Stages.Production).Select(s => s.VersionId).FirstOrDefault();
            List<ModelVersion> versions = [.. named.Value.OrderBy(v => v.Id != first).ThenBy(v => v.Number)];
            var details = new List<VersionDetailView>();
            foreach (var version in versions)
                details.Add(await DetailAsync(session, model, version, aliases, serving));
            return new SideBySideView(await CompareAsync(session, model, versions, aliases, serving), details);
        }, cancel);

    /// <summary>What serves a stage now, or served it at a moment.</summary>
    public async Task<Outcome<ServingView>> ServingAsync(Actor by, string modelName, string? stage, DateTimeOffset? at, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        async ValueTask<Outcome<ServingView>> LookAsync(RegistrySession session)
        {
            var policy = await _policies.GetAsync(session);
            if (Stages.Find(policy.StageNames, string.IsNullOrWhiteSpace(stage) ? Stages.Production : stage) is not { } named)
                return Refusals.StageUnknown(stage, policy.StageNames);
            if (await session.ServingByNameAsync(modelName, named) is not var (modelId, name, period))
                return Refusals.ModelNotFound(modelName, await session.NearestModelNameAsync(modelName));
            if (at is not null)
                period = await session.ServingAtAsync(modelId, named, at.Value);
            IReadOnlyList<string> targets = [.. policy.Targets.Where(t => t.Stage == named).Select(t => t.Name)];
            var (approvers, breaker) = period is { PromotionId.Length: > 0 } ? await session.AnsweringAsync(period.PromotionId) : ([], null);
            return period is null
                ? new ServingView(name, false, null, null, named, null, null, null, [], targets)
                : new ServingView(name, true, period.Label, period.Number, named, period.Manifest.Hex, period.From, NullIfEmpty(period.PromotionId), approvers, targets, breaker);
        }
        // Trimmed: however a caller writes a stage, what is kept of it is short.
        return at is null ? await _db.RecallAsync(new RecallKey("serving", modelName, stage?.Trim() ?? ""), LookAsync, seen => seen.Refusal is null, cancel) : await _db.ReadAsync(LookAsync, cancel);
    }

    /// <summary>What served when, newest first, and who approved it.</summary>
    public Task<Outcome<Page<ServingPeriodView>>> HistoryAsync(Actor by, HistoryQuery query, CancellationToken cancel = default) =>
        OfModelAsync<Page<ServingPeriodView>>(by, query.ModelName, async (session, model) =>
        {
            if (Cursor.Limit(query.Limit).Refusal is { } no)
                return no;
            (long From, string Id)? before = null;
            if (query.Cursor is not null)
            {
                if (Cursor.Read(query.Cursor, 2) is not [var from, var id] || !long.TryParse(from, out var micros))
                    return Refusals.CursorInvalid;
                before = (micros, id);
            }
            var periods = await session.PeriodsAsync(model.Id, query.At, before, query.Limit + 1);
            var promotions = await session.PromotionsByIdAsync([.. periods.Select(p => p.PromotionId).Where(id => id.Length > 0).Distinct()]);
            var views = new List<ServingPeriodView>();
            foreach (var p in periods.Take(query.Limit))
            {
                var promotion = promotions.GetValueOrDefault(p.PromotionId);
                views.Add(new ServingPeriodView(p.Stage, p.Label, p.Number, p.Manifest.Hex, p.From, p.Until, NullIfEmpty(p.PromotionId), promotion?.Statement.Proposer.Name ?? "",
                    [.. promotion?.Approvals.Select(d => d.Person.Name) ?? []], Answering(promotion).Min()?.ToString().ToLowerInvariant(), promotion?.Reason ?? "", promotion?.Glass?.Person.Name));
            }
            var last = periods.Count > query.Limit ? periods[query.Limit - 1] : null;
            return new Page<ServingPeriodView>(views, last is null ? null : Cursor.Write(Times.Micros(last.From).ToString(System.Globalization.CultureInfo.InvariantCulture), last.Id));
        }, cancel);

    /// <summary>
    /// Whose a signature is counts only where it was held against the keys pinned here, or whoever looks with keys of their
    /// own would be believed. The revision is of what is kept, whatever keys are pinned.
    /// </summary>
    private ModelInfoView UnderKeys(ModelInfoView info) => info.Version?.Inspection is not { SigningKeys.Length: > 0 } seen || seen.SigningKeys == _signingKeys ? info : info with
    {
        Version = info.Version with
        {
            Inspection = seen with
            {
                Notes = [.. seen.Notes.Select(n => n.Code == "signed" ? n with { Code = "signature_keys_changed", Words = "Its signature was held against other keys than those pinned here now; it is looked at again when the version is next proposed." } : n)],
            },
        },
    };

    /// <summary>A model with one of its versions in full, as it stands in this transaction.</summary>
    internal static async ValueTask<ModelInfoView> InfoAsync(RegistrySession session, RegisteredModel model, ModelVersion? version)
    {
        var aliases = await session.AliasesAsync(model.Id);
        var serving = await session.ServingOfModelAsync(model.Id);
        var (count, latest) = await session.CountsAsync(model.Id);
        var info = new ModelInfoView(model.Name, model.Id, model.Description, model.Task, model.Owner, model.Versioning.ToString().ToLowerInvariant(), model.IsActive, model.Tags,
            aliases.ToDictionary(a => a.Alias, a => a.Label), latest, await ProductionLabelAsync(session, model.Id), count,
            version is null ? null : await DetailAsync(session, model, version, aliases, serving), model.CreatedAt, model.UpdatedAt);
        return info with { Revision = RevisionOf(info) };
    }

    /// <summary>A short digest over all that a view says.</summary>
    private static string RevisionOf<T>(T view) => Digest.Of(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(view)).Hex[..24];

    private static async ValueTask<Outcome<List<ModelVersion>>> TwoToTenAsync(RegistrySession session, RegisteredModel model, IReadOnlyList<string> versionRefs)
    {
        if (versionRefs.Count is < 2 or > 10)
            return Refusals.TooFewVersions;
        var versions = new List<ModelVersion>();
        foreach (var reference in versionRefs)
        {
            var version = await session.ResolveVersionAsync(model, reference);
            if (version.Refusal is { } no)
                return no;
            if (versions.All(v => v.Id != version.Value.Id))
                versions.Add(version.Value);
        }
        return versions.Count < 2 ? Refusals.TooFewVersions : versions;
    }

    private async ValueTask<ComparisonView> CompareAsync(RegistrySession session, RegisteredModel model, List<ModelVersion> versions, List<(string Alias, string VersionId, string Label)> aliases, List<(string Stage, string VersionId)> serving)
    {
        var rejected = await session.RejectedAsync([.. versions.Select(v => v.Id)]);
        var deployed = await session.DeployedAsync([.. versions.Select(v => v.Id)]);
        return new ComparisonView(model.Name, [.. versions.Select(v => View(v, aliases, serving, rejected.Contains(v.Id), deployed.Contains(v.Id)))],
            Comparison.Metrics(await _policies.GetAsync(session), versions), Comparison.Differences(versions), await ProductionLabelAsync(session, model.Id));
    }

    private async Task<Outcome<T>> OfModelAsync<T>(Actor by, string modelName, Func<RegistrySession, RegisteredModel, ValueTask<Outcome<T>>> read, CancellationToken cancel)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<T>>(async session => await session.FindModelAsync(modelName) is { } model
            ? await read(session, model)
            : Refusals.ModelNotFound(modelName, await session.NearestModelNameAsync(modelName)), cancel);
    }

    private static async ValueTask<string?> ProductionLabelAsync(RegistrySession session, string modelId) => (await session.ServingNowAsync(modelId, Stages.Production))?.Label;

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    /// <summary>Who answers for what serves: those who approved it, and whoever broke the glass for it.</summary>
    // What the weakest of those who answer for it proved.
    private static IEnumerable<Assurance?> Answering(Promotion? promotion) => promotion is null ? []
        : [.. promotion.Approvals.Select(d => (Assurance?)d.Proof.Assurance), .. promotion.Glass is { } glass ? [glass.Proof.Assurance] : Array.Empty<Assurance?>()];
}
