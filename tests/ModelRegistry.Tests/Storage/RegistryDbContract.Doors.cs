using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using ModelRegistry.Storage;
using Xunit;

namespace ModelRegistry.Tests.Storage;

public abstract partial class RegistryDbContract
{
    [Fact]
    public async Task Two_doors_to_one_database_give_one_log_without_gaps()
    {
        await using var one = await Ledger.OpenAsync(Options);
        await using var two = await Ledger.OpenAsync(Options);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
                await (w % 2 == 0 ? one : two).AddAsync($"{w}-{i:00}");
        })));

        Assert.Equal(160, (await one.LinesAsync()).Count);
        AssertSound(await two.VerifyAsync(), 160);
    }

    [Fact]
    public async Task Two_processes_on_one_database_give_one_log_without_gaps()
    {
        await using var db = await Ledger.OpenAsync(Options);
        using var left = StorageChild.Start(Options, "add", "left", "100", "4");
        using var right = StorageChild.Start(Options, "add", "right", "100", "4");
        await left.ExpectAsync("open");
        await right.ExpectAsync("open");

        await left.SayAsync("go");
        await right.SayAsync("go");
        for (var i = 0; i < 20; i++)
            await db.AddAsync($"here-{i}");

        Assert.Equal(0, await left.EndAsync());
        Assert.Equal(0, await right.EndAsync());
        Assert.Equal(220, (await db.LinesAsync()).Count);
        AssertSound(await db.VerifyAsync(), 220);
    }

    [Fact]
    public async Task A_process_killed_inside_a_transaction_loses_that_one_and_nothing_else()
    {
        await using var db = await Ledger.OpenAsync(Options);
        using (var child = StorageChild.Start(Options, "hang"))
        {
            await child.ExpectAsync("inside");
            await child.KillAsync();
        }

        Assert.Equal("next", (await db.AddAsync("next")).Value);
        Assert.Equal(["kept", "next"], await db.LinesAsync());
        AssertSound(await db.VerifyAsync(), 2);
        await using var fresh = await Ledger.OpenAsync(Options);
        AssertSound(await fresh.VerifyAsync(), 2);
    }

    [Fact]
    public async Task A_process_killed_while_it_writes_loses_nothing_it_acknowledged()
    {
        await using var db = await Ledger.OpenAsync(Options);
        List<string> told = [];
        using (var child = StorageChild.Start(Options, "tell", "8"))
        {
            while (told.Count < 400)
                told.Add((await child.HearAsync())!);
            await child.KillAsync();
            // A last line may have been cut by the kill.
            while (await child.HearAsync() is { } line)
                told.Add(line);
            told.RemoveAt(told.Count - 1);
        }

        var lines = await db.LinesAsync();
        Assert.Empty(told.Except(lines));
        AssertSound(await db.VerifyAsync(), lines.Count);
        Assert.Equal("next", (await db.AddAsync("next")).Value);
        AssertSound(await db.VerifyAsync(), lines.Count + 1);
    }

    [Fact]
    public async Task A_clock_that_steps_back_does_not_take_Now_with_it()
    {
        var noon = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        var clock = new SetClock(noon.AddTicks(7));
        await using (var db = await Ledger.OpenAsync(Options, clock))
        {
            await db.AddAsync("a");
            clock.Time = noon.AddHours(-1);
            Assert.Equal(noon.AddMicroseconds(1), await NowAsync(db));
        }

        await using var later = await Ledger.OpenAsync(Options, clock);
        Assert.True(await NowAsync(later) > noon);
        clock.Time = noon.AddMicroseconds(1);
        Assert.Equal(clock.Time, await NowAsync(later));

        static async Task<DateTimeOffset> NowAsync(RegistryDb db) => (await db.WriteAsync<DateTimeOffset>(Ledger.Ada, Ledger.Adding("now"), session =>
            ValueTask.FromResult<Outcome<Written<DateTimeOffset>>>(new Written<DateTimeOffset>(session.Now, [], [])), default)).Value;
    }

    [Fact]
    public async Task A_session_ends_with_its_delegate_and_a_read_cannot_write()
    {
        await using var db = await Ledger.OpenAsync(Options);
        RegistrySession? kept = null;
        await db.ReadAsync(session => ValueTask.FromResult(kept = session), default);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await kept!.ScalarAsync("select 1"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => db.ReadAsync(s => s.ExecuteAsync("delete from ledger"), default));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            db.ReadAsync(s => s.ScalarAsync("with x as (select 1) insert into ledger (id, amount) select 'a', 1 returning id"), default));
        Assert.Empty(await db.LinesAsync());
    }

    [Fact]
    public async Task A_decision_cannot_go_round_its_session()
    {
        await using var db = await Ledger.OpenAsync(Options);
        await Assert.ThrowsAsync<InvalidOperationException>(() => db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("a"), async _ => (await db.AddAsync("b")).Refusal!, default));
        await Assert.ThrowsAsync<InvalidOperationException>(() => db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("a"), async _ => (await db.LinesAsync()).Count > 0 ? Ledger.No : Ledger.No, default));
        Assert.Equal("c", (await db.AddAsync("c")).Value);
    }

    [Fact]
    public async Task The_checkpoint_outside_the_database_is_the_one_inside()
    {
        string origin;
        await using (var db = await Ledger.OpenAsync(Options))
        {
            origin = db.AuditOrigin;
            for (var i = 0; i < 5; i++)
                await db.AddAsync($"{i}");
        }

        var file = await File.ReadAllTextAsync(Path.Combine(Options.DataFolder, "checkpoints", "latest"));
        await using var again = await Ledger.OpenAsync(Options);
        using var key = again.OpenAuditKey();
        Assert.Equal(origin, again.AuditOrigin);
        Assert.Equal(5, Checkpoint.Open(file, origin, key).Value.Size);
        Assert.Equal(file, await again.ReadAsync(s => s.ScalarAsync("select note from audit_checkpoint order by size desc limit 1"), default));
    }

    [Fact]
    public async Task Of_the_checkpoints_the_first_in_each_1024_entries_and_the_latest_are_kept()
    {
        await using (var db = await Ledger.OpenAsync(Options))
        {
            await db.AddAsync("before");
            await AddManyAsync(db, 1100);
            await AddManyAsync(db, 10);
            await AddManyAsync(db, 1000);
            await db.AddAsync("after");
        }

        await using var again = await Ledger.OpenAsync(Options);
        Assert.Equal([1, 1101, 2111, 2112], await again.ReadAsync(s => s.ManyAsync("select size from audit_checkpoint order by size", r => r.GetInt64(0)), default));
        AssertSound(await again.VerifyAsync(), 2112);

        static Task AddManyAsync(RegistryDb db, int entries) => db.WriteAsync<int>(Ledger.Ada, Ledger.Adding("many"), _ =>
            ValueTask.FromResult<Outcome<Written<int>>>(new Written<int>(entries, [.. Enumerable.Range(0, entries).Select(i => Ledger.Adding($"{i}"))], [])), default);
    }

    [Fact]
    public async Task Whatever_a_caller_named_can_be_refused_and_audited()
    {
        await using var db = await Ledger.OpenAsync(Options);
        foreach (var odd in (string[])["a\0b", "\ud800", "", new string('x', 100_000), "'; drop table ledger; --"])
        {
            var refused = await db.WriteAsync<string>(Ledger.Ada, new AuditAct("ledger.add", "line", odd, odd, Erasable: new Dictionary<string, string> { ["reason"] = odd }),
                _ => ValueTask.FromResult<Outcome<Written<string>>>(Ledger.No), default);
            Assert.Equal("ledger_closed", refused.Refusal?.Code);
        }
        AssertSound(await db.VerifyAsync(), 5);
    }

    [Fact]
    public async Task Values_come_back_as_they_went_in()
    {
        await using var db = await Ledger.OpenAsync(Options);
        await db.WriteAsync<string>(Ledger.Ada, Ledger.Adding("a"), async session =>
        {
            const string insert = "insert into ledger (id, amount, share, bytes) values (@id, @amount, @share, @bytes)";
            await session.ExecuteAsync(insert, ("id", "é"), ("amount", long.MaxValue), ("share", 0.1), ("bytes", (byte[])[0, 255]));
            await session.ExecuteAsync(insert, ("id", "b"), ("amount", true), ("share", null), ("bytes", null));
            await session.ExecuteAsync(insert, ("share", null), ("bytes", null), ("amount", session.Now), ("id", "B"));
            await Assert.ThrowsAsync<ArgumentException>(async () => await session.ExecuteAsync(insert, ("id", 1m), ("amount", 1), ("share", 1.0), ("bytes", null)));
            await Assert.ThrowsAsync<ArgumentException>(async () => await session.ExecuteAsync(insert, ("id", "x")));
            return new Written<string>("a", [Ledger.Adding("a")], []);
        }, default);

        var rows = await db.ReadAsync(s => s.ManyAsync("select id, amount, share, bytes from ledger order by id",
            r => (r.GetString(0), r.GetInt64(1), r.IsDBNull(2) ? null : (double?)r.GetDouble(2), r.IsDBNull(3) ? null : r.GetFieldValue<byte[]>(3))), default);
        Assert.Equal(["B", "b", "é"], rows.Select(r => r.Item1));
        Assert.Equal((1L, (double?)null, (byte[]?)null), (rows[1].Item2, rows[1].Item3, rows[1].Item4));
        Assert.Equal((long.MaxValue, 0.1), (rows[2].Item2, rows[2].Item3));
        Assert.Equal((byte[])[0, 255], rows[2].Item4);
        Assert.Equal(["b"], await db.ReadAsync(s => s.ManyAsync("select id from ledger where id like @p escape '!'", r => r.GetString(0), ("p", "b%")), default));
        Assert.Null(await db.ReadAsync(s => s.ScalarAsync("select share from ledger where id = 'b'"), default));
    }
}
