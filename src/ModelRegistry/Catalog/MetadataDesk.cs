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
    /// <summary>Aliases that are to point nowhere any more, whichever version they point at; those the policy governs follow what serves. One that is not there is no matter.</summary>
    public IReadOnlyList<string> RemoveAliases { get; init; } = [];
    public string? ReleaseNotes { get; init; }
    public string? Dataset { get; init; }
    public string? CodeCommit { get; init; }
    public bool? Deprecated { get; init; }
    public bool? IsActive { get; init; }
    public string? NewName { get; init; }
    /// <summary>Revisions of what is edited, one of which it must still have; null: whatever it has.</summary>
    public IReadOnlyList<string>? IfRevision { get; init; }

    /// <summary>An edit of the card, from its history, whose text becomes the card again; instead of <see cref="Card"/>.</summary>
    public string? CardFrom { get; init; }
    public string? Framework { get; init; }
    public IReadOnlyList<string>? Dependencies { get; init; }
    /// <summary>Takes the place of the whole document, as <see cref="Signature"/> and <see cref="Lineage"/> do.</summary>
    public JsonObject? Hyperparameters { get; init; }
    public JsonObject? Signature { get; init; }
    public JsonObject? Lineage { get; init; }

    /// <summary>Measurements that become the current metrics, as <see cref="MetadataDesk.MeasureAsync"/> takes them; they are no edit, and stand alone.</summary>
    public IReadOnlyList<NewMeasurement>? Measurements { get; init; }

    /// <summary>Whether it asks for anything but measurements.</summary>
    internal bool Edits => IsOfVersion || IsOfModel || Card is not null || CardFrom is not null || Tags.Count > 0 || RemoveTags.Count > 0 || IfRevision is not null;

    /// <summary>What belongs to a version only.</summary>
    internal bool IsOfVersion => Alias is not null || Metrics.Count > 0 || ReleaseNotes is not null || Dataset is not null || CodeCommit is not null || Deprecated is not null
        || Framework is not null || Dependencies is not null || Hyperparameters is not null || Signature is not null || Lineage is not null;

    /// <summary>What belongs to a model only.</summary>
    internal bool IsOfModel => Description is not null || Task is not null || Owner is not null || IsActive is not null || NewName is not null || RemoveAliases.Count > 0;

    /// <summary>With what a metadata document says of a version, where nothing else is said.</summary>
    /// <returns>The edit, or <c>invalid_arguments</c> for what cannot be edited so.</returns>
    public Outcome<MetadataEdit> Over(MetadataFile file) => file.NotOfAnEdit is { } fields ? Refusals.InvalidArguments(fields) : this with
    {
        Framework = Framework ?? Said(file.Version.Framework),
        Dataset = Dataset ?? Said(file.Version.Dataset),
        CodeCommit = CodeCommit ?? Said(file.Version.CodeCommit),
        ReleaseNotes = ReleaseNotes ?? Said(file.Version.ReleaseNotes),
        Card = Card ?? Said(file.Version.Card),
        Dependencies = Dependencies ?? (file.Version.Dependencies.Count > 0 ? file.Version.Dependencies : null),
        Hyperparameters = Hyperparameters ?? Said(file.Version.Hyperparameters),
        Signature = Signature ?? Said(file.Version.Signature),
        Lineage = Lineage ?? Said(file.Version.Lineage),
        Metrics = file.Version.Metrics.Where(m => !Metrics.ContainsKey(m.Key)).Concat(Metrics).ToDictionary(m => m.Key, m => m.Value),
        Tags = file.Version.Tags.Where(t => !Tags.ContainsKey(t.Key)).Concat(Tags).ToDictionary(t => t.Key, t => t.Value),
        Description = Description ?? file.Description,
        Task = Task ?? file.Task,
        Owner = Owner ?? file.Owner,
    };

    private static string? Said(string text) => text.Length > 0 ? text : null;

    private static JsonObject? Said(JsonObject document) => document.Count > 0 ? document : null;
}

/// <summary>Edits what is known about models and versions. Content never changes here; what serves a governed stage keeps its name.</summary>
public sealed partial class MetadataDesk
{
    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;

    internal MetadataDesk(RegistryDb db, PolicyInForce policies) => (_db, _policies) = (db, policies);

