using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>Under <c>regulated</c>: two persons in two browsers sign the very statement.</summary>
[Trait("Needs", "Chromium")]
public sealed class RegulatedStoryTests
{
    /// <summary>Real files, real browsers, a real agent; from the policy's acceptance to the proof that the record is whole.</summary>
    [Fact]
    public async Task Two_persons_sign_in_two_browsers_and_the_record_names_both()
    {
        var registry = await OpenAsync("team");
        await RegisterDigitsAsync(registry, 1, 0.9278);
        await registry.MoveAsync("v1", "staging", "digits");
        await registry.MoveAsync("v1", "production", "digits");
        await using var pages = await ServedPages.OfAsync(registry);

        var ana = await pages.EnrolledAsync("ana");
        await ana.GoAsync("ui/policy/change");
        await ana.FillAsync("textarea.code", PolicyProfiles.Find("regulated")!);
        await ana.ClickAsync("text=Show what would change");
        Assert.Contains("stricter", await ana.SeeAsync("tr:has-text('signed')"), StringComparison.Ordinal);
        await ana.ClickAsync("form[action='/ui/policy/accept'] button[data-passkey]");
        Assert.Contains("2 approvers approve", await ana.SeeAsync(".card:has-text('Into production')"), StringComparison.Ordinal);

        await ana.GoAsync("ui/people");
        await ana.FillAsync("form[action='/ui/people'] [name=name]", "cara");
        await ana.FillAsync("[name=new_passphrase]", Passphrase);
        await ana.FillAsync("[name=new_passphrase_again]", Passphrase);
        await ana.ClickAsync("form[action='/ui/people'] button[data-passkey]");
        await ana.SeeAsync("li:has-text('cara')");

        var (ben, cara) = (await pages.EnrolledAsync("ben"), await pages.EnrolledAsync("cara", touch: true));
        foreach (var person in new[] { ben, cara })
        {
            await person.GoAsync("ui/inbox");
            await person.RunAsync("window.neverLeft = true");
        }
        await RegisterDigitsAsync(registry, 2, 0.9815);
        await using var agent = await pages.AgentAsync(await registry.TokenAsync("scout"));
        await agent.CallAsync("promote_model", new JsonObject { ["model_name"] = "digits", ["version"] = "v2", ["stage"] = "staging" });
        var proposed = await agent.CallAsync("promote_model", new JsonObject { ["model_name"] = "digits", ["version"] = "v2", ["stage"] = "production", ["reason"] = "Five points better on the held-out rows." });
        Assert.Equal("pending", (string?)proposed.Structured!["status"]);
        var id = (string)proposed.Structured["promotion_id"]!;
        foreach (var person in new[] { ben, cara })
        {
            Assert.Contains("digits v2", await person.SeeAsync("#live .card"), StringComparison.Ordinal);
            Assert.Contains("Waits for you", await person.SeeAsync("#live .card"), StringComparison.Ordinal);
            Assert.True((bool)(await person.RunAsync("window.neverLeft === true"))!);
        }

        await ben.ClickAsync("#live .whole");
        Assert.Contains("pass", await ben.SeeAsync("tr:has-text('scan_clean')"), StringComparison.Ordinal);
        await ben.DecideAsync("approve", passkey: true, "The confusion matrix is fine.");
        Assert.Contains("1 approver", await ben.SeeAsync(".tally:has-text('1 of 2 approvals')"), StringComparison.Ordinal);
        Assert.Equal(("pending", "v1"), ((await registry.PromotionAsync(id)).Status, await registry.ServingAsync("digits")));
        await ben.FitAsync();
        // Who has decided, and who cannot, see so in the list.
        foreach (var (person, words) in new[] { (ben, "You have decided: approve"), (ana, "Not yours: ana owns the proposer") })
        {
            await person.GoAsync("ui/inbox");
            Assert.Contains(words, await person.SeeAsync("#live .card"), StringComparison.Ordinal);
        }
        await ben.FitAsync();

        await cara.TapAsync("#live .whole");
        await cara.DecideAsync("approve", passkey: true);
        await cara.SeeAsync(".pill:has-text('applied')");
        Assert.Equal("v2", await registry.ServingAsync("digits"));

        await ana.GoAsync($"ui/audit?subject={id}&verb=promotion.decide");
        Assert.Matches(@"approve, signed\s+cara", await ana.SeeAsync(".entry >> nth=0 >> summary"));
        Assert.Matches(@"approve, signed\s+ben", await ana.SeeAsync(".entry >> nth=1 >> summary"));
        await ana.ClickAsync("text=Verify now");
        await ana.SeeAsync("text=The log is whole.");
        await ana.GoAsync("ui/models/digits");
        Assert.Contains("Approved by ben, cara, signed", await ana.SeeAsync(".timeline li.now:has-text('v2'):has-text('Approved')"), StringComparison.Ordinal);
        foreach (var person in new[] { ana, ben, cara })
            Assert.Empty(await person.ComplaintsAsync());
    }

