using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using ModelRegistry.Storage;
using Xunit;

namespace ModelRegistry.Tests.Storage;

/// <summary>What every database underneath must do: the write door, the read door, the audit log behind both.</summary>
public abstract partial class RegistryDbContract : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    protected StorageOptions Options { get; private set; } = null!;

    /// <summary>The database setting of a new, empty database; null for the embedded default.</summary>
    protected abstract Task<string?> NewDatabaseAsync();

    public async ValueTask InitializeAsync() => Options = new StorageOptions(_folder.Path, await NewDatabaseAsync());

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Sixty_four_writers_at_once_are_all_kept_and_audited()
    {
        await using (var db = await Ledger.OpenAsync(Options))
            await Task.WhenAll(Enumerable.Range(0, 64).Select(w => Task.Run(async () =>
            {
                for (var i = 0; i < 4; i++)
                    Assert.Equal($"{w:00}-{i}", (await db.AddAsync($"{w:00}-{i}")).Value);
            })));

        await using var again = await Ledger.OpenAsync(Options);
        Assert.Equal(256, (await again.LinesAsync()).Count);
        Assert.Equal(Enumerable.Range(1, 256).Select(i => (long)i), (await again.EntriesAsync()).Select(e => e.Position));
        Assert.Equal(256L, await again.ReadAsync(s => s.ScalarAsync("select count(*) from change_feed where seq = audit_position"), default));
        AssertSound(await again.VerifyAsync(), 256);
    }

    [Fact]
    public async Task A_refusal_undoes_its_changes_and_leaves_one_refused_entry()
    {
        await using var db = await Ledger.OpenAsync(Options);

        var outcome = await db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("a"), async session =>
        {
            await Ledger.InsertAsync(session, "a");
            return Ledger.No;
        }, default);

        Assert.Equal("ledger_closed", outcome.Refusal?.Code);
        Assert.Empty(await db.LinesAsync());
        Assert.Equal([(1, "ledger.add", "refused", "a")], await db.EntriesAsync());
        var leaf = await db.ReadAsync(s => s.OneAsync("select leaf from audit_entry", r => r.GetFieldValue<byte[]>(0)), default);
        Assert.Contains("""
            "facts":{"code":"ledger_closed","line":"a"}
            """.Trim(), System.Text.Encoding.UTF8.GetString(leaf!), StringComparison.Ordinal);
        AssertSound(await db.VerifyAsync(), 1);
    }

    [Fact]
    public async Task Refusals_that_share_a_transaction_each_keep_their_entry()
    {
        await using var db = await Ledger.OpenAsync(Options);
        // Each comes while the one before it is being decided: known too late to be provided for, early enough to share.
        var (writes, last) = (new List<Task<Outcome<string>>>(), (TaskCompletionSource?)null);
        foreach (var (id, refused) in ((string, bool)[])[("a", false), ("b", true), ("c", true), ("d", true), ("e", false)])
        {
            var (begun, goOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            writes.Add(db.WriteAsync<string>(Ledger.Ada, Ledger.Adding(id), async session =>
            {
                begun.SetResult();
                await goOn.Task;
                await Ledger.InsertAsync(session, id);
                return refused ? Ledger.No : new Written<string>(id, [Ledger.Adding(id)], []);
            }, default));
            last?.SetResult();
            await begun.Task;
            last = goOn;
        }
        last!.SetResult();
        await Task.WhenAll(writes);

        Assert.Equal(["a", "e"], await db.LinesAsync());
        Assert.Equal([(1, "ledger.add", "done", "a"), (2, "ledger.add", "refused", "b"), (3, "ledger.add", "refused", "c"), (4, "ledger.add", "refused", "d"), (5, "ledger.add", "done", "e")], await db.EntriesAsync());
        AssertSound(await db.VerifyAsync(), 5);
    }

    [Fact]
    public async Task A_refusal_worth_writing_down_keeps_its_changes()
    {
        await using var db = await Ledger.OpenAsync(Options);

        var outcome = await db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("a"), async session =>
        {
            await Ledger.InsertAsync(session, "expired");
            return new Written<string>(Ledger.No, [Ledger.Adding("expired")], []);
        }, default);

        Assert.Equal("ledger_closed", outcome.Refusal?.Code);
        Assert.Equal(["expired"], await db.LinesAsync());
        Assert.Equal([(1, "ledger.add", "done", "expired")], await db.EntriesAsync());
    }

    [Fact]
    public async Task A_decision_that_throws_harms_nobody_else_in_its_group()
    {
        await using var db = await Ledger.OpenAsync(Options);
        var (first, open) = await HoldAsync(db, "first");
        var before = db.AddAsync("before");
        var bug = db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("bug"), async session =>
        {
            await Ledger.InsertAsync(session, "bug");
            throw new InvalidTimeZoneException();
        }, default);
        var clash = db.AddAsync("before");
        var facts = db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("facts"), async session =>
        {
            await Ledger.InsertAsync(session, "facts");
            return new Written<string>("facts", [Ledger.Adding("facts") with { Facts = new() { ["n"] = double.NaN } }], []);
        }, default);
        var after = db.AddAsync("after");
        open.SetResult();

        await Task.WhenAll(first, before, after);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => bug);
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => clash);
        await Assert.ThrowsAnyAsync<Exception>(() => facts);
        Assert.Equal(["after", "before", "first"], await db.LinesAsync());
        Assert.Equal(["first", "before", "after"], (await db.EntriesAsync()).Select(e => e.Subject));
        AssertSound(await db.VerifyAsync(), 3);
    }

    [Fact]
    public async Task A_change_without_an_act_is_a_bug_and_is_not_kept()
    {
        await using var db = await Ledger.OpenAsync(Options);

        await Assert.ThrowsAsync<InvalidOperationException>(() => db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("a"), async session =>
        {
            await Ledger.InsertAsync(session, "a");
            return new Written<string>("a", [], []);
        }, default));
        await Assert.ThrowsAsync<InvalidOperationException>(() => db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("b"), async session =>
        {
            await session.ScalarAsync("insert into ledger (id, amount) values ('b', 1) returning id");
            return new Written<string>("b", [], []);
        }, default));

        Assert.Empty(await db.LinesAsync());
    }

    [Fact]
    public async Task A_request_repeated_needs_no_act()
    {
        await using var db = await Ledger.OpenAsync(Options);
        await db.AddAsync("a");

        var again = await db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("a"), async session =>
            new Written<string>((string)(await session.ScalarAsync("select id from ledger where id = 'a'"))!, [], []), default);

        Assert.Equal("a", again.Value);
        Assert.Single(await db.EntriesAsync());
    }

    [Fact]
    public async Task A_caller_can_give_up_until_its_turn_has_come()
    {
        await using var db = await Ledger.OpenAsync(Options);
        using var early = new CancellationTokenSource();
        using var late = new CancellationTokenSource();
        var (first, open) = await HoldAsync(db, "first", late.Token);
        var second = db.AddAsync("second", early.Token);

        await early.CancelAsync();
        await late.CancelAsync();
        open.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal("first", (await first).Value);
        Assert.Equal(["first"], await db.LinesAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => db.AddAsync("third", early.Token));
    }

    [Fact]
    public async Task What_was_written_is_read_at_once()
    {
        await using var db = await Ledger.OpenAsync(Options);
        for (var i = 0; i < 50; i++)
        {
            await db.AddAsync($"{i:00}");
            Assert.Equal(i + 1, (await db.LinesAsync()).Count);
        }
    }

    /// <summary>A write whose decision has begun and waits to be let on: whoever comes meanwhile joins its group.</summary>
    private static async Task<(Task<Outcome<string>> Write, TaskCompletionSource Open)> HoldAsync(RegistryDb db, string id, CancellationToken ct = default)
    {
        var (inside, open) = (new TaskCompletionSource(), new TaskCompletionSource());
        var write = db.WriteAsync<string>(Ledger.Ada, Ledger.Adding(id), async session =>
        {
            inside.SetResult();
            await open.Task;
            await Ledger.InsertAsync(session, id);
            return new Written<string>(id, [Ledger.Adding(id)], []);
        }, ct);
        await inside.Task;
        return (write, open);
    }

    private static void AssertSound(AuditReport report, long entries)
    {
        Assert.Empty(report.Findings);
        Assert.Equal(entries, report.Entries);
    }
}
