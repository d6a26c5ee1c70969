using ModelRegistry.Faults.Load;
using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Faults.Storage;

/// <summary>What happens to the database server while two servers of the registry are at work.</summary>
internal static class DatabaseFaults
{
    /// <summary>It is stopped as an operator does, as in a crash, and its connections are cut; it is away for a while each time.</summary>
    public static async Task RestartAsync(Campaign campaign, string server, TimeSpan time, int rounds)
    {
        using var folder = new TempFolder();
        await using var postgres = await PostgresServer.MakeAsync(durable: true);
        var database = await postgres.NewDatabaseAsync();
        await using var registry = await LoadedRegistry.StartAsync(campaign, server, new TrialPlace(folder.File("data"), database), 3, servers: 2);
        for (var round = 1; round <= rounds; round++)
        {
            await registry.ThriveAsync(10);
            if (round % 3 == 0)
            {
                await postgres.CutConnectionsAsync(database);
                campaign.Count("connections of the database cut");
                continue;
            }
            await postgres.StopAsync(round % 3 == 1 ? "immediate" : "fast");
            await registry.SufferAsync("the database is stopped", time);
            await postgres.StartAsync();
        }
        await registry.ThriveAsync(10);
        await registry.EndAsync();
    }
}
