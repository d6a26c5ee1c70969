using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Policies;

/// <summary>The policy in force, and who puts another in its place.</summary>
[OnBothDatabases]
public sealed class PolicyBookTests
{
    private static string Named(string name) => PolicyProfiles.Find("team")!.Replace("\"name\": \"team\"", $"\"name\": \"{name}\"", StringComparison.Ordinal);

    [Fact]
    public async Task A_new_registry_is_under_local_until_an_admin_accepts_another()
    {
        await using var it = await OpenAsync("local");
        var before = Ok(await it.Services.Policies.ShowAsync(Robot));
        Assert.Equal(("local", PolicyProfiles.Find("local")), (before.Name, before.Json));

        Assert.Equal("person_required", No(await it.TryAcceptAsync(Robot, Named("ours"))));
        Assert.Equal("role_missing", No(await it.TryAcceptAsync((await it.PersonAsync("ben")).Actor, Named("ours"))));
        var ana = (await it.PersonAsync("ana")).Actor;
        var accepted = Ok(await it.TryAcceptAsync(ana, Named("ours")));

        var now = Ok(await it.Services.Policies.ShowAsync(Robot));
        Assert.Equal(("accepted", "ours", Ok(PolicyBook.Check(Named("ours"))).Digest.Hex), (accepted.Status, accepted.Name, accepted.Digest));
        Assert.Equal(("ours", "ana", accepted.Digest, "authenticated"), (now.Name, now.AcceptedBy, now.Digest, now.Assurance));
        var entry = Assert.Single(Ok(await it.Services.Audit.ListAsync(Robot, new(Subject: accepted.Digest))).Items, e => e.Outcome == "done");
        Assert.Equal((before.Digest, "ours"), ((string?)entry.Entry["facts"]!["replaces"], (string?)entry.Entry["facts"]!["policy"]!["name"]));
        // Again is no change, whatever its blanks.
        Assert.Equal("policy_unchanged", No(await it.TryAcceptAsync(ana, Named("ours").Replace("\n", "\n  ", StringComparison.Ordinal))));
        // It holds at once: from development nothing goes to production now.
        await it.RegisterAsync();
        Assert.Equal("blocked", (await it.ProposeAsync("digits", "v1")).Status);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_policy_with_errors_is_refused_with_their_lines_and_the_old_one_stays()
    {
        await using var it = await OpenAsync("local");
        var ana = (await it.PersonAsync("ana")).Actor;

        var refusal = (await it.TryAcceptAsync(ana, "{\n \"name\": \"x\",\n \"stagez\": [],\n \"stages\": [\"development\", \"production\"]\n}")).Refusal!;
        Assert.Equal("policy_invalid", refusal.Code);
        Assert.Contains("line 3", refusal.Message, StringComparison.Ordinal);
        foreach (var odd in new[] { "", "null", "[]", "{", "\ud800", "\0", new string('[', 100_000), new string(' ', 300_000), """{"name": "\ud800"}""", "{\"name\": \"a\", \"name\": \"b\"}" })
            Assert.Equal("policy_invalid", No(await it.TryAcceptAsync(ana, odd)));

        Assert.Equal("local", Ok(await it.Services.Policies.ShowAsync(Robot)).Name);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Starting_with_another_policy_than_the_one_in_force_is_refused_with_the_remedy()
    {
        await using var it = await EmptyAsync("team");
        var file = it.File(Named("ours"), "policy.json");

        var refusal = (await RegistryServices.OpenAsync(it.Options with { Policy = "open" }, it.Clock)).Refusal!;
        Assert.Equal("policy_differs", refusal.Code);
        Assert.Contains("policy accept", refusal.Remedy, StringComparison.Ordinal);
        Assert.Equal("policy_differs", No(await RegistryServices.OpenAsync(it.Options with { Policy = file }, it.Clock)));
        Assert.Equal("policy_not_found", No(await RegistryServices.OpenAsync(it.Options with { Policy = "Team " }, it.Clock)));
        Assert.Equal("policy_not_found", No(await RegistryServices.OpenAsync(it.Options with { Policy = it.DataFolder }, it.Clock)));
        Assert.Equal("policy_invalid", No(await RegistryServices.OpenAsync(it.Options with { Policy = it.File("{}", "bad.json") }, it.Clock)));
        await Ok(await RegistryServices.OpenAsync(it.Options with { Policy = "team" }, it.Clock)).DisposeAsync();
        await Ok(await RegistryServices.OpenAsync(it.Options, it.Clock)).DisposeAsync();

        Assert.Equal("team", Ok(await it.Services.Policies.ShowAsync(Robot)).Name);
    }

    [Fact]
    public async Task A_registry_under_an_earlier_text_of_a_profile_opens_and_is_asked_no_more_than_that_text_says()
    {
        await using var it = await EmptyAsync("regulated");
        var now = PolicyProfiles.Find("regulated")!;
        var earlier = now.Replace(",\n  \"policy_change\": {\"approvals\": [{\"role\": \"admin\", \"count\": 2}], \"assurance\": \"signed\"}", "", StringComparison.Ordinal);
        Assert.NotEqual(now, earlier);
        var policy = Ok(PolicyBook.Check(earlier));
        Assert.Equal(PolicyChangeRule.Default, policy.Change);
        await it.ChangeRowsAsync($"update policy set json = '{earlier}', digest = '{policy.Digest.Hex}'");

        await using (var named = Ok(await RegistryServices.OpenAsync(it.Options with { Policy = "regulated" }, it.Clock)))
            Assert.Equal((policy.Digest.Hex, 1, "authenticated"), (Ok(await named.Policies.ShowAsync(Robot)) is var shown ? shown.Digest : "", shown.Change!.Admins, shown.Change.Assurance));
        await using var unnamed = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock));
        // What the release made of the profile is a change of the policy like any other.
        var line = Assert.Single(Ok(await unnamed.Policies.CompareAsync(Robot, now)).Changes, c => c.Words.Contains("admins", StringComparison.Ordinal));
        Assert.Equal(("policy_change", "stricter"), (line.Subject, line.Bearing));
        Assert.Equal("policy_differs", No(await RegistryServices.OpenAsync(it.Options with { Policy = "team" }, it.Clock)));
    }

