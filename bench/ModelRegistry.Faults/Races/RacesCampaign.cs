using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Faults.Check;
using ModelRegistry.Faults.Load;
using ModelRegistry.Measured;
using ModelRegistry.Promotions;
using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Faults.Races;

/// <summary>Processes that race on the same promotions; what they were told must be linearizable, and the registry whole.</summary>
public static class RacesCampaign
{
    // A promotion waits for a day; who expires it comes an hour after.
    private const double Day = 25;

    public const string Options = "[--database sqlite|postgres] [--processes 3] [--rounds 300]";

    public const string Says = "2 to 4 processes race approvals, rejections, withdrawals, revocations, expiries, proposals and rollbacks on the same promotions; every history is checked for linearizability";

    public static async Task<int> RunAsync(RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (database, processes, rounds) = (options.OneOf("database", "sqlite", "postgres"), options.Whole("processes", 3), options.Whole("rounds", 300));
        if (processes is < 2 or > 4)
            throw new ArgumentException("--processes is 2, 3 or 4.");
        options.NoMore();
        var campaign = new Campaign($"Races: {database}, {processes} processes", options);
        using var folder = new TempFolder();
        await using var postgres = database == "postgres" ? await PostgresServer.MakeAsync(durable: true) : null;
        var place = new TrialPlace(folder.File("data"), postgres is null ? null : await postgres.NewDatabaseAsync());
        await TrialRegistry.MakeAsync(place, 0);
        var ledger = new Ledger();
        var ahead = await RunAsync(place, folder.Path, processes, rounds, campaign, ledger);
        campaign.Say("checking");
        await RegistryCheck.RunAsync(place, ledger, campaign, new ShiftedClock(TimeSpan.FromHours(ahead)));
        return campaign.Finish($"In each of {rounds} rounds {processes} processes with two clients each raced on one model: a pending promotion, what they proposed themselves, and rollbacks. Each round's history was held against a sequential specification of the stage, what was there afterwards included.");
    }

    /// <returns>By how many hours the registry's time is ahead of the clock at the end.</returns>
    private static async Task<double> RunAsync(TrialPlace place, string folder, int processes, int rounds, Campaign campaign, Ledger ledger)
    {
        var children = Enumerable.Range(0, processes).Select(i => RaceChild.Start(place, $"p{i}")).ToList();
        var ahead = 0.0;
        try
        {
            foreach (var child in children)
                await child.OpenedAsync();
            await using var services = await place.OpenAsync();
            var ground = new RaceGround(services, folder, ledger);
            var (chance, proven) = (campaign.Chance("races"), TimeSpan.MinValue);
            var watch = Stopwatch.StartNew();
            for (var round = 1; round <= rounds; round++)
            {
                var model = $"race-{round}";
                var (before, pending) = await ground.MakeAsync(model);
                var mayExpire = chance.Next(5) == 0;
                var scripts = children.Select(_ => Script(chance, pending, mayExpire)).ToList();
                var expires = scripts.Any(script => script.Any(client => client.Any(wish => wish.Verb == RaceVerb.Expire)));
                var prove = proven == TimeSpan.MinValue || watch.Elapsed - proven > TimeSpan.FromMinutes(3);
                proven = prove ? watch.Elapsed : proven;
                // Passphrases take longest; whoever has them typed waits for the others.
                var at = Stopwatch.GetTimestamp() + (prove ? 2 : expires ? 1 : 0) * Stopwatch.Frequency + Stopwatch.Frequency / 50;
                foreach (var (child, script) in children.Zip(scripts))
                    await child.OrderAsync(new RaceOrder(model, at, ahead + Day, prove, script));
                var history = new List<RaceOperation>();
                foreach (var child in children)
                    history.AddRange(await child.DoneAsync());
                history.AddRange(await ground.LookAsync(model, pending, history));
                Judge(campaign, ledger, round, before, history);
                if (history.Any(o => o is { Wish.Verb: RaceVerb.Expire, Said: "expired" }))
                    (ahead, proven) = (ahead + Day, TimeSpan.MinValue);
                if (round % 50 == 0)
                    campaign.Say($"round {round} of {rounds}");
            }
        }
        finally
        {
            children.ForEach(child => child.Dispose());
        }
        return ahead;
    }

    private static void Judge(Campaign campaign, Ledger ledger, int round, StageState before, List<RaceOperation> history)
    {
        foreach (var operation in history)
        {
            campaign.Count($"{operation.Wish.Verb} → {(operation.Wish.Verb == RaceVerb.LookAtServing ? "a version" : operation.Said)}");
            // The last look at each is the last operation of the history.
            if (operation.Wish.Verb == RaceVerb.LookAtPromotion)
                ledger.Promotion(operation.Promotion!, operation.Said);
            if (operation.Wish.Verb is RaceVerb.Approve or RaceVerb.Reject && operation.Said is "applied" or "rejected" or "revoked" or "expired")
                ledger.Decision(new KeptDecision(operation.Promotion!, operation.Wish.Person!, operation.Wish.Verb == RaceVerb.Approve ? "approve" : "reject"));
        }
        var outcomes = Linearizability.Outcomes(before, history, o => (o.Invoked, o.Answered), StageState.Steps, (state, operation, step) => state.After(operation, step));
        campaign.Count(outcomes.Count > 0 ? "histories that are linearizable" : "histories that are not linearizable");
        campaign.Count("operations in histories", history.Count);
        if (outcomes.Count == 0)
            campaign.Violate($"the history of round {round} is not linearizable from {before.Serving} serving, served {string.Join(", ", before.Served)}, {string.Join(", ", before.Promotions.Select(p => $"{p.Key} of {p.Value.Version} {p.Value.State}"))}:\n{string.Join("\n", history.OrderBy(o => o.Invoked))}");
    }

