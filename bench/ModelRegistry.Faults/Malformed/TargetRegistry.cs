using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp;
using ModelRegistry.Mcp.Tools;
using ModelRegistry.Promotions;

namespace ModelRegistry.Fuzz;

/// <summary>A real registry in a folder of its own, with what malformed requests can hit: models, versions, a promotion that waits, tokens.</summary>
internal sealed class TargetRegistry : IAsyncDisposable
{
    public const string Passphrase = "correct horse battery", User = "ana";

    private readonly string _folder;

    private TargetRegistry(string folder, RegistryServices services) => (_folder, Services) = (folder, services);

    public RegistryServices Services { get; }

    public string DataFolder => Path.Combine(_folder, "data");

    /// <summary>A folder for files of cases, and everything below it.</summary>
    public string Scratch => Path.Combine(_folder, "scratch");

    /// <summary>A bearer token of an agent that may read, propose and register.</summary>
    public string Token { get; private set; } = "";

    public string Promotion { get; private set; } = "";

    public IReadOnlyList<string> Cursors { get; private set; } = [];

    public IReadOnlyList<string> Blobs { get; private set; } = [];

    /// <param name="quick">Whether it lies in memory: a campaign in one process shows nothing about disks.</param>
    public static async Task<TargetRegistry> OpenAsync(bool quick)
    {
        var folder = quick && Directory.Exists("/dev/shm") ? Directory.CreateDirectory($"/dev/shm/registry-faults-{Guid.NewGuid():N}").FullName : Directory.CreateTempSubdirectory("registry-faults-").FullName;
        var services = Ok(await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = Path.Combine(folder, "data"), DataFolderNamed = true, Policy = "local" }, TimeProvider.System));
        var it = new TargetRegistry(folder, services);
        Directory.CreateDirectory(it.Scratch);
        await it.SeedAsync();
        return it;
    }

    public Task<Actor> AgentAsync() => Services.Actors.StdioAsync(User, "seeder");

    /// <summary>What messages of MCP hit.</summary>
    public Known Known() => new(Tools(), ["churn", "Churn", "fraud"], ["1", "v1", "v2", "latest", "@champion", "default"], [Promotion, "prm_0"], Cursors, [Path.Combine(_folder, "churn-1.onnx")]);

    /// <summary>Whether every entry of the audit log is still there and as it was; and how many there are.</summary>
    public async Task<(bool Verified, long Entries)> VerifyAsync()
    {
        var view = Ok(await Services.Audit.VerifyAsync(await AgentAsync(), null));
        return (view.Verified, view.Entries);
    }

    public async Task<string?> ServingAsync() => Ok(await Services.Catalog.ServingAsync(await AgentAsync(), "churn", "production", null)).Version;

    public static T Ok<T>(Outcome<T> outcome) => outcome.Refusal is { } no ? throw new InvalidOperationException($"{no}") : outcome.Value;

    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static JsonArray Tools() =>
        JsonNode.Parse(JsonSerializer.Serialize(Ok(ToolSurface.Select(new SurfaceSettings(false, ["registrar"], []), localFiles: true)).List.Tools, ModelContextProtocol.McpJsonUtilities.DefaultOptions))!.AsArray();

    private async Task SeedAsync()
    {
        Ok(await Services.People.InitAsync(User, Passphrase));
        var ana = Ok(await Services.People.ProveAsync(User, Passphrase, "terminal"));
        Ok(await Services.People.AddAsync(ana.Actor, "ben", Passphrase, [Permissions.Approver]));
        var agent = await AgentAsync();
        var blobs = new List<string>();
        foreach (var model in (string[])["churn", "fraud"])
            for (var v = 1; v <= 3; v++)
            {
                var file = Path.Combine(_folder, $"{model}-{v}.onnx");
                await File.WriteAllTextAsync(file, $"weights of {model} {v}");
                blobs.Add(Digest.Of(await File.ReadAllBytesAsync(file)).Hex);
                Ok(await Services.Intake.RegisterAsync(agent, new Registration(model, null, null, [file], new VersionMetadata
                {
                    Format = "onnx", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.9 + v / 100.0 }, Dataset = "digits@1", CodeCommit = "0123abc", Card = "# Card\n\n## Intended use\n\nReading digits.\n",
                })));
            }
        foreach (var stage in (string[])["staging", "production"])
        {
            var asked = Ok(await Services.Promotions.RequestAsync(agent, new PromotionRequest("churn", "v1", stage, "seeded")));
            if (asked.Status != "pending")
                continue;
            var review = Ok(await Services.Promotions.ReviewAsync(agent, asked.PromotionId!));
            var ben = Ok(await Services.People.ProveAsync("ben", Passphrase, "terminal"));
            Ok(await Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(asked.PromotionId!, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, "", ben.Proof)));
        }
        Promotion = Ok(await Services.Promotions.RequestAsync(agent, new PromotionRequest("churn", "v2", "production", "better"))).PromotionId!;
        Cursors = [Ok(await Services.Catalog.ListVersionsAsync(agent, new VersionQuery("churn", Limit: 1))).NextCursor!, "WyJhIl0"];
        Blobs = blobs;
        Token = Ok(await Services.Tokens.CreateAsync(ana.Actor, new NewToken("fuzzer", null, User, Permissions.MachineRoles, [], null))).Secret;
    }
}

/// <summary>Keeps what a server logs of its own failures.</summary>
internal sealed class FailureLog : ILogger, ILoggerFactory
{
    private readonly List<string> _failures = [];

    public IReadOnlyList<string> Failures { get { lock (_failures) return [.. _failures]; } }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // What a client is told it did wrong is no fault of the server's; the SDK logs it as one.
        if (logLevel >= LogLevel.Error && exception is not ModelContextProtocol.McpProtocolException)
            lock (_failures)
                _failures.Add($"{formatter(state, exception)}: {exception}");
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
