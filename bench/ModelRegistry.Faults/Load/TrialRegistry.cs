using ModelRegistry.Artifacts.S3;
using ModelRegistry.Domain;
using ModelRegistry.Identity;

namespace ModelRegistry.Faults.Load;

/// <summary>Where a registry under trial lies.</summary>
/// <param name="DataFolder">Absolute.</param>
/// <param name="Database">A PostgreSQL address; null: SQLite in the data folder.</param>
/// <param name="Artifacts"><c>file:PATH</c> or <c>s3://BUCKET</c>; null: in the data folder.</param>
public sealed record TrialPlace(string DataFolder, string? Database = null, string? Artifacts = null, S3Options? S3 = null)
{
    public RegistryOptions Options => new() { DataFolder = DataFolder, DataFolderNamed = true, Database = Database, Artifacts = Artifacts, S3 = S3 ?? new S3Options() };

    /// <summary>What <c>serve</c> is told of it.</summary>
    public IEnumerable<string> ServeOptions => ["--data", DataFolder, .. Database is null ? (string[])[] : ["--database", Database], .. Artifacts is null ? (string[])[] : ["--artifacts", Artifacts]];

    /// <summary>The settings of a process that serves it: how a bucket is reached.</summary>
    public Dictionary<string, string> Environment => S3 is null ? [] : new()
    {
        ["MODELREGISTRY_S3_ENDPOINT"] = S3.Endpoint!.AbsoluteUri, ["MODELREGISTRY_S3_ACCESS_KEY"] = S3.AccessKey!, ["MODELREGISTRY_S3_SECRET_KEY"] = S3.SecretKey!,
        ["MODELREGISTRY_S3_TIMEOUT"] = ((int)S3.Timeout.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <summary>Opens it in this process.</summary>
    public async Task<RegistryServices> OpenAsync(TimeProvider? time = null) => TrialRegistry.Ok(await RegistryServices.OpenAsync(Options, time ?? TimeProvider.System));
}

/// <summary>A clock that is off by so much.</summary>
public sealed class ShiftedClock(TimeSpan by) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
}

/// <summary>A new registry under the policy <c>team</c>: ana is admin and answers for every token, ben, cora and dora are approvers.</summary>
public static class TrialRegistry
{
    public const string Passphrase = "correct horse battery";

    public static IReadOnlyList<string> Approvers { get; } = ["ben", "cora", "dora"];

    /// <summary>Makes it.</summary>
    /// <returns>As many tokens as were asked for, of agents that may read, propose and register.</returns>
    public static async Task<IReadOnlyList<string>> MakeAsync(TrialPlace place, int tokens)
    {
        ArgumentNullException.ThrowIfNull(place);
        await using var services = Ok(await RegistryServices.OpenAsync(place.Options with { Policy = "team" }, TimeProvider.System));
        Ok(await services.People.InitAsync("ana", Passphrase));
        var ana = Ok(await services.People.ProveAsync("ana", Passphrase, "terminal")).Actor;
        foreach (var name in Approvers)
            Ok(await services.People.AddAsync(ana, name, Passphrase, [Permissions.Approver]));
        var made = new List<string>();
        for (var i = 0; i < tokens; i++)
            made.Add(Ok(await services.Tokens.CreateAsync(ana, new NewToken($"pipeline-{i}", null, "ana", Permissions.MachineRoles, [], null))).Secret);
        return made;
    }

    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public static T Ok<T>(Outcome<T> outcome) => outcome.Refusal is { } no ? throw new InvalidOperationException(no.ToString()) : outcome.Value;
}
