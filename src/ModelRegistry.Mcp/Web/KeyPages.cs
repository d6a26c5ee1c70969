using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Web.Pages;

namespace ModelRegistry.Mcp.Web;

/// <summary>A person's own passkeys.</summary>
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
    }

    private static Task AfterAsync(Visit visit, Refusal? refusal) => refusal is null ? Replies.GoTo(visit.Http, "/ui/me") : ShowAsync(visit, refusal);

    private static async Task ShowAsync(Visit visit, Refusal? refusal)
    {
        var keys = await visit.Registry.Passkeys.ListAsync(visit.Person, visit.Person.Name, visit.Cancel);
        if (keys.Refusal is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<MePage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("Keys", keys.Value), ("Refusal", refusal));
    }
}
