using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Web.Pages;

namespace ModelRegistry.Mcp.Web;

/// <summary>A person's own credentials, and where they are told what happens.</summary>
internal static class KeyPages
{
    public static void Map(PageRoutes pages)
    {
        pages.Get("/ui/me", visit => ShowAsync(visit, null));
        pages.Post("/ui/me/keys/begin", async (visit, _) => await Replies.JsonAsync(visit.Http, await visit.Registry.Passkeys.BeginAsync(visit.Person, visit.Cancel)));
        pages.Post("/ui/me/keys", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
            var made = new PasskeyAnswer(form["key_state"].ToString(), form["key_credential"].ToString());
            var enrolled = proven.Refusal is { } unproven ? unproven
                : await visit.Registry.Passkeys.EnrolAsync(proven.Value, form["key_name"].ToString(), made, form["invite"] is [{ Length: > 0 } code] ? code : null, visit.Cancel);
            await AfterAsync(visit, enrolled.Refusal);
        });
        pages.Post("/ui/me/keys/{id}/revoke", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
            var revoked = proven.Refusal is { } unproven ? unproven : await visit.Registry.Passkeys.RevokeAsync(proven.Value.Actor, visit.Of("id"), visit.Cancel);
            await AfterAsync(visit, revoked.Refusal);
        });
        pages.Post("/ui/me/passphrase", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
            var changed = proven.Refusal is { } unproven ? unproven : form["new_passphrase"].ToString() != form["new_passphrase_again"].ToString() ? Refusals.PassphrasesDiffer
                : await visit.Registry.People.ChangePassphraseAsync(proven.Value, form["new_passphrase"].ToString(), visit.Cancel);
            // Whoever signed in with the one before is signed out by it, here too.
            await AfterAsync(visit, changed.Refusal);
        });
        pages.Post("/ui/me/mailbox", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
            var set = proven.Refusal is { } unproven ? unproven
                : await visit.Registry.Notices.SetMailboxAsync(proven.Value.Actor, visit.Person.Name, form["email"] is [{ Length: > 0 } email] ? email.Trim() : null, PageRoutes.Words(form["events"]), visit.Cancel);
            await AfterAsync(visit, set.Refusal);
        });
    }

    private static Task AfterAsync(Visit visit, Refusal? refusal) => refusal is null ? Replies.GoTo(visit.Http, "/ui/me") : ShowAsync(visit, refusal);

    private static async Task ShowAsync(Visit visit, Refusal? refusal)
    {
        var keys = await visit.Registry.Passkeys.ListAsync(visit.Person, visit.Person.Name, visit.Cancel);
        var mailbox = keys.Refusal is { } unseen ? unseen : await visit.Registry.Notices.MailboxAsync(visit.Person, visit.Cancel);
        if (mailbox.Refusal is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<MePage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("Keys", keys.Value), ("Mailbox", mailbox.Value), ("Refusal", refusal));
    }
}
