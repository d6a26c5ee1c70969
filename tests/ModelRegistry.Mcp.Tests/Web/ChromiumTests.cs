using System.Text.Json;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Tests.Clients;
using ModelRegistry.Promotions;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

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
        await using (var empty = await OpenAsync("regulated"))
            await LookAsync(empty, "/ui/models", "/ui/policy", "/ui/inbox");
        await using var it = await OpenAsync("local");
        await Gallery.HostileAsync(it);
        await LookAsync(it, "/ui/models", "/ui/models/hostile", "/ui/models/hostile/versions/v1", "/ui/models/hostile/compare?versions=1&versions=2", "/ui/audit?model=hostile");
    }

    /// <summary>Cards laid out, their edits, and measurements over time: as their authors mean them, and as somebody hostile does.</summary>
    [Fact]
    public async Task Cards_and_measurements_are_fit_for_everybody()
    {
        await using var it = await OpenAsync("local");
        var (edit, hostile) = await Gallery.CardsAsync(it);
        // A few at a time: each run of the browser has its own patience.
        await LookAsync(it, "/ui/models/cards/versions/v1/card", $"/ui/models/cards/versions/v1/card?edit={edit}");
        await LookAsync(it, "/ui/models/cards/versions/v2/card", "/ui/models/cards/card", "/ui/models/cards/versions/v1");
        await LookAsync(it, "/ui/models/hostile%20cards/versions/v1/card", $"/ui/models/hostile%20cards/versions/v1/card?edit={hostile}");
        await LookAsync(it, "/ui/models/hostile%20cards/card", "/ui/models/hostile%20cards/versions/v1");
    }

    [Fact]
    public async Task Pages_for_deciding_and_administering_are_fit_for_everybody()
    {
        await using var it = await OpenChurnAsync("team");
        var id = await it.ProposeAsync();
        await it.TokenAsync("planner");
        await LookAsync(it, "/ui/inbox", "/ui/promotions", $"/ui/promotions/{id}", "/ui/me");
        await LookAsync(it, "/ui/people", "/ui/tokens", "/ui/reviews", "/ui/policy/change");
        await LookAsAsync("ana", it, "/ui/me", "/ui/webhooks", "/ui/policy/change");
    }

    /// <summary>What a promotion can come to, each on its page; and what those see who are not signed in or ask for what is not there.</summary>
    [Fact]
    public async Task Every_end_of_a_promotion_is_fit_for_everybody()
    {
        // A day and more ago, so that one has expired.
        var it = await OpenAsync("team", new Shifted(TimeSpan.FromHours(-30)));
        await it.ChurnAsync();
        var ends = new List<(string Status, string Id)>();
        foreach (var (end, decide) in new[] { ("rejected", DecisionVerdict.Reject), ("applied", DecisionVerdict.Approve) })
        {
            ends.Add((end, await it.ProposeAsync()));
            Ok(await it.DecideAsync(ends[^1].Id, decide));
        }
        await it.RegisterAsync(accuracy: 0.97);
        await it.MoveAsync("v3", "staging");
        ends.Add(("superseded", await it.ProposeAsync("v3")));
        ends.Add(("expired", Ok(await it.Services.Promotions.RollbackAsync(await it.AgentAsync(), new RollbackRequest("churn", Reason: "false positives"))).PromotionId!));

        await using var pages = await ServedPages.OfAsync(it);
        var ben = await pages.OpenAsync("ben");
        await ben.GoAsync("ui/sign-in");
        await ben.FitAsync();
        await ben.SignInAsync();
        foreach (var (status, id) in ends)
        {
            await ben.GoAsync($"ui/promotions/{id}");
            Assert.Contains(status, await ben.SeeAsync("h1 + .facts .pill"), StringComparison.Ordinal);
            await ben.FitAsync();
        }
        Assert.Equal(404, await ben.GoAsync("ui/promotions/prm_nowhere"));
        await ben.FitAsync();
    }

    /// <summary>Names and tags as long as they may be, and without a place to break them.</summary>
    [Fact]
    public async Task Pages_with_the_longest_names_are_fit_for_everybody()
    {
        await using var it = await OpenAsync("team");
        var (model, tag) = (new string('W', 128), new string('T', 100));
        var metadata = Metadata() with { Metrics = new Dictionary<string, double> { [new string('m', 60)] = 123456.789012, ["accuracy"] = 0.9 }, Tags = new Dictionary<string, string> { [tag] = tag } };
        for (var i = 0; i < 3; i++)
            await it.RegisterAsync(model, metadata: metadata, description: new string('d', 300));
        Ok(await it.Services.Metadata.SetAsync(await it.AgentAsync(), new MetadataEdit(model) { Tags = Enumerable.Range(0, 12).ToDictionary(i => $"{i}{tag}", _ => tag) }));
        foreach (var version in new[] { "v1", "v2" })
            await it.MoveAsync(version, "staging", model);
        await it.MoveAsync("v1", "production", model);
        var id = Ok(await it.Services.Promotions.RequestAsync(await it.AgentAsync(), new PromotionRequest(model, "v2", "production", new string('r', 3000)))).PromotionId!;
        Ok(await it.Services.People.AddAsync(Ok(await it.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor, new string('P', 64), Passphrase, [Permissions.Approver]));
        await it.TokenAsync(new string('A', 64));
        await LookAsync(it, "/ui/inbox", $"/ui/promotions/{id}", "/ui/models", $"/ui/models/{model}", $"/ui/models/{model}/versions/v2", "/ui/people", "/ui/tokens");
    }

    private static Task LookAsync(SeededRegistry it, params string[] paths) => LookAsAsync("ben", it, paths);

    private static async Task LookAsAsync(string person, SeededRegistry it, params string[] paths)
    {
        var chromium = Needs.Program("chromium", "pages are looked at in it");
        await using var who = await SignedIn.ToAsync(it, person);
        // A folder for screenshots, for whoever works on the pages.
        string[] shots = Environment.GetEnvironmentVariable("MODELREGISTRY_TESTS_SHOTS") is { Length: > 0 } folder ? ["--shots", folder] : [];
        using var program = NodeProgram.Start("pages.mjs", [who.Address.GetLeftPart(UriPartial.Authority), who.Cookie, chromium, .. paths, .. shots]);
        var output = await program.OutputAsync();
        Assert.True(output.StartsWith('{'), output);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(paths.Length * 4, json.RootElement.GetProperty("looked").GetInt32());
        var found = string.Join('\n', json.RootElement.GetProperty("found").EnumerateArray().Select(f => f.ToString()));
        Assert.True(found.Length == 0, found);
    }
}
