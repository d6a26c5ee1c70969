using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>A change of metadata; what is null stays as it is. With <see cref="Version"/> it concerns that version, else (also when it is blank) the model.</summary>
public sealed record MetadataEdit(string ModelName)
{
    public string? Version { get; init; }
    public string? Description { get; init; }
    public string? Task { get; init; }
    public string? Owner { get; init; }
    public string? Card { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<string> RemoveTags { get; init; } = [];
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
    public string? Alias { get; init; }
    public string? ReleaseNotes { get; init; }
    public string? Dataset { get; init; }
    public string? CodeCommit { get; init; }
    public bool? Deprecated { get; init; }
    public bool? IsActive { get; init; }
    public string? NewName { get; init; }

    /// <summary>Revisions of what is edited, one of which it must still have; null: whatever it has.</summary>
    public IReadOnlyList<string>? IfRevision { get; init; }
}

/// <summary>Edits what is known about models and versions. Content never changes here; what serves a governed stage keeps its name.</summary>
public sealed partial class MetadataDesk
{
    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;

    internal MetadataDesk(RegistryDb db, PolicyInForce policies) => (_db, _policies) = (db, policies);

    public Task<Outcome<MetadataView>> SetAsync(Actor by, MetadataEdit edit, CancellationToken cancel = default) =>
        _db.WriteAsync<MetadataView>(by, new AuditAct("metadata.set", "model", edit.ModelName, null, new JsonObject { ["version"] = edit.Version }), async session =>
        {
            if (await session.FindModelAsync(edit.ModelName) is not { } model)
                return Refusals.ModelNotFound(edit.ModelName, await session.NearestModelNameAsync(edit.ModelName));
            if (Permissions.Check(by, Permission.Register, model.Name) is { } no)
                return no;
            if (await OutdatedAsync(session, model, edit.Version, edit.IfRevision) is { } outdated)
                return outdated;
            if (!model.IsActive && edit.IsActive != true)
                return Refusals.ModelInactive(model.Name);
            return string.IsNullOrWhiteSpace(edit.Version) ? await EditModelAsync(session, model, edit, by) : await EditVersionAsync(session, model, edit);
        }, cancel);

    /// <summary>Whether what is to be changed is no longer as the caller saw it.</summary>
    private static async ValueTask<Refusal?> OutdatedAsync(RegistrySession session, RegisteredModel model, string? versionRef, IReadOnlyList<string>? expected)
    {
        if (expected is null)
            return null;
        var version = await session.ResolveVersionAsync(model, versionRef);
        if (version.Refusal is { } unknown && !string.IsNullOrWhiteSpace(versionRef))
            return unknown;
        var info = await ModelCatalog.InfoAsync(session, model, version.Refusal is null ? version.Value : null);
        return expected.Contains(string.IsNullOrWhiteSpace(versionRef) ? info.Revision : info.Version!.Revision) ? null : Refusals.RevisionChanged(model.Name, versionRef);
    }

