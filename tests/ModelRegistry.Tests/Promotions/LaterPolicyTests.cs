using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Tests.Identity;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>What was proposed before a policy, or approved before a credential was taken back.</summary>
[OnBothDatabases]
public sealed class LaterPolicyTests
{
    private static string With(string policy, string was, string now) => policy.Contains(was, StringComparison.Ordinal) ? policy.Replace(was, now, StringComparison.Ordinal) : throw new ArgumentException(was);

    [Fact]
    [Attack(15, "rules")]
    public async Task A_policy_that_turns_a_metric_round_turns_no_gate_of_what_waits()
    {
        await using var it = await OpenAsync();
        var gated = With(PolicyProfiles.Find("team")!, "\"gates\": [", "\"gates\": [{\"rule\": \"no_regression\", \"metric\": \"accuracy\"}, ");
        await it.AcceptAsync(gated);
        await it.PutIntoProductionAsync(accuracy: 0.9);
        var next = await it.RegisterAsync("digits", 0.95);
        await it.ProposeAsync("digits", next.Version, "staging");
        var id = (await it.ProposeAsync("digits", next.Version)).PromotionId!;
        // Worse than what serves, and better once less is more.
        Ok(await it.Services.Metadata.SetAsync(Robot, new ModelRegistry.Catalog.MetadataEdit("digits") { Version = next.Version, Metrics = new Dictionary<string, double> { ["accuracy"] = 0.001 } }));
        await it.AcceptAsync(With(gated, "\"better\": {", "\"better\": {\"accuracy\": \"lower\", "));
        Assert.Equal("gates_unmet", No(await it.DecideAsync("ben", id, DecisionVerdict.Approve)));
        Assert.Equal("pending", (await it.PromotionAsync(id)).Status);
    }

    [Fact]
    [Attack(15, "rules")]
    public async Task Whoever_is_listed_later_breaks_no_glass_of_what_waits()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var old = await it.ParkAsync();
        await it.Registry.AcceptAsync(With(PolicyProfiles.Find("team")!, "\"stages\":", "\"break_glass\": {\"persons\": [\"ben\"]}, \"stages\":"));
        Assert.Equal("glass_not_trusted", No(await BreakAsync(it, old)));
        it.Registry.Clock.Advance(TimeSpan.FromSeconds(1));
        var later = await it.ParkAsync("other");
        Assert.Equal("applied", Ok(await BreakAsync(it, later)).Status);
    }

    [Fact]
    public async Task What_was_approved_with_a_key_that_was_taken_back_counts_no_more()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        await it.Registry.AcceptAsync(With(PolicyProfiles.Find("team")!, "\"count\": 1", "\"count\": 2"));
        it.Registry.Clock.Advance(TimeSpan.FromSeconds(1));
        var id = await it.ParkAsync();
        var one = Ok(await it.DecideAsync(id, "approve", DecisionVerdict.Approve));
        Assert.Equal(("pending", 1), (one.Status, one.Missing.Count));
        Ok(await it.Keys.RevokeAsync((await it.Registry.PersonAsync("ana")).Actor, it.KeyId));
        Assert.Equal("pending", Ok(await it.Registry.DecideAsync("cora", id, DecisionVerdict.Approve)).Status);
        Assert.Equal("pending", (await it.Registry.PromotionAsync(id)).Status);
    }

    [Fact]
    [Attack(5, "rules")]
    public async Task An_invite_is_worth_what_its_inviter_is()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var ana = (await it.Registry.PersonAsync("ana")).Actor;
        Ok(await it.Registry.Services.People.AddAsync(ana, "dora", Passphrase, [Permissions.Admin]));
        var dora = Ok(await it.Registry.Services.People.ProveAsync("dora", Passphrase, "page")).Actor;
        var code = Ok(await it.Keys.InviteAsync(dora, "ben")).Code;
        Ok(await it.Registry.Services.People.DisableAsync(ana, "dora"));
        using var another = new SoftwareAuthenticator();
        Assert.Equal("invite_invalid", No(await it.TryEnrolAsync(await it.Registry.PersonAsync("ben"), another, code)));
    }

    private static async Task<Outcome<PromotionView>> BreakAsync(KeyedRegistry it, string id)
    {
        var (proof, by) = await it.SignedAsync(id, GlassBreak.Word);
        var review = await it.Registry.ReviewAsync(id);
        return await it.Registry.Services.Promotions.BreakGlassAsync(by, new BreakGlassRequest(id, review.StatementDigest, "now", proof));
    }
}
