using Microsoft.Data.Sqlite;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>Attack 25: somebody with the database file in hand rewrites what happened.</summary>
public sealed partial class AttackTests
{
    [Theory]
    [InlineData("a leaf altered", "update audit_entry set leaf = cast(replace(cast(leaf as text), '\"done\"', '\"DONE\"') as blob) where position = 8", 8)]
    [InlineData("a leaf altered with its hash", "update audit_entry set leaf = x'7b7d', leaf_hash = {hash of 7b7d} where position = 8", 0)]
    [InlineData("an entry deleted", "delete from audit_erasable where position = 8; delete from audit_entry where position = 8", 8)]
    [InlineData("two entries swapped", "update audit_entry set position = -8 where position = 8; update audit_entry set position = 8 where position = 9; update audit_entry set position = 9 where position = -8", 8)]
    [InlineData("an entry put in between", "insert into audit_entry select 1000, 'aud_x', at, verb, outcome, actor_id, model_id, subject_type, subject_id, leaf, leaf_hash from audit_entry where position = 8", 0)]
    [InlineData("the tail cut", "delete from audit_erasable where position > 8; delete from audit_entry where position > 8", 0)]
    [InlineData("a comment changed", "update audit_erasable set value = 'never said' where field = 'reason'", -1)]
    [InlineData("checkpoints gone, head altered", "delete from audit_checkpoint; update audit_tree set root = zeroblob(32)", 0)]
    [Attack(25, "rules")]
    [SqliteFiles("It changes rows behind the registry's back, in the file.")]
    public async Task What_was_changed_in_the_log_is_found_and_placed(string what, string sql, long position)
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.VerifyAuditAsync();

        await ChangeRowsAsync(it, sql.Replace("{hash of 7b7d}", $"x'{MerkleTree.LeafHash("{}"u8.ToArray()).Hex}'", StringComparison.Ordinal));

        var report = Ok(await it.Services.Audit.VerifyAsync(await it.AgentAsync(), null));
        Assert.False(report.Verified, what);
        if (position > 0)
            Assert.Contains(report.Findings, f => f.Position == position);
        Assert.All(report.Findings, f => Assert.NotEmpty(f.Message));
    }

    [Fact]
    [Attack(25, "rules")]
    [SqliteFiles("It puts the files of the database back.")]
    public async Task A_tail_cut_together_with_the_head_is_found_by_a_checkpoint_outside()
    {
        await using var it = await OpenAsync("team");
        await it.PutIntoProductionAsync();
        await it.Services.DisposeAsync();
        var latest = Path.Combine(it.DataFolder, "checkpoints", "latest");
        var (kept, early) = (await System.IO.File.ReadAllTextAsync(latest), await SnapshotAsync(it));
        await it.ReopenAsync();
        await it.PutIntoProductionAsync();
        await it.Services.DisposeAsync();
        var elsewhere = await System.IO.File.ReadAllTextAsync(latest);

        // The whole database as it was before: a log that is sound in itself, head and checkpoints included.
        foreach (var (name, bytes) in early)
            await System.IO.File.WriteAllBytesAsync(Path.Combine(it.DataFolder, name), bytes);
        foreach (var stale in new[] { "registry.db-wal", "registry.db-shm" }.Where(n => early.All(f => f.Name != n)))
            System.IO.File.Delete(Path.Combine(it.DataFolder, stale));
        await it.ReopenAsync();
        var agent = await it.AgentAsync();
        Assert.Equal("v1", await it.ServingAsync());
        var report = Ok(await it.Services.Audit.VerifyAsync(agent, null));
        Assert.False(report.Verified);
        Assert.Contains(report.Findings, f => f.Message.Contains("checkpoints/latest", StringComparison.Ordinal));

        // The file beside it was put back as well: only what was kept elsewhere still knows.
        await System.IO.File.WriteAllTextAsync(latest, kept);
        Assert.True(Ok(await it.Services.Audit.VerifyAsync(agent, null)).Verified);
        Assert.False(Ok(await it.Services.Audit.VerifyAsync(agent, elsewhere)).Verified);
        // And when the log has grown past it again, it is another log.
        foreach (var _ in Enumerable.Range(0, 40))
            await it.RegisterAsync("filler");
        Assert.False(Ok(await it.Services.Audit.VerifyAsync(agent, elsewhere)).Verified);
        Assert.NotNull((await it.Services.Audit.VerifyAsync(agent, elsewhere.Replace("\n", "\n ", StringComparison.Ordinal))).Refusal);
    }

    /// <summary>Attack 25, and the rule that refusals are told: what was refused is in the log under who tried.</summary>
    /// <summary>Whoever names something by a very long name must not make the log unreadable for everybody.</summary>
    [Fact]
    [Attack(21, "rules")]
    public async Task An_entry_about_something_with_a_very_long_name_is_listed_like_any_other()
    {
        await using var it = await OpenAsync("team");
        foreach (var length in new[] { 512, 513, 100_000 })
            await it.Services.Promotions.RefuseMachineAsync(await it.AgentAsync(), new string('x', length), DecisionVerdict.Approve);
        var listed = Ok(await it.Services.Audit.ListAsync(await it.AgentAsync(), new ModelRegistry.Audit.AuditQuery(Limit: 3))).Items;
        Assert.StartsWith("(a text of 100002 bytes, SHA-256 ", listed[0].SubjectId, StringComparison.Ordinal);
        Assert.Equal(new string('x', 512), listed[2].SubjectId);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Every_refused_try_is_in_the_log()
    {
        await using var it = await OpenAsync("team");
        var agent = await it.AgentAsync();
        await it.RegisterAsync();

        await it.Services.Promotions.RequestAsync(agent, new("nothing", "v1", "production"));
        await it.Services.Promotions.RequestAsync(agent, new("digits", "v9", "production"));
        await it.Services.Promotions.RequestAsync(agent, new("digits", "v1", "moon"));
        await it.Services.Promotions.RollbackAsync(agent, new("digits"));
        await it.Services.Promotions.WithdrawAsync(agent, "prm_none", null);
        await it.TryAcceptAsync(agent, PolicyProfiles.Find("open")!);
        await it.Services.Tokens.CreateAsync(agent, new("mine", null, "ana", ["approver"], [], null));

        var refused = (await it.VerbsAsync()).Where(v => v.Contains(" refused ", StringComparison.Ordinal));
        Assert.Equal(
        [
            "promotion.request refused model_not_found", "promotion.request refused version_not_found", "promotion.request refused stage_unknown",
            "promotion.rollback refused nothing_to_roll_back_to", "promotion.withdraw refused promotion_not_found", "policy.accept refused person_required", "token.create refused person_required",
        ], refused);
        await it.VerifyAuditAsync();
    }

    private static async Task<List<(string Name, byte[] Bytes)>> SnapshotAsync(TestRegistry it)
    {
        var files = new List<(string, byte[])>();
        foreach (var path in Directory.EnumerateFiles(it.DataFolder, "registry.db*"))
            files.Add((Path.GetFileName(path), await System.IO.File.ReadAllBytesAsync(path)));
        return files;
    }

    /// <summary>Changes rows as somebody would who has a shell: past the registry, while it is closed.</summary>
    private static async Task ChangeRowsAsync(TestRegistry it, string sql)
    {
        await it.Services.DisposeAsync();
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(it.DataFolder, "registry.db")};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "pragma foreign_keys = off; " + sql;
            Assert.NotEqual(0, await command.ExecuteNonQueryAsync());
        }
        await it.ReopenAsync();
    }
}
