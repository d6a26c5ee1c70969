using ModelRegistry.Identity;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Who is told what happens: webhooks, and the mailboxes of persons. Changing any of it takes a person's proof, in <c>by</c>.</summary>
internal static class NoticeRoutes
{
    private const string By = "by";

    public static void Map(RestRoutes routes)
    {
        routes.Get("/webhooks", "The webhooks, with how their deliveries go.", _ => 0, (call, _) => call.Registry.Notices.WebhooksAsync(call.By, call.Cancel), RestReply.Items);
        routes.Proven("/webhooks", "Adds a webhook; its secret is shown this once.", By, PasskeyUse.Confirm, byToken: false, call => (Url: call.Given.Need("url"), Events: call.Given.Texts("events")),
            (call, wish) => call.Registry.Notices.AddWebhookAsync(call.By, wish.Url, wish.Events, call.Cancel), reply: RestReply.Created);
        routes.Proven("/webhooks/{id}/remove", "Removes a webhook.", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Notices.RemoveWebhookAsync(call.By, call.Of("id"), call.Cancel));
        routes.Proven("/webhooks/{id}/confirm", "Lets a webhook that a machine asked for go where it leads, which is said whole.", By, PasskeyUse.Confirm, byToken: false, call => call.Given.Need("url"),
            (call, url) => call.Registry.Notices.ConfirmWebhookAsync(call.By, call.Of("id"), url, call.Cancel));
        routes.Proven("/webhooks/{id}/test", "Sends a webhook a test event now.", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Notices.TestWebhookAsync(call.By, call.Of("id"), call.Cancel));

        // Its address is its person's own, which readers are not told.
        routes.Proven("/people/{name}/mailbox", "Sets where a person is told by mail, and of what.", By, PasskeyUse.Confirm, byToken: false, call => (Email: call.Given.Text("email"), Events: call.Given.Texts("events")),
            (call, wish) => call.Registry.Notices.SetMailboxAsync(call.By, call.Of("name"), wish.Email, wish.Events, call.Cancel));
    }
}
