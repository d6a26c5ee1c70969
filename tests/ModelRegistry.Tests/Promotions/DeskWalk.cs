using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Promotions;

namespace ModelRegistry.Tests.Promotions;

/// <summary>A random way through the real desk, the same for the same seed: what agents do, and what persons do in between.</summary>
internal sealed partial class DeskWalk(TestRegistry it, int seed)
{
    private static readonly string[] StageWords = ["production", "production", "Production", "PROD", "staging", "staging", "validation", "development", "archived", "archived", "moon"];
    private static readonly string[] VersionWords = ["1", "v1", "2", "v2", "3", "v3", "4", "latest", "latest", "latest", "default", "@champion", "@Blue", "v99"];
    private static readonly string[] ModelWords = ["digits", "digits", "digits", "Digits", "DIGITS", "toy", "toy", "Toy", "fraud", "old"];
    private static readonly string[] AliasWords = ["champion", "Champion", "@CHAMPION", "default", "latest", "blue", "Blue", "production"];

    private readonly Random _random = new(seed);
    private readonly List<string> _promotions = [];
    private readonly List<string> _states = ["", "a.b"];
    private readonly List<Actor> _agents = [];
    private readonly Dictionary<string, ProvenPerson> _persons = [];
    private readonly Dictionary<string, Proof> _keys = [];
    private readonly List<string> _trace = [];

    /// <summary>What was done last, to be read when something went wrong.</summary>
    public string Trace => $"seed {seed}, step {_trace.Count}:\n" + string.Join('\n', _trace.TakeLast(12));

    private RegistryServices Door => it.Services;

    /// <summary>v1 and v2 served production, put there by persons; then the policy, and the agents.</summary>
    public async Task BeginAsync(string policy)
    {
        await it.PutIntoProductionAsync();
        await it.PutIntoProductionAsync();
        await it.RegisterAsync();
        await it.RegisterAsync("toy");
        if (policy != PolicyProfiles.Team)
            await it.AcceptAsync(policy);
        _agents.AddRange([
            await it.AgentAsync(), await it.TokenAsync("scout", "ana"), await it.TokenAsync("drone", "ben"), await it.TokenAsync("narrow", "ana", null, false, "toy*", "d*s"),
            await it.TokenAsync("pipeline", "ana", null, service: true), await it.TokenAsync("watcher", "ana", [Permissions.Viewer])]);
        foreach (var name in new[] { "ana", "ben", "cora" })
        {
            _persons[name] = await it.PersonAsync(name);
            _keys[name] = await it.PasskeyAsync(name, null);
        }
        it.Clock.Advance(TimeSpan.FromSeconds(1));
    }

    private T One<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    private bool Chance(int outOf) => _random.Next(outOf) == 0;

    private string Id() => _promotions.Count == 0 || Chance(20) ? "prm_none" : Chance(3) ? One(_promotions) : _promotions[^1];

    private string? Key() => Chance(3) ? $"key-{_random.Next(6)}" : null;

    /// <summary>One thing that an agent does, allowed or not.</summary>
    public async Task AgentActsAsync()
    {
        var by = One(_agents);
        var refusal = _random.Next(26) switch
        {
            <= 8 => await RequestAsync(by, new PromotionRequest(One(ModelWords), One(VersionWords), One(StageWords), Chance(8) ? "" : $"because {_random.Next(3)}", Key())),
            9 or 10 => await RollBackAsync(by, new RollbackRequest(One(ModelWords), Chance(2) ? null : One(VersionWords), Chance(2) ? null : One(StageWords), "errors", Key())),
            11 => (await Door.Promotions.WithdrawAsync(by, Id(), "no")).Refusal,
            12 => await AskAsync(by),
            13 or 14 => await AnswerAsync(by),
            15 => await ForgeAsync(by),
            16 => (await Door.Promotions.RevokeAsync(by, Id(), null)).Refusal,
            17 => (await Door.Promotions.ReviewAsync(by, Id())).Refusal,
            18 or 19 => await EditAsync(by, new MetadataEdit(One(ModelWords)) { Version = One(VersionWords) }),
            20 => await EditAsync(by, new MetadataEdit(One(ModelWords))),
            21 => await RegisterAsync(by),
            22 => await AdministerAsync(by with { Roles = [Permissions.Admin] }),
            23 => Chance(10) ? await FinishAsync() : null,
            _ => Wait(),
        };
        _trace.Add($"{_trace.Count}: {by.Name} {_doing} → {refusal?.Code ?? "ok"}");
        _doing = "";
    }

    private string _doing = "";

    private async Task<Refusal?> RequestAsync(Actor by, PromotionRequest request)
    {
        _doing = request.ToString();
        return Keep(await Door.Promotions.RequestAsync(by, request));
    }

    private async Task<Refusal?> RollBackAsync(Actor by, RollbackRequest request)
    {
        _doing = request.ToString();
        return Keep(await Door.Promotions.RollbackAsync(by, request));
    }

