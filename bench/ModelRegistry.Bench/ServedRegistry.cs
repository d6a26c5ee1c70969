using System.Diagnostics;
using System.Text.RegularExpressions;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Promotions;

namespace ModelRegistry.Bench;

/// <summary>A small real registry on a temporary folder, and a real <c>serve</c> process on it: for measuring from outside.</summary>
internal sealed partial class ServedRegistry : IAsyncDisposable
{
    private const string Passphrase = "correct horse battery";

    private readonly string _folder;
    private readonly Process _process;
    private readonly Task _listening;

    private ServedRegistry(string folder, Process process, Uri address, IReadOnlyList<string> tokens, Task listening) =>
        (_folder, _process, Address, Tokens, _listening) = (folder, process, address, tokens, listening);

    public Uri Address { get; }

    /// <summary>Bearer tokens of agents that may read and propose, and of one that may register as well.</summary>
    public IReadOnlyList<string> Tokens { get; }

    public int ProcessId => _process.Id;

    public string DataFolder => Path.Combine(_folder, "data");

    public bool HasEnded => _process.HasExited;

    /// <param name="server">Path of <c>modelregistry.dll</c>, published on its own so that no build disturbs it.</param>
    public static async Task<ServedRegistry> StartAsync(string server, params string[] options)
    {
        var folder = Directory.CreateTempSubdirectory("registry-bench-").FullName;
        var data = Path.Combine(folder, "data");
        var tokens = await SeedAsync(data, folder);
        var start = new ProcessStartInfo("dotnet", [server, "serve", "--data", data, "--urls", "http://127.0.0.1:0", .. options]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MODELREGISTRY_RATE_LIMIT"] = "0";
        var process = Process.Start(start)!;
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listening = Task.WhenAll(DrainAsync(process.StandardError, line =>
        {
            if (Listening().Match(line) is { Success: true } match)
                address.TrySetResult(new Uri(match.Groups[1].Value));
            else
                Console.Error.WriteLine($"server: {line}");
        }), DrainAsync(process.StandardOutput, line => Console.WriteLine($"server wrote to stdout: {line}")));
        return new ServedRegistry(folder, process, await address.Task.WaitAsync(TimeSpan.FromSeconds(60)), tokens, listening);
    }

    private static async Task<IReadOnlyList<string>> SeedAsync(string data, string folder)
    {
        await using var services = Ok(await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = data, DataFolderNamed = true, Policy = "team" }, TimeProvider.System));
        Ok(await services.People.InitAsync("ana", Passphrase));
        var ana = Ok(await services.People.ProveAsync("ana", Passphrase, "terminal"));
        Ok(await services.People.AddAsync(ana.Actor, "ben", Passphrase, [Permissions.Approver]));
        var seeder = await services.Actors.StdioAsync("ana", "seeder");
        foreach (var model in (string[])["churn", "fraud", "digits"])
            for (var v = 1; v <= 5; v++)
            {
                var file = Path.Combine(folder, $"{model}-{v}.onnx");
                await File.WriteAllTextAsync(file, $"weights of {model} {v}");
                Ok(await services.Intake.RegisterAsync(seeder, new Registration(model, null, null, [file], new VersionMetadata
                {
                    Format = "onnx", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.9 + v / 100.0, ["log_loss"] = 0.3 - v / 100.0 }, Dataset = "digits@1", CodeCommit = "0123abc", Card = "# Card\n\n## Intended use\n\nReading digits.\n",
                }, $"The model called {model}.")));
            }
        foreach (var model in (string[])["churn", "fraud", "digits"])
        {
            Ok(await services.Promotions.RequestAsync(seeder, new PromotionRequest(model, "v1", "staging", "seeded")));
            var asked = Ok(await services.Promotions.RequestAsync(seeder, new PromotionRequest(model, "v1", "production", "seeded")));
            var review = Ok(await services.Promotions.ReviewAsync(seeder, asked.PromotionId!));
            var ben = Ok(await services.People.ProveAsync("ben", Passphrase, "terminal"));
            Ok(await services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(asked.PromotionId!, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, "", ben.Proof)));
            Ok(await services.Promotions.RequestAsync(seeder, new PromotionRequest(model, "v2", "staging", "seeded")));
        }
        var tokens = new List<string>();
        for (var i = 0; i < 4; i++)
            tokens.Add(Ok(await services.Tokens.CreateAsync(ana.Actor, new NewToken($"bench-{i}", null, "ana", i == 3 ? Permissions.MachineRoles : [], [], null))).Secret);
        return tokens;
    }

    private static async Task DrainAsync(StreamReader from, Action<string> told)
    {
        while (await from.ReadLineAsync() is { } line)
            told(line);
    }

    private static T Ok<T>(Outcome<T> outcome) => outcome.Refusal is { } no ? throw new InvalidOperationException($"{no}") : outcome.Value;

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _listening;
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [GeneratedRegex(@"^Listening on (http://\S+)")]
    private static partial Regex Listening();
}
