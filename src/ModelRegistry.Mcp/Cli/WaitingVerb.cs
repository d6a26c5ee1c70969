using ModelRegistry.Mcp.Remote;
using ModelRegistry.Policies;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Cli;

/// <summary><c>pending</c>: everything that waits for a person.</summary>
internal static class WaitingVerb
{
    /// <param name="Reviews">Broken glasses whose review is owed.</param>
    /// <param name="PolicyChange">The change of the policy that waits for its admins.</param>
    private sealed record PendingView(IReadOnlyList<PromotionView> Items, string? NextCursor, IReadOnlyList<GlassReviewView> Reviews, PolicyChangeView? PolicyChange);

    public static Verb Make()
    {
        var verb = new Verb("pending", "Lists what waits for a person: promotions, newest first, reviews of broken glass, a change of the policy; with --status, other promotions.", "pending", "pending --model fraud-detector --status all");
        var model = verb.Text("--model", "MODEL", "Only promotions of this model.", Completions.Models);
        var status = verb.Text("--status", "STATUS", "Only promotions that are live, all, or in a state such as applied or rejected.");
        var (limit, cursor) = CatalogVerbs.Paging(verb);
        return verb.Over(async (run, registry) =>
        {
            var page = await registry.AskAsync(Ask.Promotions(new PromotionQuery(run.Of(status) ?? "live", run.Of(model), run.Of(limit) ?? 20, run.Of(cursor))), run.Cancel);
            if (page.Refusal is { } no)
                return run.Tell(no);
            var view = new PendingView(page.Value.Items, page.Value.NextCursor, [], null);
            if (run.Of(status) is not null || run.Of(model) is not null || run.Of(cursor) is not null)
                return run.Answer<PendingView>(view, Draw, null, Talk);
            var owed = await registry.AskAsync(Ask.OwedReviews(), run.Cancel);
            var policy = await registry.AskAsync(Ask.Policy(new PolicyQuery()), run.Cancel);
            return run.Answer(owed.Then(reviews => policy.Then<PendingView>(p => view with { Reviews = reviews.Items, PolicyChange = p.Pending })), Draw, null, Talk);
        });
    }

    private static Sheet Draw(PendingView view)
    {
        var sheet = GlassSheets.Owed(PromotionSheets.List(view.Items), view.Reviews);
        return view.PolicyChange is { } change ? PolicySheets.Change(sheet, change) : sheet;
    }

    private static string? Talk(PendingView view) => view.NextCursor is { } next ? $"There is more: --cursor {next}"
        : view is { Items.Count: 0, Reviews.Count: 0, PolicyChange: null } ? "There is none." : null;
}
