using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Web.Pages;

namespace ModelRegistry.Mcp.Web;

/// <summary>Who there is: persons with their passkeys, and the tokens of agents and services. Changing any of it takes an admin's proof.</summary>
internal static class PeoplePages
{
    public static void Map(PageRoutes pages)
    {
        pages.Get("/ui/people", visit => PeopleAsync(visit, null));
        pages.Post("/ui/people", (visit, form) => ProvenAsync(visit, form, PeopleAsync, async by =>
            form["new_passphrase"].ToString() != form["new_passphrase_again"].ToString() ? Refusals.PassphrasesDiffer
            : (await visit.Registry.People.AddAsync(by, form["name"].ToString().Trim(), form["new_passphrase"].ToString(), Words(form["roles"]), form["email"].ToString().Trim() is { Length: > 0 } email ? email : null, visit.Cancel)).Refusal));
        pages.Post("/ui/people/{name}/disable", (visit, form) => ProvenAsync(visit, form, PeopleAsync, async by => (await visit.Registry.People.DisableAsync(by, visit.Of("name"), visit.Cancel)).Refusal));
        pages.Post("/ui/people/{name}/invite", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
            var invite = proven.Refusal is { } unproven ? unproven : await visit.Registry.Passkeys.InviteAsync(proven.Value.Actor, visit.Of("name"), visit.Cancel);
            // Shown in the answer itself and nowhere else: the code is not kept.
            await PeopleAsync(visit, invite.Refusal, invite.Refusal is null ? invite.Value : null);
        });
        pages.Get("/ui/tokens", visit => TokensAsync(visit, null));
        pages.Post("/ui/tokens", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
            var (kind, name) = (form["kind"].ToString(), form["name"].ToString().Trim());
            var days = form["expires"] is [{ Length: > 0 } text] ? int.TryParse(text, out var number) ? number : 0 : (int?)null;
            var wish = new NewToken(kind == "agent" ? name : null, kind == "service" ? name : null, form["owner"].ToString().Trim(), Words(form["roles"]), Words(form["models"]), days);
            var made = proven.Refusal is { } unproven ? unproven : await visit.Registry.Tokens.CreateAsync(proven.Value.Actor, wish, visit.Cancel);
            await TokensAsync(visit, made.Refusal, made.Refusal is null ? made.Value : null);
        });
        pages.Post("/ui/tokens/{id}/revoke", (visit, form) => ProvenAsync(visit, form, TokensAsync, async by => (await visit.Registry.Tokens.RevokeAsync(by, visit.Of("id"), visit.Cancel)).Refusal));
    }

    private static async Task ProvenAsync(Visit visit, IFormCollection form, Func<Visit, Refusal?, Task> show, Func<Actor, Task<Refusal?>> change)
    {
        var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
        var no = proven.Refusal ?? await change(proven.Value.Actor);
        // Back to the list, of which the address is the beginning.
        await (no is null ? Replies.GoTo(visit.Http, string.Join('/', visit.Path.Split('/').Take(3))) : show(visit, no));
    }

    private static Task PeopleAsync(Visit visit, Refusal? refusal) => PeopleAsync(visit, refusal, null);

    private static async Task PeopleAsync(Visit visit, Refusal? refusal, InviteView? invite)
    {
        var people = await visit.Registry.People.ListAsync(visit.Person, visit.Cancel);
        if (people.Refusal is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<PeoplePage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("People", people.Value), ("Refusal", refusal), ("Invite", invite));
    }

    private static Task TokensAsync(Visit visit, Refusal? refusal) => TokensAsync(visit, refusal, null);

    private static async Task TokensAsync(Visit visit, Refusal? refusal, NewTokenView? made)
    {
        var tokens = await visit.Registry.Tokens.ListAsync(visit.Person, visit.Cancel);
        if (tokens.Refusal is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<TokensPage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("Tokens", tokens.Value), ("Refusal", refusal), ("Made", made));
    }

    private static string[] Words(Microsoft.Extensions.Primitives.StringValues values) =>
        [.. values.SelectMany(v => (v ?? "").Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
