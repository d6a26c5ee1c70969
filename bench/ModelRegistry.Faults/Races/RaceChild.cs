using System.Diagnostics;
using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Faults.Load;
using ModelRegistry.Identity;
using ModelRegistry.Promotions;

namespace ModelRegistry.Faults.Races;

/// <summary>Another process that opens the registry and does what it is told, a line each: an order comes in, what was done goes out.</summary>
public sealed class RaceChild : IDisposable
{
    public const string Verb = "race-child";

    private readonly Process _process;

    private RaceChild(Process process) => _process = process;

    public static RaceChild Start(TrialPlace place, string name)
    {
        ArgumentNullException.ThrowIfNull(place);
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(RaceChild).Assembly.Location, Verb, place.DataFolder, name, .. place.Database is null ? (string[])[] : [place.Database]]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return new RaceChild(Process.Start(start)!);
    }

    /// <summary>Waits until the registry is open there.</summary>
    public async Task OpenedAsync() => await ReadAsync();

    public Task OrderAsync(RaceOrder order) => _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order));

    public async Task<IReadOnlyList<RaceOperation>> DoneAsync() => JsonSerializer.Deserialize<List<RaceOperation>>(await ReadAsync())!;

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private async Task<string> ReadAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(2)) ?? throw new InvalidOperationException("A process of the race ended by itself.");

    /// <summary>What the other process does, until nobody orders any more.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        var place = new TrialPlace(args[0], args.Count > 2 ? args[2] : null);
        await using var it = new Racer(args[1], await place.OpenAsync(), place);
        Console.WriteLine("open");
        while (await Console.In.ReadLineAsync() is { } line)
            Console.WriteLine(JsonSerializer.Serialize(await it.DoAsync(JsonSerializer.Deserialize<RaceOrder>(line)!)));
        return 0;
    }
}

/// <summary>Who does it there.</summary>
internal sealed class Racer(string name, RegistryServices services, TrialPlace place) : IAsyncDisposable
{
    private readonly AheadClock _clock = new();
    private readonly Dictionary<string, ProvenPerson> _persons = [];
    private RegistryServices? _ahead;
    private Actor? _proposer;

    public async Task<IReadOnlyList<RaceOperation>> DoAsync(RaceOrder order)
    {
        _proposer ??= await services.Actors.StdioAsync("ana", "race");
        if (order.Prove)
            foreach (var person in TrialRegistry.Approvers)
                _persons[person] = TrialRegistry.Ok(await services.People.ProveAsync(person, TrialRegistry.Passphrase, "terminal"));
        _clock.By = TimeSpan.FromHours(order.AheadHours);
        if (order.Clients.Any(client => client.Any(wish => wish.Verb == RaceVerb.Expire)))
            _ahead ??= await place.OpenAsync(_clock);
        return [.. (await Task.WhenAll(order.Clients.Select((client, i) => Task.Run(() => ClientAsync($"{name}.{i}", order, client))))).SelectMany(done => done)];
    }

    private async Task<List<RaceOperation>> ClientAsync(string client, RaceOrder order, IReadOnlyList<RaceWish> wishes)
    {
        var done = new List<RaceOperation>();
        string? mine = null;
        SpinWait.SpinUntil(() => Stopwatch.GetTimestamp() >= order.At);
        foreach (var asked in wishes)
        {
            var wish = asked.Promotion is null && asked.Verb is not (RaceVerb.Propose or RaceVerb.Rollback or RaceVerb.LookAtServing) ? asked with { Promotion = mine } : asked;
            if (wish is { Promotion: null, Verb: not (RaceVerb.Propose or RaceVerb.Rollback or RaceVerb.LookAtServing) })
                continue;
            var invoked = Stopwatch.GetTimestamp();
            var (said, came) = await DoAsync(order.Model, wish);
            done.Add(new RaceOperation(client, wish, invoked, Stopwatch.GetTimestamp(), said, came));
            mine = came ?? mine;
        }
        return done;
    }

    private async Task<(string Said, string? Came)> DoAsync(string model, RaceWish wish) => wish.Verb switch
    {
        RaceVerb.Propose => Came(await services.Promotions.RequestAsync(_proposer!, new PromotionRequest(model, wish.Version!, "production", "better"))),
        RaceVerb.Rollback => Came(await services.Promotions.RollbackAsync(_proposer!, new RollbackRequest(model, wish.Version, null, "worse"))),
        RaceVerb.Approve => Said(await DecideAsync(wish, DecisionVerdict.Approve)),
        RaceVerb.Reject => Said(await DecideAsync(wish, DecisionVerdict.Reject)),
        RaceVerb.Withdraw => Said(await services.Promotions.WithdrawAsync(Who(wish), wish.Promotion!, "not needed")),
        RaceVerb.Revoke => Said(await services.Promotions.RevokeAsync(Who(wish), wish.Promotion!, "not needed")),
        RaceVerb.Expire => (await _ahead!.Promotions.ReviewAsync(_proposer!, wish.Promotion!)).Match(review => (review.Promotion.Status, (string?)null), no => (no.Code, null)),
        RaceVerb.LookAtServing => (await services.Catalog.ServingAsync(_proposer!, model, null, null)).Match(serving => (serving.Version ?? "none", (string?)null), no => (no.Code, null)),
        _ => Said(await services.Promotions.GetAsync(_proposer!, wish.Promotion!)),
    };

    private Actor Who(RaceWish wish) => wish.Person is { } person ? _persons[person].Actor : _proposer!;

    // The statement stays as it is: nothing of it is edited in a race.
    private readonly Dictionary<string, (int Revision, string Digest)> _statements = [];

    private async Task<Outcome<PromotionView>> DecideAsync(RaceWish wish, DecisionVerdict verdict)
    {
        (int Revision, string Digest) statement;
        lock (_statements)
            _statements.TryGetValue(wish.Promotion!, out statement);
        if (statement.Digest is null)
        {
            var review = TrialRegistry.Ok(await services.Promotions.ReviewAsync(_proposer!, wish.Promotion!));
            statement = (review.Promotion.Revision, review.StatementDigest);
            lock (_statements)
                _statements[wish.Promotion!] = statement;
        }
        var person = _persons[wish.Person!];
        return await services.Promotions.DecideAsync(person.Actor, new DecisionRequest(wish.Promotion!, statement.Revision, statement.Digest, verdict, "", person.Proof));
    }

    private static (string Said, string? Came) Came(Outcome<PromotionView> outcome) => outcome.Match(view => (view.Status, view.PromotionId), no => (no.Code, null));

    private static (string Said, string? Came) Said(Outcome<PromotionView> outcome) => outcome.Match(view => (view.Status, (string?)null), no => (no.Code, null));

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        if (_ahead is not null)
            await _ahead.DisposeAsync();
    }

    private sealed class AheadClock : TimeProvider
    {
        public TimeSpan By { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + By;
    }
}
