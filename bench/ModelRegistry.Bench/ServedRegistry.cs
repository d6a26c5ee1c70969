using System.Diagnostics;
using System.Text.RegularExpressions;
using ModelRegistry.Artifacts.S3;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Measured;
using ModelRegistry.Promotions;

namespace ModelRegistry.Bench;

/// <summary>A small real registry on a temporary folder, and a real <c>serve</c> process on it: for measuring from outside.</summary>
internal sealed partial class ServedRegistry : IAsyncDisposable
{
    private const string Passphrase = "correct horse battery";

    private readonly string _folder;
    private readonly ProcessStartInfo _start;
    private Process _process;
    private Task _listening;

    private ServedRegistry(string folder, ProcessStartInfo start, IReadOnlyList<string> tokens, Started started)
    {
        (_folder, _start, Tokens) = (folder, start, tokens);
        (_process, Address, _listening) = started;
    }

    public Uri Address { get; private set; }

    /// <summary>Bearer tokens of agents that may read and propose, and of one that may register as well.</summary>
    public IReadOnlyList<string> Tokens { get; }

    public int ProcessId => _process.Id;

    public string DataFolder => Path.Combine(_folder, "data");

    public bool HasEnded => _process.HasExited;

    /// <param name="server">Path of <c>modelregistry.dll</c>, published on its own so that no build disturbs it.</param>
    public static Task<ServedRegistry> StartAsync(string server, params string[] options) => StartAsync(server, null, [], options);

    /// <summary>The server that is measured.</summary>
    public static string ServerOf(RunOptions options) => options.Text("server") is { } server && File.Exists(server) ? Path.GetFullPath(server)
        : throw new ArgumentException("--server names a published modelregistry.dll: dotnet publish -c Release -o published src/ModelRegistry.Mcp");

    /// <param name="bucket">Where files lie, and how to get there; null: in the data folder.</param>
    /// <param name="environment">Variables of the server's.</param>
    public static async Task<ServedRegistry> StartAsync(string server, (string Name, S3Options Options)? bucket, IReadOnlyList<(string Name, string Value)> environment, params string[] options)
    {
        var folder = Directory.CreateTempSubdirectory("registry-bench-").FullName;
        var data = Path.Combine(folder, "data");
        var place = bucket is { } there ? $"s3://{there.Name}" : null;
        var tokens = await SeedAsync(new RegistryOptions { DataFolder = data, DataFolderNamed = true, Policy = "team", Artifacts = place, S3 = bucket?.Options ?? new S3Options() }, folder);
        var start = new ProcessStartInfo("dotnet", [server, "serve", "--data", data, "--urls", "http://127.0.0.1:0", .. place is null ? (string[])[] : ["--artifacts", place], .. options]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MODELREGISTRY_RATE_LIMIT"] = "0";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        if (bucket?.Options is { } s3)
        {
            start.Environment["MODELREGISTRY_S3_ENDPOINT"] = s3.Endpoint!.AbsoluteUri;
            start.Environment["MODELREGISTRY_S3_ACCESS_KEY"] = s3.AccessKey;
            start.Environment["MODELREGISTRY_S3_SECRET_KEY"] = s3.SecretKey;
        }
        return new ServedRegistry(folder, start, tokens, await RunAsync(start));
    }

    /// <summary>Ends the server as a crash would (SIGKILL).</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _listening;
        _process.Dispose();
    }

    /// <summary>Starts a server on what a killed one left behind, at another address.</summary>
    public async Task GoOnAsync() => (_process, Address, _listening) = await RunAsync(_start);

    private sealed record Started(Process Process, Uri Address, Task Listening);

    private static async Task<Started> RunAsync(ProcessStartInfo start)
    {
        var process = Process.Start(start)!;
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listening = Task.WhenAll(DrainAsync(process.StandardError, line =>
        {
            if (Listening().Match(line) is { Success: true } match)
                address.TrySetResult(new Uri(match.Groups[1].Value));
            else
                Console.Error.WriteLine($"server: {line}");
        }), DrainAsync(process.StandardOutput, line => Console.WriteLine($"server wrote to stdout: {line}")));
        return new Started(process, await address.Task.WaitAsync(TimeSpan.FromSeconds(60)), listening);
    }

    private static async Task<IReadOnlyList<string>> SeedAsync(RegistryOptions options, string folder)
    {
        await using var services = Ok(await RegistryServices.OpenAsync(options, TimeProvider.System));
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
