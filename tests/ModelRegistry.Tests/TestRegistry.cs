using System.Collections.Concurrent;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Policies;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;
using ModelRegistry.Tests.Storage;
using Xunit;

namespace ModelRegistry.Tests;

/// <summary>A real registry on a folder of its own, with a clock that stands still until it is told to move.</summary>
internal sealed class TestRegistry : IAsyncDisposable
{
    public const string Passphrase = "correct horse battery";

    private readonly string? _database;
    private readonly string _folder;

    // Its own, to be deleted with it.
    private bool _ownDatabase;

    private TestRegistry(TestClock clock, string? database, bool inMemory = false) => (Clock, _database, _folder) = (clock, database, inMemory && Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/registry-test-{Guid.NewGuid():N}").FullName
        : Directory.CreateTempSubdirectory("registry-test-").FullName);

    public TestClock Clock { get; }
    public RegistryServices Services { get; private set; } = null!;
    public string DataFolder => Path.Combine(_folder, "data");
    public RegistryOptions Options => new() { DataFolder = DataFolder, DataFolderNamed = true, Database = _database, Notices = Notices, SigningKeys = SigningKeys };

    /// <summary>Where the pinned keys are that signatures are held against; counts from the next opening.</summary>
    public string? SigningKeys { get; set; }

    /// <summary>How people are told. Receivers of tests are on this machine.</summary>
    public NoticeOptions Notices { get; set; } = new() { PrivateWebhooks = true };

