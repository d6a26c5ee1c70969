using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Web.Pages;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Web;

/// <summary>Breaking the glass for a promotion, and the reviews that are owed for it.</summary>
internal static class GlassPages
{
    public static void Map(PageRoutes pages)
    {
        pages.Post("/ui/promotions/{id}/break-glass/challenge", async (visit, _) => await Replies.JsonAsync(visit.Http, await visit.Registry.Passkeys.ChallengeAsync(visit.Of("id"), GlassBreak.Word, visit.Cancel)));
        pages.Post("/ui/promotions/{id}/break-glass", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Decide);
            var broken = proven.Refusal is { } unproven ? unproven
                : await visit.Registry.Promotions.BreakGlassAsync(proven.Value.Actor, new BreakGlassRequest(visit.Of("id"), form["statement_sha256"].ToString(), form["reason"].ToString(), proven.Value.Proof), visit.Cancel);
            await (broken.Refusal is { } no ? Replies.PageAsync(visit, no) : Replies.GoTo(visit.Http, $"/ui/promotions/{visit.Of("id")}"));
        });
        pages.Get("/ui/reviews", visit => ShowAsync(visit, null));
        pages.Post("/ui/reviews/{id}/challenge", async (visit, form) => await Replies.JsonAsync(visit.Http,
            Verdict(form) is { } verdict ? await visit.Registry.Passkeys.GlassChallengeAsync(visit.Of("id"), verdict, visit.Cancel) : Undecided));
        pages.Post("/ui/reviews/{id}", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Decide);
            var reviewed = proven.Refusal is { } unproven ? unproven : Verdict(form) is not { } verdict ? Undecided
                : await visit.Registry.Promotions.ReviewGlassAsync(proven.Value.Actor, new GlassReviewRequest(visit.Of("id"), verdict, form["comment"].ToString(), proven.Value.Proof), visit.Cancel);
            await (reviewed.Refusal is { } no ? ShowAsync(visit, no) : Replies.GoTo(visit.Http, "/ui/reviews"));
        });
    }

    private static Refusal Undecided => Refusals.InvalidArgument("decision", "upheld or objected");

    private static async Task ShowAsync(Visit visit, Refusal? refusal)
    {
        var all = visit.Asked("all") is not null;
        var reviews = await visit.Registry.Promotions.GlassReviewsAsync(visit.Person, owed: !all, 20, visit.Asked("cursor"), visit.Cancel);
        if (reviews.Refusal is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<ReviewsPage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("Found", reviews.Value), ("All", all), ("Refusal", refusal));
    }

    private static GlassVerdict? Verdict(IFormCollection form) => form["decision"].ToString() switch
    {
        "upheld" => GlassVerdict.Upheld,
        "objected" => GlassVerdict.Objected,
        _ => null,
    };
}
