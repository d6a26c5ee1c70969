using System.Diagnostics;
using Microsoft.Data.Sqlite;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Bench;

/// <summary>Durable audited writes against a raw one-row commit of the same SQLite with synchronous=FULL, interleaved in one run.</summary>
internal static class WriteBenchmark
{
    public static async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("registry-bench-").FullName;
        try
        {
            await using var db = RegistryDb.Open(new StorageOptions(folder), TimeProvider.System);
            using var raw = new SqliteConnection($"Data Source={Path.Combine(folder, "raw.db")}");
            raw.Open();
            Run(raw, "pragma journal_mode=wal; pragma synchronous=full; create table t (id integer primary key, x text);");
            var (single, plain, many) = (new List<double>(), new List<double>(), new List<double>());
            for (var round = 0; round < 7; round++)
            {
                plain.Add(Rate(200, () => { for (var i = 0; i < 200; i++) Run(raw, "insert into t (x) values ('one row')"); return Task.CompletedTask; }));
                single.Add(Rate(200, async () => { for (var i = 0; i < 200; i++) await WriteAsync(db); }));
                many.Add(Rate(6400, () => Task.WhenAll(Enumerable.Range(0, 64).Select(async _ => { for (var i = 0; i < 100; i++) await WriteAsync(db); }))));
            }
            var (p, s, m) = (Median(plain), Median(single), Median(many));
            Console.WriteLine($"raw one-row commits/s {p:0}   audited, one writer {s:0} ({s / p:P0} of raw)   audited, 64 writers {m:0} ({m / s:0.0}x one writer)");
            return 0;
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

    private static double Rate(int writes, Func<Task> work)
    {
        var start = Stopwatch.GetTimestamp();
        work().GetAwaiter().GetResult();
        return writes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
