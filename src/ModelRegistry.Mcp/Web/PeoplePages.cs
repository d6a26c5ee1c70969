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
        pages.Post("/ui/people", (visit, form) => PageProof.ActAsync(visit, form, PeopleAsync, async by =>
            form["new_passphrase"].ToString() != form["new_passphrase_again"].ToString() ? Refusals.PassphrasesDiffer
            : (await visit.Registry.People.AddAsync(by, form["name"].ToString().Trim(), form["new_passphrase"].ToString(), PageRoutes.Words(form["roles"]), form["email"] is [{ Length: > 0 } email] ? email.Trim() : null, visit.Cancel)).Refusal));
        pages.Post("/ui/people/{name}/disable", (visit, form) => PageProof.ActAsync(visit, form, PeopleAsync, async by => (await visit.Registry.People.DisableAsync(by, visit.Of("name"), visit.Cancel)).Refusal));
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
            var wish = new NewToken(kind == "agent" ? name : null, kind == "service" ? name : null, form["owner"].ToString().Trim(), PageRoutes.Words(form["roles"]), PageRoutes.Words(form["models"]), days);
            var made = proven.Refusal is { } unproven ? unproven : await visit.Registry.Tokens.CreateAsync(proven.Value.Actor, wish, visit.Cancel);
            await TokensAsync(visit, made.Refusal, made.Refusal is null ? made.Value : null);
        });
        pages.Post("/ui/tokens/{id}/revoke", (visit, form) => PageProof.ActAsync(visit, form, TokensAsync, async by => (await visit.Registry.Tokens.RevokeAsync(by, visit.Of("id"), visit.Cancel)).Refusal));
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
}