    /// <summary>What it takes is what the policy in force asks: two admins' signatures, also for making it one.</summary>
    [Fact]
    public async Task Two_admins_sign_a_change_of_the_policy_and_each_alone_turns_one_down()
    {
        var registry = await OpenAsync("regulated");
        var admin = Ok(await registry.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor;
        Ok(await registry.Services.People.AddAsync(admin, "dora", Passphrase, [Permissions.Admin]));
        await using var pages = await ServedPages.OfAsync(registry);
        var (ana, dora) = (await pages.EnrolledAsync("ana"), await pages.EnrolledAsync("dora"));

        var milder = PolicyProfiles.Find("regulated")!.Replace("\"approver\", \"count\": 2", "\"approver\", \"count\": 1", StringComparison.Ordinal).Replace("\"name\": \"regulated\"", "\"name\": \"milder\"", StringComparison.Ordinal);
        await ShowAsync(ana, milder);
        Assert.Contains("looser", await ana.SeeAsync("tr:has-text('approv')"), StringComparison.Ordinal);
        // A passphrase is no signature.
        Assert.Equal(0, await ana.CountAsync("form[action='/ui/policy/accept'] [name=passphrase]"));
        await ana.FitAsync();
        await ana.FillAsync("form[action='/ui/policy/accept'] [name=reason]", "Holidays: one approver at a time.");
        await ana.ClickAsync("form[action='/ui/policy/accept'] button[data-passkey]");
        var waiting = await ana.SeeAsync(".card:has-text('Waiting: milder')");
        Assert.Contains("ana (signed)", waiting, StringComparison.Ordinal);
        Assert.Contains("1 more admin", waiting, StringComparison.Ordinal);
        Assert.Equal("regulated", Ok(await registry.Services.Policies.ShowAsync(admin)).Name);
        // Once is enough, and is said.
        await ana.SeeAsync("text=You have agreed to this.");
        Assert.Equal(0, await ana.CountAsync("form[action='/ui/policy/accept']"));

        await dora.GoAsync("ui/policy/change");
        Assert.Contains("Holidays", await dora.SeeAsync(".said"), StringComparison.Ordinal);
        await dora.ClickAsync("form[action='/ui/policy/accept'] button[data-passkey]");
        Assert.Contains("1 approver approves", await dora.SeeAsync(".card:has-text('Into production')"), StringComparison.Ordinal);
        Assert.Contains("by ana, dora", await dora.SeeAsync("main"), StringComparison.Ordinal);

        await ShowAsync(ana, PolicyProfiles.Find("open")!);
        await ana.ClickAsync("form[action='/ui/policy/accept'] button[data-passkey]");
        await ana.SeeAsync(".card:has-text('Waiting: open')");
        await dora.GoAsync("ui/policy/change");
        await dora.ClickAsync("summary:has-text('Turn it down')");
        await dora.FillAsync("form[action='/ui/policy/reject'] [name=reason]", "Nothing would be governed.");
        await dora.ClickAsync("form[action='/ui/policy/reject'] button[data-passkey]");
        await dora.SeeAsync("h2:has-text('The text in force')");
        Assert.Equal("milder", Ok(await registry.Services.Policies.ShowAsync(admin)).Name);
        await dora.GoAsync("ui/audit?verb=policy.reject");
        Assert.Contains("dora", await dora.SeeAsync(".entry summary"), StringComparison.Ordinal);
        Assert.Empty(await ana.ComplaintsAsync());
    }

    private static async Task ShowAsync(BrowserPage admin, string policy)
    {
        await admin.GoAsync("ui/policy/change");
        await admin.FillAsync("textarea.code", policy);
        await admin.ClickAsync("text=Show what would change");
        await admin.SeeAsync("h2:has-text('What changes')");
    }

    private static async Task RegisterDigitsAsync(SeededRegistry registry, int number, double accuracy) => Ok(await registry.Services.Intake.RegisterAsync(await registry.AgentAsync(),
        new Registration("digits", null, null, [Repository.At($"samples/digits/digits-v{number}.onnx")], new VersionMetadata
        {
            Format = "onnx",
            Metrics = new Dictionary<string, double> { ["accuracy"] = accuracy },
            Dataset = "sklearn-digits@1.2.1",
            CodeCommit = "9f2c1e7",
            Lineage = new JsonObject { ["dataset"] = "UCI optical digits, 1998" },
            Card = await File.ReadAllTextAsync(Repository.At("samples/digits/MODEL_CARD.md")),
        })));
}
