using ModelRegistry.Audit;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Audit;

/// <summary>The log as it is listed and verified, on a real database.</summary>
[OnBothDatabases]
public sealed class AuditTrailTests
{
    private static async Task<string> CheckpointAsync(TestRegistry it)
    {
        // Closing signs what the last writes left unsigned.
        await it.ReopenAsync();
        return await File.ReadAllTextAsync(Path.Combine(it.DataFolder, "checkpoints", "latest"));
    }

    [Fact]
    public async Task Entries_are_listed_newest_first_by_model_subject_and_actor()
    {
        await using var it = await EmptyAsync();
        await it.CreateAsync("a");
        await it.CreateAsync("b");
        var version = await it.RegisterAsync("a", by: Robot);
        var other = Robot with { Id = "act_other", Name = "other" };
        Ok(await it.Services.Metadata.SetAsync(other, new("a") { Description = "x" }));
        Assert.Equal("model_not_found", No(await it.Services.Metadata.SetAsync(other, new("z'; --") { Description = "x" })));

        async Task<List<string>> ListAsync(AuditQuery query) => [.. Ok(await it.Services.Audit.ListAsync(Robot, query)).Items.Select(e => $"{e.Position} {e.Verb} {e.Outcome} {e.Actor}")];
        Assert.Equal(["6 metadata.set refused other", "5 metadata.set done other", "4 version.register done robot", "3 model.create done robot", "2 model.create done robot", "1 registry.create done registry"], await ListAsync(new()));
        Assert.Equal(["5 metadata.set done other", "4 version.register done robot", "2 model.create done robot"], await ListAsync(new("A")));
        Assert.Equal(["4 version.register done robot"], await ListAsync(new(Subject: version.VersionId)));
        Assert.Equal(["6 metadata.set refused other"], await ListAsync(new(Subject: "z'; --")));
        Assert.Equal(["6 metadata.set refused other", "5 metadata.set done other"], await ListAsync(new(ActorId: "act_other")));
        Assert.Equal(["5 metadata.set done other"], await ListAsync(new("a", ActorId: "act_other")));
        Assert.Empty(await ListAsync(new(Subject: "' or 1=1 --")));
        Assert.Empty(await ListAsync(new(ActorId: "\0\ud800")));
        Assert.Equal("model_not_found", No(await it.Services.Audit.ListAsync(Robot, new("aa\0"))));
    }

    [Fact]
    public async Task Pages_show_each_entry_once_while_new_ones_are_appended()
    {
        await using var it = await EmptyAsync();
        foreach (var i in Enumerable.Range(0, 6))
            await it.CreateAsync($"m{i}");

        var seen = new List<long>();
        for (var query = new AuditQuery(Limit: 3); ;)
        {
            var page = Ok(await it.Services.Audit.ListAsync(Robot, query));
            seen.AddRange(page.Items.Select(e => e.Position));
            await it.CreateAsync($"more{seen.Count}");
            if (page.NextCursor is null)
                break;
            query = query with { Cursor = page.NextCursor };
        }
        Assert.Equal([7, 6, 5, 4, 3, 2, 1], seen);
    }

    [Fact]
    public async Task Texts_stand_beside_their_entry_can_be_erased_and_cannot_be_changed()
    {
        await using var it = await OpenAsync("local");
        await it.RegisterAsync();
        var promotion = await it.ProposeAsync("digits", "v1", reason: "Frau Meier asked for it");
        Ok(await it.DecideAsync("ben", promotion.PromotionId!, comment: "as Herr Schulze said"));

        var entries = Ok(await it.Services.Audit.ListAsync(Robot, new(Subject: promotion.PromotionId))).Items;
        Assert.Equal("Frau Meier asked for it", (string?)Assert.Single(entries, e => e.Verb == "promotion.request").Entry["texts"]!["reason"]);
        Assert.Equal("as Herr Schulze said", (string?)Assert.Single(entries, e => e.Verb == "promotion.decide").Entry["texts"]!["comment"]);

        await it.ChangeRowsAsync("delete from audit_erasable where field in ('reason', 'comment')");
        await it.VerifyAuditAsync();
        Assert.False(Ok(await it.Services.Audit.ListAsync(Robot, new(Subject: promotion.PromotionId))).Items[0].Entry["texts"]!.AsObject().ContainsKey("comment"));

        await it.ChangeRowsAsync("update audit_erasable set value = 'cora' where field = 'person'");
        var report = Ok(await it.Services.Audit.VerifyAsync(Robot, null));
        Assert.False(report.Verified);
        Assert.NotEmpty(report.Findings);
    }

