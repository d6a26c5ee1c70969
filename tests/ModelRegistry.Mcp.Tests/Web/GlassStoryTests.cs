using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>When it cannot wait: a listed person's signature alone, and the look that another person owes it.</summary>
[Trait("Needs", "Chromium")]
public sealed class GlassStoryTests
{
    [Fact]
    public async Task A_listed_person_breaks_the_glass_and_another_reviews_it()
    {
        var registry = await OpenChurnAsync("team");
        Ok(await registry.Services.People.AddAsync(Ok(await registry.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor, "cara", Passphrase, [Permissions.Approver]));
        // Two approvals, and a day on which nothing moves: what the glass is broken for.
        await registry.AcceptPolicyAsync(PolicyProfiles.Find("team")!
            .Replace("\"approver\", \"count\": 1", "\"approver\", \"count\": 2", StringComparison.Ordinal)
            .Replace("\"rollback\"", "\"break_glass\": {\"persons\": [\"ben\"]}, \"rollback\"", StringComparison.Ordinal));
        await using var pages = await ServedPages.OfAsync(registry);
        var (ben, cara) = (await pages.EnrolledAsync("ben"), await pages.SignInAsync("cara"));
        await cara.RunAsync("window.neverLeft = true");
        var id = await registry.ProposeAsync();

        await cara.SeeAsync("#live .card");
        await ben.GoAsync($"ui/promotions/{id}");
        await ben.ClickAsync("summary:has-text('Break the glass')");
        await ben.FitAsync();
        // Being signed in is not enough, nor is a passphrase: there is no field for it.
        Assert.Equal(0, await ben.CountAsync($"form[action='/ui/promotions/{id}/break-glass'] [name=passphrase]"));
        await ben.FillAsync($"form[action='/ui/promotions/{id}/break-glass'] [name=reason]", "Fraud passes since noon.");
        await ben.ClickAsync($"form[action='/ui/promotions/{id}/break-glass'] button[data-passkey]");
        Assert.Contains("A review is owed", await ben.SeeAsync(".note:has-text('ben broke the glass')"), StringComparison.Ordinal);
        Assert.Contains("Fraud passes since noon.", await ben.SeeAsync(".note .said"), StringComparison.Ordinal);
        Assert.Contains("ben", await ben.SeeAsync("li:has(.pill:has-text('glass broken'))"), StringComparison.Ordinal);
        Assert.Equal(0, await ben.CountAsync("text=/Nobody has decided|was broken by/"));
        await ben.FitAsync();
        await ben.GoAsync("ui/promotions");
        Assert.Contains("churn", await ben.SeeAsync(".card:has(.pill:has-text('applied')):has(.pill:has-text('glass broken'))"), StringComparison.Ordinal);
        Assert.Equal("v2", await registry.ServingAsync());
        await ben.GoAsync("ui/reviews");
        Assert.Equal(0, await ben.CountAsync("form[action^='/ui/reviews/']"));
        Assert.Contains("ben", await ben.SeeAsync(".card .note"), StringComparison.Ordinal);

        Assert.Contains("a review is owed", await cara.SeeAsync("#live .note"), StringComparison.Ordinal);
        Assert.True((bool)(await cara.RunAsync("window.neverLeft === true"))!);
        await cara.ClickAsync("#live .note a");
        Assert.Contains("Fraud passes since noon.", await cara.SeeAsync(".said"), StringComparison.Ordinal);
        // Whoever has no passkey is not asked for one.
        Assert.Equal(0, await cara.CountAsync("[data-passkey]"));
        await cara.FitAsync();
        await cara.ChooseAsync("[value=objected]");
        await cara.ProveAsync($"/ui/reviews/{id}");
        Assert.Contains("glass_objection_missing", await cara.SeeAsync(".refused"), StringComparison.Ordinal);
        await cara.ChooseAsync("[value=upheld]");
        await cara.FillAsync("main textarea", "He called me; I agree.");
        await cara.ProveAsync($"/ui/reviews/{id}");
        await cara.SeeAsync("text=No review is owed.");
        await cara.GoAsync("ui/reviews?all=1");
        Assert.Contains("upheld", await cara.SeeAsync(".card"), StringComparison.Ordinal);

        await cara.GoAsync($"ui/audit?subject={id}");
        Assert.Matches(@"signed\s+ben", await cara.SeeAsync(".entry:has-text('glass.break') summary"));
        Assert.Matches(@"upheld, authenticated\s+cara", await cara.SeeAsync(".entry:has-text('glass.review') summary"));
        await cara.GoAsync($"ui/promotions/{id}");
        Assert.Contains("cara reviewed it: upheld", await cara.SeeAsync(".note"), StringComparison.Ordinal);
        Assert.Contains("He called me; I agree.", await cara.SeeAsync("li:has(.pill:has-text('upheld')):has-text('cara')"), StringComparison.Ordinal);
    }
}