    /// <summary>Edits metadata, or records measurements where the edit consists of them.</summary>
    public async Task<Outcome<MetadataView>> SetAsync(Actor by, MetadataEdit edit, CancellationToken cancel = default) => edit is { Measurements: { } measured, Edits: false }
        ? (await MeasureAsync(by, new MeasurementWish(edit.ModelName, edit.Version, measured, MakeCurrent: true), cancel))
            .Then<MetadataView>(m => new MetadataView(m.ModelName, m.Version, [.. measured.Select(x => $"metrics.{x.Metric}")], Revision: m.Revision))
        : await EditAsync(by, edit, cancel);

    private Task<Outcome<MetadataView>> EditAsync(Actor by, MetadataEdit edit, CancellationToken cancel) =>
        _db.WriteAsync<MetadataView>(by, new AuditAct("metadata.set", "model", edit.ModelName, null, new JsonObject { ["version"] = edit.Version }), async session =>
        {
            if (edit.Measurements is not null)
                return Refusals.InvalidArgument("measurements", "must stand alone beside model_name and version");
            if (await session.FindModelAsync(edit.ModelName) is not { } model)
                return Refusals.ModelNotFound(edit.ModelName, await session.NearestModelNameAsync(edit.ModelName));
            if (Permissions.Check(by, Permission.Register, model.Name) is { } no)
                return no;
            if (OwnTags.Check(edit.Tags.Keys.Concat(edit.RemoveTags)) is { } reserved)
                return reserved;
            if (await OutdatedAsync(session, model, edit.Version, edit.IfRevision) is { } outdated)
                return outdated;
            if (!model.IsActive && edit.IsActive != true)
                return Refusals.ModelInactive(model.Name);
            var edited = string.IsNullOrWhiteSpace(edit.Version) ? await EditModelAsync(session, model, edit, by) : await EditVersionAsync(session, model, edit, by);
            if (edited.Refusal is not null || edited.Value.Reply.Refusal is not null)
                return edited;
            var view = edited.Value.Reply.Value;
            return edited.Value with { Reply = view with { Revision = await RevisionAsync(session, view.ModelName, view.Version) } };
        }, cancel);

    /// <summary>The revision of a model or a version as it stands in this transaction, after it was edited.</summary>
    private static async ValueTask<string> RevisionAsync(RegistrySession session, string modelName, string? label)
    {
        var model = (await session.FindModelAsync(modelName))!;
        var version = await session.ResolveVersionAsync(model, label);
        var info = await ModelCatalog.InfoAsync(session, model, version.Refusal is null ? version.Value : null);
        return label is null ? info.Revision : info.Version!.Revision;
    }

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
        if (edit.IsOfVersion)
            misplaced["version"] = "is needed for alias, metrics, release_notes, dataset, code_commit, framework, dependencies, hyperparameters, signature, lineage and deprecated";
        var tags = TagsAfter(model.Tags, edit, misplaced);
        MetadataLimits.CheckTags(misplaced, tags);
        if (misplaced.Count > 0)
            return Refusals.InvalidArguments(misplaced);
        if (MetadataLimits.Check(new VersionMetadata(), edit.Description, edit.Task, edit.Owner, edit.Card) is { } tooMuch)
            return tooMuch;
        var card = await CardAsync(session, model.Id, null, edit, model.Card);
        if (card.Refusal is { } unkept)
            return unkept;

        var changes = new Changes();
        var next = model with
        {
            Description = changes.Text("description", model.Description, edit.Description),
            Task = changes.Text("task", model.Task, edit.Task),
            Owner = changes.Text("owner", model.Owner, edit.Owner),
            Card = changes.Text("card", model.Card, card.Value),
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
        if (await UnpointAsync(session, model, edit.RemoveAliases, changes) is { } follows)
            return follows;
        if (changes.None)
            return new Written<MetadataView>(new MetadataView(model.Name, null, []), [], []);
        if (!await session.UpdateModelAsync(model, next))
            return Refusals.ChangedMeanwhile("The model");
        if (next.Card != model.Card)
            changes.Warn(await KeepCardAsync(session, model.Id, null, model.Card, next.Card, by));
        foreach (var (key, value) in tags.Where(t => model.Tags.GetValueOrDefault(t.Key) != t.Value))
            await session.SetModelTagAsync(model.Id, key, value);
        foreach (var key in model.Tags.Keys.Where(k => !tags.ContainsKey(k)))
            await session.RemoveModelTagAsync(model.Id, key);
        var written = changes.Written(next.Name, null, "model", model.Id, model.Id);
        return next.Name == model.Name && next.IsActive == model.IsActive ? written : written with { Changes = [.. written.Changes, new FeedChange("model_list", model.Id, null)] };
    }