    /// <summary>With ana (admin, approver), ben and cora (approvers).</summary>
    /// <param name="inMemory">For thousands of commits, where syncing them is not what is tested.</param>
    public static async Task<TestRegistry> OpenAsync(string policy = "team", string? database = null, bool inMemory = false)
    {
        if (database is not null)
            return await MakeAsync(policy, database);
        var (own, model) = (TestDatabases.ArePostgres ? await TestDatabases.NewAsync(policy, url => ModelAsync(policy, url)) : null, await ModelAsync(policy, null));
        var it = new TestRegistry(new TestClock(), own, inMemory) { _ownDatabase = own is not null };
        Directory.CreateDirectory(it.DataFolder);
        foreach (var file in Directory.EnumerateFiles(model, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(it.DataFolder, Path.GetRelativePath(model, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            System.IO.File.Copy(file, copy);
        }
        it.Services = Ok(await RegistryServices.OpenAsync(it.Options with { Policy = policy }, it.Clock));
        it.Clock.Advance(TimeSpan.FromSeconds(1));
        return it;
    }

    // Enrolling persons costs a password hash each; one registry per policy is made and its files copied.
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Models = new();

    /// <summary>The data folder of the one that others are copies of; its database is the one given first.</summary>
    private static Task<string> ModelAsync(string policy, string? database) => Models.GetOrAdd(policy, p => new Lazy<Task<string>>(() => MakeModelAsync(p, database))).Value;

    private static async Task<string> MakeModelAsync(string policy, string? database)
    {
        var it = await MakeAsync(policy, database);
        await it.Services.DisposeAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(it._folder, recursive: true);
        return it.DataFolder;
    }

    private static async Task<TestRegistry> MakeAsync(string policy, string? database)
    {
        var it = new TestRegistry(new TestClock(), database);
        it.Services = Ok(await RegistryServices.OpenAsync(it.Options with { Policy = policy }, it.Clock));
        Ok(await it.Services.People.InitAsync("ana", Passphrase));
        var admin = Ok(await it.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor;
        foreach (var name in new[] { "ben", "cora" })
            Ok(await it.Services.People.AddAsync(admin, name, Passphrase + name, [Permissions.Approver]));
        it.Clock.Advance(TimeSpan.FromSeconds(1));
        return it;
    }

    /// <summary>Without persons: quicker, since no passphrase is hashed. <see cref="Robot"/> can do what agents can.</summary>
    public static async Task<TestRegistry> EmptyAsync(string policy = "open", string? database = null)
    {
        var own = database is null && TestDatabases.ArePostgres ? await TestDatabases.NewAsync() : null;
        var it = new TestRegistry(new TestClock(), database ?? own) { _ownDatabase = own is not null };
        it.Services = Ok(await RegistryServices.OpenAsync(it.Options with { Policy = policy }, it.Clock));
        return it;
    }

    /// <summary>An agent with all that agents can be granted, owned by somebody.</summary>
    public static Actor Robot { get; } = new("act_robot", "robot", ActorKind.Agent, Permissions.MachineRoles, [], new ActorRef("act_owner", "owner"));

    public async Task ReopenAsync()
    {
        await Services.DisposeAsync();
        Services = Ok(await RegistryServices.OpenAsync(Options, Clock));
    }

    /// <summary>An agent owned by ana.</summary>
    public Task<Actor> AgentAsync() => Services.Actors.StdioAsync("ana", "test agent");

    /// <summary>A token of the roles given, as whoever presents it; made by ana, who is an admin.</summary>
    public async Task<Actor> TokenAsync(string name, string owner, IReadOnlyList<string>? roles = null, bool service = false, params string[] models)
    {
        var wish = new NewToken(service ? null : name, service ? name : null, owner, roles ?? Permissions.MachineRoles, models, null);
        var token = Ok(await Services.Tokens.CreateAsync((await PersonAsync("ana")).Actor, wish));
        return Ok(await Services.Tokens.AuthenticateAsync(token.Secret, "http", "test client"));
    }

    private readonly Dictionary<string, ProvenPerson> _proven = [];

    /// <summary>Somebody who has just typed their passphrase; what was typed within the last four minutes is not typed again.</summary>
    public async Task<ProvenPerson> PersonAsync(string name)
    {
        var age = _proven.TryGetValue(name, out var proven) ? Clock.GetUtcNow() - proven.Proof.ProvenAt : TimeSpan.MaxValue;
        return age >= TimeSpan.Zero && age < TimeSpan.FromMinutes(4) ? proven! :
            _proven[name] = Ok(await Services.People.ProveAsync(name, name == "ana" ? Passphrase : Passphrase + name, "terminal"));
    }

    /// <summary>What a person would be shown now.</summary>
    public async Task<ReviewView> ReviewAsync(string promotionId) => Ok(await Services.Promotions.ReviewAsync(await AgentAsync(), promotionId));

    public async Task<PromotionView> PromotionAsync(string promotionId) => Ok(await Services.Promotions.GetAsync(await AgentAsync(), promotionId));

    /// <summary>Registers, stages and proposes a version for production; gives the pending promotion.</summary>
    public async Task<PromotionView> ParkAsync(string model = "digits", double accuracy = 0.9, Actor? by = null)
    {
        var version = await RegisterAsync(model, accuracy, by: by);
        await ProposeAsync(model, version.Version, "staging", by: by);
        var parked = await ProposeAsync(model, version.Version, by: by);
        Assert.Equal("pending", parked.Status);
        return parked;
    }

    /// <summary>Puts another policy in force, as ana may.</summary>
    public async Task AcceptAsync(string policy) => Assert.Equal("accepted", Ok(await TryAcceptAsync((await PersonAsync("ana")).Actor, PolicyProfiles.Find(policy) ?? policy)).Status);

    /// <summary>Accepts a policy as it is shown now, with the last proof of whoever it is, or ana's.</summary>
    public async Task<Outcome<PolicyChangeView>> TryAcceptAsync(Actor by, string json, RegistryServices? through = null, string? reason = null)
    {
        var proof = (_proven.Values.FirstOrDefault(p => p.Actor.Id == by.Id) ?? await PersonAsync("ana")).Proof;
        return await (through ?? Services).Policies.AcceptAsync(by, new PolicyAcceptance(json, Ok(await Services.Policies.ShowAsync(Robot)).Digest, proof, reason));
    }

    /// <summary>A passkey of a person's, as enrolled; what it signs is not checked here but where signatures are.</summary>
    public async Task<Proof> PasskeyAsync(string name, SignedDecision? signs)
    {
        var person = (await PersonAsync(name)).Actor;
        if (!_passkeys.TryGetValue(name, out var id))
        {
            id = _passkeys[name] = $"crd_passkey_{name}";
            await ChangeRowsAsync($"insert into credential (id, actor_id, kind, secret_hash, roles, models, created_by, created_at, expires_at, revoked_at) values ('{id}', '{person.Id}', 'passkey', '{id}', '[]', '[]', '{person.Id}', {Times.Micros(Clock.GetUtcNow())}, null, null)");
        }
        return new Proof(ProofMethod.Passkey, "page", id, Clock.GetUtcNow(), Clock.GetUtcNow()) { Signed = signs, Evidence = "{}" };
    }

    private readonly Dictionary<string, string> _passkeys = [];

    /// <summary>Every row of a statement, through a database connection of its own.</summary>
    public async Task<List<string>> RowsAsync(string sql)
    {
        await using var db = await RegistryDb.OpenAsync(new StorageOptions(DataFolder, _database), Clock);
        return await db.ReadAsync(s => s.ManyAsync(sql, r => string.Join("|", Enumerable.Range(0, r.FieldCount).Select(i => Convert.ToString(r.GetValue(i), System.Globalization.CultureInfo.InvariantCulture)))), default);
    }

    /// <summary>The same database, opened once more, as another process would.</summary>
    public Task<RegistryDb> DatabaseAsync() => RegistryDb.OpenAsync(new StorageOptions(DataFolder, _database), Clock);

    /// <summary>What no use case does: a change of rows by hand, with its audit entry.</summary>
    public async Task ChangeRowsAsync(string sql)
    {
        await using var db = await RegistryDb.OpenAsync(new StorageOptions(DataFolder, _database), Clock);
        Ok(await db.WriteAsync<int>(Actor.Registry, new AuditAct("test.change", "row", "by hand"), async s =>
            new Written<int>(await s.ExecuteAsync(sql), [new AuditAct("test.change", "row", "by hand")], []), default));
    }

    public string File(string content, string name = "model.onnx")
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "in", Guid.NewGuid().ToString("N"))).FullName;
        var path = Path.Combine(folder, name);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Registers a version that passes the gates of <c>team</c>.</summary>
    public async Task<RegisteredView> RegisterAsync(string model = "digits", double accuracy = 0.9, string? version = null, Actor? by = null) => Ok(await Services.Intake.RegisterAsync(
        by ?? await AgentAsync(), new Registration(model, version, null, [File($"weights {Guid.NewGuid()}")], Metadata(accuracy))));

    /// <summary>A model without versions.</summary>
    public async Task CreateAsync(string name, string? description = null, string? task = null, Dictionary<string, string>? tags = null, Versioning? versioning = null) =>
        Ok(await Services.Metadata.CreateModelAsync(Robot, new NewModel(name, description, task, Tags: tags, Versioning: versioning)));

    public static VersionMetadata Metadata(double accuracy = 0.9) => new()
    {
        Format = "onnx",
        Metrics = new Dictionary<string, double> { ["accuracy"] = accuracy },
        Dataset = "digits@1",
        CodeCommit = "0123abc",
        Card = "# Card\n\n## Intended use\n\nReading digits.\n",
    };

    public async Task<PromotionView> ProposeAsync(string model, string version, string stage = "production", string reason = "better", Actor? by = null) =>
        Ok(await Services.Promotions.RequestAsync(by ?? await AgentAsync(), new PromotionRequest(model, version, stage, reason)));

    /// <summary>What the approve command does: show the statement, prove, decide.</summary>
    public async Task<Outcome<PromotionView>> DecideAsync(string person, string promotionId, DecisionVerdict verdict = DecisionVerdict.Approve, string comment = "")
    {
        var review = await Services.Promotions.ReviewAsync(await AgentAsync(), promotionId);
        if (review.Refusal is { } no)
            return no;
        var proven = await PersonAsync(person);
        return await Services.Promotions.DecideAsync(proven.Actor, new DecisionRequest(promotionId, review.Value.Promotion.Revision, review.Value.StatementDigest, verdict, comment, proven.Proof));
    }

    /// <summary>Registers, stages, proposes and approves a version by ben.</summary>
    public async Task<string> PutIntoProductionAsync(string model = "digits", double accuracy = 0.9)
    {
        var version = await RegisterAsync(model, accuracy);
        await ProposeAsync(model, version.Version, "staging");
        var promotion = await ProposeAsync(model, version.Version);
        Assert.Equal("applied", Ok(await DecideAsync("ben", promotion.PromotionId!)).Status);
        return version.Version;
    }

    public async Task<string?> ServingAsync(string model = "digits", string stage = "production", DateTimeOffset? at = null) =>
        Ok(await Services.Catalog.ServingAsync(await AgentAsync(), model, stage, at)).Version;

    public async Task VerifyAuditAsync()
    {
        var report = Ok(await Services.Audit.VerifyAsync(await AgentAsync(), null));
        Assert.True(report.Verified, string.Join("\n", report.Findings));
    }

    public async Task<IReadOnlyList<string>> VerbsAsync(string? subject = null)
    {
        var page = Ok(await Services.Audit.ListAsync(await AgentAsync(), new ModelRegistry.Audit.AuditQuery(Subject: subject, Limit: 100)));
        return [.. page.Items.Reverse().Select(e => e.Outcome == "refused" ? $"{e.Verb} refused {(string?)e.Entry["facts"]?["code"]}" : e.Verb)];
    }

    /// <summary>The code of the refusal that must have come.</summary>
    public static string No<T>(Outcome<T> outcome) => outcome.Refusal?.Code ?? throw new Xunit.Sdk.XunitException("It was not refused.");

    public static T Ok<T>(Outcome<T> outcome)
    {
        Assert.Null(outcome.Refusal);
        return outcome.Value;
    }

    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        if (_ownDatabase)
            await TestDatabases.DropAsync(_database!);
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>A clock that moves when told to, also backwards.</summary>
internal sealed class TestClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Called whenever somebody asks for the time.</summary>
    public Action? Asked { get; set; }

    public override DateTimeOffset GetUtcNow()
    {
        Asked?.Invoke();
        return _now;
    }

    public void Advance(TimeSpan by) => _now += by;
}
