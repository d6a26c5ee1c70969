using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Proposing, following, deciding and taking back.</summary>
internal static class PromotionRoutes
{
    /// <summary>The longest wait of one request, in seconds: proxies and clients give up after a minute.</summary>
    private const int MostWait = 50;

    public static void Map(RestRoutes routes, CancellationToken stopping)
    {
        routes.Ask("/models/{model}/versions/{version}/promotions", "Proposes to move a version to a stage.",
            call => new PromotionRequest(call.Of("model"), call.Of("version"), call.Given.Need("stage"), call.Given.Text("reason"), call.Given.Text("idempotency_key") ?? call.Key),
            (call, wish) => call.Registry.Promotions.RequestAsync(call.By, wish, call.Cancel), RestReply.Asked);
        routes.Ask("/models/{model}/rollback", "Proposes to go back to a version that served before.",
            call => new RollbackRequest(call.Of("model"), call.Given.Text("to_version"), call.Given.Text("stage"), call.Given.Text("reason"), call.Given.Text("idempotency_key") ?? call.Key),
            (call, wish) => call.Registry.Promotions.RollbackAsync(call.By, wish, call.Cancel), RestReply.Asked);

        routes.Get("/promotions", "Lists promotions, newest first.",
            call => new PromotionQuery(call.Given.Text("status"), call.Given.Text("model"), call.Given.Whole("limit", 1, 100) ?? 20, call.Given.Text("cursor")),
            (call, query) => call.Registry.Promotions.ListAsync(call.By, query, call.Cancel));
        routes.Get("/promotions/{id}", "One promotion with its gates and decisions; with `wait`, once it is decided.",
            call => call.Given.Whole("wait", 0, MostWait) ?? 0,
            (call, wait) => LookAsync(routes, call, wait, stopping), RestReply.Tagged);
        routes.Get("/promotions/{id}/statement", "What a person decides on, to the byte, and what it means.", _ => 0, (call, _) => call.Registry.Promotions.ReviewAsync(call.By, call.Of("id"), call.Cancel));

        routes.Open("/promotions/{id}/challenges", "What a passkey has to sign to decide on a promotion.", call => call.Given.Choice("decision", true, "approve", "reject", GlassBreak.Word) ?? "",
            (call, word) => call.Registry.Passkeys.ChallengeAsync(call.Of("id"), word, call.Cancel));
        routes.Proven("/promotions/{id}/decisions", "A person's decision on a promotion, with a proof made for it.", null, PasskeyUse.Decide, byToken: false,
            call => new Decided(Verdict(call), call.Given.Text("comment") ?? "", call.Given.Text("statement_sha256")), DecideAsync, RefuseAsync);
        routes.Proven("/promotions/{id}/withdraw", "Takes a pending promotion back.", null, PasskeyUse.Confirm, byToken: true,
            call => call.Given.Text("reason"), (call, reason) => call.Registry.Promotions.WithdrawAsync(call.By, call.Of("id"), reason, call.Cancel));
        routes.Proven("/promotions/{id}/revoke", "Takes an approval back that is not applied yet.", null, PasskeyUse.Confirm, byToken: false,
            call => call.Given.Text("reason"), (call, reason) => call.Registry.Promotions.RevokeAsync(call.By, call.Of("id"), reason, call.Cancel));
    }

    private sealed record Decided(DecisionVerdict Verdict, string Comment, string? Statement);

    private static DecisionVerdict Verdict(RestCall call) => call.Given.Choice("decision", true, "approve", "reject") == "reject" ? DecisionVerdict.Reject : DecisionVerdict.Approve;

    /// <summary>The promotion as it stands, or once it is decided; who may not see it any more by then does not.</summary>
    private static async Task<Outcome<PromotionView>> LookAsync(RestRoutes routes, RestCall call, int wait, CancellationToken stopping)
    {
        if (wait == 0)
            return await call.Registry.Promotions.GetAsync(call.By, call.Of("id"), call.Cancel);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel, stopping);
        Outcome<PromotionView> seen;
        try
        {
            seen = await call.Registry.Promotions.WaitAsync(call.By, call.Of("id"), TimeSpan.FromSeconds(wait), over.Token);
        }
        catch (OperationCanceledException) when (!call.Cancel.IsCancellationRequested)
        {
            // The server ends: as it stands, and the client comes back to another one.
            seen = await call.Registry.Promotions.GetAsync(call.By, call.Of("id"), call.Cancel);
        }
        return await routes.StillAsync(call) is { } no ? no : seen;
    }

    /// <summary>
    /// A decision on the statement that was named or signed; a rejection may be of whatever stands. It is brought up to date
    /// first, so that nobody decides on what is true no longer.
    /// </summary>
    private static async Task<Outcome<PromotionView>> DecideAsync(RestCall call, Decided decided)
    {
        if (call.Proof is not { } proof)
            return await RefuseAsync(call, decided);
        var (desk, id) = (call.Registry.Promotions, call.Of("id"));
        var review = await desk.ReviewAsync(call.By, id, call.Cancel);
        if (review.Refusal is { } no)
            return no;
        // A passkey has signed which statement; a passphrase says nothing of it, and an agent may have changed it since the person looked.
        if (decided is { Statement: null, Verdict: DecisionVerdict.Approve } && proof.Signed is null)
            return Refusals.StatementUnnamed(id);
        var statement = decided.Statement ?? review.Value.StatementDigest;
        return await desk.DecideAsync(call.By, new DecisionRequest(id, review.Value.Promotion.Revision, statement, decided.Verdict, decided.Comment, proof), call.Cancel);
    }

    /// <summary>A machine that decides is told that it cannot, and it is on record that it tried.</summary>
    private static Task<Outcome<PromotionView>> RefuseAsync(RestCall call, Decided decided) =>
        call.Registry.Promotions.RefuseMachineAsync(call.By, call.Of("id"), decided.Verdict, call.Cancel);
}