    private async ValueTask<Outcome<Written<MetadataView>>> EditModelAsync(RegistrySession session, RegisteredModel model, MetadataEdit edit, Actor by)
    {
        var misplaced = new Dictionary<string, string>();
        if (edit.Alias is not null || edit.Metrics.Count > 0 || edit.ReleaseNotes is not null || edit.Dataset is not null || edit.CodeCommit is not null || edit.Deprecated is not null)
            misplaced["version"] = "is needed for alias, metrics, release_notes, dataset, code_commit and deprecated";
        var tags = TagsAfter(model.Tags, edit, misplaced);
        MetadataLimits.CheckTags(misplaced, tags);
        if (misplaced.Count > 0)
            return Refusals.InvalidArguments(misplaced);
        if (MetadataLimits.Check(new VersionMetadata(), edit.Description, edit.Task, edit.Owner, edit.Card) is { } tooMuch)
            return tooMuch;

        var changes = new Changes();
        var next = model with
        {
            Description = changes.Text("description", model.Description, edit.Description),
            Task = changes.Text("task", model.Task, edit.Task),
            Owner = changes.Text("owner", model.Owner, edit.Owner),
            Card = changes.Text("card", model.Card, edit.Card),
            IsActive = changes.Flag("is_active", model.IsActive, edit.IsActive),
            UpdatedAt = session.Now,
        };
        if ((edit.NewName ?? model.Name) != model.Name || edit.IsActive == false)
        {
            var policy = await _policies.GetAsync(session);
            if ((await session.ServingOfModelAsync(model.Id)).Select(s => s.Stage).FirstOrDefault(policy.Governs) is { } governed)
                return Refusals.ServesGoverned(model.Name, governed);
        }
        if (edit.NewName is not null)
        {
            var name = Names.Model(edit.NewName);
            if (name.Refusal is { } unfit)
                return unfit;
            if (Permissions.Check(by, Permission.Register, name.Value) is { } outside)
                return outside;
            if (await session.FindModelAsync(name.Value) is { } other && other.Id != model.Id)
                return Refusals.ModelExists(name.Value);
            next = next with { Name = changes.Text("name", model.Name, name.Value) };
        }
        changes.Tags(model.Tags, tags);
        if (changes.None)
            return new Written<MetadataView>(new MetadataView(model.Name, null, []), [], []);
        if (!await session.UpdateModelAsync(next))
            return Refusals.ChangedMeanwhile("The model");
        foreach (var (key, value) in tags.Where(t => model.Tags.GetValueOrDefault(t.Key) != t.Value))
            await session.SetModelTagAsync(model.Id, key, value);
        foreach (var key in model.Tags.Keys.Where(k => !tags.ContainsKey(k)))
            await session.RemoveModelTagAsync(model.Id, key);
        var written = changes.Written(next.Name, null, "model", model.Id, model.Id);
        return next.Name == model.Name && next.IsActive == model.IsActive ? written : written with { Changes = [.. written.Changes, new FeedChange("model_list", model.Id, null)] };
    }

    private async ValueTask<Outcome<Written<MetadataView>>> EditVersionAsync(RegistrySession session, RegisteredModel model, MetadataEdit edit)
    {
        if (edit.Description is not null || edit.Task is not null || edit.Owner is not null || edit.IsActive is not null || edit.NewName is not null)
            return Refusals.InvalidArgument("version", "must be left out for description, task, owner, is_active and new_name, which belong to the model");
        var resolved = await session.ResolveVersionAsync(model, edit.Version);
        if (resolved.Refusal is { } no)
            return no;
        var (version, data, changes) = (resolved.Value, resolved.Value.Metadata, new Changes());
        var bad = new Dictionary<string, string>();
        var tags = TagsAfter(data.Tags, edit, bad);
        if (bad.Count > 0)
            return Refusals.InvalidArguments(bad);
        changes.Tags(data.Tags, tags);
        var metrics = new Dictionary<string, double>(data.Metrics);
        foreach (var (key, value) in edit.Metrics)
            metrics[key] = changes.Number($"metrics.{key}", metrics.TryGetValue(key, out var was) ? was : null, value);
        var next = version with
        {
            Metadata = data with
            {
                Tags = tags,
                Metrics = metrics,
                Card = changes.Text("card", data.Card, edit.Card),
                ReleaseNotes = changes.Text("release_notes", data.ReleaseNotes, edit.ReleaseNotes),
                Dataset = changes.Text("dataset", data.Dataset, edit.Dataset),
                CodeCommit = changes.Text("code_commit", data.CodeCommit, edit.CodeCommit),
            },
            Deprecated = changes.Flag("deprecated", version.Deprecated, edit.Deprecated),
            UpdatedAt = session.Now,
        };
        if (MetadataLimits.Check(next.Metadata) is { } tooMuch)
            return tooMuch;
        if (await ComparedAsync(session, version, next.Metadata) is { } frozen)
            return frozen;
        if (edit.Alias is { } alias && await PointAsync(session, model, version, alias, changes) is { } refused)
            return refused;
        if (changes.None)
            return new Written<MetadataView>(new MetadataView(model.Name, version.Label, []), [], []);
        if (!await session.UpdateVersionAsync(next))
            return Refusals.ChangedMeanwhile("The version");
        await session.WriteVersionTagsAsync(next);
        return changes.Written(model.Name, version.Label, "version", version.Id, model.Id);
    }

