using ModelRegistry.Faults.Load;
using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Faults.Storage;

/// <summary>What happens to the volume that a data folder lies on.</summary>
internal sealed class FolderFaults(Campaign campaign, string server, TimeSpan time)
{
    private const int Clients = 3;

    /// <summary>Database and files on one small volume, which something else fills to the last byte; then there is room again.</summary>
    public async Task FullAsync()
    {
        using var folder = new TempFolder();
        var volume = folder.File("volume");
        await using var mounted = await Mounts.MakeAsync(volume, 96);
        await using var registry = await LoadedRegistry.StartAsync(campaign, server, new TrialPlace(Path.Combine(volume, "data")), Clients);
        for (var round = 1; round <= 3; round++)
        {
            await registry.ThriveAsync(10);
            using (var ballast = new FileStream(Path.Combine(volume, "ballast"), FileMode.Create, FileAccess.Write, FileShare.None, 0))
            {
                // What is freed meanwhile is taken as well.
                using var over = new CancellationTokenSource();
                var filling = FillAsync(ballast, over.Token);
                await registry.SufferAsync("the disk is full", time);
                await over.CancelAsync();
                await filling;
            }
            File.Delete(Path.Combine(volume, "ballast"));
        }
        await registry.ThriveAsync(10);
        await registry.EndAsync();
    }

    /// <summary>The files' volume becomes read-only under load; and a server is started on a data folder that is.</summary>
    public async Task ReadOnlyAsync()
    {
        using var folder = new TempFolder();
        var (files, data) = (folder.File("files"), folder.File("volume"));
        await using var mountedFiles = await Mounts.MakeAsync(files, 256);
        await using var mountedData = await Mounts.MakeAsync(data, 256);
        var place = new TrialPlace(Path.Combine(data, "data"), Artifacts: $"file:{Path.Combine(files, "artifacts")}");
        await using (var registry = await LoadedRegistry.StartAsync(campaign, server, place, Clients))
        {
            for (var round = 1; round <= 3; round++)
            {
                await registry.ThriveAsync(10);
                await Mounts.SetReadOnlyAsync(files, true);
                await registry.SufferAsync("the files' volume is read-only", time);
                await Mounts.SetReadOnlyAsync(files, false);
            }
            await registry.ThriveAsync(10);
            await registry.EndAsync();
        }
        await Mounts.SetReadOnlyAsync(data, true);
        await using (var refused = ServedProcess.Start(server, place.ServeOptions))
        {
            await refused.EndedAsync();
            if (refused.ExitCode is not 70 || refused.Said.Contains("   at ", StringComparison.Ordinal))
                campaign.Violate($"on a read-only data folder the server ended with {refused.ExitCode}: {refused.Said}");
            campaign.Count("servers that said why they do not start on a read-only folder");
        }
        await Mounts.SetReadOnlyAsync(data, false);
        await using (var again = ServedProcess.Start(server, place.ServeOptions))
            await again.Listening;
    }

    /// <summary>The volume of the data folder is taken away under load, and an empty folder is where it was; then it is put back.</summary>
    public async Task VanishedAsync()
    {
        using var folder = new TempFolder();
        var (volume, kept) = (folder.File("volume"), folder.File("kept"));
        await using var mounted = await Mounts.MakeAsync(kept, 256);
        await Mounts.BindAsync(kept, volume);
        // The volume is the data folder itself: what is below it is an empty folder.
        await using var registry = await LoadedRegistry.StartAsync(campaign, server, new TrialPlace(volume), Clients);
        for (var round = 1; round <= 3; round++)
        {
            await registry.ThriveAsync(10);
            await Mounts.TakeAwayAsync(volume);
            await registry.SufferAsync("the data folder is gone", time);
            foreach (var made in Directory.EnumerateFiles(volume, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".turn", StringComparison.Ordinal)))
                campaign.Violate($"while the volume was away the server made {Path.GetRelativePath(volume, made)} below the place where it belongs");
            await Mounts.BindAsync(kept, volume);
        }
        await registry.ThriveAsync(10);
        await registry.EndAsync();
        await Mounts.TakeAwayAsync(volume);
    }

    private static async Task FillAsync(FileStream ballast, CancellationToken over)
    {
        foreach (var size in (int[])[1 << 20, 1 << 12])
            while (!over.IsCancellationRequested)
                try
                {
                    await ballast.WriteAsync(new byte[size], CancellationToken.None);
                }
                catch (IOException)
                {
                    // Full, to within so much.
                    if (size > 1 << 12)
                        break;
                    await Task.Delay(5, CancellationToken.None);
                }
    }
}
