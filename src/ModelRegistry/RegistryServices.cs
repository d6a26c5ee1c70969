using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ModelRegistry.Artifacts;
using ModelRegistry.Artifacts.Files;
using ModelRegistry.Artifacts.Readable;
using ModelRegistry.Artifacts.S3;
using ModelRegistry.Audit;
using ModelRegistry.Catalog;
using ModelRegistry.Changes;
using ModelRegistry.Domain;
using ModelRegistry.Exports;
using ModelRegistry.Identity;
using ModelRegistry.Mlflow;
using ModelRegistry.Mlflow.Sites;
using ModelRegistry.Notices;
using ModelRegistry.Policies;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;

namespace ModelRegistry;

/// <summary>The one wiring door: opens a registry and hands out its use cases.</summary>
public sealed class RegistryServices : IAsyncDisposable
{
    private readonly RegistryDb _db;
    private readonly TrackedSources? _tracked;

    private RegistryServices(RegistryDb db, RegistryOptions options, Artifacts.Inspection.SigningKeys keys, TimeProvider time, ILogger log)
    {
        (_db, Options) = (db, options);
        var policies = new PolicyInForce();
        Vault = new ArtifactVault(OpenStore(options, time));
        Catalog = new ModelCatalog(db, policies, keys.Fingerprint);
        var inspector = new Artifacts.Inspection.Inspector(Vault, keys);
        Blobs = new BlobDesk(db, Vault);
        Metadata = new MetadataDesk(db, policies);
        Downloads = new VersionDownload(db, Vault);
        Actors = new LocalActors(db, policies);
        var states = new OneTimeStates();
        Changes = new ChangeFeed(db, time);
        Readable = new ReadableFiles(db, Vault.Readable(options.Readable), Changes, time, log);
        Intake = new VersionIntake(db, policies, Vault, inspector, Readable, time);
        Serving = new ServingWatch(Catalog, Changes, time);
        Pages = new PageAddress(options.DataFolder, options.PublicUrl, time);
        Promotions = new PromotionDesk(db, policies, Vault, inspector, options, Pages, new ElicitedQuestions(states), Changes, time);
        var siteIntake = new SiteIntake(Blobs);
        _tracked = options.Tracking is { } tracking ? new TrackedSources(tracking, Intake, siteIntake, time, log) : null;
        Mlflow = new MlflowRegistry(db, policies, Metadata, Promotions, Intake, Vault, _tracked);
        MlflowArtifacts = new MlflowArtifacts(db, Vault, Blobs);
        MlflowUploads = new MlflowUploads(db, Vault, states, Actors);
        Import = new Mlflow.Import.MlflowImport(Mlflow, Metadata, Intake, siteIntake);
        Deployments = new Deployments.DeploymentBoard(db, policies);
        People = new People(db);
        Passkeys = new Passkeys(db, states, Pages);
        SignIns = new SignIns(db);
        Tokens = new Tokens(db);
        Policies = new PolicyBook(db, policies);
        Audit = new AuditTrail(db, options);
        Exports = new PromotionExport(db, time);
        Backup = new Backups.RegistryBackup(db, Vault, time);
        Collector = new ContentCollector(db, Vault, time);
        Staging = new StagingSweep(Vault, time, log);
        Approved = new ApprovedSweep(db, Promotions, time, log);
        Watch = new PromotionWatch(db, policies, Promotions, Changes, time, log);
        var post = new WebhookPost(options.Notices.PrivateWebhooks, time);
        Notices = new NoticeBook(db, post, options.Notices, time);
        MlflowWebhooks = new MlflowWebhooks(db, policies, Notices, Pages, options.Notices.PrivateWebhooks);
        Deliverer = new NoticeDeliverer(db, new NoticeReader(db, policies, Pages), post, options.Notices, time, log);
        Vitals = new Telemetry.RegistryVitals(db, Deliverer, time);
        Replicas = new Replicas(db, time, log);
        Readiness = new Readiness(CheckDatabaseAsync, cancel => Vault.CheckAsync(write: false, cancel), time, log);
    }

