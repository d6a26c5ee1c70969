using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Web.Pages;
using ModelRegistry.Notices;

namespace ModelRegistry.Mcp.Web;

/// <summary>Webhooks: which servers are told what happens. Changing any of it takes an admin's proof.</summary>
internal static class NoticePages
{
    public static void Map(PageRoutes pages)
    {
        pages.Get("/ui/webhooks", visit => ShowAsync(visit, null));
        pages.Post("/ui/webhooks", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
            var made = proven.Refusal is { } unproven ? unproven : await visit.Registry.Notices.AddWebhookAsync(proven.Value.Actor, form["url"].ToString().Trim(), PageRoutes.Words(form["events"]), visit.Cancel);
            // The secret is shown in the answer itself and nowhere else.
            await ShowAsync(visit, made.Refusal, made: made.Refusal is null ? made.Value : null);
        });
        pages.Post("/ui/webhooks/{id}/test", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
            var tested = proven.Refusal is { } unproven ? unproven : await visit.Registry.Notices.TestWebhookAsync(proven.Value.Actor, visit.Of("id"), visit.Cancel);
            await ShowAsync(visit, tested.Refusal, tested: tested.Refusal is null ? tested.Value : null);
        });
        pages.Post("/ui/webhooks/{id}/confirm", (visit, form) => PageProof.ActAsync(visit, form, (v, no) => ShowAsync(v, no), async by => (await visit.Registry.Notices.ConfirmWebhookAsync(by, visit.Of("id"), form["url"].ToString(), visit.Cancel)).Refusal));
        pages.Post("/ui/webhooks/{id}/remove", (visit, form) => PageProof.ActAsync(visit, form, (v, no) => ShowAsync(v, no), async by => (await visit.Registry.Notices.RemoveWebhookAsync(by, visit.Of("id"), visit.Cancel)).Refusal));
    }

    private static async Task ShowAsync(Visit visit, Refusal? refusal, NewWebhookView? made = null, WebhookTestView? tested = null)
    {
        var webhooks = await visit.Registry.Notices.WebhooksAsync(visit.Person, visit.Cancel);
        if (webhooks.Refusal is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<WebhooksPage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("Webhooks", webhooks.Value), ("Refusal", refusal), ("Made", made), ("Tested", tested));
    }
}
