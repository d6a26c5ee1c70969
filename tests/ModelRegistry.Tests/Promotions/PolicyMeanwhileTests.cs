using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>Policies that come into force between a request, its approvals and its application: only what is stricter counts.</summary>
[OnBothDatabases]
public sealed class PolicyMeanwhileTests
{
    private static readonly string Team = PolicyProfiles.Find("team")!;
    private static readonly string TwoApprovers = Team.Replace("\"count\": 1}", "\"count\": 2}", StringComparison.Ordinal);

    private static string Gate(string gate) => Team.Replace("\"gates\": [", $"\"gates\": [{gate}, ", StringComparison.Ordinal);

    private const string Better = """{"rule": "metric_min", "metric": "accuracy", "value": 0.95}""";

    private static string Waived(string until, string reason = "measured by hand") =>
        Gate(Better).Replace("\"rollback\"", $$"""
            "waivers": [{"rule": "metric_min", "model": "Digits", "version": "1", "reason": "{{reason}}", "expires": "{{until}}"}], "rollback"
            """, StringComparison.Ordinal);

    /// <summary>Attack 15.</summary>
    [Theory]
    [InlineData("open")]
    [InlineData("local")]
    [InlineData("team")]
    public async Task A_policy_loosened_after_the_request_loosens_nothing_of_it(string looser)
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(TwoApprovers);
        var parked = await it.ParkAsync();
        await it.AcceptAsync(looser);