    [Fact]
    public async Task A_new_registry_that_many_make_at_once_has_one_policy_and_one_key()
    {
        await using var spare = await EmptyAsync();
        var options = spare.Options with { DataFolder = Path.Combine(spare.DataFolder, "new"), Database = TestDatabases.ArePostgres ? await TestDatabases.NewAsync() : null };

        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => RegistryServices.OpenAsync(options with { Policy = i % 2 == 0 ? "team" : "regulated" }, spare.Clock))));

        var winners = opened.Where(o => o.Refusal is null).Select(o => o.Value).ToList();
        try
        {
            Assert.Equal(4, winners.Count);
            Assert.All(opened.Where(o => o.Refusal is not null), o => Assert.Equal("policy_differs", o.Refusal!.Code));
            Assert.Single(winners.Select(w => w.Storage.RegistryId).Distinct());
            var policy = Ok(await winners[0].Policies.ShowAsync(Robot));
            foreach (var winner in winners)
                Assert.Equal(policy, Ok(await winner.Policies.ShowAsync(Robot)));
            var report = Ok(await winners[1].Audit.VerifyAsync(Robot, null));
            Assert.Equal((true, 1L), (report.Verified, report.Entries));
        }
        finally
        {
            foreach (var winner in winners)
                await winner.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_policy_accepted_by_another_process_holds_here_at_once()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();
        await it.RegisterAsync();
        Assert.Equal("pending", (await it.ProposeAsync("digits", "v1")).Status);
        await using (var other = Ok(await RegistryServices.OpenAsync(it.Options, it.Clock)))
            Ok(await it.TryAcceptAsync((await it.PersonAsync("ana")).Actor, PolicyProfiles.Find("open")!, other));

        Assert.Equal("open", Ok(await it.Services.Policies.ShowAsync(Robot)).Name);
        await it.RegisterAsync("other");
        Assert.Equal("applied", (await it.ProposeAsync("other", "v1")).Status);
    }
}
