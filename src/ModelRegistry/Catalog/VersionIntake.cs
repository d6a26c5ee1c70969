using System.Text.Json.Nodes;
using ModelRegistry.Artifacts;
using ModelRegistry.Artifacts.Inspection;
using ModelRegistry.Artifacts.Readable;
using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>What a training pipeline hands over.</summary>
/// <param name="Version">The label wanted; null: the next one.</param>
/// <param name="Files">Paths of files and folders on this machine.</param>
/// <param name="Metadata">What is known about the version.</param>
/// <param name="Versioning">Only for a model that is not there yet; null: inferred from <paramref name="Version"/>.</param>
/// <param name="Alias">Points at the new version afterwards.</param>
public sealed record Registration(
    string ModelName,
    string? Version,
    Bump? Bump,
    IReadOnlyList<string> Files,
    VersionMetadata Metadata,
    string? Description = null,
    string? Task = null,
    string? Owner = null,
    string? ModelCard = null,
    Versioning? Versioning = null,
    string? Alias = null)
{
    /// <summary>Contents that were uploaded before, each with the path it gets within the version; beside <see cref="Files"/>.</summary>
    public IReadOnlyList<UploadedFile> Uploads { get; init; } = [];

    /// <summary>
    /// Whether there may be no file at all: the content is elsewhere, where <see cref="VersionMetadata.Source"/> says, and nobody here
    /// has seen it. Such a version enters no governed stage.
    /// </summary>
    public bool Elsewhere { get; init; }

    /// <summary>Tags that the registry gives it by itself; beside those of <see cref="Metadata"/>, which are anybody's to say.</summary>
    internal IReadOnlyDictionary<string, string> OwnTags { get; init; } = new Dictionary<string, string>();

    /// <summary>Objects in the registry's bucket that become files of the version; beside the others.</summary>
    public IReadOnlyList<ReferredFile> References { get; init; } = [];

    /// <summary>The same, with those that are named among the paths.</summary>
    internal IEnumerable<ReferredFile> AllReferences => References.Concat(Files.Where(ObjectReference.Is).Select(uri => new ReferredFile(null, uri, null)));
}

/// <summary>A content that is here already.</summary>
/// <param name="Sha256">64 hexadecimal digits.</param>
public sealed record UploadedFile(string Path, string Sha256);

/// <summary>An object that is in the registry's bucket already.</summary>
/// <param name="Path">Null: the last step of its key.</param>
/// <param name="Uri"><c>s3://BUCKET/KEY</c>.</param>
/// <param name="Sha256">What it must hash to; null: whatever it does.</param>
public sealed record ReferredFile(string? Path, string Uri, string? Sha256);

/// <summary>How far a transfer is with one file, in bytes.</summary>
public sealed record TransferProgress(string Path, long Done, long Total)
{
    /// <summary>The same over all files of the transfer; null where it takes them one by one.</summary>
    public (long Done, long Total)? Whole { get; init; }

    /// <summary>Tells <paramref name="told"/> of one file, on the caller's thread: Progress&lt;T&gt; would hand each step to the thread pool, out of order.</summary>
    internal static IProgress<long>? Of(string path, long total, IProgress<TransferProgress>? told, (long Before, long Total)? whole = null) =>
        told is null ? null : new Forward(done => told.Report(new TransferProgress(path, done, total) { Whole = whole is var (before, all) ? (before + done, all) : null }));

    private sealed class Forward(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}

/// <summary>Takes versions in: files first, hashed and durable, then one row that makes them a version. A model that is not there is made.</summary>
public sealed class VersionIntake
{
    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;
    private readonly ArtifactVault _vault;
    private readonly Inspector _inspector;
    private readonly ReadableFiles _readable;
    private readonly TimeProvider _time;

    internal VersionIntake(RegistryDb db, PolicyInForce policies, ArtifactVault vault, Inspector inspector, ReadableFiles readable, TimeProvider time) =>
        (_db, _policies, _vault, _inspector, _readable, _time) = (db, policies, vault, inspector, readable, time);