    [Fact]
    public async Task A_checkpoint_kept_elsewhere_vouches_for_what_it_covers()
    {
        await using var it = await EmptyAsync();
        await it.CreateAsync("a");
        var kept = await CheckpointAsync(it);
        await it.CreateAsync("b");
        await it.CreateAsync("c");
        _ = await CheckpointAsync(it);

        var report = Ok(await it.Services.Audit.VerifyAsync(Robot, kept));
        Assert.True(report.Verified, string.Join("\n", report.Findings));
        Assert.Equal(4, report.Entries);
    }

    [Fact]
    public async Task A_foreign_altered_or_garbled_checkpoint_is_refused()
    {
        await using var it = await EmptyAsync();
        await using var other = await EmptyAsync();
        await it.CreateAsync("a");
        var kept = await CheckpointAsync(it);
        var foreign = await CheckpointAsync(other);

        Assert.Contains(No(await it.Services.Audit.VerifyAsync(Robot, foreign)), new[] { "checkpoint_foreign", "note_not_signed" });
        Assert.Equal("note_signature_bad", No(await it.Services.Audit.VerifyAsync(Robot, kept.Replace("\n2\n", "\n1\n", StringComparison.Ordinal))));
        foreach (var garbled in new[] { "", "x", "\0", kept[..^20], kept.Replace("—", "-", StringComparison.Ordinal), new string('\n', 10_000) })
            Assert.StartsWith("note_", No(await it.Services.Audit.VerifyAsync(Robot, garbled)), StringComparison.Ordinal);
    }

    [Fact]
    [SqliteFiles("It copies the files of the database.")]
    public async Task An_older_copy_of_the_database_is_found_out_by_a_kept_checkpoint_and_by_the_file_beside_it()
    {
        await using var it = await EmptyAsync();
        await it.CreateAsync("a");
        await it.Services.DisposeAsync();
        var copy = Directory.CreateTempSubdirectory("registry-test-").FullName;
        foreach (var file in Directory.GetFiles(it.DataFolder, "registry.db*"))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        await it.ReopenAsync();
        await it.CreateAsync("b");
        var kept = await CheckpointAsync(it);
        await it.Services.DisposeAsync();
        foreach (var file in Directory.GetFiles(it.DataFolder, "registry.db*"))
            File.Delete(file);
        foreach (var file in Directory.GetFiles(copy))
            File.Move(file, Path.Combine(it.DataFolder, Path.GetFileName(file)));
        Directory.Delete(copy);
        await it.ReopenAsync();

        Assert.Contains(Ok(await it.Services.Audit.VerifyAsync(Robot, null)).Findings, f => f.Message.Contains("checkpoints/latest", StringComparison.Ordinal));
        File.Delete(Path.Combine(it.DataFolder, "checkpoints", "latest"));
        Assert.True(Ok(await it.Services.Audit.VerifyAsync(Robot, null)).Verified);
        Assert.Contains(Ok(await it.Services.Audit.VerifyAsync(Robot, kept)).Findings, f => f.Message.Contains("the checkpoint given", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Times_that_run_ahead_of_the_clock_are_named_and_the_log_is_whole_all_the_same()
    {
        await using var it = await EmptyAsync();
        await it.CreateAsync("a");
        Assert.Null(Ok(await it.Services.Audit.VerifyAsync(Robot, null)).Clock);
        it.Clock.Advance(TimeSpan.FromDays(2));
        await it.CreateAsync("b");
        await it.CreateAsync("c");
        it.Clock.Advance(TimeSpan.FromDays(-2));

        var report = Ok(await it.Services.Audit.VerifyAsync(Robot, null));

        Assert.True(report.Verified);
        Assert.StartsWith("From entry 3 on the log is dated 2026-11-22", report.Clock, StringComparison.Ordinal);
        it.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Null(Ok(await it.Services.Audit.VerifyAsync(Robot, null)).Clock);
    }

    [Fact]
    public async Task A_log_of_many_batches_is_verified_up_to_where_it_ended_while_others_append()
    {
        await using var it = await EmptyAsync();
        await Task.WhenAll(Enumerable.Range(0, 2_500).Select(i => it.Services.Metadata.SetAsync(Robot, new($"none{i}"))));
        using var over = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
                No(await it.Services.Metadata.SetAsync(Robot, new("none")));
        })).ToList();

        for (var i = 0; i < 5; i++)
        {
            var report = Ok(await it.Services.Audit.VerifyAsync(Robot, null));
            Assert.True(report.Verified, string.Join("\n", report.Findings));
            Assert.InRange(report.Entries, 2_501, long.MaxValue);
        }
        await over.CancelAsync();
        await Task.WhenAll(writers);
    }
}
