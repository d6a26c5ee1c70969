using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Web.Pages;
using ModelRegistry.Policies;

namespace ModelRegistry.Mcp.Web;

/// <summary>Putting another policy in force: what would change is shown in words first, and accepted is what was shown.</summary>
internal static class PolicyChangePages
{
    public static void Map(PageRoutes pages)
    {
        pages.Get("/ui/policy/change", visit => ShowAsync(visit, null, null));
        // Shown, not done: the text is compared, and goes back into the form.
        pages.Post("/ui/policy/change", (visit, form) => ShowAsync(visit, form["json"].ToString(), null));
        pages.Post("/ui/policy/challenge", async (visit, form) => await Replies.JsonAsync(visit.Http,
            await visit.Registry.Passkeys.PolicyChallengeAsync(form["statement_sha256"].ToString(), form["decision"].ToString(), visit.Cancel)));
        pages.Post("/ui/policy/accept", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Decide);
            var accepted = proven.Refusal is { } unproven ? unproven
                : await visit.Registry.Policies.AcceptAsync(proven.Value.Actor, new PolicyAcceptance(form["json"].ToString(), form["shown_against"].ToString(), proven.Value.Proof, form["reason"].ToString()), visit.Cancel);
            await (accepted.Refusal is { } no ? ShowAsync(visit, form["json"].ToString(), no) : Replies.GoTo(visit.Http, accepted.Value.Status == "pending" ? "/ui/policy/change" : "/ui/policy"));
        });
        pages.Post("/ui/policy/reject", async (visit, form) =>
        {
            var proven = await PageProof.OfAsync(visit, form, PasskeyUse.Decide);
            var rejected = proven.Refusal is { } unproven ? unproven
                : await visit.Registry.Policies.RejectAsync(proven.Value.Actor, new PolicyRejection(form["change_id"].ToString(), proven.Value.Proof, form["reason"].ToString()), visit.Cancel);
            await (rejected.Refusal is { } no ? ShowAsync(visit, null, no) : Replies.GoTo(visit.Http, "/ui/policy/change"));
        });
    }

    /// <param name="json">The text to hold against what is in force; null: the change that waits, if one does.</param>
    private static async Task ShowAsync(Visit visit, string? json, Refusal? refusal)
    {
        var inForce = await visit.Registry.Policies.ShowAsync(visit.Person, visit.Cancel);
        if (inForce.Refusal is { } no)
        {
            await Replies.PageAsync(visit, no);
            return;
        }
        var text = json ?? inForce.Value.Pending?.Json;
        var compared = text is null ? (Outcome<PolicyComparisonView>?)null : await visit.Registry.Policies.CompareAsync(visit.Person, text, visit.Cancel);
        refusal ??= compared is { Refusal: { } invalid } ? invalid : null;
        await Replies.PageAsync<PolicyChangePage>(visit, refusal is null ? 200 : Replies.Sign(refusal.Kind).Http, ("InForce", inForce.Value), ("Json", text ?? inForce.Value.Json),
            ("Compared", compared is { Refusal: null } ok ? ok.Value : null), ("Refusal", refusal));
    }
}
