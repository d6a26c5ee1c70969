using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>token</c>: bearer tokens of agents and services.</summary>
internal static class TokenVerbs
{
    public static Verb Token()
    {
        var verb = new Verb("token", "Bearer tokens of agents and services. There are none for persons, and none decides anything.");
        verb.Add(Create());
        verb.Add(List());
        verb.Add(Revoke());
        return verb;
    }

    private static Verb Create()
    {
        var verb = new Verb("create", "Makes a token and prints it once, alone on stdout; asks the owner's or an admin's passphrase on the terminal.",
            "token create --agent planner --owner alice", "token create --service trainer --owner alice --role registrar --model 'fraud-*' --expires 30");
        var agent = verb.Text("--agent", "NAME", "An agent. Its roles are viewer and proposer unless --role says otherwise.");
        var service = verb.Text("--service", "NAME", "A service. Its roles are viewer and registrar unless --role says otherwise.");
        var owner = verb.Required("--owner", "PERSON", "Who answers for it.");
        owner.CompletionSources.Add(Completions.Persons);
        var roles = verb.Many("--role", "ROLE", "viewer, proposer or registrar.", complete: Completions.MachineRoles);
        var models = verb.Many("--model", "PATTERN", "Only models with such a name, as in fraud-*. Default: all.");
        var days = verb.Number("--expires", "Days until it ends. Default: 90.");
        var asPerson = verb.Text("--as", "PERSON", "Whose passphrase is asked. Default: the owner's for their agent, else an admin's.", Completions.Persons);
        return verb.Do(run => run.OnAsync(async registry =>
        {
            // An owner may make tokens for agents of their own; everything else takes an admin.
            var proven = await TerminalProof.OfAsync(registry, run.Around.Terminal, run.Of(asPerson) ?? (run.Of(agent) is null ? null : run.Of(owner)), run.Of(owner)!, Permissions.Admin, run.Cancel);
            if (proven.Refusal is { } no)
                return run.Tell(no);
            var made = await registry.DoAsync(Deeds.CreateToken(new NewToken(run.Of(agent), run.Of(service), run.Of(owner)!, run.Of(roles) ?? [], run.Of(models) ?? [], run.Of(days))), proven.Value, run.Cancel);
            if (made.Refusal is { } refused)
                return run.Tell(refused);
            run.Around.Err.WriteLine(VisibleText.Line($"Token {made.Value.Id} of {made.Value.Actor}, good until {Shown.Time(made.Value.ExpiresAt)}. It is shown this once:"));
            run.Around.Out.WriteLine(made.Value.Secret);
            return Replies.Exit.Done;
        }));
    }

    private static Verb List()
    {
        var verb = new Verb("list", "Lists the tokens, never with their secrets.", "token list");
        return verb.Lists(_ => Ask.Tokens(), Many);
    }

    private static Verb Revoke()
    {
        var verb = new Verb("revoke", "Ends a token at once; asks its owner's or an admin's passphrase on the terminal.", "token revoke tok_01k…");
        var id = verb.Word("ID", "The token's id.");
        var asPerson = PersonVerbs.As(verb);
        return verb.Over(async (run, registry) => run.Answer(await TerminalProof.DoAsync(run, registry, Deeds.RevokeToken(run.Of(id)), run.Of(asPerson), Permissions.Admin), t => Many([t])));
    }

    private static Sheet Many(IReadOnlyList<TokenView> tokens) => new Sheet().Rows("", ["ID", "OF", "KIND", "OWNER", "ROLES", "MODELS", "MADE", "EXPIRES", "REVOKED"],
        tokens.Select(t => new[] { t.Id, t.Actor, t.Kind, t.Owner, Shown.List(t.Roles), t.Models.Count == 0 ? "all" : Shown.List(t.Models), Shown.Time(t.CreatedAt), Shown.Time(t.ExpiresAt), Shown.Time(t.RevokedAt) }));
}
