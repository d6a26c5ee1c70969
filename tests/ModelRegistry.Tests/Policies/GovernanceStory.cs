using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Policies;

/// <summary>The policy and the glass on the embedded database.</summary>
public sealed class SqliteGovernanceTests : GovernanceStory
{
    private protected override Task<TestRegistry> OpenAsync(string policy) => TestRegistry.OpenAsync(policy);
}

/// <summary>The same on a real PostgreSQL.</summary>
public sealed class PostgresGovernanceTests(PostgresCluster cluster) : GovernanceStory, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync(string policy) => await TestRegistry.OpenAsync(policy, await cluster.NewDatabaseAsync());
}

/// <summary>Changing the policy, and breaking the glass. One suite for both dialects.</summary>
public abstract partial class GovernanceStory
{
    private protected abstract Task<TestRegistry> OpenAsync(string policy);

    private static string Team(string more) => PolicyProfiles.Find("team")!.Replace("\"rollback\"", more + ", \"rollback\"", StringComparison.Ordinal);

    private static readonly string TwoAdmins = Team("\"policy_change\": {\"approvals\": 2}");

    private static async Task<PolicyAcceptance> WishAsync(TestRegistry it, string name, string json, string? reason = null) =>
        new(json, Ok(await it.Services.Policies.ShowAsync(Robot)).Digest, (await it.PersonAsync(name)).Proof, reason);

    private static async Task<Outcome<PolicyChangeView>> AcceptAsync(TestRegistry it, string name, string json, string? reason = null) =>
        await it.Services.Policies.AcceptAsync((await it.PersonAsync(name)).Actor, await WishAsync(it, name, json, reason));