        Assert.Equal("four_eyes", No(await it.DecideAsync("ana", parked.PromotionId!)));
        Assert.Equal(("pending", 1), (Ok(await it.DecideAsync("ben", parked.PromotionId!)) is var half ? half.Status : "", half.Missing.Count));
        Assert.Null(await it.ServingAsync());
        Assert.Equal("applied", Ok(await it.DecideAsync("cora", parked.PromotionId!)).Status);
    }

    /// <summary>Attack 15: a waiver is a way of loosening too.</summary>
    [Fact]
    public async Task A_waiver_accepted_after_the_request_does_not_help_it()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.ParkAsync(accuracy: 0.9);
        await it.AcceptAsync(Gate(Better));
        Assert.Equal("gates_unmet", No(await it.DecideAsync("ben", parked.PromotionId!)));
        await it.AcceptAsync(Waived("2027-01-31"));
        Assert.Equal("gates_unmet", No(await it.DecideAsync("ben", parked.PromotionId!)));

        Ok(await it.Services.Promotions.WithdrawAsync(await it.AgentAsync(), parked.PromotionId!, null));
        var again = await it.ProposeAsync("digits", "v1");
        Assert.Equal("pending", again.Status);
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", again.PromotionId!)).Status);
    }

    [Fact]
    public async Task Assurance_raised_between_two_approvals_voids_the_first_for_its_purpose()
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(TwoApprovers);
        var parked = await it.ParkAsync();
        Assert.Equal("pending", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
        await it.AcceptAsync(TwoApprovers.Replace("\"authenticated\"", "\"signed\"", StringComparison.Ordinal));
        Assert.Equal(2, (await it.PromotionAsync(parked.PromotionId!)).Missing.Count);
        Assert.Equal("assurance_too_low", No(await it.DecideAsync("cora", parked.PromotionId!)));
    }

    [Fact]
    public async Task A_quorum_raised_after_the_request_is_asked_at_the_decision()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.ParkAsync();
        await it.AcceptAsync(TwoApprovers);
        Assert.Equal("pending", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
        Assert.Equal("applied", Ok(await it.DecideAsync("cora", parked.PromotionId!)).Status);
    }

    [Theory]
    [InlineData("quorum", "the approvals no longer suffice")]
    [InlineData("assurance", "the approvals no longer suffice")]
    [InlineData("gate", "a gate no longer holds")]
    [InlineData("looser", null)]
    public async Task A_policy_made_stricter_between_approval_and_apply_stops_it(string how, string? why)
    {
        await using var it = await OpenAsync("team");
        var parked = await it.ParkAsync(accuracy: 0.9);
        // As after a process that died between the two.
        var sha = await HideAsync(it, parked);
        Assert.Equal("apply_failed", No(await it.DecideAsync("ben", parked.PromotionId!)));
        await it.ChangeRowsAsync($"update promotion set state = 'approved', ended_at = null, note = '' where id = '{parked.PromotionId}'");
        sha.Restore();
        await it.AcceptAsync(how switch { "quorum" => TwoApprovers, "assurance" => Team.Replace("\"authenticated\"", "\"signed\"", StringComparison.Ordinal), "gate" => Gate(Better), _ => "open" });

        await it.Services.Promotions.FinishApprovedAsync();

        var now = await it.PromotionAsync(parked.PromotionId!);
        Assert.Equal(why is null ? "applied" : "failed", now.Status);
        Assert.Contains(why ?? "", now.Note, StringComparison.Ordinal);
        Assert.Equal(why is null ? "v1" : null, await it.ServingAsync());
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_stage_that_is_gone_supersedes_what_waits_for_it()
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(Team.Replace("\"promotions\": {", "\"promotions\": {\"validation\": {\"approvals\": 1}, ", StringComparison.Ordinal));
        await it.RegisterAsync();
        var parked = await it.ProposeAsync("digits", "v1", "validation");
        var without = Team.Replace("\"development\", \"validation\",", "\"development\",", StringComparison.Ordinal);
        Assert.Contains("1 promotion to 'validation' will be superseded: there is no such stage any more.", Ok(await it.Services.Policies.CompareAsync(Robot, without)).Effects);
        await it.AcceptAsync(without);

        Assert.Equal("promotion_superseded", No(await it.DecideAsync("ben", parked.PromotionId!)));
        Assert.Equal("superseded", (await it.PromotionAsync(parked.PromotionId!)).Status);
    }

    [Fact]
    public async Task A_stage_that_is_governed_no_more_still_takes_what_was_asked_of_what_waits()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.ParkAsync();
        await it.AcceptAsync("open");
        Assert.Null(await it.ServingAsync());
        Assert.Equal("four_eyes", No(await it.DecideAsync("ana", parked.PromotionId!)));
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
    }

    [Fact]
    public async Task An_alias_governed_newly_follows_at_once_and_with_what_waits()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        var parked = await it.ParkAsync();
        var agent = await it.AgentAsync();
        Ok(await it.Services.Metadata.SetAsync(agent, new("digits") { Version = parked.Version, Alias = "live" }));
        await it.AcceptAsync(Team.Replace("{\"champion\": \"production\"}", "{\"champion\": \"production\", \"live\": \"production\"}", StringComparison.Ordinal));
        Assert.Equal(v1, Ok(await it.Services.Catalog.GetAsync(agent, "digits", "@live")).Version!.Version);
        Assert.Equal("alias_governed", No(await it.Services.Metadata.SetAsync(agent, new("digits") { Version = parked.Version, Alias = "live" })));

        Assert.Equal("applied", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
        Assert.Equal(parked.Version, Ok(await it.Services.Catalog.GetAsync(agent, "digits", "@live")).Version!.Version);
    }

    [Fact]
    public async Task What_holds_only_by_a_waiver_says_so_with_reason_and_end_and_the_statement_covers_it()
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(Waived("2027-01-31"));
        var parked = await it.ParkAsync(accuracy: 0.9);
        var gate = parked.Gates.Single(g => g.Rule == "metric_min");
        Assert.Equal("waived", gate.Verdict);
        Assert.Contains("waived until 2027-01-31T00:00:00.000000Z: measured by hand", gate.Threshold, StringComparison.Ordinal);

        // Another reason is another statement, and whoever saw the first decides anew.
        var seen = await it.ReviewAsync(parked.PromotionId!);
        await it.AcceptAsync(Waived("2027-01-31", "because"));
        var ben = await it.PersonAsync("ben");
        Assert.Equal("statement_changed", No(await it.Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(parked.PromotionId!, 1, seen.StatementDigest, DecisionVerdict.Approve, "", ben.Proof))));
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_waiver_that_ended_or_was_taken_away_holds_no_longer_at_the_decision(bool taken)
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(Waived("2026-11-20T20:00:00Z"));
        var parked = await it.ParkAsync(accuracy: 0.9);
        Assert.Equal("pending", parked.Status);
        if (taken)
            await it.AcceptAsync(Gate(Better));
        else
            it.Clock.Advance(TimeSpan.FromHours(8));
        Assert.Equal("gates_unmet", No(await it.DecideAsync("ben", parked.PromotionId!)));
        Assert.Null(await it.ServingAsync());
    }

    [Fact]
    public async Task A_waiver_that_ended_between_approval_and_apply_stops_it()
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(Waived("2026-11-20T12:30:00Z"));
        var parked = await it.ParkAsync(accuracy: 0.9);
        var sha = await HideAsync(it, parked);
        Assert.Equal("apply_failed", No(await it.DecideAsync("ben", parked.PromotionId!)));
        await it.ChangeRowsAsync($"update promotion set state = 'approved', ended_at = null, note = '' where id = '{parked.PromotionId}'");
        sha.Restore();
        it.Clock.Advance(TimeSpan.FromMinutes(31));
        await it.Services.Promotions.FinishApprovedAsync();
        var now = await it.PromotionAsync(parked.PromotionId!);
        Assert.Equal("failed", now.Status);
        Assert.Contains("a gate no longer holds: metric_min", now.Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("content_verified", "cannot be waived")]
    [InlineData("quorum", "cannot be waived")]
    [InlineData("four_eyes", "cannot be waived")]
    [InlineData("from_stage", "cannot be waived")]
    [InlineData("scan_cleen", "is not a rule that can be waived")]
    public void A_waiver_for_what_cannot_be_waived_is_an_error_with_its_line(string rule, string problem)
    {
        var refusal = PolicyReader.Parse(Waived("2027-01-31").Replace("\"rule\": \"metric_min\", \"model\"", $"\"rule\": \"{rule}\", \"model\"", StringComparison.Ordinal)).Refusal!;
        Assert.Equal("policy_invalid", refusal.Code);
        Assert.Matches(@"line \d+: waivers\[0\]\.rule .*" + problem, refusal.Message);
    }

    private sealed record Hidden(string Blob, string Aside)
    {
        public void Restore()
        {
            File.Delete(Blob);
            File.Move(Aside, Blob);
        }
    }

    /// <summary>Puts another file in the place of a candidate's, so that it is approved and not applied.</summary>
    private static async Task<Hidden> HideAsync(TestRegistry it, PromotionView parked)
    {
        var sha = Assert.Single(await it.RowsAsync($"select f.sha256 from version_file f join version v on v.id = f.version_id where v.label = '{parked.Version}'"));
        var hidden = new Hidden(new ModelRegistry.Artifacts.Files.FileLayout(Path.Combine(it.DataFolder, "artifacts")).Blob(Digest.Parse(sha)), Path.Combine(it.DataFolder, "aside"));
        File.Move(hidden.Blob, hidden.Aside);
        await File.WriteAllTextAsync(hidden.Blob, "something else");
        return hidden;
    }
}
