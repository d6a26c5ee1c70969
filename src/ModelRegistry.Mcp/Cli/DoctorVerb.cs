using ModelRegistry.Audit;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>doctor</c>: whether the registry can do its work, and what to do where it cannot.</summary>
internal static class DoctorVerb
{
    private const long LeastFreeBytes = 1L << 30;

    /// <param name="Status">ok, warn or fail.</param>
    internal sealed record CheckView(string Check, string Status, string Found, string Remedy);

    private sealed record DoctorView(bool Healthy, IReadOnlyList<CheckView> Checks);

    /// <summary>This program's own.</summary>
    internal static string Version { get; } = typeof(DoctorVerb).Assembly.GetName().Version?.ToString(3) ?? "0";

    public static Verb Make()
    {
        var verb = new Verb("doctor", "Looks whether everything is in order, here or at a server; exit 1 when something is not.", "doctor", "doctor --output json", "doctor --server https://models.example.org");
        return verb.Answers(async run =>
        {
            var checks = new List<CheckView> { Ok("program", $"{Version} on .NET {Environment.Version}, {System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier}") };
            if (run.Settings.Server is { } server)
                checks.AddRange(await ServerChecks.RunAsync(server, run.Cancel));
            else
                checks.AddRange([Ok("sqlite", RegistryServices.SqliteVersion), .. Folder(run.Settings.Registry.DataFolder), .. await RegistryAsync(run)]);
            var view = new DoctorView(checks.All(c => c.Status != "fail"), checks);
            return run.Answer<DoctorView>(view, v => new Sheet().Rows("", ["CHECK", "STATUS", "FOUND", "REMEDY"], v.Checks.Select(c => new[] { c.Check, c.Status, c.Found, c.Remedy })),
                v => v.Healthy ? Replies.Exit.Done : Replies.Exit.Unverified);
        });
    }

    private static IEnumerable<CheckView> Folder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            yield return new("data folder", "fail", $"{folder} is not there", "Make a registry with `init --person NAME`, or name its data folder with --data.");
            yield break;
        }
        if (OperatingSystem.IsWindows())
        {
            yield return Ok("data folder", folder);
        }
        else
        {
            var mode = File.GetUnixFileMode(folder);
            yield return (mode & (UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherExecute | UnixFileMode.OtherWrite)) == 0
                ? Ok("data folder", $"{folder}, its owner's alone")
                : new("data folder", "warn", $"{folder}, open to others ({mode})", $"Other users could read the keys: chmod 700 '{folder}'.");
        }
        var free = new DriveInfo(folder).AvailableFreeSpace;
        yield return free < LeastFreeBytes ? new("free disk", "warn", Shown.Size(free), "Free space on the volume of the data folder.") : Ok("free disk", Shown.Size(free));
    }

    private static async Task<IReadOnlyList<CheckView>> RegistryAsync(CliRun run)
    {
        try
        {
            if (!await RegistryServices.IsThereAsync(run.Settings.Registry, run.Cancel))
                return [new("registry", "fail", "there is none", "Make one with `init --person NAME`.")];
            var opened = await RegistryServices.OpenAsync(run.Settings.Registry, TimeProvider.System, run.Logs, run.Cancel);
            if (opened.Refusal is { } no)
                return [new("registry", "fail", no.Message, no.Remedy)];
            await using var registry = opened.Value;
            return await InsideAsync(registry, run);
        }
        catch (StorageUnavailableException e)
        {
            return [new("registry", "fail", e.Message, e.Remedy)];
        }
    }

    private static async Task<IReadOnlyList<CheckView>> InsideAsync(RegistryServices registry, CliRun run)
    {
        var me = await registry.Actors.CliAsync(run.Around.OsUser, run.Cancel);
        var policy = (await registry.Policies.ShowAsync(me, run.Cancel)).Value;
        var persons = (await registry.People.ListAsync(me, run.Cancel)).Value.Count(p => !p.Disabled);
        var last = (await registry.Audit.ListAsync(me, new AuditQuery(Limit: 1), run.Cancel)).Value.Items is [var newest, ..] ? newest : null;
        var owed = (await registry.Promotions.GlassReviewsAsync(me, owed: true, limit: 100, cancel: run.Cancel)).Value;
        var now = TimeProvider.System.GetUtcNow();
        return
        [
            Ok("database", $"{registry.Storage.Engine} at {registry.Storage.Location}"),
            await ArtifactsAsync(registry, run.Cancel),
            Ok("schema", $"version {RegistryServices.SchemaVersion}"),
            Ok("registry", registry.Storage.RegistryId),
            Ok("policy", $"{policy.Name}, sha256 {policy.Digest}"),
            persons > 0 ? Ok("persons", Shown.Count(persons)) : new("persons", "fail", "none", "Add the first one with `init --person NAME`."),
            Waiting(policy),
            owed.Items is [var first, ..] ? new("broken glass", "warn", $"{Shown.Count(owed.Items.Count)}{(owed.NextCursor is null ? "" : " or more")} without a review", $"Another approver owes it: {first.ReviewCommand}") : Ok("broken glass", "no review is owed"),
            Ok("audit log", last is null ? "empty" : $"{last.Position} entries; `audit verify` checks them"),
            Ok("audit key", registry.Exports.Key(me).Value),
            // The registry's times never go back, so a clock behind its last entry is a clock that did.
            last is not null && last.At > now.AddMinutes(1) ? new("clock", "fail", $"{Shown.Time(now)}, before the last entry of {Shown.Time(last.At)}", "Set the clock; deadlines are judged by it.") : Ok("clock", Shown.Time(now)),
        ];
    }

    private static async Task<CheckView> ArtifactsAsync(RegistryServices registry, CancellationToken cancel)
    {
        try
        {
            await registry.CheckArtifactsAsync(cancel);
            return Ok("artifacts", registry.ArtifactPlace);
        }
        catch (StorageUnavailableException e)
        {
            return new("artifacts", "fail", $"{registry.ArtifactPlace}: {e.Message}", e.Remedy);
        }
    }

    private static CheckView Waiting(Policies.PolicyView policy) => policy.Pending is { } pending
        ? new("policy change", "warn", $"'{pending.Name}', proposed by {pending.ProposedBy}, expires {Shown.Time(pending.ExpiresAt)}", pending.Next)
        : Ok("policy change", "none waits");

    internal static CheckView Ok(string check, string found) => new(check, "ok", found, "");
}
