using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>init</c> and <c>person</c>.</summary>
internal static class PersonVerbs
{
    private sealed record InitView(string DataFolder, string RegistryId, string Policy, PersonView Person);

    public static Verb Init()
    {
        var verb = new Verb("init", "Makes a new registry and its first person, who is admin and approver.", "init --person alice", "init --person alice --passphrase-file ./passphrase --policy team");
        var name = verb.Required("--person", "NAME", "The first person.");
        var file = verb.Text("--passphrase-file", "FILE", "Their passphrase. Default: typed twice on the terminal.");
        return verb.Answers(async run =>
        {
            if (run.Elsewhere() is { } far)
                return run.Tell(far);
            var passphrase = await TerminalProof.NewAsync(run.Around.Terminal, run.Of(name)!, run.Of(file), run.Cancel);
            // Nothing is made for whom nobody could be: a registry without a person keeps its policy for ever.
            return (passphrase.Refusal ?? People.Unfit(run.Of(name)!, passphrase.Value)) is { } no ? run.Tell(no) : await run.OnRegistryAsync(async (registry, _) =>
            {
                var person = await registry.People.InitAsync(run.Of(name)!, passphrase.Value, run.Cancel);
                var view = person.Refusal is { } refused ? refused : await InitializedAsync(registry, person.Value, run.Cancel);
                return run.Answer(view, v => new Sheet().Facts(("registry", v.RegistryId), ("data folder", v.DataFolder), ("policy", v.Policy), ("person", v.Person.Name), ("roles", Shown.List(v.Person.Roles))));
            }, make: true);
        });
    }

    public static Verb Person()
    {
        var verb = new Verb("person", "Persons: those who approve and administer.");
        verb.Add(Add());
        verb.Add(List());
        verb.Add(Disable());
        verb.Add(Email());
        verb.Add(Passphrase());
        KeyVerbs.AddTo(verb);
        return verb;
    }

    private static async Task<Outcome<InitView>> InitializedAsync(RegistryServices registry, PersonView person, CancellationToken cancel)
    {
        var me = await registry.Actors.CliAsync(person.Name, cancel);
        var policy = await registry.Policies.ShowAsync(me, cancel);
        return policy.Refusal is { } no ? no : new InitView(registry.Options.DataFolder, registry.Storage.RegistryId, policy.Value.Name, person);
    }

    private static Verb Add()
    {
        var verb = new Verb("add", "Adds a person; asks an admin's passphrase on the terminal.", "person add bob --role approver", "person add carol --role admin --role approver --passphrase-file ./carol");
        var name = verb.Word("NAME", "The new person.");
        var roles = verb.Many("--role", "ROLE", "viewer, proposer, registrar, approver, admin, or a word of the policy such as risk. Default: approver.", complete: Completions.Roles);
        var file = verb.Text("--passphrase-file", "FILE", "The new person's passphrase. Default: typed twice on the terminal.");
        var email = verb.Text("--email", "ADDRESS", "Where they are told what waits for them and what happened.");
        var asPerson = As(verb);
        return verb.Over(async (run, registry) =>
        {
            var admin = await TerminalProof.OfAsync(registry, run.Around.Terminal, run.Of(asPerson), run.Around.OsUser, Permissions.Admin, run.Cancel);
            if (admin.Refusal is { } no)
                return run.Tell(no);
            var passphrase = await TerminalProof.NewAsync(run.Around.Terminal, run.Of(name), run.Of(file), run.Cancel);
            return passphrase.Refusal is { } none ? run.Tell(none) : run.Answer(await registry.DoAsync(Deeds.AddPerson(run.Of(name), passphrase.Value, run.Of(roles) ?? [], run.Of(email)), admin.Value, run.Cancel), One);
        });
    }

    private static Verb List()
    {
        var verb = new Verb("list", "Lists the persons.", "person list");
        return verb.Lists(_ => Ask.Persons(), Many);
    }

    private static Verb Disable()
    {
        var verb = new Verb("disable", "Takes a person's powers away at once; asks an admin's passphrase on the terminal.", "person disable bob");
        var name = verb.Word("NAME", "The person.", Completions.Persons);
        var asPerson = As(verb);
        return verb.Over(async (run, registry) => run.Answer(await TerminalProof.DoAsync(run, registry, Deeds.DisablePerson(run.Of(name)), run.Of(asPerson), Permissions.Admin), One));
    }

    private static Verb Email()
    {
        var verb = new Verb("email", "Sets where a person is told by mail what waits for them and what happened; without an address, nowhere. Asks their own passphrase on the terminal, or an admin's.",
            "person email bob bob@example.org", "person email bob bob@example.org --event promotion.requested", "person email bob", "person email bob bob@example.org --as ada");
        var name = verb.Word("NAME", "The person.", Completions.Persons);
        var address = verb.OptionalWord("ADDRESS", "Such as bob@example.org. None: no mail any more.");
        var events = verb.Many("--event", "KIND", "Only of these events. Default: all that concern them.", complete: _ => NoticeKinds.ForPersons.Select(k => new System.CommandLine.Completions.CompletionItem(k)));
        var asPerson = verb.Text("--as", "PERSON", "Whose passphrase is asked. Default: theirs.", Completions.Persons);
        return verb.Over(async (run, registry) => run.Answer(await TerminalProof.DoAsync(run, registry, Deeds.SetMailbox(run.Of(name), run.Of(address), run.Of(events) ?? []), run.Of(asPerson) ?? run.Of(name), Permissions.Admin),
            m => new Sheet().Facts(("person", m.Person), ("email", m.Email ?? "none"), ("events", m.Events.Count == 0 ? "all that concern them" : Shown.List(m.Events)))));
    }

    private static Verb Passphrase()
    {
        var verb = new Verb("passphrase", "Changes a person's passphrase: asks for the one there is, then twice for the new one, on the terminal. Nobody changes another's.", "person passphrase ada");
        var name = verb.Word("NAME", "The person.", Completions.Persons);
        var file = verb.Text("--passphrase-file", "FILE", "The new passphrase. Default: typed twice on the terminal.");
        return verb.Over(async (run, registry) =>
        {
            var now = await TerminalProof.OfAsync(registry, run.Around.Terminal, run.Of(name), run.Around.OsUser, Permissions.Approver, run.Cancel);
            if (now.Refusal is { } no)
                return run.Tell(no);
            var passphrase = await TerminalProof.NewAsync(run.Around.Terminal, run.Of(name), run.Of(file), run.Cancel);
            return passphrase.Refusal is { } none ? run.Tell(none) : run.Answer(await registry.DoAsync(Deeds.ChangePassphrase(passphrase.Value), now.Value, run.Cancel), One, null,
                _ => "The passphrase before it has ended. The new one decides what is proposed from now on.");
        });
    }

    /// <summary>The option that says whose passphrase is asked.</summary>
    internal static System.CommandLine.Option<string?> As(Verb verb) => verb.Text("--as", "PERSON", "Whose passphrase is asked. Default: yours, else the only admin's.", Completions.Persons);

    private static Sheet One(PersonView person) => Many([person]);

    private static Sheet Many(IReadOnlyList<PersonView> persons) => new Sheet().Rows("", ["NAME", "ROLES", "STATE", "SINCE", "ID"],
        persons.Select(p => new[] { p.Name, Shown.List(p.Roles), p.Disabled ? "disabled" : "active", Shown.Time(p.Since), p.Id }));
}