    /// <summary>Whether a version could be registered so, as far as that can be told before its files are here. A no is on record.</summary>
    public async Task<Refusal?> AdmitAsync(Actor by, Registration asked, CancellationToken cancel = default)
    {
        var no = Unfit(by, asked) ?? (await _db.ReadAsync(session => NextAsync(session, asked), cancel)).Refusal;
        return no is null ? null : (await _db.WriteAsync<RegisteredView>(by, Attempt(asked), _ => new(no), cancel)).Refusal;
    }

    public async Task<Outcome<RegisteredView>> RegisterAsync(Actor by, Registration asked, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        var attempt = Attempt(asked);
        // What can be refused without reading a byte is refused first, and recorded like any other refusal.
        if (Early(by, asked) is { } early)
            return await _db.WriteAsync<RegisteredView>(by, attempt, _ => new(early), cancel);
        if (asked.OwnTags.Count > 0)
            asked = asked with { Metadata = asked.Metadata with { Tags = asked.Metadata.Tags.Concat(asked.OwnTags).ToDictionary() } };
        // What the rows say is asked before gigabytes are copied, and again when the version is written.
        // And before any of them is here, up to where contents were collected.
        var (next, collected) = await _db.ReadAsync(async session => (await NextAsync(session, asked), await session.CollectedUpToAsync()), cancel);
        if (next.Refusal is { } refused)
            return await _db.WriteAsync<RegisteredView>(by, attempt, _ => new(refused), cancel);
        var stored = await StoreAsync(asked, progress, cancel);
        if (stored.Refusal is { } bad)
            return await _db.WriteAsync<RegisteredView>(by, attempt, _ => new(bad), cancel);
        var inspection = await _inspector.InspectAsync(stored.Value.Files, cancel);
        var filled = inspection.Fill(asked.Metadata);
        // What a file says of itself can be too long to keep; then what was said stands alone.
        var known = asked with { Metadata = MetadataLimits.Check(filled) is null ? filled : asked.Metadata };
        var registered = await _db.WriteAsync<RegisteredView>(by, attempt, async session => await session.CollectedSinceAsync(stored.Value.Files, collected) ? Refusals.ContentCollected : await WriteAsync(session, by, known, stored.Value, inspection), cancel);
        // Where a server runs it does this; a command has no later.
        if (registered.Refusal is null && _vault.IsLocal)
            await _readable.TryCatchUpAsync(cancel);
        return registered;
    }

    private static AuditAct Attempt(Registration asked) => new("version.register", "model", asked.ModelName, null, new JsonObject { ["version"] = asked.Version });

    private static Refusal? Unfit(Actor by, Registration asked) =>
        Names.Model(asked.ModelName).Refusal
        ?? Permissions.Check(by, Permission.Register, asked.ModelName)
        ?? (by.Answerable is null ? Refusals.NoOwner : null)
        ?? OwnTags.Check(asked.Metadata.Tags.Keys);

    private static Refusal? Early(Actor by, Registration asked) =>
        Unfit(by, asked)
        ?? (asked.Files.Count == 0 && asked.Uploads.Count == 0 && asked.References.Count == 0 && !asked.Elsewhere ? Refusals.ContentMissing : null)
        ?? (asked.Alias is null ? null : FreeAlias.Parse(asked.Alias).Refusal)
        ?? MetadataLimits.Check(asked.Metadata, asked.Description, asked.Task, asked.Owner, asked.ModelCard)
        ?? CardReader.Refuse(asked.Metadata.Card)
        ?? CardReader.Refuse(asked.ModelCard ?? "");

