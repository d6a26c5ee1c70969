using System.Diagnostics;
using ModelRegistry.Measured;

namespace ModelRegistry.Faults.Storage;

/// <summary>Volumes in memory, in a mount namespace of this process's own: nobody else sees them, and they go with it.</summary>
internal static class Mounts
{
    private const string Inside = "FAULTS_OWN_MOUNTS";

    /// <summary>Whether this process is in a namespace of its own.</summary>
    public static bool AreOwn => Environment.GetEnvironmentVariable(Inside) == "1";

    /// <summary>Does all of it again in a process that has one; null where there cannot be one (it takes Linux and root).</summary>
    public static async Task<int?> AgainWithOwnAsync(RunOptions options)
    {
        if (!OperatingSystem.IsLinux() || !await TryAsync("unshare", "--mount", "true"))
            return null;
        var start = new ProcessStartInfo("unshare", ["--mount", "--propagation", "private", "dotnet", "exec", typeof(Mounts).Assembly.Location, options.Verb, .. options.Given, .. options.Says("seed") ? (string[])[] : ["--seed", $"{options.Seed}"]]);
        start.Environment[Inside] = "1";
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>A volume of so much, gone when it is disposed of.</summary>
    public static async Task<IAsyncDisposable> MakeAsync(string folder, int mebibytes)
    {
        Directory.CreateDirectory(folder);
        await RunAsync("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", folder);
        return new Mounted(folder);
    }

    private sealed record Mounted(string Folder) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await TakeAwayAsync(Folder);
    }

    /// <summary>Makes a volume read-only, as soon as nobody is writing to it; or writable again.</summary>
    public static async Task SetReadOnlyAsync(string folder, bool readOnly)
    {
        for (var tries = 0; !await TryAsync("mount", "-o", readOnly ? "remount,ro" : "remount,rw", folder); tries++)
            if (tries == 2_000)
                throw new InvalidOperationException($"'{folder}' could not be remounted.");
    }

    /// <summary>The same volume at another place, too.</summary>
    public static Task BindAsync(string folder, string alsoAt)
    {
        Directory.CreateDirectory(alsoAt);
        return RunAsync("mount", "--bind", folder, alsoAt);
    }

    /// <summary>Takes a volume away from where it is, whoever has files of it open: they keep those.</summary>
    public static Task TakeAwayAsync(string folder) => RunAsync("umount", "--lazy", folder);

    private static async Task RunAsync(string program, params string[] args)
    {
        if (!await TryAsync(program, args))
            throw new InvalidOperationException($"{program} {string.Join(' ', args)} failed.");
    }

    private static async Task<bool> TryAsync(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
