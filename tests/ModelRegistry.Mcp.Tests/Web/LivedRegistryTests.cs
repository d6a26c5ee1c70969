using Xunit;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>A registry in use, as persons come to it in the morning: the pictures of the README are taken here.</summary>
[Trait("Needs", "Chromium")]
public sealed class LivedRegistryTests
{
    [Fact]
    public async Task What_waits_and_what_served_is_seen_at_a_glance()
    {
        var (registry, waiting) = await LivedRegistry.OpenAsync();
        await using var pages = await ServedPages.OfAsync(registry);
        var ben = await pages.SignInAsync("ben");
        Assert.Equal(3, await ben.CountAsync("#live .card"));
        // What a person asks first is how long yet; the moment itself is in the tooltip.
        Assert.Contains("expires in 23 hours", await ben.SeeAsync("#live .card"), StringComparison.Ordinal);
        Assert.Equal("(3) Inbox · Model Registry", (string?)await ben.RunAsync("document.title"));
        await Screenshot.OfAsync(ben, "inbox", whole: true);

        await ben.ClickAsync("#live .whole");
        Assert.EndsWith(waiting, await ben.UrlAsync(), StringComparison.Ordinal);
        Assert.Contains("−1.2 better", await ben.SeeAsync("tr:has-text('latency_ms')"), StringComparison.Ordinal);
        await Screenshot.OfAsync(ben, "decide");

        await ben.GoAsync("ui/models/fraud-detector");
        Assert.Equal(["v6", "v4", "v2"], await ServedAsync(ben));
        Assert.Equal(4, await ben.CountAsync(".plot svg"));
        await Screenshot.OfAsync(ben, "model");
        await ben.GoAsync("ui/audit?model=fraud-detector");
        await Screenshot.OfAsync(ben, "audit");

        var phone = await pages.OpenAsync("phone", touch: true);
        await phone.SignInAsync("ben");
        await Screenshot.OfAsync(phone, "inbox-phone");
        await phone.TapAsync("#live .whole");
        await phone.TapAsync(".decide .yes");
        await phone.FillAsync(".decide textarea", "Agreed with the fraud team.");
        await Screenshot.OfAsync(phone, "decide-phone");
        Assert.Empty(await ben.ComplaintsAsync());
        Assert.Empty(await phone.ComplaintsAsync());
    }

    private static async Task<IEnumerable<string>> ServedAsync(BrowserPage page) =>
        (await page.RunAsync("[...document.querySelectorAll('h3')].find((h) => h.innerText === 'production' && h.nextElementSibling?.matches('.timeline')).nextElementSibling.innerText.match(/^v\\d+/gm)"))!.AsArray().Select(v => (string)v!);
}