    private async ValueTask<Outcome<Written<MetadataView>>> EditVersionAsync(RegistrySession session, RegisteredModel model, MetadataEdit edit, Actor by)
    {
        if (edit.IsOfModel)
            return Refusals.InvalidArgument("version", "must be left out for description, task, owner, is_active, name and remove_aliases, which belong to the model");
        var resolved = await session.ResolveVersionAsync(model, edit.Version);
        if (resolved.Refusal is { } no)
            return no;
        var (version, data, changes) = (resolved.Value, resolved.Value.Metadata, new Changes());
        var bad = new Dictionary<string, string>();
        var tags = TagsAfter(data.Tags, edit, bad);
        if (bad.Count > 0)
            return Refusals.InvalidArguments(bad);
        var card = await CardAsync(session, model.Id, version.Id, edit, data.Card);
        if (card.Refusal is { } unkept)
            return unkept;
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
                // A value that is merely said was measured on nothing that is known.
                Evidence = data.Evidence.Where(e => metrics[e.Key].Equals(data.Metrics[e.Key])).ToDictionary(),
                Card = changes.Text("card", data.Card, card.Value),
                Framework = changes.Text("framework", data.Framework, edit.Framework),
                Dependencies = changes.List("dependencies", data.Dependencies, edit.Dependencies),
                Hyperparameters = changes.Document("hyperparameters", data.Hyperparameters, edit.Hyperparameters),
                Signature = changes.Document("signature", data.Signature, edit.Signature),
                Lineage = changes.Document("lineage", data.Lineage, edit.Lineage),
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
        var moved = metrics.Where(m => !(data.Metrics.TryGetValue(m.Key, out var was) && was.Equals(m.Value))).Select(m => (m.Key, m.Value, MetricEvidence.None, true)).ToList();
        if (await KeepMeasuredAsync(session, version, by, moved) is { } full)
            return full;
        if (edit.Alias is { } alias && await PointAsync(session, model, version, alias, changes) is { } refused)
            return refused;
        if (changes.None)
            return new Written<MetadataView>(new MetadataView(model.Name, version.Label, []), [], []);
        if (!await session.UpdateVersionAsync(next))
            return Refusals.ChangedMeanwhile("The version");
        await session.WriteVersionTagsAsync(next);
        await VersionIndex.WriteAsync(session, model, next, data);
        if (next.Metadata.Card != data.Card)
            changes.Warn(await KeepCardAsync(session, model.Id, version.Id, data.Card, next.Metadata.Card, by));
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
        var there = await session.AliasesAsync(model.Id);
        if (there.Any(a => a.Alias == name && a.VersionId == version.Id))
            return null;
        if (FreeAlias.OneTooMany([.. there.Select(a => a.Alias)], name) is { } full)
            return full;
        await session.SetAliasAsync(model.Id, name, version.Id);
        changes.Note($"aliases.{name}", version.Label);
        return null;
    }

    private async ValueTask<Refusal?> UnpointAsync(RegistrySession session, RegisteredModel model, IReadOnlyList<string> aliases, Changes changes)
    {
        if (aliases.Count == 0)
            return null;
        var policy = await _policies.GetAsync(session);
        var there = (await session.AliasesAsync(model.Id)).Select(a => Names.Fold(a.Alias)).ToHashSet();
        foreach (var alias in aliases)
        {
            var free = FreeAlias.Of(policy, alias);
            if (free.Refusal is { } no)
                return no;
            if (!there.Remove(Names.Fold(free.Value)))
                continue;
            await session.RemoveAliasAsync(model.Id, free.Value);
            changes.Note($"aliases.{Names.Fold(free.Value)}", null);
        }
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
}
