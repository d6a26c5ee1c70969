using ModelRegistry.Artifacts.Files;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>What changes between the look and the leap: files, metadata, time, policy, production, people.</summary>
public sealed partial class AttackTests
{
    /// <summary>Attack 11: the stored content is swapped while the promotion waits.</summary>
    [Fact]
    [Attack(11, "rules")]
    public async Task Content_swapped_on_disk_fails_the_promotion_and_production_stays()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        var parked = await it.ParkAsync();
        var sha = Assert.Single(await it.RowsAsync($"select f.sha256 from version_file f join version v on v.id = f.version_id where v.label = '{parked.Version}'"));
        var blob = new FileLayout(Path.Combine(it.DataFolder, "artifacts")).Blob(Digest.Parse(sha));
        var bytes = await System.IO.File.ReadAllBytesAsync(blob);
        bytes[^1] ^= 1;
        System.IO.File.Delete(blob);
        await System.IO.File.WriteAllBytesAsync(blob, bytes);

        Assert.Equal("apply_failed", (await it.DecideAsync("ben", parked.PromotionId!)).Refusal?.Code);

        Assert.Equal("failed", (await it.PromotionAsync(parked.PromotionId!)).Status);
        Assert.Equal(v1, await it.ServingAsync());
        Assert.Contains("promotion.fail", await it.VerbsAsync(parked.PromotionId));
        Assert.Equal("promotion_not_pending", (await it.DecideAsync("cora", parked.PromotionId!)).Refusal?.Code);
        await it.VerifyAuditAsync();
    }

    /// <summary>Attack 12: the same content under another name, and the rows of a version changed by hand.</summary>
    [Fact]
    [Attack(12, "rules")]
    public async Task A_file_that_is_renamed_is_not_what_was_approved()
    {
        await using var it = await OpenAsync("team");
        var agent = await it.AgentAsync();
        var (one, other) = (Ok(await it.Services.Intake.RegisterAsync(agent, new("digits", null, null, [it.File("same", "a.onnx")], Metadata()))), Ok(await it.Services.Intake.RegisterAsync(agent, new("digits", null, null, [it.File("same", "b.onnx")], Metadata()))));
        Assert.NotEqual(one.Digest, other.Digest);

        await it.ProposeAsync("digits", "v1", "staging");
        var parked = await it.ProposeAsync("digits", "v1");
        await it.ChangeRowsAsync($"update version_file set path = 'b.onnx' where version_id = '{one.VersionId}'");
        Assert.Equal("apply_failed", (await it.DecideAsync("ben", parked.PromotionId!)).Refusal?.Code);
        Assert.Null(await it.ServingAsync());
    }

    /// <summary>Attack 13: what is known about the version, or what it is called, is edited while approvals come in.</summary>
    [Theory]
    [InlineData("metric")]
    [InlineData("tag")]
    [InlineData("card")]
    [InlineData("dataset")]
    [InlineData("deprecated")]
    [InlineData("model name")]
    [Attack(13, "rules")]
    public async Task An_edit_while_pending_makes_a_new_revision_and_voids_approvals(string what)
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(TwoApprovers);
        var parked = await it.ParkAsync();
        Assert.Equal("pending", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
        var seen = await it.ReviewAsync(parked.PromotionId!);

        var edit = new MetadataEdit("digits") { Version = what == "model name" ? null : "v1" };
        Ok(await it.Services.Metadata.SetAsync(await it.AgentAsync(), what switch
        {
            "metric" => edit with { Metrics = new Dictionary<string, double> { ["accuracy"] = 0.99 } },
            "tag" => edit with { Tags = new Dictionary<string, string> { ["reviewed"] = "yes" } },
            "card" => edit with { Card = "# Card\n\n## Intended use\n\nAnything.\n" },
            "dataset" => edit with { Dataset = "digits@2" },
            "deprecated" => edit with { Deprecated = true },
            _ => edit with { NewName = "fraud" },
        }));

        var cora = await it.PersonAsync("cora");
        var late = await it.Services.Promotions.DecideAsync(cora.Actor, new DecisionRequest(parked.PromotionId!, 1, seen.StatementDigest, DecisionVerdict.Approve, "", cora.Proof));
        Assert.Equal("statement_changed", late.Refusal?.Code);
        var now = await it.PromotionAsync(parked.PromotionId!);
        Assert.Equal((2, "pending", 2), (now.Revision, now.Status, now.Missing.Count));
        Assert.False(Assert.Single(now.Decisions).Counts);
        Assert.Equal(what == "model name" ? "fraud" : "digits", now.ModelName);

        Assert.Equal("pending", Ok(await it.DecideAsync("cora", parked.PromotionId!)).Status);
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
        await it.VerifyAuditAsync();
    }

    /// <summary>Attack 14: a decision at the deadline and after, and with a clock put back.</summary>
    [Fact]
    [Attack(14, "rules")]
    public async Task At_its_deadline_a_promotion_is_over_and_a_clock_that_steps_back_revives_it_not()
    {
        await using var it = await OpenAsync("team");
        var (first, second) = (await it.ParkAsync("digits"), await it.ParkAsync("letters"));
        it.Clock.Advance(first.ExpiresAt!.Value - it.Clock.GetUtcNow() - TimeSpan.FromMilliseconds(1));
        Assert.Equal("applied", Ok(await it.DecideAsync("ben", first.PromotionId!)).Status);
        it.Clock.Advance(second.ExpiresAt!.Value - it.Clock.GetUtcNow());
        Assert.Equal("promotion_expired", (await it.DecideAsync("ben", second.PromotionId!)).Refusal?.Code);

        var third = await it.ParkAsync("words");
        it.Clock.Advance(TimeSpan.FromHours(24) + TimeSpan.FromMilliseconds(1));
        await it.RegisterAsync("other");
        it.Clock.Advance(TimeSpan.FromHours(-20));
        Assert.Equal("promotion_expired", (await it.DecideAsync("ben", third.PromotionId!)).Refusal?.Code);
        Assert.Equal("expired", (await it.PromotionAsync(third.PromotionId!)).Status);
        Assert.Null(await it.ServingAsync("words"));
        await it.VerifyAuditAsync();
    }

    /// <summary>Attack 14: after the clock ran ahead for a moment and was put right, people can decide again.</summary>
    [Fact]
    public async Task A_clock_that_ran_ahead_once_does_not_lock_people_out()
    {
        await using var it = await OpenAsync("team");
        it.Clock.Advance(TimeSpan.FromDays(400));
        await it.RegisterAsync("other");
        it.Clock.Advance(TimeSpan.FromDays(-400));

        Assert.Equal("applied", Ok(await it.DecideAsync("ben", (await it.ParkAsync()).PromotionId!)).Status);
    }

    /// <summary>Attack 15: the policy is loosened between request and decision, or tightened.</summary>
    [Fact]
    [Attack(15, "rules")]
    public async Task A_pending_promotion_follows_the_policy_only_when_it_gets_stricter()
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(TwoApprovers);
        var parked = await it.ParkAsync();
        await it.AcceptAsync("open");
        Assert.Equal(2, (await it.ReviewAsync(parked.PromotionId!)).Promotion.Missing.Count);
        Assert.Equal("four_eyes", (await it.DecideAsync("ana", parked.PromotionId!)).Refusal?.Code);
        Assert.Equal("pending", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
        Assert.Null(await it.ServingAsync());

        await it.AcceptAsync(TwoApprovers.Replace("\"authenticated\"", "\"signed\"", StringComparison.Ordinal));
        Assert.Equal("assurance_too_low", (await it.DecideAsync("cora", parked.PromotionId!)).Refusal?.Code);
        // What was requested under the looser policy afterwards is another request.
        await it.AcceptAsync("open");
        Ok(await it.Services.Promotions.WithdrawAsync(await it.AgentAsync(), parked.PromotionId!, null));
        Assert.Equal("applied", (await it.ProposeAsync("digits", "v1")).Status);
    }

    /// <summary>Attack 15: a gate added after the approval that completed the quorum of an older policy.</summary>
    [Fact]
    [Attack(15, "rules")]
    public async Task A_gate_added_later_stops_a_pending_promotion()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.ParkAsync(accuracy: 0.9);
        await it.AcceptAsync(PolicyProfiles.Find("team")!.Replace("\"gates\": [", "\"gates\": [{\"rule\": \"metric_min\", \"metric\": \"accuracy\", \"value\": 0.95}, ", StringComparison.Ordinal));

        Assert.Equal("statement_changed", (await it.Services.Promotions.DecideAsync((await it.PersonAsync("ben")).Actor, new(parked.PromotionId!, 1, new string('0', 64), DecisionVerdict.Approve, "", (await it.PersonAsync("ben")).Proof))).Refusal?.Code);
        Assert.Equal("gates_unmet", (await it.DecideAsync("ben", parked.PromotionId!)).Refusal?.Code);
        Assert.Null(await it.ServingAsync());
        Assert.Equal("rejected", Ok(await it.DecideAsync("ben", parked.PromotionId!, DecisionVerdict.Reject)).Status);
    }

    /// <summary>Attack 16: production moves while a promotion waits.</summary>
    [Fact]
    [Attack(16, "rules")]
    public async Task What_was_proposed_against_another_production_is_superseded()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        var parked = await it.ParkAsync();
        var seen = await it.ReviewAsync(parked.PromotionId!);
        var retire = await it.ProposeAsync("digits", v1, "archived", "retire");
        Assert.Equal("applied", Ok(await it.DecideAsync("cora", retire.PromotionId!)).Status);

        var ben = await it.PersonAsync("ben");
        var late = await it.Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(parked.PromotionId!, 1, seen.StatementDigest, DecisionVerdict.Approve, "", ben.Proof));
        Assert.Equal("promotion_superseded", late.Refusal?.Code);
        Assert.Null(await it.ServingAsync());
    }

    /// <summary>Attack 23: an approver is disabled, or loses the role, before the quorum is full.</summary>
    [Theory]
    [InlineData("disabled")]
    [InlineData("role removed")]
    [Attack(23, "rules")]
    public async Task An_approval_counts_only_while_its_person_may_approve(string how)
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(TwoApprovers);
        Ok(await it.Services.People.AddAsync((await it.PersonAsync("ana")).Actor, "dora", Passphrase + "dora", [Permissions.Approver]));
        it.Clock.Advance(TimeSpan.FromSeconds(1));
        var parked = await it.ParkAsync();
        Assert.Equal("pending", Ok(await it.DecideAsync("ben", parked.PromotionId!)).Status);
        var stale = await it.PersonAsync("cora");
        if (how == "disabled")
            Ok(await it.Services.People.DisableAsync((await it.PersonAsync("ana")).Actor, "ben"));
        else
            await it.ChangeRowsAsync("update actor set roles = '[\"admin\"]' where name = 'ben'");

        Assert.Equal("pending", Ok(await it.DecideAsync("cora", parked.PromotionId!)).Status);
        Assert.Equal("applied", Ok(await it.DecideAsync("dora", parked.PromotionId!)).Status);
    }
}
