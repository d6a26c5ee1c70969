using ModelRegistry.Domain;
using ModelRegistry.Domain.Exports;
using ModelRegistry.Promotions;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Exports;

/// <summary>Exports of the embedded database.</summary>
public sealed class SqliteExportTests : ExportStory
{
    private protected override Task<ExportingRegistry> OpenAsync(string policy) => ExportingRegistry.OpenAsync(policy);
}

/// <summary>The same of a real PostgreSQL.</summary>
public sealed class PostgresExportTests(PostgresCluster cluster) : ExportStory, IClassFixture<PostgresCluster>
{
    private protected override async Task<ExportingRegistry> OpenAsync(string policy) => await ExportingRegistry.OpenAsync(policy, await cluster.NewDatabaseAsync());
}

/// <summary>Promotions of every kind are exported, and verify with the public key alone. One suite for both dialects.</summary>
public abstract class ExportStory
{
    private protected abstract Task<ExportingRegistry> OpenAsync(string policy);

    private static ExportPoint Point(ExportReport report, string name) => Assert.Single(report.Points, p => p.Point == name || p.Point.StartsWith(name + " ", StringComparison.Ordinal));

    [Fact]
    public async Task A_passphrase_is_the_registrys_word_and_the_export_says_so()
    {
        await using var it = await OpenAsync("team");
        await it.Registry.PutIntoProductionAsync();
        var parked = await it.Registry.ParkAsync();
        Ok(await it.Registry.DecideAsync("ben", parked.PromotionId!, comment: "beats v1"));

        var report = await it.ProveAsync(parked.PromotionId!);

        Assert.Equal((parked.PromotionId, "applied", "digits", "v2", "v1"), (report.Promotion!.Id, report.Promotion.Status, report.Promotion.ModelName, report.Promotion.Version, report.Promotion.Replaced));
        Assert.Equal(PointStatus.Claimed, Point(report, "proof").Status);
        Assert.Contains("beats v1", Point(report, "decision").Sentence, StringComparison.Ordinal);
        Assert.Contains("1 approver, authenticated at least, four eyes: filled by ben", Point(report, "quorum").Sentence, StringComparison.Ordinal);
        Assert.Contains(report.NotProven, n => n.StartsWith("1 decision was proven to the registry alone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_passkeys_are_proven_to_anybody()
    {
        await using var it = await OpenAsync("regulated");
        var id = await it.RegulatedAsync();

        var report = await it.ProveAsync(id);

        Assert.All(report.Points, p => Assert.Equal(PointStatus.Ok, p.Status));
        Assert.Equal(2, report.Points.Count(p => p.Point.StartsWith("proof ", StringComparison.Ordinal)));
        Assert.Contains("2 approver, signed at least, four eyes: filled by ben", Point(report, "quorum").Sentence, StringComparison.Ordinal);
        Assert.Equal(3, report.Files!.Files.Count);
        Assert.DoesNotContain(report.NotProven, n => n.Contains("to the registry alone", StringComparison.Ordinal));
        // Where the auditor knows the address of the pages, no other will do.
        Assert.True(it.Verify(await it.ExportAsync(id), ExportingRegistry.Address).Verified);
        Assert.False(it.Verify(await it.ExportAsync(id), "https://models.example.com").Verified);
    }

    [Fact]
    public async Task Glass_that_was_broken_is_exported_with_its_review()
    {
        await using var it = await OpenAsync("team");
        await it.Registry.AcceptAsync(PolicyProfiles.Find("team")!.Replace("\"rollback\"", "\"break_glass\": {\"persons\": [\"ben\"]}, \"rollback\"", StringComparison.Ordinal));
        var id = (await it.Registry.ParkAsync()).PromotionId!;
        var seen = await it.Registry.ReviewAsync(id);
        var ben = await it.SignedAsync("ben", id, GlassBreak.Word);
        Ok(await it.Registry.Services.Promotions.BreakGlassAsync(ben.Actor, new BreakGlassRequest(id, seen.StatementDigest, "fraud passes", ben.Proof)));
        var owed = await it.ProveAsync(id);
        Assert.Contains("the review is owed", Point(owed, "glass_review").Sentence, StringComparison.Ordinal);

        var cora = await it.SignedAsync("cora", id, GlassBreak.ReviewWord(GlassVerdict.Objected), await it.Registry.Services.Passkeys.GlassChallengeAsync(id, GlassVerdict.Objected));
        Ok(await it.Registry.Services.Promotions.ReviewGlassAsync(cora.Actor, new GlassReviewRequest(id, GlassVerdict.Objected, "a rollback would have done", cora.Proof)));

        var report = await it.ProveAsync(id);
        Assert.All(report.Points, p => Assert.Equal(PointStatus.Ok, p.Status));
        Assert.Contains("past quorum, four eyes and gates", Point(report, "break_glass").Sentence, StringComparison.Ordinal);
        Assert.Contains("a rollback would have done", Point(report, "glass_review").Sentence, StringComparison.Ordinal);
        Assert.Contains("in place of a quorum", Point(report, "quorum").Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rolled_back_rejected_withdrawn_and_pending_ones_are_exported_as_what_they_are()
    {
        await using var it = await OpenAsync("team");
        await it.Registry.PutIntoProductionAsync();
        await it.Registry.PutIntoProductionAsync();
        var back = Ok(await it.Registry.Services.Promotions.RollbackAsync(await it.Registry.AgentAsync(), new RollbackRequest("digits", Reason: "it is worse")));
        Assert.Contains("It is pending.", (await it.ProveAsync(back.PromotionId!)).Promotion!.Outcome, StringComparison.Ordinal);
        Ok(await it.Registry.DecideAsync("ben", back.PromotionId!));
        Assert.Equal(("applied", "v1", "v2"), ((await it.ProveAsync(back.PromotionId!)).Promotion!.Status, (await it.ProveAsync(back.PromotionId!)).Promotion!.Version, (await it.ProveAsync(back.PromotionId!)).Promotion!.Replaced));

        var rejected = await it.Registry.ParkAsync();
        Ok(await it.Registry.DecideAsync("cora", rejected.PromotionId!, DecisionVerdict.Reject, "no card"));
        var no = await it.ProveAsync(rejected.PromotionId!);
        Assert.Equal("It was never approved.", Point(no, "quorum").Sentence);
        Assert.StartsWith("It is rejected", no.Promotion!.Outcome, StringComparison.Ordinal);

        var withdrawn = await it.Registry.ParkAsync();
        Ok(await it.Registry.Services.Promotions.WithdrawAsync(await it.Registry.AgentAsync(), withdrawn.PromotionId!, "not yet"));
        Assert.StartsWith("Nothing was decided by a person. It is withdrawn", (await it.ProveAsync(withdrawn.PromotionId!)).Promotion!.Outcome, StringComparison.Ordinal);

        var staged = await it.Registry.RegisterAsync();
        var free = await it.Registry.ProposeAsync("digits", staged.Version, "staging");
        Assert.Contains("nobody had to approve", Point(await it.ProveAsync(free.PromotionId!), "quorum").Sentence, StringComparison.Ordinal);
        Assert.Equal("promotion_not_found", No(await it.Registry.Services.Exports.ExportAsync(Robot, "prm_none")));
    }

    [Fact]
    public async Task What_was_decided_on_an_earlier_revision_is_there_and_counts_for_nothing()
    {
        await using var it = await OpenAsync("team");
        await it.Registry.AcceptAsync(PolicyProfiles.Find("team")!.Replace("\"count\": 1", "\"count\": 2", StringComparison.Ordinal));
        var parked = await it.Registry.ParkAsync();
        await it.SignAsync("ben", parked.PromotionId!);
        Ok(await it.Registry.Services.Metadata.SetAsync(await it.Registry.AgentAsync(), new("digits") { Version = parked.Version, Tags = new Dictionary<string, string> { ["a"] = "b" } }));
        await it.Registry.ReviewAsync(parked.PromotionId!);
        Assert.Equal("pending", (await it.SignAsync("cora", parked.PromotionId!)).Status);
        await it.ProveAsync(parked.PromotionId!);
        Assert.Equal("applied", (await it.SignAsync("ben", parked.PromotionId!)).Status);

        var report = await it.ProveAsync(parked.PromotionId!);

        Assert.Equal(3, report.Points.Count(p => p.Point.StartsWith("proof ", StringComparison.Ordinal) && p.Status == PointStatus.Ok));
        Assert.StartsWith("Revision 2", Point(report, "statement").Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_became_stricter_meanwhile_is_what_the_quorum_is_held_against()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.Registry.ParkAsync();
        await it.Registry.AcceptAsync(PolicyProfiles.Find("team")!.Replace("\"count\": 1", "\"count\": 2", StringComparison.Ordinal));
        Assert.Equal("pending", (await it.SignAsync("ben", parked.PromotionId!)).Status);
        Ok(await it.Registry.DecideAsync("cora", parked.PromotionId!));

        var report = await it.ProveAsync(parked.PromotionId!);

        Assert.Contains("2 approver", Point(report, "quorum").Sentence, StringComparison.Ordinal);
        Assert.Contains("2 policies", Point(report, "policies").Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_erased_is_gone_and_the_rest_still_verifies()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.Registry.ParkAsync();
        Ok(await it.Registry.DecideAsync("ben", parked.PromotionId!, comment: "a very private remark"));
        var before = ExportingRegistry.Payload(await it.ExportAsync(parked.PromotionId!)).ToJsonString();
        await it.Registry.ChangeRowsAsync("delete from audit_erasable");

        var report = await it.ProveAsync(parked.PromotionId!);

        Assert.Contains("a very private remark", before, StringComparison.Ordinal);
        Assert.DoesNotContain("a very private remark", ExportingRegistry.Payload(await it.ExportAsync(parked.PromotionId!)).ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("Their comment was erased", Point(report, "decision").Sentence, StringComparison.Ordinal);
        Assert.Contains(report.NotProven, n => n.Contains("texts were erased", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Card_and_metrics_are_those_of_the_statement_after_they_were_edited()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.Registry.ParkAsync(accuracy: 0.91);
        Ok(await it.Registry.DecideAsync("ben", parked.PromotionId!));
        Ok(await it.Registry.Services.Metadata.SetAsync(await it.Registry.AgentAsync(), new("digits") { Version = parked.Version, Metrics = new Dictionary<string, double> { ["accuracy"] = 0.99 } }));

        Assert.Equal(PointStatus.Ok, Point(await it.ProveAsync(parked.PromotionId!), "metadata").Status);

        var metadata = ExportingRegistry.Payload(await it.ExportAsync(parked.PromotionId!))["predicate"]!["metadata"]!;
        Assert.Equal((0.91, "digits@1", "0123abc"), ((double)metadata["metrics"]!["accuracy"]!, (string)metadata["dataset"]!, (string)metadata["code_commit"]!));
    }

    [Fact]
    public async Task An_export_is_of_one_moment_while_others_write()
    {
        await using var it = await OpenAsync("team");
        var parked = await it.Registry.ParkAsync();
        Ok(await it.Registry.DecideAsync("ben", parked.PromotionId!));
        using var over = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
                No(await it.Registry.Services.Promotions.RefuseMachineAsync(Robot, parked.PromotionId!, DecisionVerdict.Approve));
        })).ToList();

        long last = 0;
        for (var i = 0; i < 10 || last < 2200; i++)
        {
            var report = await it.ProveAsync(parked.PromotionId!);
            var size = long.Parse(Point(report, "checkpoint").Sentence.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(size >= last);
            last = size;
        }
        await over.CancelAsync();
        await Task.WhenAll(writers);

        // However often an agent tried: the export stays small, and says what it leaves out.
        var export = await it.ExportAsync(parked.PromotionId!);
        Assert.InRange(export.Length, 1, 300_000);
        Assert.Contains("more about the promotion were left out", Point(it.Verify(export), "log").Sentence, StringComparison.Ordinal);
        await it.Registry.ReopenAsync();
        await it.ProveAsync(parked.PromotionId!);
    }
}