    private Refusal? Keep(Outcome<PromotionView> outcome)
    {
        if (outcome.Refusal is { } no)
            return no;
        if (outcome.Value.PromotionId is { } id && !_promotions.Contains(id))
            _promotions.Add(id);
        _doing += $" {outcome.Value.PromotionId} {outcome.Value.Status}";
        return null;
    }

    private async Task<Refusal?> AskAsync(Actor by)
    {
        var question = await Door.Promotions.AskAsync(by, Id(), "arguments");
        if (question.Refusal is { } no)
            return no;
        _states.Add(question.Value.RequestState);
        return null;
    }

    /// <summary>A client that answers its own question, and answers to questions that were others' or never put.</summary>
    private async Task<Refusal?> AnswerAsync(Actor by)
    {
        var (id, verdict) = (Id(), Chance(8) ? DecisionVerdict.Reject : DecisionVerdict.Approve);
        var asked = Chance(3) ? null : (Outcome<QuestionView>?)await Door.Promotions.AskAsync(by, id, "arguments");
        var state = asked is { Refusal: null } question ? question.Value.RequestState : One(_states);
        if (Chance(6))
            by = One(_agents);
        var answered = await Door.Promotions.AnswerAsync(by, id, Chance(10) ? "others" : "arguments", state, verdict, "");
        if (answered.Refusal is null)
            _decided.Add((id, by.Owner!.Id, verdict));
        _doing = $"answers {id}";
        return answered.Refusal;
    }

    private async Task<Refusal?> AdministerAsync(Actor by) => _random.Next(3) switch
    {
        0 => (await it.TryAcceptAsync(by, PolicyProfiles.Find(One(PolicyProfiles.Names))!, Door)).Refusal,
        1 => (await Door.People.AddAsync(by, "eve", "a long passphrase", [Permissions.Approver, Permissions.Admin])).Refusal,
        _ => (await Door.Tokens.CreateAsync(by, new NewToken("spare", null, "ana", [Permissions.Approver], [], null))).Refusal,
    };

    /// <summary>A decision with everything as it should be but for who sends it.</summary>
    private async Task<Refusal?> ForgeAsync(Actor by)
    {
        var id = Id();
        var seen = await Door.Promotions.ReviewAsync(by, id);
        var victim = _persons[One(_persons.Keys.ToArray())];
        var proof = victim.Proof with { Method = One(Enum.GetValues<ProofMethod>()), ProvenAt = it.Clock.GetUtcNow(), Channel = One(["terminal", "page", "rest"]) };
        var caller = _random.Next(4) switch
        {
            0 => by,
            1 => by with { Roles = [.. Permissions.Roles] },
            2 => by with { Id = victim.Actor.Id, Name = victim.Actor.Name, Roles = [.. Permissions.Roles] },
            _ => by with { Kind = ActorKind.Person, Roles = [.. Permissions.Roles] },
        };
        return (await Door.Promotions.DecideAsync(caller, new DecisionRequest(id, seen.Refusal is null ? seen.Value.Promotion.Revision : 1, seen.Refusal is null ? seen.Value.StatementDigest : "", DecisionVerdict.Approve, "", proof))).Refusal;
    }

    private async Task<Refusal?> EditAsync(Actor by, MetadataEdit edit)
    {
        edit = edit.Version is not null
            ? _random.Next(5) switch
            {
                0 => edit with { Metrics = new Dictionary<string, double> { ["accuracy"] = _random.Next(5) / 5.0 } },
                1 => edit with { Tags = new Dictionary<string, string> { ["approved"] = $"{_random.Next(3)}" } },
                2 => edit with { Deprecated = Chance(2) },
                3 => edit with { Card = $"# Card\n\n## Intended use\n\nUse {_random.Next(3)}.\n" },
                _ => edit with { Alias = One(AliasWords) },
            }
            : _random.Next(4) switch
            {
                0 => edit with { NewName = One(ModelWords) },
                1 => edit with { IsActive = Chance(2) },
                2 => edit with { IsActive = true },
                _ => edit with { Card = $"card {_random.Next(3)}" },
            };
        _doing = edit.ToString();
        return (await Door.Metadata.SetAsync(by, edit)).Refusal;
    }

    private async Task<Refusal?> RegisterAsync(Actor by)
    {
        var registration = new Registration(One(ModelWords), null, null, [it.File($"weights {_random.Next()}")], TestRegistry.Metadata(_random.NextDouble()), Alias: Chance(2) ? One(AliasWords) : null);
        _doing = $"registers {registration.ModelName} {registration.Alias}";
        return (await Door.Intake.RegisterAsync(by, registration)).Refusal;
    }

    private async Task<Refusal?> FinishAsync()
    {
        await Door.Promotions.FinishApprovedAsync();
        return null;
    }

    private Refusal? Wait()
    {
        var by = _random.Next(12) switch { <= 6 => TimeSpan.FromSeconds(1), <= 8 => TimeSpan.FromMinutes(7), 9 => TimeSpan.FromHours(2), 10 => TimeSpan.FromMinutes(-3), _ => TimeSpan.FromHours(Chance(3) ? 25 : 5) };
        it.Clock.Advance(by);
        _doing = $"waits {by}";
        return null;
    }
}
