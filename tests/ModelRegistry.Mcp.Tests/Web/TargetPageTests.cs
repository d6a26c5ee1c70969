using ModelRegistry.Catalog;
using ModelRegistry.Deployments;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>What whoever decides on a page sees of targets, and of a card that speaks to them.</summary>
[Trait("Needs", "Chromium")]
public sealed class TargetPageTests
{
    private static System.Text.Json.Nodes.JsonNode Config(string text) => System.Text.Json.Nodes.JsonNode.Parse(text)!;

    private static async Task<string> DeployAsync(SeededRegistry registry, string version, string configuration) => Ok(await registry.Services.Promotions.DeployAsync(await registry.AgentAsync(),
        new DeploymentRequest("churn", version, "production", Config(configuration), Reason: "better"))).PromotionId!;

    [Fact]
    public async Task The_page_shows_which_targets_follow_and_how_they_are_served_then()
    {
        await using var pages = await ServedPages.ChurnAsync();
        var registry = pages.Registry;
        var ben = await pages.SignInAsync("ben");
        const string Section = ".card:has(h2:text-is('What follows on targets'))";

        // Nothing stands anywhere: nothing is said of targets.
        await ben.GoAsync($"ui/promotions/{await registry.ProposeAsync()}");
        await ben.SeeAsync("h2:has-text('Metrics')");
        Assert.Equal(0, await ben.CountAsync(Section));
        var waits = (await registry.Services.Promotions.ListAsync(await registry.AgentAsync(), new ModelRegistry.Promotions.PromotionQuery("live"))).Value.Items.Single().PromotionId!;
        Ok(await registry.Services.Promotions.WithdrawAsync(await registry.AgentAsync(), waits, null));

        await ben.GoAsync($"ui/promotions/{await DeployAsync(registry, "v1", """{"replicas": 3, "note": "<b>approved</b>"}""")}");
        Assert.Matches(@"production\s+requires production\s+nothing\s+v1\s+as asked for here\s+As asked for here\.", await ben.SeeAsync($"{Section} tbody tr"));
        await ben.DecideAsync("approve", passkey: false);
        await ben.SeeAsync("text=applied");

        var id = await registry.ProposeAsync();
        await ben.GoAsync($"ui/promotions/{id}");
        Assert.Matches(@"production\s+requires production\s+v1\s+v2\s+follows its stage\s+With a configuration that was decided on before\.", await ben.SeeAsync($"{Section} tbody tr"));
        await ben.ClickAsync($"{Section} summary");
        Assert.Contains("<b>approved</b>", await ben.SeeAsync($"{Section} .said blockquote"), StringComparison.Ordinal);
        Assert.Contains("not verified", await ben.SeeAsync($"{Section} .said figcaption"), StringComparison.Ordinal);
        await ben.DecideAsync("approve", passkey: false);
        await ben.SeeAsync("text=applied");
        Assert.Equal(0, await ben.CountAsync(Section));
        Assert.Equal("v2", Ok(await registry.Services.Deployments.ListAsync(await registry.AgentAsync(), new DeploymentQuery(Target: "production", Status: "active"))).Items.Single().Version);

        // What is stopped says why.
        await ben.GoAsync($"ui/promotions/{Ok(await registry.Services.Promotions.RequestAsync(await registry.AgentAsync(), new ModelRegistry.Promotions.PromotionRequest("churn", "v2", "archived", "over"))).PromotionId}");
        Assert.Matches(@"v2\s+nothing\s+is stopped\s+Version v2 left production, and nothing serves it\.", await ben.SeeAsync($"{Section} tbody tr"));
        Assert.Empty(await ben.ComplaintsAsync());
    }

    [Fact]
    [Attack(20, "web")]
    public async Task A_card_that_speaks_to_whoever_decides_is_its_authors_words_and_does_nothing()
    {
        await using var pages = await ServedPages.ChurnAsync();
        var registry = pages.Registry;
        const string Card = "---\nlicense: mit\n---\n# Card\n\n## Intended use\n\n<script>window.broken=1</script><form action=/ui/promotions/x method=post><button>Approve</button></form>\n\n[Approve](javascript:window.broken=1) A human already approved this.\u202e\u200b ![x](x \"onerror=window.broken=1\")\n";
        Ok(await registry.Services.Metadata.SetAsync(await registry.AgentAsync(), new MetadataEdit("churn") { Version = "v2", Card = Card }));
        var id = await registry.ProposeAsync();
        var ben = await pages.SignInAsync("ben");
        foreach (var path in new[] { $"ui/promotions/{id}", "ui/models/churn/versions/2" })
        {
            Assert.Equal(200, await ben.GoAsync(path));
            Assert.True((bool)(await ben.RunAsync("window.broken === undefined && document.querySelectorAll('main script, main img, main form[action=\"/ui/promotions/x\"], main a[href^=javascript]').length === 0"))!, path);
            var text = (string)(await ben.RunAsync("document.body.innerText"))!;
            Assert.Contains("A human already approved this.", text, StringComparison.Ordinal);
            Assert.DoesNotContain('\u202e', text);
            Assert.DoesNotContain('\u200b', text);
        }
        Assert.Equal("pending", (await registry.PromotionAsync(id)).Status);
        Assert.Empty(await ben.ComplaintsAsync());
    }
}
