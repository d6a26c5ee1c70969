using ModelRegistry.Mlflow;

namespace ModelRegistry.Mcp.Mlflow;

/// <summary>Webhooks, as MLflow's clients make and change them.</summary>
internal static class WebhookRoutes
{
    private const string Root = "mlflow/webhooks";

    public static void Map(MlflowRoutes routes)
    {
        routes.Map("POST", Root, call => Wish(call) with { Name = call.Given.Need("name"), Url = call.Given.Need("url") },
            (call, wish) => call.Registry.MlflowWebhooks.CreateAsync(call.By, wish, call.Cancel), Webhook);
        routes.Map("GET", Root, call => (Most: call.Given.Text("max_results"), After: call.Given.Text("page_token")),
            (call, page) => call.Registry.MlflowWebhooks.ListAsync(call.By, page.Most, page.After, call.Cancel), view => view);
        routes.Map("GET", Root + "/{id}", Id, (call, id) => call.Registry.MlflowWebhooks.GetAsync(call.By, id, call.Cancel), Webhook);
        routes.Map("PATCH", Root + "/{id}", call => (Id: Id(call), Wish: Wish(call)),
            (call, asked) => call.Registry.MlflowWebhooks.UpdateAsync(call.By, asked.Id, asked.Wish, call.Cancel), Webhook);
        routes.Map("DELETE", Root + "/{id}", Id, (call, id) => call.Registry.MlflowWebhooks.DeleteAsync(call.By, id, call.Cancel), _ => new { });
        routes.Map("POST", Root + "/{id}/test", call => (Id: Id(call), Event: call.Given.Event("event")),
            (call, asked) => call.Registry.MlflowWebhooks.TestAsync(call.By, asked.Id, asked.Event, call.Cancel), view => new { Result = view });
    }

    private static string Id(MlflowCall call) => (string?)call.Http.Request.RouteValues["id"] ?? "";

    private static MlflowWebhookWish Wish(MlflowCall call) =>
        new(call.Given.Text("name"), call.Given.Text("description"), call.Given.Text("url"), call.Given.Events("events"), call.Given.Text("secret"), call.Given.Text("status"));

    private static object Webhook(MlflowWebhookView view) => new { Webhook = view };
}
