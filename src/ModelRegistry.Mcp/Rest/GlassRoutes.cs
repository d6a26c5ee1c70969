using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Breaking the glass, which takes a passkey's signature, and the reviews that are owed for it.</summary>
internal static class GlassRoutes
{
    private const string Upheld = "upheld", Objected = "objected";

    public static void Map(RestRoutes routes)
    {
        routes.Proven("/promotions/{id}/break-glass", "Applies a pending promotion at once, in an emergency, by a listed person's passkey.", null, PasskeyUse.Decide, byToken: false,
            call => (Reason: call.Given.Need("reason"), Statement: call.Given.Text("statement_sha256")), BreakAsync, (call, wish) => RefuseAsync(call, wish.Reason));

        routes.Get("/reviews", "Broken glasses, those first that a review is owed for.", call => (Owed: call.Given.Flag("owed") ?? true, Limit: call.Given.Whole("limit", 1, 100) ?? 20, Cursor: call.Given.Text("cursor")),
            (call, page) => call.Registry.Promotions.GlassReviewsAsync(call.By, page.Owed, page.Limit, page.Cursor, call.Cancel));
        routes.Get("/reviews/{id}", "One broken glass, with what it did.", _ => 0, (call, _) => call.Registry.Promotions.GetGlassAsync(call.By, call.Of("id"), call.Cancel));
        routes.Open("/reviews/{id}/challenges", "What a passkey has to sign to review a broken glass.", Verdict, (call, verdict) => call.Registry.Passkeys.GlassChallengeAsync(call.Of("id"), verdict, call.Cancel));
        routes.Proven("/reviews/{id}", "An approver's verdict on a broken glass.", null, PasskeyUse.Decide, byToken: false, call => (Verdict: Verdict(call), Comment: call.Given.Text("comment") ?? ""),
            (call, review) => call.Registry.Promotions.ReviewGlassAsync(call.By, new GlassReviewRequest(call.Of("id"), review.Verdict, review.Comment, call.ProofOrNone), call.Cancel));
    }

    private static GlassVerdict Verdict(RestCall call) => call.Given.Choice("verdict", true, Upheld, Objected) == Upheld ? GlassVerdict.Upheld : GlassVerdict.Objected;

    /// <summary>On the statement that was named, by default on the one that stands; which one was signed is looked at there.</summary>
    private static async Task<Outcome<PromotionView>> BreakAsync(RestCall call, (string Reason, string? Statement) wish)
    {
        if (call.Proof is not { } proof)
            return await RefuseAsync(call, wish.Reason);
        var review = wish.Statement is null ? await call.Registry.Promotions.ReviewAsync(call.By, call.Of("id"), call.Cancel) : default;
        return review.Refusal is { } no ? no
            : await call.Registry.Promotions.BreakGlassAsync(call.By, new BreakGlassRequest(call.Of("id"), wish.Statement ?? review.Value.StatementDigest, wish.Reason, proof), call.Cancel);
    }

    /// <summary>A machine that breaks the glass is told that it cannot, and it is on record that it tried.</summary>
    private static Task<Outcome<PromotionView>> RefuseAsync(RestCall call, string reason) => call.Registry.Promotions.RefuseGlassAsync(call.By, call.Of("id"), reason, call.Cancel);
}