    /// <summary>Two clients of one or two wishes each.</summary>
    private static List<IReadOnlyList<RaceWish>> Script(Random chance, string pending, bool mayExpire)
    {
        string Person() => TrialRegistry.Approvers[chance.Next(TrialRegistry.Approvers.Count)];
        IReadOnlyList<RaceWish> Client() => chance.Next(mayExpire ? 14 : 13) switch
        {
            0 or 1 or 2 or 3 => [new(RaceVerb.Approve, null, pending, Person()), new(RaceVerb.LookAtServing)],
            4 => [new(RaceVerb.Reject, null, pending, Person())],
            5 => [new(RaceVerb.Withdraw, null, pending), new(RaceVerb.Propose, "v4"), new(RaceVerb.Approve, null, null, Person())],
            6 => [new(RaceVerb.Withdraw, null, pending, Person()), new(RaceVerb.LookAtPromotion, null, pending)],
            13 => [new(RaceVerb.Expire, null, pending)],
            8 => [new(RaceVerb.Rollback, "v1"), new(RaceVerb.Approve, null, null, Person())],
            9 => [new(RaceVerb.Rollback, "v1"), new(RaceVerb.Withdraw)],
            10 => [new(RaceVerb.Rollback, chance.Next(2) == 0 ? "v2" : "v4"), new(RaceVerb.LookAtServing)],
            11 => [new(RaceVerb.Propose, "v4"), new(RaceVerb.Approve, null, null, Person())],
            12 => [new(RaceVerb.LookAtPromotion, null, pending), new(RaceVerb.Revoke, null, pending, Person())],
            _ => [new(RaceVerb.LookAtServing), new(RaceVerb.Revoke, null, pending, Person()), new(RaceVerb.Approve, null, pending, Person())],
        };
        return [Client(), Client()];
    }
}

/// <summary>What a race is about: a model whose v1 served, whose v2 serves, and whose v3 waits for a decision; v4 could come next.</summary>
internal sealed class RaceGround(RegistryServices services, string folder, Ledger ledger)
{
    private Actor? _agent;

    /// <summary>Makes it; gives the state before the race, and the promotion that waits.</summary>
    public async Task<(StageState Before, string Pending)> MakeAsync(string model)
    {
        _agent ??= await services.Actors.StdioAsync("ana", "race");
        // Its own proof each time: the registry's time may have jumped.
        var dora = TrialRegistry.Ok(await services.People.ProveAsync("dora", TrialRegistry.Passphrase, "terminal"));
        var pending = "";
        for (var v = 1; v <= 4; v++)
        {
            var file = Path.Combine(folder, "model.onnx");
            await File.WriteAllTextAsync(file, $"weights of {model} {v}");
            var made = TrialRegistry.Ok(await services.Intake.RegisterAsync(_agent, new Registration(model, null, null, [file], Metadata)));
            ledger.Version(new KeptVersion(model, made.Number, made.Digest, new Dictionary<string, string> { ["model.onnx"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"weights of {model} {v}"))) }));
            TrialRegistry.Ok(await services.Promotions.RequestAsync(_agent, new PromotionRequest(model, made.Version, "staging", "made")));
            if (v == 4)
                break;
            pending = TrialRegistry.Ok(await services.Promotions.RequestAsync(_agent, new PromotionRequest(model, made.Version, "production", "made"))).PromotionId!;
            if (v == 3)
                continue;
            var review = TrialRegistry.Ok(await services.Promotions.ReviewAsync(_agent, pending));
            TrialRegistry.Ok(await services.Promotions.DecideAsync(dora.Actor, new DecisionRequest(pending, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, "", dora.Proof)));
        }
        var before = StageState.Of("v2", ["v1", "v2"]);
        return (before with { Promotions = before.Promotions.Add(pending, new SpecifiedPromotion("v3", false, "pending")) }, pending);
    }

    /// <summary>What is there when all is over, as operations that came last.</summary>
    public async Task<IReadOnlyList<RaceOperation>> LookAsync(string model, string pending, IReadOnlyList<RaceOperation> history)
    {
        var seen = new List<RaceOperation>();
        foreach (var id in history.Select(o => o.Came).OfType<string>().Append(pending).Distinct())
        {
            var at = Stopwatch.GetTimestamp();
            var state = TrialRegistry.Ok(await services.Promotions.GetAsync(_agent!, id)).Status;
            seen.Add(new RaceOperation("after", new RaceWish(RaceVerb.LookAtPromotion, null, id), at, Stopwatch.GetTimestamp(), state));
        }
        var last = Stopwatch.GetTimestamp();
        var serving = TrialRegistry.Ok(await services.Catalog.ServingAsync(_agent!, model, null, null)).Version;
        seen.Add(new RaceOperation("after", new RaceWish(RaceVerb.LookAtServing), last, Stopwatch.GetTimestamp(), serving ?? "none"));
        return seen;
    }

    private static VersionMetadata Metadata { get; } = new()
    {
        Format = "onnx", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.9 }, Dataset = "digits@1", CodeCommit = "0123abc", Card = "# Card\n\n## Intended use\n\nReading digits.\n",
    };
}
