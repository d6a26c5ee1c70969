using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>Persons without a mouse, and browsers without scripts, decide as well.</summary>
[Trait("Needs", "Chromium")]
public sealed class AnyBrowserTests
{
    /// <summary>Every stop of the keyboard is seen, and what decides comes in the order in which it is read.</summary>
    [Fact]
    public async Task From_the_sign_in_to_the_decision_by_keyboard_alone()
    {
        await using var pages = await ServedPages.ChurnAsync();
        var id = await pages.Registry.ProposeAsync();
        var ben = await pages.OpenAsync("ben");
        await ben.GoAsync("ui/inbox");

        Assert.Equal(["Skip to the content", "Model Registry", "Name"], await ben.TabToAsync("Name"));
        await ben.TypeAsync("ben");
        Assert.Equal(["Passphrase"], await ben.TabToAsync("Passphrase"));
        await ben.TypeAsync(Passphrase);
        await ben.PressAsync("Enter");
        await ben.SeeAsync("#live .card");

        // Past the navigation in one step, and to the first card in the next.
        await ben.TabToAsync("Skip to the content");
        await ben.PressAsync("Enter");
        var card = await ben.TabToAsync("churn v2 → production");
        Assert.Single(card);
        await ben.PressAsync("Enter");
        await ben.SeeAsync("h1.move");

        await ben.TabToAsync("Skip to the content");
        await ben.PressAsync("Enter");
        await ben.TabToAsync("Approve");
        await ben.PressAsync("Space");
        Assert.Equal(["Comment, for the record"], await ben.TabToAsync("Comment, for the record"));
        await ben.TypeAsync("By keyboard.");
        Assert.Equal(["Passphrase of ben", "Approve v2"], await ben.TabToAsync("Approve v2"));
        await ben.PressAsync("Shift+Tab");
        await ben.TypeAsync(Passphrase);
        await ben.PressAsync("Enter");
        await ben.SeeAsync(".pill:has-text('applied')");
        var decision = Assert.Single((await pages.Registry.PromotionAsync(id)).Decisions);
        Assert.Equal(("ben", "approve", "By keyboard."), (decision.Person, decision.Decision, decision.Comment));
    }

    /// <summary>A passphrase takes a form and nothing else; what takes a script is not offered.</summary>
    [Fact]
    public async Task Without_scripts_a_person_signs_in_and_decides()
    {
        await using var pages = await ServedPages.ChurnAsync();
        var id = await pages.Registry.ProposeAsync();
        var ben = await pages.OpenAsync("ben", script: false);
        await ben.GoAsync("ui/inbox");
        Assert.Equal(0, await ben.CountAsync("[data-passkey]:visible"));
        await ben.SignInAsync();
        await ben.ClickAsync("#live .whole");
        await ben.DecideAsync("reject", passkey: false, "Not before the audit.");
        await ben.SeeAsync(".pill:has-text('rejected')");
        Assert.Equal("rejected", (await pages.Registry.PromotionAsync(id)).Status);
    }
}