    private async Task<Outcome<Manifest>> StoreAsync(Registration asked, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        if (asked is { Elsewhere: true, Files.Count: 0, Uploads.Count: 0, References.Count: 0 })
            return Manifest.Unknown;
        var sources = new List<SourceFile>();
        foreach (var path in asked.Files.Where(path => !ObjectReference.Is(path)))
        {
            var found = ArtifactIntake.EnumerateFiles(path);
            if (found.Refusal is { } no)
                return no;
            sources.AddRange(found.Value);
        }
        var referred = new List<(string Path, ObjectReference Object, Digest? Expected)>();
        foreach (var reference in asked.AllReferences)
        {
            var parsed = ObjectReference.Parse(reference.Uri);
            if ((parsed.Refusal ?? _vault.CheckReference(parsed.Value)) is { } no)
                return no;
            if (reference.Sha256 is not null && !Digest.TryParse(reference.Sha256, out _))
                return Refusals.DigestInvalid(reference.Sha256);
            referred.Add((reference.Path ?? parsed.Value.FileName, parsed.Value, reference.Sha256 is { } hex ? Digest.Parse(hex) : null));
        }
        // Clashing paths are found before a byte is copied; the digests are not known yet.
        var planned = Manifest.Of([.. referred.Select(r => new FileEntry(r.Path, 0, Digest.Of(""))), .. sources.Select(s => new FileEntry(s.Path.Value, 0, Digest.Of(""))), .. asked.Uploads.Select(u => new FileEntry(u.Path, 0, Digest.Of("")))]);
        if (planned.Refusal is not null)
            return planned;
        var entries = new List<FileEntry>();
        foreach (var upload in asked.Uploads)
        {
            if (!Digest.TryParse(upload.Sha256, out var digest))
                return Refusals.DigestInvalid(upload.Sha256);
            if (await _vault.ClaimAsync(digest, _time.GetUtcNow(), cancel) is not { } size)
                return Refusals.BlobNotHere(digest);
            entries.Add(new FileEntry(upload.Path, size, digest));
        }
        foreach (var (path, reference, expected) in referred)
        {
            var blob = await _vault.AdoptAsync(reference, expected, cancel);
            if (blob.Refusal is { } no)
                return no;
            entries.Add(new FileEntry(path, blob.Value.Size, blob.Value.Digest));
        }
        var sizes = sources.Select(s => new FileInfo(s.FullPath) is { Exists: true } info ? info.Length : 0).ToList();
        var (before, all) = (0L, sizes.Sum());
        foreach (var (source, size) in sources.Zip(sizes))
        {
            var blob = await _vault.PutFileAsync(source.FullPath, null, TransferProgress.Of(source.Path.Value, size, progress, (before, all)), cancel);
            if (blob.Refusal is { } no)
                return no;
            entries.Add(new FileEntry(source.Path.Value, blob.Value.Size, blob.Value.Digest));
            before += size;
        }
        return Manifest.Of(entries);
    }

    private async ValueTask<Outcome<Written<RegisteredView>>> WriteAsync(RegistrySession session, Actor by, Registration asked, Manifest manifest, InspectionReport inspection)
    {
        var policy = await _policies.GetAsync(session);
        var settled = await NextAsync(session, asked);
        if (settled.Refusal is { } no)
            return no;
        var (found, next, alias) = settled.Value;
        var acts = new List<AuditAct>();
        var model = found;
        if (model is null)
        {
            model = Draft(session, asked);
            await session.InsertModelAsync(model);
            acts.Add(new AuditAct("model.create", "model", model.Id, model.Id, new JsonObject { ["name"] = model.Name, ["versioning"] = model.Versioning.ToString().ToLowerInvariant() }));
        }

        var version = new ModelVersion
        {
            Id = Ids.New("ver", session.Now),
            ModelId = model.Id,
            Number = next.Number,
            Label = next.Label,
            Stage = policy.FirstStage,
            StageSince = session.Now,
            ManifestDigest = manifest.Digest,
            SizeBytes = manifest.Size,
            FileCount = manifest.Files.Count,
            ContentVerified = manifest.Files.Count > 0,
            Metadata = asked.Metadata,
            Author = new ActorRef(by.Id, by.Name),
            AnswerableAuthor = by.Answerable!,
            CreatedAt = session.Now,
            UpdatedAt = session.Now,
        };
        await session.InsertVersionAsync(version, manifest);
        await session.KeepInspectionAsync(version.Id, inspection);
        if (found is null && model.Card.Length > 0)
            await MetadataDesk.KeepCardAsync(session, model.Id, null, model.Card, by);
        if (version.Metadata.Card.Length > 0)
            await MetadataDesk.KeepCardAsync(session, model.Id, version.Id, version.Metadata.Card, by);
        await session.InsertMeasurementsAsync(version.Id, version.Author, session.Now, [.. version.Metadata.Metrics.Select(m => (m.Key, m.Value, MetricEvidence.None, true))]);
        await VersionIndex.WriteAsync(session, model, version);
        await session.UpdateModelAsync(model, model with { HighestNumber = version.Number, UpdatedAt = session.Now });
        await session.CountVersionAsync(model.Id, version.Label);
        if (alias is not null)
            await session.SetAliasAsync(model.Id, alias, version.Id);
        acts.Add(new AuditAct("version.register", "version", version.Id, model.Id, Facts(version, manifest, inspection, alias)));
        var files = manifest.Files.Select(f => new FileView(f.Path, f.Size, f.Sha256.Hex)).ToList();
        return new Written<RegisteredView>(
            new RegisteredView(model.Name, found is null, version.Id, version.Label, version.Number, version.Stage, manifest.Digest.Hex, manifest.Size, files, MetadataDesk.Warnings(version.Metadata.Card) is { Count: > 0 } warnings ? warnings : null),
            acts, [new FeedChange("version", model.Id, version.Id), .. found is null ? new[] { new FeedChange("model_list", model.Id, null) } : []]);
    }

