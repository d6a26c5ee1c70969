using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Web.Pages;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Web;

/// <summary>One promotion: what would change, and a person's decision on exactly that.</summary>
internal static class DecidePages
{
    public static void Map(PageRoutes pages)
    {
        pages.Get("/ui/promotions/{id}", visit => ShowAsync(visit, null));
        pages.Get("/ui/promotions/{id}/export", async visit => await (await visit.Registry.Exports.HoldAsync(visit.Person, visit.Of("id"), visit.Cancel)).Match(
            export => Replies.FileAsync(visit.Http, $"{visit.Of("id")}.json", export), no => Replies.PageAsync(visit, no)));
        pages.Post("/ui/promotions/{id}/challenge", async (visit, form) => await Replies.JsonAsync(visit.Http, Verdict(form) is { } verdict
            ? await visit.Registry.Passkeys.ChallengeAsync(visit.Of("id"), Promotion.Word(verdict), visit.Cancel)
            : Refusals.InvalidArgument("decision", "approve or reject")));
        pages.Post("/ui/promotions/{id}", DecideAsync);
        pages.Post("/ui/promotions/{id}/withdraw", (visit, form) => EndAsync(visit, form, visit.Registry.Promotions.WithdrawAsync));
        pages.Post("/ui/promotions/{id}/revoke", (visit, form) => EndAsync(visit, form, visit.Registry.Promotions.RevokeAsync));
    }

    private static async Task ShowAsync(Visit visit, Refusal? refusal, string comment = "", string chosen = "")
    {
        var review = await visit.Registry.Promotions.ReviewAsync(visit.Person, visit.Of("id"), visit.Cancel);
        if (review.Refusal is { } no)
        {
            await Replies.PageAsync(visit, no);
            return;
        }
        var p = review.Value.Promotion;
        var candidate = await visit.Registry.Catalog.GetAsync(visit.Person, p.ModelName, $"{p.Number}", visit.Cancel);
        await Replies.PageAsync<PromotionPage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("Review", review.Value), ("Candidate", candidate.Refusal is null ? candidate.Value.Version : null),
            ("Refusal", refusal), ("Comment", comment), ("Chosen", chosen));
    }

    private static async Task DecideAsync(Visit visit, IFormCollection form)
    {
        var comment = form["comment"].ToString();
        if (Verdict(form) is not { } verdict || !int.TryParse(form["revision"], out var revision))
        {
            await ShowAsync(visit, Refusals.InvalidArgument("decision", "approve or reject"), comment);
            return;
        }
        var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Decide);
        if (proven.Refusal is { } unproven)
        {
            // What was shown still stands, and so does the choice.
            await ShowAsync(visit, unproven, comment, Promotion.Word(verdict));
            return;
        }
        var decided = await visit.Registry.Promotions.DecideAsync(proven.Value.Actor, new DecisionRequest(visit.Of("id"), revision, form["statement_sha256"].ToString(), verdict, comment, proven.Value.Proof), visit.Cancel);
        if (decided.Refusal is { } no)
            await ShowAsync(visit, no, comment);
        else
            await Replies.GoTo(visit.Http, visit.Path);
    }

    private static async Task EndAsync(Visit visit, IFormCollection form, Func<Actor, string, string?, CancellationToken, Task<Outcome<PromotionView>>> end)
    {
        var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Confirm);
        var ended = proven.Refusal is { } unproven ? unproven : await end(proven.Value.Actor, visit.Of("id"), form["comment"].ToString(), visit.Cancel);
        if (ended.Refusal is { } no)
            await ShowAsync(visit, no, form["comment"].ToString());
        else
            await Replies.GoTo(visit.Http, $"/ui/promotions/{visit.Of("id")}");
    }

    private static DecisionVerdict? Verdict(IFormCollection form) => form["decision"].ToString() switch
    {
        "approve" => DecisionVerdict.Approve,
        "reject" => DecisionVerdict.Reject,
        _ => null,
    };
}
