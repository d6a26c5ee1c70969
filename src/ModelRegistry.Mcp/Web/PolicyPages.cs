using ModelRegistry.Domain;
using ModelRegistry.Mcp.Web.Pages;
using ModelRegistry.Policies;

namespace ModelRegistry.Mcp.Web;

/// <summary>What promotions take, in words.</summary>
internal static class PolicyPages
{
    public static void Map(PageRoutes pages) => pages.Get("/ui/policy", async visit =>
    {
        var policy = await InForceAsync(visit);
        if (policy.Refusal is { } no)
            await Replies.PageAsync(visit, no);
        else
            await Replies.PageAsync<PolicyPage>(visit, 200, ("InForce", policy.Value.InForce), ("Rules", policy.Value.Rules));
    });

    /// <summary>The policy in force: its text with who accepted it, and what it says.</summary>
    public static async Task<Outcome<(PolicyView InForce, PromotionPolicy Rules)>> InForceAsync(Visit visit)
    {
        var shown = await visit.Registry.Policies.ShowAsync(visit.Person, visit.Cancel);
        return shown.Then(view => PolicyBook.Check(view.Json).Then<(PolicyView, PromotionPolicy)>(rules => (view, rules)));
    }
}
