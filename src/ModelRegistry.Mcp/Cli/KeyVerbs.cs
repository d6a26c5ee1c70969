using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>person keys</c>, <c>person revoke-key</c> and <c>person invite</c>: passkeys, which are enrolled at their person's page.</summary>
internal static class KeyVerbs
{
    public static void AddTo(Verb person)
    {
        person.Add(Keys());
        person.Add(Revoke());
        person.Add(Invite());
    }

    private static Verb Keys()
    {
        var verb = new Verb("keys", "Lists a person's passkeys, revoked ones too.", "person keys bob");
        var name = verb.Word("NAME", "The person.", Completions.Persons);
        return verb.Lists(run => Ask.Passkeys(run.Of(name)), Many);
    }

    private static Verb Revoke()
    {
        var verb = new Verb("revoke-key", "Ends a passkey at once, such as that of a lost device; asks an admin's passphrase, or its own person's, on the terminal.", "person revoke-key key_01k… --as ada");
        var id = verb.Word("ID", "The passkey's id.");
        var asPerson = PersonVerbs.As(verb);
        return verb.Over(async (run, registry) => run.Answer(await TerminalProof.DoAsync(run, registry, Deeds.RevokePasskey(run.Of(id)), run.Of(asPerson), Permissions.Admin), key => Many([key])));
    }

    private static Verb Invite()
    {
        var verb = new Verb("invite", "Makes an invite for another person to enrol a further passkey, once, within a day, and prints its code alone on stdout; asks an admin's passphrase on the terminal.", "person invite bob --as ada");
        var name = verb.Word("NAME", "Whom to invite.", Completions.Persons);
        var asPerson = PersonVerbs.As(verb);
        return verb.Do(run => run.OnAsync(async registry =>
        {
            var invite = await TerminalProof.DoAsync(run, registry, Deeds.Invite(run.Of(name)), run.Of(asPerson), Permissions.Admin);
            if (invite.Refusal is { } refused)
                return run.Tell(refused);
            run.Around.Err.WriteLine(VisibleText.Line($"Invite for {invite.Value.Person} to enrol a passkey at their page, until {Shown.Time(invite.Value.ExpiresAt)}. Its code is shown this once:"));
            run.Around.Out.WriteLine(invite.Value.Code);
            return Replies.Exit.Done;
        }));
    }

    private static Sheet Many(IReadOnlyList<PasskeyView> keys) => new Sheet().Rows("", ["ID", "NAME", "PERSON", "STATE", "SYNCED", "SINCE"],
        keys.Select(k => new[] { k.Id, VisibleText.Line(k.Name), k.Person, k.RevokedAt is null ? "active" : "revoked", k.BackedUp ? "yes" : "no", Shown.Time(k.CreatedAt) }));
}
