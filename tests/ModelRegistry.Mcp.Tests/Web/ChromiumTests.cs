using System.Text.Json;
using ModelRegistry.Mcp.Tests.Clients;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>
/// Pages in a real Chromium, light and dark, on a phone (390 px) and on a desk (1280 px): nothing that axe holds against WCAG
/// 2.1 AA, nothing that makes a page scroll sideways, nothing that its content policy stopped.
/// </summary>
public sealed class ChromiumTests
{
    [Fact]
    public async Task Pages_with_a_story_are_fit_for_everybody()
    {
        await using var it = await Gallery.StoryAsync();
        await LookAsync(it, "/ui/models", "/ui/models/fraud-detector", "/ui/models/fraud-detector/versions/v7");
        await LookAsync(it, "/ui/models/fraud-detector/compare?versions=v1&versions=v5&versions=v6&versions=v7", "/ui/audit", "/ui/policy");
    }

    [Fact]
    public async Task Pages_with_nothing_and_with_hostile_text_are_fit_for_everybody()
    {
        await using (var empty = await SeededRegistry.OpenAsync("regulated"))
            await LookAsync(empty, "/ui/models", "/ui/policy", "/ui/inbox");
        await using var it = await SeededRegistry.OpenAsync("local");
        await Gallery.HostileAsync(it);
        await LookAsync(it, "/ui/models", "/ui/models/hostile", "/ui/models/hostile/versions/v1", "/ui/models/hostile/compare?versions=1&versions=2", "/ui/audit?model=hostile");
    }

    [Fact]
    public async Task Pages_for_deciding_and_administering_are_fit_for_everybody()
    {
        await using var it = await SeededRegistry.OpenAsync("team");
        await it.ChurnAsync();
        var id = await it.ProposeAsync();
        await it.TokenAsync("planner");
        await LookAsync(it, "/ui/inbox", "/ui/promotions", $"/ui/promotions/{id}", "/ui/me");
        await LookAsync(it, "/ui/people", "/ui/tokens", "/ui/reviews", "/ui/policy/change");
    }

    private static async Task LookAsync(SeededRegistry it, params string[] paths)
    {
        var chromium = Needs.Program("chromium", "pages are looked at in it");
        await using var server = await ServeProcess.StartAsync(it.DataFolder);
        using var ben = await SignedIn.AsAsync("ben", server.Address);
        // A folder for screenshots, for whoever works on the pages.
        string[] shots = Environment.GetEnvironmentVariable("MODELREGISTRY_TESTS_SHOTS") is { Length: > 0 } folder ? ["--shots", folder] : [];
        using var program = NodeProgram.Start("pages.mjs", [server.Address.GetLeftPart(UriPartial.Authority), ben.Cookie, chromium, .. paths, .. shots]);
        var output = await program.OutputAsync();
        Assert.True(output.StartsWith('{'), output);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(paths.Length * 4, json.RootElement.GetProperty("looked").GetInt32());
        var found = string.Join('\n', json.RootElement.GetProperty("found").EnumerateArray().Select(f => f.ToString()));
        Assert.True(found.Length == 0, found);
    }
}
