using ModelRegistry.Audit;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>A registry in a folder of its own, open in this process while the server under test has it open in another.</summary>
internal sealed class SeededRegistry : IAsyncDisposable
{
    public const string Passphrase = "correct horse battery";

    private readonly string _folder = Directory.CreateTempSubdirectory("registry-mcp-").FullName;

    private SeededRegistry() { }

    public RegistryServices Services { get; private set; } = null!;

    public string DataFolder => Path.Combine(_folder, "data");

    /// <summary>Ana, who proved at seeding who she is.</summary>
    public Actor Ana { get; private set; } = null!;

    /// <summary>With ana (admin and approver), who answers for every agent, and ben (approver).</summary>
    /// <param name="time">By which this process makes what it makes; never before what is there already.</param>
    /// <param name="with">What else it is told.</param>
    public static Task<SeededRegistry> OpenAsync(string policy = "local", TimeProvider? time = null, Func<RegistryOptions, RegistryOptions>? with = null) =>
        time is null && with is null ? OpenCopyAsync(policy, churn: false) : OpenAnewAsync(policy, time ?? TimeProvider.System, with);

    /// <summary>With ana, ben, and churn as <see cref="ChurnAsync"/> makes it.</summary>
    public static Task<SeededRegistry> OpenChurnAsync(string policy = "local") => OpenCopyAsync(policy, churn: true);

    /// <summary>Seeded where it is, and an identity of its own.</summary>
    public static async Task<SeededRegistry> OpenAnewAsync(string policy, TimeProvider time, Func<RegistryOptions, RegistryOptions>? with = null)
    {
        var it = new SeededRegistry();
        await it.OpenServicesAsync(policy, time, with);
        Ok(await it.Services.People.InitAsync("ana", Passphrase));
        it.Ana = Ok(await it.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor;
        Ok(await it.Services.People.AddAsync(it.Ana, "ben", Passphrase, [Permissions.Approver]));
        return it;
    }

    private static async Task<SeededRegistry> OpenCopyAsync(string policy, bool churn)
    {
        var it = new SeededRegistry();
        it.Ana = await SeededFolders.CopyAsync(policy, churn, it.DataFolder);
        await it.OpenServicesAsync(policy, TimeProvider.System);
        return it;
    }

    private async Task OpenServicesAsync(string policy, TimeProvider time, Func<RegistryOptions, RegistryOptions>? with = null) =>
        Services = Ok(await RegistryServices.OpenAsync((with ?? (o => o))(new RegistryOptions { DataFolder = DataFolder, DataFolderNamed = true, Policy = policy }), time));

    /// <summary>A bearer token of an agent that ana answers for.</summary>
    public async Task<string> TokenAsync(string agent, params string[] roles) => (await NewTokenAsync(agent, roles)).Secret;

    public async Task<ModelRegistry.Identity.NewTokenView> NewTokenAsync(string agent, params string[] roles) =>
        Ok(await Services.Tokens.CreateAsync(Ana, new ModelRegistry.Identity.NewToken(agent, null, "ana", roles.Length > 0 ? roles : Permissions.MachineRoles, [], null)));

    /// <summary>Puts another policy in force.</summary>
    public Task AcceptAsync(string profile) => AcceptPolicyAsync(PolicyProfiles.Find(profile)!);

    public async Task AcceptPolicyAsync(string json)
    {
        var ana = Ok(await Services.People.ProveAsync("ana", Passphrase, "terminal"));
        Ok(await Services.Policies.AcceptAsync(ana.Actor, new Policies.PolicyAcceptance(json, Ok(await Services.Policies.ShowAsync(ana.Actor)).Digest, ana.Proof)));
    }

    public async Task RevokeAsync(string tokenId) => Ok(await Services.Tokens.RevokeAsync(Ana, tokenId));

    public Task<Actor> AgentAsync() => Services.Actors.StdioAsync("ana", "seeder");

    public string File(string content, string name = "model.onnx")
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "in", Guid.NewGuid().ToString("N"))).FullName;
        var path = Path.Combine(folder, name);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <summary>A copy of one of the real models in <c>samples/digits</c>, under another name.</summary>
    public string Sample(string sample, string name)
    {
        var path = File("", name);
        System.IO.File.Copy(ModelRegistry.Tests.Repository.At($"samples/digits/{sample}"), path, overwrite: true);
        return path;
    }

    public async Task<RegisteredView> RegisterAsync(string model = "churn", double accuracy = 0.9, VersionMetadata? metadata = null, string? description = null) => Ok(await Services.Intake.RegisterAsync(
        await AgentAsync(), new Registration(model, null, null, [File($"weights {Guid.NewGuid()}")], metadata ?? Metadata(accuracy), description)));

    public static VersionMetadata Metadata(double accuracy = 0.9) => new()
    {
        Format = "onnx",
        Metrics = new Dictionary<string, double> { ["accuracy"] = accuracy },
        Dataset = "digits@1",
        CodeCommit = "0123abc",
        Card = "# Card\n\n## Intended use\n\nReading digits.\n",
    };

    /// <summary>churn with v1, which serves production, and the better v2.</summary>
    public async Task ChurnAsync()
    {
        await RegisterAsync(accuracy: 0.9);
        await MoveAsync("v1", "staging");
        await MoveAsync("v1", "production");
        await RegisterAsync(accuracy: 0.95);
        await MoveAsync("v2", "staging");
    }

    /// <summary>Proposes, and lets ben approve with his passphrase where that is asked.</summary>
    public async Task MoveAsync(string version, string stage, string model = "churn")
    {
        var promotion = Ok(await Services.Promotions.RequestAsync(await AgentAsync(), new PromotionRequest(model, version, stage, "seeded")));
        if (promotion.Status == "pending")
            promotion = Ok(await DecideAsync(promotion.PromotionId!, DecisionVerdict.Approve));
        Assert.Equal("applied", promotion.Status);
    }

    public async Task<Outcome<PromotionView>> DecideAsync(string id, DecisionVerdict verdict)
    {
        var review = Ok(await Services.Promotions.ReviewAsync(await AgentAsync(), id));
        var ben = Ok(await Services.People.ProveAsync("ben", Passphrase, "terminal"));
        return await Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(id, review.Promotion.Revision, review.StatementDigest, verdict, "as ben sees it", ben.Proof));
    }

    public async Task<string?> ServingAsync(string model = "churn") => Ok(await Services.Catalog.ServingAsync(await AgentAsync(), model, "production", null)).Version;

    public async Task<string> ProposeAsync(string version = "v2") =>
        Ok(await Services.Promotions.RequestAsync(await AgentAsync(), new PromotionRequest("churn", version, "production", "better"))).PromotionId!;

    public async Task<PromotionView> PromotionAsync(string id) => Ok(await Services.Promotions.GetAsync(await AgentAsync(), id));

    /// <summary>Verbs about a subject, oldest first; refused ones with their code.</summary>
    public async Task<IReadOnlyList<string>> VerbsAsync(string subject) =>
        [.. Ok(await Services.Audit.ListAsync(await AgentAsync(), new AuditQuery(Subject: subject, Limit: 100))).Items.Reverse().Select(e => e.Outcome == "refused" ? $"{e.Verb} refused {(string?)e.Entry["facts"]?["code"]}" : e.Verb)];

    public static T Ok<T>(Outcome<T> outcome)
    {
        Assert.True(outcome.Refusal is null, outcome.Refusal?.ToString());
        return outcome.Value;
    }

    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
