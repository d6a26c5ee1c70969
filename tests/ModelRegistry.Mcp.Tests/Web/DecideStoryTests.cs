using System.Text.Json.Nodes;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>People at the pages, in a real browser: from the first sign-in to a decision that is signed.</summary>
[Trait("Needs", "Chromium")]
public sealed class DecideStoryTests
{
    /// <summary>A newcomer's whole way: a second person, a token for an agent, a passkey, a proposal that comes in by itself, a decision by touch, and the record of it.</summary>
    [Fact]
    public async Task A_proposal_arrives_in_the_open_page_and_is_decided_by_touch()
    {
        await using var pages = await ServedPages.ChurnAsync();
        var registry = pages.Registry;
        var ana = await pages.SignInAsync("ana");
        await ana.GoAsync("ui/people");
        await ana.FillAsync("form[action='/ui/people'] [name=name]", "cara");
        await ana.FillAsync("[name=email]", "cara@example.org");
        await ana.FillAsync("[name=new_passphrase]", Passphrase);
        await ana.FillAsync("[name=new_passphrase_again]", Passphrase);
        await ana.ProveAsync("/ui/people");
        await ana.SeeAsync("text=cara");
        var token = await MakeTokenAsync(ana, "scout");
        Assert.Equal($"export MODELREGISTRY_TOKEN={token}", await ana.SeeAsync(".once pre"));
        await ana.SeeAsync(".once .command:has(code) button:has-text('Copy')");

        var cara = await pages.EnrolledAsync("cara", touch: true);
        await cara.GoAsync("ui/inbox");
        Assert.Contains("Nothing waits", await cara.SeeAsync("#live"), StringComparison.Ordinal);
        await cara.RunAsync("window.neverLeft = true");

        await using var agent = await pages.AgentAsync(token);
        var proposed = await agent.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production", ["reason"] = "Recall is up by two points on the March data." });
        var id = (string)proposed.Structured!["promotion_id"]!;
        Assert.Equal($"{pages.At}ui/promotions/{id}", (string?)proposed.Structured!["approve_url"]);

        Assert.Contains("churn v2", await cara.SeeAsync("#live .card"), StringComparison.Ordinal);
        Assert.True((bool)(await cara.RunAsync("window.neverLeft === true"))!);

        await cara.TapAsync("#live .whole");
        await cara.SeeAsync("h1.move");
        Assert.Contains("Recall is up", await cara.SeeAsync(".said"), StringComparison.Ordinal);
        Assert.Contains("0.05 better", await cara.SeeAsync("tr:has-text('accuracy')"), StringComparison.Ordinal);
        // On a phone what is decided on stands before the decision, and a link that is in sight leads past it.
        Assert.Equal("Who asks, and why,Metrics,Gates,Files,Where it comes from,Model card,Your decision,Decisions,The statement", (string?)await cara.RunAsync("[...document.querySelectorAll('h2')].map((h) => [h.getBoundingClientRect().top, h.innerText]).sort((a, b) => a[0] - b[0]).map((h) => h[1]).join()"));
        Assert.True((bool)(await cara.RunAsync("document.querySelector('.jump a').getBoundingClientRect().bottom <= innerHeight"))!);
        await cara.TapAsync(".jump a");
        Assert.True((bool)(await cara.RunAsync("(async () => { const box = (at) => document.querySelector(at).getBoundingClientRect(); while (box('#decide').bottom > innerHeight) await new Promise(requestAnimationFrame); return box('.jump').bottom <= box('.decide').top; })()"))!);
        await cara.TapAsync(".decide .yes");
        await cara.FillAsync(".decide textarea", "Agreed with the fraud team.");
        await cara.TapAsync(".decide button[data-passkey]");
        await cara.SeeAsync("text=applied");

        Assert.Equal("v2", await registry.ServingAsync());
        var decision = Assert.Single((await registry.PromotionAsync(id)).Decisions);
        Assert.Equal(("cara", "approve", "signed", "page", "Agreed with the fraud team."), (decision.Person, decision.Decision, decision.Assurance, decision.Channel, decision.Comment));
        Assert.Equal(["promotion.request", "promotion.decide", "promotion.apply"], await registry.VerbsAsync(id));

        await ana.GoAsync($"ui/audit?subject={id}");
        Assert.Equal(3, await ana.CountAsync(".entry"));
        Assert.Contains("scout", await ana.SeeAsync(".entry:has-text('promotion.request')"), StringComparison.Ordinal);
        Assert.Matches(@"approve, signed\s+cara", await ana.SeeAsync(".entry:has-text('promotion.decide') summary"));
        await ana.GoAsync("ui/audit?verb=person.email");
        Assert.Contains("ana", await ana.SeeAsync(".entry"), StringComparison.Ordinal);
        Assert.Empty(await ana.ComplaintsAsync());
        Assert.Empty(await cara.ComplaintsAsync());
    }

    [Fact]
    public async Task The_passphrase_decides_where_the_stage_takes_that_and_the_decision_says_so()
    {
        await using var pages = await ServedPages.ChurnAsync();
        var registry = pages.Registry;
        var ben = await pages.SignInAsync("ben");
        var id = await registry.ProposeAsync();
        const string Button = ".decide .way:has([name=passphrase]) button";
        await ben.GoAsync($"ui/promotions/{id}");

        Assert.Equal("Decide", await ben.SeeAsync(Button));
        await ben.ChooseAsync(".decide [value=approve]");
        Assert.Equal("Approve v2", await ben.SeeAsync(Button));
        await ben.ChooseAsync(".decide [value=reject]");
        Assert.Equal("Reject v2", await ben.SeeAsync(Button));
        await ben.FillAsync(".decide textarea", "the card says nothing");
        await ben.FillAsync(".decide [name=passphrase]", "not his passphrase");
        await ben.ClickAsync(Button);
        // Said where it is typed again, and nothing else has to be: neither the choice nor the comment.
        Assert.Contains("do not match", await ben.SeeAsync(".decide .prove .refused"), StringComparison.Ordinal);
        Assert.Equal("reject, the card says nothing, passphrase", (string?)await ben.RunAsync("[document.querySelector('.decide :checked').value, document.querySelector('.decide textarea').value, document.activeElement.name].join(', ')"));
        Assert.Equal("Reject v2", await ben.SeeAsync(Button));
        await ben.FitAsync();
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
        await using var pages = await ServedPages.ChurnAsync();
        var registry = pages.Registry;
        var ben = await pages.EnrolledAsync("ben");
        var id = await registry.ProposeAsync();
        await ben.GoAsync($"ui/promotions/{id}");

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
        await using var pages = await ServedPages.OfAsync(await OpenAsync("team"));
        var ben = await pages.EnrolledAsync("ben");
        await ben.ClickAsync(".who button");
        await ben.SeeAsync("text=Sign in with a passkey");
        await ben.ClickAsync("[data-passkey]");
        await ben.SeeAsync("#live");
        Assert.Equal("ben", await ben.SeeAsync(".who a"));
    }

    internal static async Task<string> MakeTokenAsync(BrowserPage admin, string agent)
    {
        await admin.GoAsync("ui/tokens");
        await admin.FillAsync("form[action='/ui/tokens'] [name=name]", agent);
        await admin.ProveAsync("/ui/tokens");
        return await admin.SeeAsync(".once code");
    }
}
