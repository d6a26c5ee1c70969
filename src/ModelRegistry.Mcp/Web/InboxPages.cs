using ModelRegistry.Mcp.Web.Pages;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Web;

/// <summary>What waits for a person, as it comes in; and every promotion there was.</summary>
internal static class InboxPages
{
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(20);

    public static void Map(PageRoutes pages, CancellationToken stopping)
    {
        pages.Get("/ui/inbox", async visit =>
        {
            var owed = await visit.Registry.Promotions.GlassReviewsAsync(visit.Person, owed: true, 20, null, visit.Cancel);
            var found = await visit.Registry.Promotions.ListAsync(visit.Person, new PromotionQuery("live", null, 50, visit.Asked("cursor")), visit.Cancel);
            var obstacles = found.Refusal is { } unlisted ? unlisted : await visit.Registry.Promotions.ObstaclesAsync(visit.Person, [.. found.Value.Items.Select(p => p.PromotionId!)], visit.Cancel);
            await (obstacles.Refusal is { } no ? Replies.PageAsync(visit, no)
                : Replies.PageAsync<InboxPage>(visit, 200, ("Found", found.Value), ("Obstacles", obstacles.Value), ("Owed", owed.Refusal is null ? owed.Value.Items.Count : 0)));
        });
        pages.Get("/ui/promotions", async visit =>
        {
            var query = new PromotionQuery(visit.Asked("status"), visit.Asked("model"), 50, visit.Asked("cursor"));
            var found = await visit.Registry.Promotions.ListAsync(visit.Person, query, visit.Cancel);
            await (found.Refusal is { } no ? Replies.PageAsync(visit, no) : Replies.PageAsync<PromotionsPage>(visit, 200, ("Found", found.Value), ("Query", query)));
        });
        pages.Live("/ui/events", visit => TellAsync(visit, stopping));
    }

    /// <summary>
    /// Says that something changed (server-sent events); the page then asks for itself anew, as whoever is signed in. A
    /// sign-in that ends ends it too.
    /// </summary>
    private static async Task TellAsync(Visit visit, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(visit.Cancel, stopping);
        var http = visit.Http;
        http.Response.ContentType = "text/event-stream";
        (http.Response.Headers.CacheControl, http.Response.Headers["X-Accel-Buffering"]) = ("no-store", "no");
        var secret = Visit.SecretOf(http, visit.Registry)!;
        try
        {
            var seen = await visit.Registry.Changes.LastAsync(over.Token);
            await http.Response.WriteAsync("retry: 2000\n\n", over.Token);
            while (true)
            {
                using var breath = CancellationTokenSource.CreateLinkedTokenSource(over.Token);
                breath.CancelAfter(Breath);
                await visit.Registry.Changes.WaitAsync(seen, breath.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                over.Token.ThrowIfCancellationRequested();
                if (await visit.Registry.SignIns.FindAsync(secret, Visit.Door, over.Token) is { Refusal: not null })
                    return;
                var kinds = (await visit.Registry.Changes.AfterAsync(seen, 200, over.Token)).ToList();
                // Each number with its kind once: "promotion serving".
                await http.Response.WriteAsync(kinds.Count == 0 ? ": still here\n\n" : $"event: change\ndata: {string.Join(' ', kinds.Select(k => k.Kind).Distinct())}\n\n", over.Token);
                seen = kinds.Count == 0 ? seen : kinds[^1].Number;
            }
        }
        catch (OperationCanceledException)
        {
            // The page was left, or the server ends.
        }
    }
}
