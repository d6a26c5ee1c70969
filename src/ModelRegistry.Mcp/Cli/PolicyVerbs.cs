using ModelRegistry.Domain;
using ModelRegistry.Policies;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>policy</c>: what promotions take.</summary>
internal static class PolicyVerbs
{
    private sealed record CheckedView(string Name, string Digest, IReadOnlyList<string> Stages, IReadOnlyList<string> Governed);

    public static Verb Policy()
    {
        var verb = new Verb("policy", "The policy: what promotions take.");
        verb.Add(Show());
        verb.Add(Check());
        verb.Add(Accept());
        return verb;
    }

    private static Verb Show()
    {
        var verb = new Verb("show", "Shows the policy in force.", "policy show", "policy show --output json");
        return verb.On(async (run, registry, me) => run.Answer(await registry.Policies.ShowAsync(me, run.Cancel), InForce));
    }

    private static Verb Check()
    {
        var verb = new Verb("check", "Reads a policy and names each error with its line; changes nothing.", "policy check policy.json");
        var file = verb.Word("FILE", "A JSON file, or open, local, team, regulated.");
        return verb.Answers(run =>
        {
            var read = RegistryServices.ReadPolicy(run.Of(file)).Then(PolicyBook.Check);
            Outcome<CheckedView> view = read.Refusal is { } no ? no : new CheckedView(read.Value.Name, read.Value.Digest.Hex, read.Value.StageNames, [.. read.Value.StageNames.Where(read.Value.Governs)]);
            return Task.FromResult(run.Answer(view, v => new Sheet().Facts(("policy", v.Name), ("digest", v.Digest), ("stages", Shown.List(v.Stages)), ("governed", v.Governed.Count == 0 ? "none" : Shown.List(v.Governed)))));
        });
    }

    private static Verb Accept()
    {
        var verb = new Verb("accept", "Puts a policy in force; asks an admin's passphrase on the terminal.", "policy accept policy.json", "policy accept team --as alice");
        var file = verb.Word("FILE", "A JSON file, or open, local, team, regulated.");
        var asPerson = PersonVerbs.As(verb);
        return verb.On(async (run, registry, _) =>
        {
            var read = RegistryServices.ReadPolicy(run.Of(file));
            if (read.Refusal is { } no)
                return run.Tell(no);
            var proven = await PersonVerbs.AdminAsync(run, registry, run.Of(asPerson));
            return proven.Refusal is { } unproven ? run.Tell(unproven) : run.Answer(await registry.Policies.AcceptAsync(proven.Value.Actor, read.Value, run.Cancel), InForce);
        });
    }

    private static Sheet InForce(PolicyView p) => new Sheet()
        .Facts(("policy", p.Name), ("digest", p.Digest), ("accepted", $"{Shown.Time(p.AcceptedAt)} by {p.AcceptedBy}"))
        .Words("text", p.Json);
}
