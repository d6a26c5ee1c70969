using ModelRegistry.Domain;
using ModelRegistry.Identity;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Who there is: persons, and the tokens of agents and services. Changing any of it takes a person's proof, in <c>by</c>.</summary>
internal static class PeopleRoutes
{
    private const string By = "by";

    /// <summary>Whom a token stands for.</summary>
    /// <param name="Owner">The person who answers for it.</param>
    /// <param name="Models">Name patterns that narrow it; none: all models.</param>
    private sealed record CallerView(string Id, string Name, string Kind, IReadOnlyList<string> Roles, IReadOnlyList<string> Models, string? Owner);

    private sealed record NewPerson(string Name, IReadOnlyList<string> Roles, string Passphrase, string? Email);

    public static void Map(RestRoutes routes)
    {
        routes.Get("/me", "Whom the token stands for.", _ => 0, (call, _) => Task.FromResult<Outcome<CallerView>>(
            new CallerView(call.By.Id, call.By.Name, call.By.Kind.ToString().ToLowerInvariant(), call.By.Roles, call.By.Models, call.By.Owner?.Name)));
        // A passkey's question, for whatever takes a person's power and is no decision.
        routes.Open("/challenges", "What a passkey has to sign for what takes a person's power and is no decision.", call => call.Given.Choice("use", true, "confirm"), (call, _) => call.Registry.Passkeys.ChallengeAsync(PasskeyUse.Confirm, call.Cancel));

        routes.Get("/people", "The persons.", _ => 0, (call, _) => call.Registry.People.ListAsync(call.By, call.Cancel), RestReply.Items);
        routes.Proven("/people", "Enrols a person.", By, PasskeyUse.Confirm, byToken: false,
            call => new NewPerson(call.Given.Need("name"), call.Given.Texts("roles"), call.Given.Need("passphrase"), call.Given.Text("email")),
            (call, wish) => call.Registry.People.AddAsync(call.By, wish.Name, wish.Passphrase, wish.Roles, wish.Email, call.Cancel), reply: RestReply.Created);
        routes.Proven("/people/{name}/disable", "Takes every role from a person.", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.People.DisableAsync(call.By, call.Of("name"), call.Cancel));
        routes.Proven("/me/passphrase", "Changes one's own passphrase.", By, PasskeyUse.Confirm, byToken: false, call => call.Given.Need("passphrase"),
            (call, passphrase) => call.Registry.People.ChangePassphraseAsync(new ProvenPerson(call.By, call.ProofOrNone), passphrase, call.Cancel));

        routes.Get("/people/{name}/passkeys", "A person's passkeys.", _ => 0, (call, _) => call.Registry.Passkeys.ListAsync(call.By, call.Of("name"), call.Cancel), RestReply.Items);
        // A key is enrolled at its person's page: only a browser there can make one.
        routes.Proven("/people/{name}/invites", "Makes an invite with which a person enrols a further passkey.", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Passkeys.InviteAsync(call.By, call.Of("name"), call.Cancel), reply: RestReply.Created);
        routes.Proven("/passkeys/{id}/revoke", "Takes a passkey back.", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Passkeys.RevokeAsync(call.By, call.Of("id"), call.Cancel));

        routes.Get("/tokens", "The tokens of agents and services, without their secrets.", _ => 0, (call, _) => call.Registry.Tokens.ListAsync(call.By, call.Cancel), RestReply.Items);
        routes.Proven("/tokens", "Makes a token; it is shown this once.", By, PasskeyUse.Confirm, byToken: false,
            call => new NewToken(call.Given.Text("agent"), call.Given.Text("service"), call.Given.Need("owner"), call.Given.Texts("roles"), call.Given.Texts("models"), call.Given.Whole("expires_days", 1, 3_650)),
            (call, wish) => call.Registry.Tokens.CreateAsync(call.By, wish, call.Cancel), reply: RestReply.Created);
        routes.Proven("/tokens/{id}/revoke", "Takes a token back.", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Tokens.RevokeAsync(call.By, call.Of("id"), call.Cancel));
    }
}
