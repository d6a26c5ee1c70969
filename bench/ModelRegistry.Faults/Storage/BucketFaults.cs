using System.Security.Cryptography;
using ModelRegistry.Artifacts.S3;
using ModelRegistry.Faults.Load;
using ModelRegistry.Tests;
using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Faults.Storage;

/// <summary>What goes wrong between a server and its bucket: a real store behind <see cref="FaultyStoreProxy"/>.</summary>
internal static class BucketFaults
{
    /// <summary>Each fault in turn, first for some requests, which are tried again, then for every one.</summary>
    public static async Task BreakAsync(Campaign campaign, string server, TimeSpan time, IReadOnlyList<StoreFault> faults)
    {
        using var folder = new TempFolder();
        await using var store = await CephGateway.StartAsync();
        using (var s3 = store.Connect())
            await s3.PutBucketAsync("trial");
        await using var proxy = new FaultyStoreProxy(store.Address, campaign);
        var direct = new TrialPlace(folder.File("data"), Artifacts: "s3://trial", S3: new S3Options { Endpoint = store.Address, AccessKey = CephGateway.AccessKey, SecretKey = CephGateway.SecretKey, Timeout = TimeSpan.FromSeconds(5) });
        await using var registry = await LoadedRegistry.StartAsync(campaign, server, direct with { S3 = direct.S3! with { Endpoint = proxy.Address } }, 3, made: direct);
        using var over = new CancellationTokenSource();
        var reading = ReadAsync(campaign, registry, over.Token);
        foreach (var fault in faults)
        {
            await registry.ThriveAsync(6);
            (proxy.Percent, proxy.Fault) = (20, fault);
            await Task.Delay(time);
            proxy.Percent = 100;
            // Slowness is borne, and what befalls the body of an answer befalls few requests but those that fetch one.
            if (fault is StoreFault.Slow or StoreFault.CutAnswer or StoreFault.LongLength or StoreFault.ShortLength)
                await Task.Delay(time);
            else
                await registry.SufferAsync($"every request to the store meets {fault}", time);
            proxy.Fault = StoreFault.None;
        }
        await registry.ThriveAsync(6);
        await over.CancelAsync();
        await reading;
        await registry.EndAsync(checkedAt: direct);
    }

    /// <summary>Fetches files of versions that were acknowledged: they come as they are, or not whole, and never otherwise.</summary>
    private static async Task ReadAsync(Campaign campaign, LoadedRegistry registry, CancellationToken over)
    {
        var chance = campaign.Chance("reader");
        using var caller = new Caller(registry.Servers.There, campaign, registry.Token, chance);
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(20, CancellationToken.None);
            if (registry.Ledger.Versions is not { Count: > 0 } versions)
                continue;
            var version = versions[chance.Next(versions.Count)];
            var (path, sha256) = version.Files.ElementAt(chance.Next(version.Files.Count));
            if (await caller.TryFetchAsync($"/models/{version.Model}/versions/{version.Number}/files/{path}") is not { } fetched)
                continue;
            if (fetched.Status == 503)
                campaign.Count("downloads refused with 503");
            else if (fetched.Status != 200)
                campaign.Violate($"{path} of version {version.Number} of {version.Model} is whole in the store, and was refused with {fetched.Status}: {System.Text.Encoding.UTF8.GetString(fetched.Body)}");
            else if (Convert.ToHexStringLower(SHA256.HashData(fetched.Body)) == sha256)
                campaign.Count("downloads that came as they are");
            else
                campaign.Violate($"{path} of version {version.Number} of {version.Model} came whole with other bytes than were acknowledged");
        }
    }
}
