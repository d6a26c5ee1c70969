using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>What lets somebody in, at the pages: passkeys by invite, and the tokens of agents.</summary>
[Trait("Needs", "Chromium")]
public sealed class KeyStoryTests
{
    /// <summary>After the first, a key is enrolled on the word of another one or of another person; and it decides nothing that is older than it.</summary>
    [Fact]
    public async Task A_further_passkey_takes_an_invite_which_is_good_once_for_its_person_and_a_day()
    {
        var registry = await OpenAsync("team", new Shifted(TimeSpan.FromHours(-30)));
        await registry.ChurnAsync();
        var old = Ok(await registry.Services.Passkeys.InviteAsync(Ok(await registry.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor, "ben")).Code;
        await using var pages = await ServedPages.OfAsync(registry);
        await pages.EnrolledAsync("ben");
        var id = await registry.ProposeAsync();

        // Another device of his, or a program that has his passphrase: that is not enough any more.
        var other = await pages.OpenAsync("other");
        await other.SignInAsync("ben");
        await other.AskToEnrolAsync("the second");
        Assert.Contains("key_needs_witness", await other.SeeAsync(".refused"), StringComparison.Ordinal);
        await other.AskToEnrolAsync("the second", old);
        Assert.Contains("invite_invalid", await other.SeeAsync(".refused"), StringComparison.Ordinal);

        var ana = await pages.SignInAsync("ana");
        await ana.GoAsync("ui/people");
        await ana.ClickAsync("li:has-text('ben') summary:has-text('Invite')");
        await ana.ProveAsync("/ui/people/ben/invite");
        var code = await ana.SeeAsync(".once code");
        await ana.FitAsync();

        await other.AskToEnrolAsync("the second", code);
        await other.SeeAsync("text=the second");
        Assert.Equal(2, await other.CountAsync(".plain .pill:has-text('active')"));
        await other.GoAsync($"ui/promotions/{id}");
        await other.DecideAsync("approve", passkey: true);
        Assert.Contains("enrolled_later", await other.SeeAsync(".refused"), StringComparison.Ordinal);
        Assert.Equal("pending", (await registry.PromotionAsync(id)).Status);

        var third = await pages.OpenAsync("third");
        await third.SignInAsync("ben");
        await third.AskToEnrolAsync("the third", code);
        Assert.Contains("invite_invalid", await third.SeeAsync(".refused"), StringComparison.Ordinal);
        Assert.Equal(2, Ok(await registry.Services.Passkeys.ListAsync(await registry.AgentAsync(), "ben")).Count);
    }

    [Fact]
    public async Task A_token_made_in_the_page_works_until_it_is_revoked_there()
    {
        await using var pages = await ServedPages.ChurnAsync();
        var ana = await pages.SignInAsync("ana");
        await using var agent = await pages.AgentAsync(await DecideStoryTests.MakeTokenAsync(ana, "scout"));
        using (var listed = await agent.PostCallAsync("list_models"))
            Assert.Contains("churn", await listed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await ana.GoAsync("ui/tokens");
        Assert.Equal(0, await ana.CountAsync(".once"));
        await ana.ClickAsync("tr:has-text('scout') summary");
        await ana.FillAsync("tr:has-text('scout') [name=passphrase]", Passphrase);
        await ana.ClickAsync("tr:has-text('scout') .way:has([name=passphrase]) button");
        Assert.Contains("revoked", await ana.SeeAsync("tr:has-text('scout'):has-text('revoked')"), StringComparison.Ordinal);
        using var refused = await agent.PostCallAsync("list_models");
        Assert.Equal(401, (int)refused.StatusCode);
    }
}
