using ModelRegistry.Identity;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Who is told what happens: webhooks, and the mailboxes of persons. Changing any of it takes a person's proof, in <c>by</c>.</summary>
internal static class NoticeRoutes
{
    private const string By = "by";

    public static void Map(RestRoutes routes)
    {
        routes.Get("/webhooks", _ => 0, (call, _) => call.Registry.Notices.WebhooksAsync(call.By, call.Cancel), (call, webhooks) => Replies.ItemsAsync(call.Http, webhooks));
        routes.Proven("/webhooks", By, PasskeyUse.Confirm, byToken: false, call => (Url: call.Given.Need("url"), Events: call.Given.Texts("events")),
            (call, wish) => call.Registry.Notices.AddWebhookAsync(call.By, wish.Url, wish.Events, call.Cancel), reply: (call, webhook) => Replies.CreatedAsync(call.Http, webhook));
        routes.Proven("/webhooks/{id}/remove", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Notices.RemoveWebhookAsync(call.By, call.Of("id"), call.Cancel));
        routes.Proven("/webhooks/{id}/test", By, PasskeyUse.Confirm, byToken: false, _ => 0,
            (call, _) => call.Registry.Notices.TestWebhookAsync(call.By, call.Of("id"), call.Cancel));

        // Its address is its person's own, which readers are not told.
        routes.Proven("/people/{name}/mailbox", By, PasskeyUse.Confirm, byToken: false, call => (Email: call.Given.Text("email"), Events: call.Given.Texts("events")),
            (call, wish) => call.Registry.Notices.SetMailboxAsync(call.By, call.Of("name"), wish.Email, wish.Events, call.Cancel));
    }
}