    public RegistryOptions Options { get; }
    public ModelCatalog Catalog { get; }
    public ServingWatch Serving { get; }
    public VersionIntake Intake { get; }
    public BlobDesk Blobs { get; }
    public MetadataDesk Metadata { get; }
    public VersionDownload Downloads { get; }
    public PromotionDesk Promotions { get; }
    public Deployments.DeploymentBoard Deployments { get; }
    public MlflowRegistry Mlflow { get; }
    public MlflowArtifacts MlflowArtifacts { get; }
    public MlflowUploads MlflowUploads { get; }
    public MlflowWebhooks MlflowWebhooks { get; }
    public Mlflow.Import.MlflowImport Import { get; }
    public People People { get; }
    public Passkeys Passkeys { get; }
    public SignIns SignIns { get; }
    public PageAddress Pages { get; }
    public Tokens Tokens { get; }
    public LocalActors Actors { get; }
    public PolicyBook Policies { get; }
    public AuditTrail Audit { get; }
    public PromotionExport Exports { get; }
    public ChangeFeed Changes { get; }
    public PromotionWatch Watch { get; }
    public ApprovedSweep Approved { get; }
    public NoticeBook Notices { get; }
    public NoticeDeliverer Deliverer { get; }
    public StagingSweep Staging { get; }
    public ContentCollector Collector { get; }
    public Backups.RegistryBackup Backup { get; }
    public ReadableFiles Readable { get; }
    public Telemetry.RegistryVitals Vitals { get; }
    public Readiness Readiness { get; }
    public Replicas Replicas { get; }
    internal ArtifactVault Vault { get; }

    /// <summary>The SQLite library in use and where it is from: <c>3.40.1 (system)</c>.</summary>
    public static string SqliteVersion => RegistryDb.SqliteVersion;

    /// <summary>The database engine, its version and its place, for a doctor.</summary>
    public (string Engine, string Location, string RegistryId) Storage => (_db.Engine, _db.Location, _db.RegistryId);

    /// <summary>Where contents lie, for an operator.</summary>
    public string ArtifactPlace => Vault.Place;

    /// <summary>The version of the database's schema; opening brings it up to date.</summary>
    public static int SchemaVersion => Migration.Known[^1].Version;