    /// <summary>The model as it is (null: to be made), the number and label the version takes, and the alias that will point at it.</summary>
    private async ValueTask<Outcome<(RegisteredModel? Model, NextVersion Next, string? Alias)>> NextAsync(RegistrySession session, Registration asked)
    {
        var model = await session.FindModelAsync(asked.ModelName);
        if (model is { IsActive: false })
            return Refusals.ModelInactive(model.Name);
        string? alias = null;
        if (asked.Alias is not null)
        {
            var free = FreeAlias.Of(await _policies.GetAsync(session), asked.Alias);
            if (free.Refusal is { } governed)
                return governed;
            alias = free.Value;
            if (model is not null && FreeAlias.OneTooMany([.. (await session.AliasesAsync(model.Id)).Select(a => a.Alias)], alias) is { } full)
                return full;
        }
        var scheme = model?.Versioning ?? Scheme(asked);
        var next = VersionLabels.Next(scheme, asked.Version, asked.Bump, model?.HighestNumber ?? 0, model is not null && scheme == Versioning.Semver ? await session.LabelsAsync(model.Id) : []);
        return next.Refusal is { } no ? no : (model, next.Value, alias);
    }

    private static Versioning Scheme(Registration asked) => asked.Versioning ?? (asked.Bump is not null ? Versioning.Semver : VersionLabels.Infer(asked.Version));

    private static RegisteredModel Draft(RegistrySession session, Registration asked) => new()
    {
        Id = Ids.New("mdl", session.Now),
        Name = asked.ModelName,
        Description = asked.Description ?? "",
        Task = asked.Task ?? "",
        Owner = asked.Owner ?? "",
        Card = asked.ModelCard ?? "",
        Versioning = Scheme(asked),
        CreatedAt = session.Now,
        UpdatedAt = session.Now,
    };

    private static JsonObject Facts(ModelVersion version, Manifest manifest, InspectionReport inspection, string? alias)
    {
        var facts = new JsonObject
        {
            ["version"] = version.Label,
            ["number"] = version.Number,
            ["manifest_sha256"] = manifest.Digest.Hex,
            ["size_bytes"] = manifest.Size,
            ["files"] = new JsonArray([.. manifest.Files.Take(50).Select(f => (JsonNode)new JsonObject { ["path"] = f.Path, ["sha256"] = f.Sha256.Hex, ["size"] = f.Size })]),
            ["metadata_sha256"] = CanonicalJson.Digest(version.Metadata.ToJson()).Hex,
            ["inspection"] = inspection.ToFacts(),
        };
        if (alias is not null)
            facts["alias"] = alias;
        return facts;
    }
}
