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
        routes.Get("/me", _ => 0, (call, _) => Task.FromResult<Outcome<CallerView>>(
            new CallerView(call.By.Id, call.By.Name, call.By.Kind.ToString().ToLowerInvariant(), call.By.Roles, call.By.Models, call.By.Owner?.Name)));
        // A passkey's question, for whatever takes a person's power and is no decision.
        routes.Open("/challenges", call => call.Given.Choice("use", true, "confirm"), (call, _) => call.Registry.Passkeys.ChallengeAsync(PasskeyUse.Confirm, call.Cancel));

        routes.Get("/people", _ => 0, (call, _) => call.Registry.People.ListAsync(call.By, call.Cancel), (call, people) => Replies.ItemsAsync(call.Http, people));
        routes.Proven("/people", By, PasskeyUse.Confirm, byToken: false,
            call => new NewPerson(call.Given.Need("name"), call.Given.Texts("roles"), call.Given.Need("passphrase"), call.Given.Text("email")),
            (call, wish) => call.Registry.People.AddAsync(call.By, wish.Name, wish.Passphrase, wish.Roles, wish.Email, call.Cancel), reply: (call, person) => Replies.CreatedAsync(call.Http, person));
        routes.Proven("/people/{name}/disable", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.People.DisableAsync(call.By, call.Of("name"), call.Cancel));
        routes.Proven("/me/passphrase", By, PasskeyUse.Confirm, byToken: false, call => call.Given.Need("passphrase"),
            (call, passphrase) => call.Registry.People.ChangePassphraseAsync(new ProvenPerson(call.By, call.ProofOrNone), passphrase, call.Cancel));

        routes.Get("/people/{name}/passkeys", _ => 0, (call, _) => call.Registry.Passkeys.ListAsync(call.By, call.Of("name"), call.Cancel), (call, keys) => Replies.ItemsAsync(call.Http, keys));
        // A key is enrolled at its person's page: only a browser there can make one.
        routes.Proven("/people/{name}/invites", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Passkeys.InviteAsync(call.By, call.Of("name"), call.Cancel), reply: (call, invite) => Replies.CreatedAsync(call.Http, invite));
        routes.Proven("/passkeys/{id}/revoke", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Passkeys.RevokeAsync(call.By, call.Of("id"), call.Cancel));

        routes.Get("/tokens", _ => 0, (call, _) => call.Registry.Tokens.ListAsync(call.By, call.Cancel), (call, tokens) => Replies.ItemsAsync(call.Http, tokens));
        routes.Proven("/tokens", By, PasskeyUse.Confirm, byToken: false,
            call => new NewToken(call.Given.Text("agent"), call.Given.Text("service"), call.Given.Need("owner"), call.Given.Texts("roles"), call.Given.Texts("models"), call.Given.Whole("expires_days", 1, 3_650)),
            (call, wish) => call.Registry.Tokens.CreateAsync(call.By, wish, call.Cancel), reply: (call, token) => Replies.CreatedAsync(call.Http, token));
        routes.Proven("/tokens/{id}/revoke", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Tokens.RevokeAsync(call.By, call.Of("id"), call.Cancel));
    }
}
