using System.Diagnostics;
using Microsoft.Data.Sqlite;
using ModelRegistry.Domain;
using ModelRegistry.Measured;
using ModelRegistry.Storage;

namespace ModelRegistry.Bench;

/// <summary>Durable audited writes against a raw one-row commit of the same SQLite with synchronous=FULL, interleaved in one run.</summary>
internal static class WriteBenchmark
{
    public const string Options = "[--rounds 9]";

    public const string Says = "durable audited writes, by one and by 64 at once, against a raw one-row commit of the same SQLite with synchronous=FULL";

    private const int Alone = 200, Writers = 64, Each = 100;

    public static async Task<int> RunAsync(RunOptions options)
    {
        var rounds = options.Whole("rounds", 9);
        options.NoMore();
        var folder = Directory.CreateTempSubdirectory("registry-bench-").FullName;
        try
        {
            await using var db = await RegistryDb.OpenAsync(new StorageOptions(folder), TimeProvider.System);
            using var raw = new SqliteConnection($"Data Source={Path.Combine(folder, "raw.db")}");
            raw.Open();
            Run(raw, "pragma journal_mode=wal; pragma synchronous=full; create table t (id integer primary key, x text);");
            var (single, plain, many) = (new Samples(), new Samples(), new Samples());
            for (var round = -2; round < rounds; round++)
            {
                var (bare, one, all) = (await RateAsync(Alone, () => { for (var i = 0; i < Alone; i++) Run(raw, "insert into t (x) values ('one row')"); return Task.CompletedTask; }),
                    await RateAsync(Alone, async () => { for (var i = 0; i < Alone; i++) await WriteAsync(db); }),
                    await RateAsync(Writers * Each, () => Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ => { for (var i = 0; i < Each; i++) await WriteAsync(db); }))));
                if (round < 0)
                    continue;
                plain.Add(bare);
                single.Add(one);
                many.Add(all);
            }
            var report = new Report("durable writes", options);
            report.Say($"Commits per second, each of them on the disk (SQLite, synchronous=FULL), median of {rounds} rounds and where half of them lay; arms take turns.");
            report.Table(["", "commits/s", "against the raw one", "against one writer"],
            [
                ["a raw commit of one row", plain.Told("0"), "", ""],
                ["an audited write, one writer", single.Told("0"), single.Over(plain).Told("0.00"), ""],
                [$"audited writes, {Writers} writers", many.Told("0"), many.Over(plain).Told("0.00"), many.Over(single).Told("0.0")],
            ]);
            // What a sync takes is the disk's; what is left is the registry's own.
            var why = $"A raw commit took {Report.Number(1e6 / plain.Median)} µs here and an audited write {Report.Number(1e6 / single.Median)}: the faster the disk, the more the registry's own work shows.";
            report.Budget("an audited write of one writer against a raw commit", single.Over(plain).Median, "0.00×", least: 0.85, why: why);
            report.Budget($"{Writers} writers against one", many.Over(single).Median, "0.0×", least: 10, why: why);
            return report.Finish();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task WriteAsync(RegistryDb db) => db.WriteAsync<int>(Actor.Registry, new AuditAct("bench.write", "meta", "x"), async session =>
    {
        await session.ExecuteAsync("insert into meta (name, value) values ('bench', 'x') on conflict (name) do update set value = excluded.value");
        return new Written<int>(1, [new AuditAct("bench.write", "meta", "x")], []);
    }, CancellationToken.None);

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static async Task<double> RateAsync(int writes, Func<Task> work)
    {
        var start = Stopwatch.GetTimestamp();
        await work();
        return writes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