    private static async Task AddAdminAsync(TestRegistry it, string name)
    {
        Ok(await it.Services.People.AddAsync((await it.PersonAsync("ana")).Actor, name, Passphrase + name, [Permissions.Admin]));
        it.Clock.Advance(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_policy_is_shown_against_the_one_in_force_accepted_and_kept_in_the_history()
    {
        await using var it = await OpenAsync("local");
        var first = Ok(await it.Services.Policies.ShowAsync(Robot));
        var shown = Ok(await it.Services.Policies.CompareAsync(Robot, PolicyProfiles.Find("team")!));
        Assert.Equal((first.Digest, null, false, 1), (shown.InForceDigest, shown.Problem, shown.Looser, shown.Required.Admins));
        Assert.Contains(shown.Changes, c => c is { Subject: "production", Bearing: "stricter" });

        it.Clock.Advance(TimeSpan.FromHours(1));
        var accepted = Ok(await AcceptAsync(it, "ana", PolicyProfiles.Find("team")!, "a second person decides"));
        Assert.Equal(("accepted", "ana", 0), (accepted.Status, Assert.Single(accepted.Agreed).Person, accepted.MissingAdmins));

        var history = Ok(await it.Services.Policies.HistoryAsync(Robot)).Items;
        Assert.Equal([("team", "ana", "a second person decides", null), ("local", "the first start", null, history[0].AcceptedAt)], history.Select(p => (p.Name, p.AcceptedBy, p.Reason, p.Until)));
        Assert.Equal("local", Ok(await it.Services.Policies.FindAsync(Robot, new PolicyQuery(At: history[0].AcceptedAt.AddMinutes(-1)))).Name);
        Assert.Equal("team", Ok(await it.Services.Policies.FindAsync(Robot, new PolicyQuery(At: history[0].AcceptedAt))).Name);
        Assert.Equal("local", Ok(await it.Services.Policies.FindAsync(Robot, new PolicyQuery(first.Digest[..12]))).Name);
        Assert.Equal("policy_not_in_history", No(await it.Services.Policies.FindAsync(Robot, new PolicyQuery("00000000"))));
        Assert.Equal("policy_not_in_history", No(await it.Services.Policies.FindAsync(Robot, new PolicyQuery(At: first.AcceptedAt.AddDays(-1)))));
        Assert.Equal("invalid_arguments", No(await it.Services.Policies.FindAsync(Robot, new PolicyQuery("%"))));
        var page = Ok(await it.Services.Policies.HistoryAsync(Robot, 1));
        Assert.Equal("local", Assert.Single(Ok(await it.Services.Policies.HistoryAsync(Robot, 1, page.NextCursor)).Items).Name);

        var entry = Assert.Single(Ok(await it.Services.Audit.ListAsync(Robot, new(Subject: accepted.Digest))).Items);
        var facts = entry.Entry["facts"]!;
        Assert.Equal((first.Digest, accepted.Digest, "authenticated"), ((string?)facts["replaces"], (string?)facts["digest"], (string?)facts["assurance"]));
        Assert.DoesNotContain("a second person decides", facts.ToJsonString(), StringComparison.Ordinal);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task What_changes_nothing_is_invalid_or_was_shown_against_another_policy_is_refused()
    {
        await using var it = await OpenAsync("team");
        Assert.Equal("policy_unchanged", No(await AcceptAsync(it, "ana", PolicyProfiles.Find("team")!)));
        Assert.Equal("policy_invalid", No(await AcceptAsync(it, "ana", "{\"name\": \"x\"}")));
        var stale = await WishAsync(it, "ana", PolicyProfiles.Find("open")!);
        Ok(await AcceptAsync(it, "ana", PolicyProfiles.Find("local")!));
        Assert.Equal("policy_moved", No(await it.Services.Policies.AcceptAsync((await it.PersonAsync("ana")).Actor, stale)));
        Assert.Equal("local", Ok(await it.Services.Policies.ShowAsync(Robot)).Name);

        var now = await WishAsync(it, "ana", PolicyProfiles.Find("open")!);
        await it.ChangeRowsAsync("update actor set roles = '[\"approver\"]' where name = 'ana'");
        Assert.Equal("role_missing", No(await it.Services.Policies.AcceptAsync((await it.PersonAsync("ana")).Actor, now)));
        Assert.Contains("policy.accept refused role_missing", await it.VerbsAsync());
    }

    [Fact]
    public async Task A_policy_that_leaves_no_place_for_what_is_there_is_refused_and_what_will_happen_is_said()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        var two = await it.RegisterAsync();
        await it.ProposeAsync("digits", two.Version, "staging");
        Ok(await it.Services.Metadata.SetAsync(await it.AgentAsync(), new("digits") { Version = two.Version, Alias = "canary" }));
        await it.ProposeAsync("digits", two.Version);

        static string Stages(string stages) => $$"""{"name": "p", "stages": [{{stages}}], "governed_aliases": {"canary": "production"}, "promotions": {"production": {"approvals": 3} }, "break_glass": {"persons": ["zoe"]} }""";
        var without = Stages("\"development\", \"production\", \"archived\"");
        Assert.Equal("policy_stage_in_use", No(await AcceptAsync(it, "ana", without)));
        Assert.Contains("1 version stand in 'staging'", Ok(await it.Services.Policies.CompareAsync(Robot, without)).Problem, StringComparison.Ordinal);
        Assert.Equal("policy_stage_in_use", No(await AcceptAsync(it, "ana", Stages("\"staging\", \"development\", \"production\", \"archived\""))));

        var fits = Stages("\"development\", \"staging\", \"production\", \"archived\"");
        var effects = Ok(await it.Services.Policies.CompareAsync(Robot, fits)).Effects;
        Assert.Contains("@canary of 'digits' moves from v2 to v1, which serves production.", effects);
        Assert.Contains("1 promotion waits: judged by the stricter of both policies.", effects);
        Assert.Contains(effects, e => e.StartsWith("break_glass lists 'zoe'", StringComparison.Ordinal));
        Ok(await AcceptAsync(it, "ana", fits));
        Assert.Equal("v1", Ok(await it.Services.Catalog.GetAsync(Robot, "digits", "@canary")).Version!.Version);
        Assert.Equal("v1", await it.ServingAsync());
    }

    [Fact]
    public async Task Where_two_admins_are_asked_for_one_proposes_another_agrees_and_nobody_counts_twice()
    {
        await using var it = await OpenAsync("team");
        await AddAdminAsync(it, "dora");
        Ok(await AcceptAsync(it, "ana", TwoAdmins));

        var proposed = Ok(await AcceptAsync(it, "ana", PolicyProfiles.Find("open")!, "for the workshop"));
        Assert.Equal(("pending", 1, 2), (proposed.Status, proposed.MissingAdmins, proposed.Required.Admins));
        Assert.Equal("team", Ok(await it.Services.Policies.ShowAsync(Robot)).Name);
        Assert.Equal(proposed.ChangeId, Ok(await it.Services.Policies.ShowAsync(Robot)).Pending!.ChangeId);
        Assert.Equal("policy_already_agreed", No(await AcceptAsync(it, "ana", PolicyProfiles.Find("open")!)));
        Assert.Equal("role_missing", No(await AcceptAsync(it, "ben", PolicyProfiles.Find("open")!)));

        // Whose role was taken away meanwhile counts no more.
        await it.ChangeRowsAsync("update actor set roles = '[\"approver\"]' where name = 'ana'");
        Assert.Equal(("pending", 1), (Ok(await AcceptAsync(it, "dora", PolicyProfiles.Find("open")!)) is var half ? half.Status : "", half.MissingAdmins));
        await it.ChangeRowsAsync("update actor set roles = '[\"admin\", \"approver\"]' where name = 'ana'");
        Assert.Equal(0, Ok(await it.Services.Policies.PendingAsync(Robot)).MissingAdmins);

        // Another proposal supersedes it, and starts from one.
        var other = Ok(await AcceptAsync(it, "dora", PolicyProfiles.Find("local")!));
        Assert.Equal(("pending", 1), (other.Status, other.MissingAdmins));
        Assert.Equal("accepted", Ok(await AcceptAsync(it, "ana", Ok(await it.Services.Policies.PendingAsync(Robot)).Json)).Status);
        var inForce = Ok(await it.Services.Policies.ShowAsync(Robot));
        Assert.Equal(("local", "dora, ana", null), (inForce.Name, inForce.AcceptedBy, inForce.Pending));
        Assert.Equal(["policy.propose", "policy.agree", "policy.supersede", "policy.propose", "policy.accept"],
            (await it.VerbsAsync()).Where(v => v.StartsWith("policy.", StringComparison.Ordinal) && !v.Contains("refused", StringComparison.Ordinal)).Skip(1));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_change_that_waits_expires_is_turned_down_and_takes_the_signatures_asked_for()
    {
        await using var it = await OpenAsync("team");
        await AddAdminAsync(it, "dora");
        Ok(await AcceptAsync(it, "ana", Team("\"policy_change\": {\"approvals\": [{\"role\": \"admin\", \"count\": 2}], \"assurance\": \"signed\"}")));
        var (desk, open) = (it.Services.Policies, PolicyProfiles.Find("open")!);
        Assert.Equal("policy_proof_too_low", No(await AcceptAsync(it, "ana", open)));
        Assert.Equal("policy_proof_too_low", No(await desk.PreviewAsync(Robot, open, Assurance.Authenticated)));

        var statement = Digest.Parse(Ok(await desk.CompareAsync(Robot, open)).StatementDigest);
        async Task<Outcome<PolicyChangeView>> SignAsync(string name, string word = PolicyChange.AcceptWord) => await desk.AcceptAsync((await it.PersonAsync(name)).Actor,
            (await WishAsync(it, name, open)) with { Proof = await it.PasskeyAsync(name, new SignedDecision(word, statement)) });
        foreach (var name in new[] { "ana", "dora" })
            await it.PasskeyAsync(name, null);
        Assert.Equal("policy_proof_for_another", No(await SignAsync("ana", "approve")));
        var proposed = Ok(await SignAsync("ana"));
        it.Clock.Advance(PolicyChange.Patience + TimeSpan.FromSeconds(1));
        Assert.Equal("policy_change_not_found", No(await desk.PendingAsync(Robot)));
        Assert.Equal("policy_change_over", No(await desk.RejectAsync((await it.PersonAsync("dora")).Actor, new PolicyRejection(proposed.ChangeId, (await it.PersonAsync("dora")).Proof))));

        var again = Ok(await SignAsync("ana"));
        Assert.Equal("rejected", Ok(await desk.RejectAsync((await it.PersonAsync("dora")).Actor, new PolicyRejection(again.ChangeId, (await it.PersonAsync("dora")).Proof, "not now"))).Status);
        Ok(await SignAsync("dora"));
        Assert.Equal("accepted", Ok(await SignAsync("ana")).Status);
        Assert.Equal(("open", "signed"), (Ok(await desk.ShowAsync(Robot)).Name, Ok(await desk.ShowAsync(Robot)).Assurance));
        await it.VerifyAuditAsync();
    }
}