    // Whoever could lower the metric of what serves could pass a gate that asks for no regression.
    private async ValueTask<Refusal?> ComparedAsync(RegistrySession session, ModelVersion version, VersionMetadata next)
    {
        var policy = await _policies.GetAsync(session);
        foreach (var stage in await session.StagesServedByAsync(version.Id))
            foreach (var gate in policy.Promotions.GetValueOrDefault(stage)?.Gates.OfType<Gate.NoRegression>() ?? [])
                if (next.Metrics.TryGetValue(gate.Metric, out var value) && (!version.Metadata.Metrics.TryGetValue(gate.Metric, out var was) || was != value))
                    return Refusals.MetricCompared(version.Label, gate.Metric, stage);
        return null;
    }

    private async ValueTask<Refusal?> PointAsync(RegistrySession session, RegisteredModel model, ModelVersion version, string alias, Changes changes)
    {
        var free = FreeAlias.Of(await _policies.GetAsync(session), alias);
        if (free.Refusal is { } no)
            return no;
        var name = free.Value;
        if ((await session.AliasesAsync(model.Id)).Any(a => a.Alias == name && a.VersionId == version.Id))
            return null;
        await session.SetAliasAsync(model.Id, name, version.Id);
        changes.Note($"aliases.{name}", version.Label);
        return null;
    }

    private static Dictionary<string, string> TagsAfter(IReadOnlyDictionary<string, string> before, MetadataEdit edit, Dictionary<string, string> bad)
    {
        if (edit.RemoveTags.FirstOrDefault(edit.Tags.ContainsKey) is { } both)
            bad["remove_tags"] = $"'{both}' is to be set and to be removed";
        var after = new Dictionary<string, string>(before);
        foreach (var (key, value) in edit.Tags)
            after[key] = value;
        foreach (var key in edit.RemoveTags)
            after.Remove(key);
        return after;
    }

    /// <summary>What really changes, for the answer and the audit entry. Long texts are told by their digest.</summary>
    private sealed class Changes
    {
        private readonly JsonObject _facts = [];

        public bool None => _facts.Count == 0;

        public string Text(string field, string was, string? asked)
        {
            if (asked is null || asked == was)
                return was;
            Note(field, asked);
            return asked;
        }

        public void Tags(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after)
        {
            foreach (var (key, value) in after.Where(t => before.GetValueOrDefault(t.Key) != t.Value))
                Note($"tags.{key}", value);
            foreach (var key in before.Keys.Where(k => !after.ContainsKey(k)))
                Note($"tags.{key}", null);
        }

        public bool Flag(string field, bool was, bool? asked)
        {
            if (asked is null || asked == was)
                return was;
            _facts[field] = asked;
            return asked.Value;
        }

        public double Number(string field, double? was, double asked)
        {
            if (was != asked)
                _facts[field] = double.IsFinite(asked) ? asked : 0;
            return asked;
        }

        public void Note(string field, string? value) => _facts[field] = value is { Length: > 200 } ? $"sha256:{Digest.Of(value).Hex}" : value;

        public Written<MetadataView> Written(string model, string? version, string subject, string subjectId, string modelId) => new(
            new MetadataView(model, version, [.. _facts.Select(f => f.Key)]),
            [new AuditAct("metadata.set", subject, subjectId, modelId, new JsonObject { ["changed"] = _facts })],
            [new FeedChange(subject, modelId, subjectId)]);
    }
}
