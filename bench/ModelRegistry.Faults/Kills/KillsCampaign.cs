using ModelRegistry.Faults.Check;
using ModelRegistry.Faults.Load;
using ModelRegistry.Measured;
using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Faults.Kills;

/// <summary>Servers that are killed while clients work, and the database with them.</summary>
public static class KillsCampaign
{
    private const int Clients = 4;

    public const string Options = "[--database sqlite|postgres] [--rounds 60] [--processes N]";

    public const string Says = "serve processes under load over HTTP are ended with SIGKILL at random moments, also while they start, and started again; PostgreSQL is stopped (fast and immediate) and started, too";

    public static async Task<int> RunAsync(RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var database = options.OneOf("database", "sqlite", "postgres");
        var (rounds, processes) = (options.Whole("rounds", 60), options.Whole("processes", database == "sqlite" ? 1 : 2));
        options.NoMore();
        var campaign = new Campaign($"Kills: {database}, {processes} {(processes == 1 ? "server" : "servers")}", options);
        using var folder = new TempFolder();
        await using var postgres = database == "postgres" ? await PostgresServer.MakeAsync(durable: true) : null;
        var place = new TrialPlace(folder.File("data"), postgres is null ? null : await postgres.NewDatabaseAsync());
        var tokens = await TrialRegistry.MakeAsync(place, Clients);
        var ledger = new Ledger();
        await using (var fleet = new ServedFleet(options.Server, place, processes))
        {
            await fleet.StartAsync();
            using var over = new CancellationTokenSource();
            var pipelines = tokens.Select((token, i) => new Pipeline($"model-{i}", token, fleet.There, campaign, ledger, over.Token)).ToList();
            var work = Task.WhenAll(pipelines.Select(p => Task.Run(p.RunAsync)));
            var chance = campaign.Chance("kills");
            for (var round = 1; round <= rounds && !work.IsFaulted; round++)
            {
                await WaitAsync(campaign, chance);
                if (postgres is not null && round % 5 == 0)
                    await RestartAsync(postgres, chance.Next(2) == 0 ? "immediate" : "fast", campaign);
                else
                    await KillAsync(fleet, (round - 1) % processes, chance, campaign);
                if (round % 10 == 0)
                    campaign.Say($"round {round} of {rounds}: {campaign.Counted("versions acknowledged")} versions, {campaign.Counted("decisions acknowledged")} decisions");
            }
            await over.CancelAsync();
            await work;
            pipelines.ForEach(p => p.Dispose());
        }
        campaign.Say("checking");
        await RegistryCheck.RunAsync(place, ledger, campaign);
        return campaign.Finish($"{Clients} clients registered, edited, proposed, approved, rejected, took back and rolled back over REST, and sent again with the same key what was not answered; meanwhile {rounds} times a server{(postgres is null ? "" : " or the database")} was ended and started again.");
    }

    /// <summary>Some die at once; most after so many answers, however fast the machine is.</summary>
    private static async Task WaitAsync(Campaign campaign, Random chance)
    {
        const string answered = "requests answered";
        if (chance.Next(4) != 0)
        {
            var until = campaign.Counted(answered) + chance.Next(5, 60);
            for (var waited = 0; campaign.Counted(answered) < until && waited < 3_000; waited++)
                await Task.Delay(10);
        }
        await Task.Delay(chance.Next(0, 100));
    }

    private static async Task KillAsync(ServedFleet fleet, int place, Random chance, Campaign campaign)
    {
        if (fleet[place] is { HasEnded: true } gone)
            campaign.Violate($"a server ended by itself, with {gone.ExitCode}: {gone.Said}");
        await fleet.KillAsync(place);
        campaign.Count("servers killed");
        // Some die again while they open what the last one left.
        while (chance.Next(4) == 0)
        {
            fleet.Begin(place);
            await Task.Delay(chance.Next(50, 1_200));
            await fleet.KillAsync(place);
            campaign.Count("servers killed while they started, or just after");
        }
        try
        {
            await fleet.StartAsync(place);
        }
        catch (Exception e) when (e is EndOfStreamException or TimeoutException)
        {
            campaign.Violate($"a server did not start on what a killed one had left: {e.Message}");
            throw;
        }
    }

    private static async Task RestartAsync(PostgresServer postgres, string mode, Campaign campaign)
    {
        await postgres.StopAsync(mode);
        await Task.Delay(200);
        await postgres.StartAsync();
        campaign.Count($"restarts of the database ({mode})");
    }
}
