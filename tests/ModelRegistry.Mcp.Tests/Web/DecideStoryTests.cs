using System.Text.Json.Nodes;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>People at the pages, in a real browser: from the first sign-in to a decision that is signed.</summary>
[Trait("Needs", "Chromium")]
public sealed class DecideStoryTests
{
    /// <summary>A newcomer's whole way: a second person, a token for an agent, a passkey, a proposal that comes in by itself, a decision by touch.</summary>
    [Fact]
    public async Task A_proposal_arrives_in_the_open_page_and_is_decided_by_touch()
    {
        await using var browser = Browser.Start();
        await using var registry = await OpenAsync("team");
        await registry.ChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        var at = server.Pages;

        var ana = await browser.OpenAsync("ana");
        await ana.SignInAsync(at);
        await ana.GoAsync($"{at}ui/people");
        await ana.FillAsync("form[action='/ui/people'] [name=name]", "cara");
        await ana.FillAsync("[name=new_passphrase]", Passphrase);
        await ana.FillAsync("[name=new_passphrase_again]", Passphrase);
        await ana.FillAsync("form[action='/ui/people'] [name=passphrase]", Passphrase);
        await ana.ClickAsync("form[action='/ui/people'] button:has-text('Add') >> nth=-1");
        await ana.SeeAsync("text=cara");
        await ana.GoAsync($"{at}ui/tokens");
        await ana.FillAsync("form[action='/ui/tokens'] [name=name]", "scout");
        await ana.FillAsync("form[action='/ui/tokens'] [name=passphrase]", Passphrase);
        await ana.ClickAsync("form[action='/ui/tokens'] button:has-text('Make') >> nth=-1");
        var token = await ana.SeeAsync(".once code");

        var cara = await browser.OpenAsync("cara", touch: true);
        await cara.SignInAsync(at);
        await cara.EnrolAsync(at);
        await cara.GoAsync($"{at}ui/inbox");
        Assert.Contains("Nothing waits", await cara.SeeAsync("#live"), StringComparison.Ordinal);
        await cara.RunAsync("window.neverLeft = true");

        await using var agent = await HttpRawClient.ConnectAsync(server.Address, token: token);
        var proposed = await agent.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "Recall is up by two points on the March data." });
        var id = (string)proposed.Structured!["promotion_id"]!;
        Assert.Equal($"{at}ui/promotions/{id}", (string?)proposed.Structured!["approve_url"]);

        Assert.Contains("churn v2", await cara.SeeAsync("#live .card"), StringComparison.Ordinal);
        Assert.True((bool)(await cara.RunAsync("window.neverLeft === true"))!);
        await Screenshot.OfAsync(cara, "inbox-phone");

        await cara.TapAsync("#live .whole");
        await cara.SeeAsync("h1.move");
        Assert.Contains("Recall is up", await cara.SeeAsync(".said"), StringComparison.Ordinal);
        Assert.Contains("0.05 better", await cara.SeeAsync("tr:has-text('accuracy')"), StringComparison.Ordinal);
        await cara.TapAsync(".decide .yes");
        await cara.FillAsync(".decide textarea", "Agreed with the fraud team.");
        await Screenshot.OfAsync(cara, "decide-phone");
        await cara.TapAsync(".decide button[data-passkey]");
        await cara.SeeAsync("text=applied");

        Assert.Equal("v2", await registry.ServingAsync());
        var decision = Assert.Single((await registry.PromotionAsync(id)).Decisions);
        Assert.Equal(("cara", "approve", "signed", "page", "Agreed with the fraud team."), (decision.Person, decision.Decision, decision.Assurance, decision.Channel, decision.Comment));
        Assert.Equal(["promotion.request", "promotion.decide", "promotion.apply"], await registry.VerbsAsync(id));
        Assert.Empty(await ana.ComplaintsAsync());
        Assert.Empty(await cara.ComplaintsAsync());
    }

    [Fact]
    public async Task The_passphrase_decides_where_the_stage_takes_that_and_the_decision_says_so()
    {
        await using var browser = Browser.Start();
        await using var registry = await OpenAsync("team");
        await registry.ChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        var ben = await browser.OpenAsync("ben");
        await ben.SignInAsync(server.Pages);
        var id = await registry.ProposeAsync();
        await ben.GoAsync($"{server.Pages}ui/promotions/{id}");
        await Screenshot.OfAsync(ben, "decide", whole: true);

        await ben.ChooseAsync(".decide [value=approve]");
        await ben.FillAsync(".decide [name=passphrase]", "not his passphrase");
        await ben.ClickAsync(".decide .way:has([name=passphrase]) button");
        Assert.Contains("do not match", await ben.SeeAsync(".refused"), StringComparison.Ordinal);
        Assert.Equal("pending", (await registry.PromotionAsync(id)).Status);

        await ben.DecideAsync("reject", passkey: false, "the card says nothing of the new merchants");
        await ben.SeeAsync("text=rejected");
        var decision = Assert.Single((await registry.PromotionAsync(id)).Decisions);
        Assert.Equal(("ben", "reject", "authenticated", "page"), (decision.Person, decision.Decision, decision.Assurance, decision.Channel));
        Assert.Equal("v1", await registry.ServingAsync());
    }

    /// <summary>Whoever holds the phone but is not its person: the authenticator does not verify them, and nothing is sent.</summary>
    [Fact]
    public async Task A_passkey_that_does_not_recognise_its_person_decides_nothing()
    {
        await using var browser = Browser.Start();
        await using var registry = await OpenAsync("team");
        await registry.ChurnAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        var ben = await browser.OpenAsync("ben");
        await ben.SignInAsync(server.Pages);
        await ben.EnrolAsync(server.Pages);
        var id = await registry.ProposeAsync();
        await ben.GoAsync($"{server.Pages}ui/promotions/{id}");

        await ben.VerifyAsync(false);
        await ben.DecideAsync("approve", passkey: true);
        Assert.Contains("did not verify you", await ben.SeeAsync(".trouble:not([hidden])"), StringComparison.Ordinal);
        Assert.Equal("pending", (await registry.PromotionAsync(id)).Status);

        await ben.VerifyAsync(true);
        await ben.DecideAsync("approve", passkey: true);
        await ben.SeeAsync("text=applied");
        Assert.Equal("signed", Assert.Single((await registry.PromotionAsync(id)).Decisions).Assurance);
    }

    [Fact]
    public async Task A_passkey_signs_its_person_in_without_a_name()
    {
        await using var browser = Browser.Start();
        await using var registry = await OpenAsync("team");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        var ben = await browser.OpenAsync("ben");
        await ben.SignInAsync(server.Pages);
        await ben.EnrolAsync(server.Pages);
        await ben.ClickAsync(".who button");
        await ben.SeeAsync("text=Sign in with a passkey");
        await ben.ClickAsync("[data-passkey]");
        await ben.SeeAsync("#live");
        Assert.Equal("ben", await ben.SeeAsync(".who a"));
    }

    /// <summary>After the first, a key is enrolled on the word of another one or of another person.</summary>
    [Fact]
    public async Task A_second_passkey_takes_the_first_or_an_invite()
    {
        await using var browser = Browser.Start();
        await using var registry = await OpenAsync("team");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        var at = server.Pages;
        var ben = await browser.OpenAsync("ben");
        await ben.SignInAsync(at);
        await ben.EnrolAsync(at);

        // Another device of his, or a program that has his passphrase: that is not enough any more.
        var other = await browser.OpenAsync("other");
        await other.GoAsync($"{at}ui/inbox");
        await other.FillAsync("[name=name]", "ben");
        await other.FillAsync("[name=passphrase]", Passphrase);
        await other.ClickAsync("button.first");
        await other.SeeAsync("#live");
        await other.GoAsync($"{at}ui/me");
        await EnrolMoreAsync(other, invite: null);
        Assert.Contains("key_needs_witness", await other.SeeAsync(".refused"), StringComparison.Ordinal);

        var ana = await browser.OpenAsync("ana");
        await ana.SignInAsync(at);
        await ana.GoAsync($"{at}ui/people");
        await ana.ClickAsync("li:has-text('ben') summary:has-text('Invite')");
        await ana.FillAsync("form[action='/ui/people/ben/invite'] [name=passphrase]", Passphrase);
        await ana.ClickAsync("form[action='/ui/people/ben/invite'] .way:has([name=passphrase]) button");
        var code = await ana.SeeAsync(".once code");
        await other.GoAsync($"{at}ui/me");
        await EnrolMoreAsync(other, code);
        await other.SeeAsync("text=the second");
        Assert.Equal(2, Ok(await registry.Services.Passkeys.ListAsync(await registry.AgentAsync(), "ben")).Count);
    }

    private static async Task EnrolMoreAsync(BrowserPage page, string? invite)
    {
        await page.FillAsync("[name=key_name]", "the second");
        await page.FillAsync("[name=invite]", invite ?? "");
        await page.FillAsync("form[data-enrol] [name=passphrase]", Passphrase);
        await page.ClickAsync("form[data-enrol] .way:has([name=passphrase]) button");
    }
}