    /// <summary>Whether there is a registry to open; nothing is made by looking. A database setting that cannot be read counts as one: opening tells what is wrong with it.</summary>
    /// <exception cref="StorageUnavailableException">The database's server cannot be asked.</exception>
    public static async ValueTask<bool> IsThereAsync(RegistryOptions options, CancellationToken cancel = default)
    {
        var isFile = options.Database is null || options.Database.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase);
        if (isFile && !File.Exists(options.Database is { } path ? Path.GetFullPath(path["sqlite:".Length..]) : Path.Combine(options.DataFolder, "registry.db")))
            return false;
        try
        {
            return await RegistryDb.IsThereAsync(new StorageOptions(options.DataFolder, options.Database), cancel);
        }
        catch (ArgumentException e) when (e.ParamName == "database")
        {
            return true;
        }
    }

    /// <summary>Where a registry is, or would be, for a person to read: its data folder, or its database without secrets.</summary>
    public static string PlaceOf(RegistryOptions options) =>
        options.Database is { } named && !named.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase) ? PostgresDialect.PlaceOf(named) : options.DataFolder;

    /// <summary>Opens a registry, making it where there is none. Refused when a policy is named that is not the one in force.</summary>
    /// <exception cref="StorageUnavailableException">The database or the folder cannot be used.</exception>
    public static async Task<Outcome<RegistryServices>> OpenAsync(RegistryOptions options, TimeProvider time, ILoggerFactory? logs = null, CancellationToken cancel = default)
    {
        string? json = null;
        if (options.Policy is not null)
        {
            var read = ReadPolicy(options.Policy);
            if (read.Refusal is { } unreadable)
                return unreadable;
            json = read.Value;
        }
        var keys = Artifacts.Inspection.SigningKeys.Load(options.SigningKeys);
        if (keys.Refusal is { } unfit)
            return unfit;
        var opened = await OpenDatabaseAsync(options, time, logs);
        if (opened.Refusal is { } nowhere)
            return nowhere;
        var db = opened.Value;
        try
        {
            if (await SeedAsync(db, json, cancel) is { } no)
            {
                await db.DisposeAsync();
                return no;
            }
            await VersionIndex.CatchUpAsync(db, cancel);
            var services = new RegistryServices(db, options, keys.Value, time, logs?.CreateLogger("ModelRegistry") ?? NullLogger.Instance);
            // What a crashed upload left behind; files of living writers are never touched.
            // A store elsewhere is looked after by whoever serves: a command is not to wait for it, nor to fail with it.
            if (services.Vault.IsLocal)
                await services.Staging.SweepAsync(cancel);
            return services;
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        People.Dispose();
        Deliverer.Dispose();
        Exports.Dispose();
        _tracked?.Dispose();
        Vault.Dispose();
        return _db.DisposeAsync();
    }

    private async Task CheckDatabaseAsync(CancellationToken cancel)
    {
        if (!_db.IsInPlace)
            throw new StorageUnavailableException($"The database is not at '{_db.Location}' any more.", "Put it back, or restore a backup, and start again.");
        await _db.ReadAsync(session => session.PolicyDigestAsync(), cancel);
    }

    /// <summary>Writes, reads and deletes something small where contents lie.</summary>
    /// <exception cref="StorageUnavailableException">One of them cannot be done.</exception>
    public Task CheckArtifactsAsync(CancellationToken cancel = default) => Vault.CheckAsync(write: true, cancel);

    /// <summary>The text of a profile or of a policy file.</summary>
    public static Outcome<string> ReadPolicy(string nameOrPath)
    {
        if (PolicyProfiles.Find(nameOrPath) is { } profile)
            return profile;
        try
        {
            return File.Exists(nameOrPath) ? File.ReadAllText(nameOrPath) : Refusals.PolicyFileMissing(nameOrPath);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While("Reading the policy file", e);
        }
    }

    /// <summary>A new registry gets its policy and keys; an existing one is only asked whether it is under the policy named.</summary>
    private static async Task<Refusal?> SeedAsync(RegistryDb db, string? json, CancellationToken cancel)
    {
        var inForce = await db.ReadAsync(session => session.PolicyRowAsync(), cancel);
        if (inForce is null)
        {
            var parsed = PolicyReader.Parse(json ?? PolicyProfiles.Find(PolicyProfiles.Local)!);
            if (parsed.Refusal is { } invalid)
                return invalid;
            var seeded = await db.WriteAsync<string>(Actor.Registry, new AuditAct("registry.create", "registry", db.RegistryId), async session =>
            {
                // Another process may have been first.
                if (await session.PolicyRowAsync() is { } there)
                    return new Written<string>(there.Digest, [], []);
                await session.InsertPolicyAsync(parsed.Value, json ?? PolicyProfiles.Find(PolicyProfiles.Local)!, "the first start");
                await OneTimeStates.PlantKeyAsync(session);
                var facts = new JsonObject { ["policy"] = parsed.Value.Name, ["policy_sha256"] = parsed.Value.Digest.Hex };
                return new Written<string>(parsed.Value.Digest.Hex, [new AuditAct("registry.create", "registry", db.RegistryId, null, facts)], []);
            }, cancel);
            inForce = await db.ReadAsync(session => session.PolicyRowAsync(), cancel);
        }
        if (json is null)
            return null;
        var asked = PolicyReader.Parse(json);
        if (asked.Refusal is { } bad)
            return bad;
        // A shipped profile may gain a rule in a later release; its name is what was asked for.
        var same = asked.Value.Digest.Hex == inForce!.Digest || (PolicyProfiles.Names.Contains(asked.Value.Name) && asked.Value.Name == inForce.Name && PolicyProfiles.Find(asked.Value.Name) == json);
        return same ? null : Refusals.PolicyDiffers(inForce.Name, asked.Value.Name);
    }

    private static async Task<Outcome<RegistryDb>> OpenDatabaseAsync(RegistryOptions options, TimeProvider time, ILoggerFactory? logs)
    {
        try
        {
            return await RegistryDb.OpenAsync(new StorageOptions(options.DataFolder, options.Database), time, logs?.CreateLogger("ModelRegistry.Storage"));
        }
        catch (ArgumentException e) when (e.ParamName == "database")
        {
            return DatabaseUnread;
        }
    }

    /// <summary>The no to a database setting that names no database.</summary>
    internal static Refusal DatabaseUnread { get; } = Refusals.InvalidArgument("database", "sqlite:PATH, postgres://user:password@host:port/name or an Npgsql connection string");

    internal static IArtifactStore OpenStore(RegistryOptions options, TimeProvider time) => options.Artifacts switch
    {
        null => FileStore.Open(Path.Combine(options.DataFolder, "artifacts")),
        ['f', 'i', 'l', 'e', ':', .. var path] => FileStore.Open(Path.GetFullPath(path)),
        ['s', '3', ':', '/', '/', .. var bucket] => OpenBucket(bucket, options.S3, time),
        var other => throw new ArgumentException($"The artifact store '{other}' is not known: use file:PATH or s3://BUCKET/PREFIX."),
    };

    // By itself, so that nothing of that library is loaded where the store is a folder.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IArtifactStore OpenBucket(string named, S3Options options, TimeProvider time)
    {
        var parts = named.TrimEnd('/').Split('/', 2);
        return new S3Store(parts[0], parts.Length == 2 ? parts[1] : "", options, time);
    }
}
