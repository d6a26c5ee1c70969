using ModelRegistry.Measured;
using ModelRegistry.Tests;
using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Faults.Storage;

/// <summary>What happens to where a registry is kept, while clients work: disks, folders, the bucket, the database server, the clock.</summary>
public static class StorageCampaign
{
    public const string Options = "[--fault all|full|read-only|vanished|bucket|database|clock] [--seconds 5]";

    public const string Says = "volumes that are full, read-only or taken away, a bucket behind a proxy that misbehaves in nine ways, a database server that is restarted, a clock that is set forwards and back; --seconds: how long each fault lasts";

    public static async Task<int> RunAsync(RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var only = options.OneOf("fault", "all", "full", "read-only", "vanished", "bucket", "database", "clock");
        var time = TimeSpan.FromSeconds(options.Whole("seconds", 5));
        options.NoMore();
        // Mounting is this process's own: nobody else is to see it.
        if (!Mounts.AreOwn && await Mounts.AgainWithOwnAsync(options) is { } code)
            return code;
        var campaign = new Campaign(only == "all" ? "Storage" : $"Storage: {only}", options);
        var folders = new FolderFaults(campaign, options.Server, time);
        var done = new List<string>();
        foreach (var (name, missing, run) in (IEnumerable<(string, string?, Func<Task>)>)
        [
            ("full", Unmountable, folders.FullAsync),
            ("read-only", Unmountable, folders.ReadOnlyAsync),
            ("vanished", Unmountable, folders.VanishedAsync),
            ("bucket", CephGateway.Programs.Any(program => !OnPath(program)) ? "Ceph's programs" : null, () => BucketFaults.BreakAsync(campaign, options.Server, time, [.. Enum.GetValues<StoreFault>().Where(f => f != StoreFault.None)])),
            ("database", PostgresServer.Programs is null ? "PostgreSQL's programs" : null, () => DatabaseFaults.RestartAsync(campaign, options.Server, time, 6)),
            ("clock", ClockFaults.Library is null ? "libfaketime" : null, () => ClockFaults.TurnAsync(campaign, options.Server, time)),
        ])
        {
            if (only != "all" && only != name)
                continue;
            // What is left out without a word would pass for what was done.
            if (missing is not null)
                campaign.Violate($"'{name}' cannot be done here: it needs {missing}");
            else
            {
                campaign.Say($"{name} …");
                await run();
                done.Add(name);
            }
        }
        return campaign.Finish($"Clients worked over REST as in the kills, while each of these went wrong in turn and was mended again: {string.Join(", ", done)}. Each fault lasted {time.TotalSeconds} s at a time. Only 503 with code and remedy was taken for a refusal, and no answer was waited for longer than {Load.Caller.Patience.TotalSeconds} s.");
    }

    private static string? Unmountable => Mounts.AreOwn ? null : "a mount namespace of its own (Linux, root)";

    private static bool OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
