using System.IO.Compression;
using ModelRegistry.Backups;
using ModelRegistry.Domain;
using ModelRegistry.Tests.Artifacts;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Backups;

/// <summary>A registry is moved into another database: it is the same there, and nothing goes on where it was.</summary>
public sealed class MoveTests(PostgresCluster cluster) : IClassFixture<PostgresCluster>
{
    private async Task<string?> DatabaseAsync(bool postgres) => postgres ? await cluster.NewDatabaseAsync() : null;

    private static Task<Outcome<MoveView>> MoveAsync(TestRegistry it, string to, string? artifacts = null, IProgress<MoveStep>? steps = null) =>
        RegistryMove.MoveAsync(it.Options, to, artifacts, "ana", it.Clock, steps);

    private static async Task<StorageUnavailableException> OutageAsync(Func<Task> work) => await Assert.ThrowsAsync<StorageUnavailableException>(work);

    /// <summary>The second in which a process may not have noticed yet.</summary>
    private static async Task<StorageUnavailableException> NoticedAsync(TestRegistry it)
    {
        while (true)
            try
            {
                await it.ServingAsync();
                await Task.Delay(50);
            }
            catch (StorageUnavailableException e)
            {
                return e;
            }
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task It_is_the_same_registry_there_and_nothing_goes_on_where_it_was(bool fromPostgres, bool toPostgres)
    {
        await using var it = await TestRegistry.OpenAsync("team", await DatabaseAsync(fromPostgres));
        using var folder = new TemporaryFolder();
        await it.PutIntoProductionAsync();
        var parked = await it.ParkAsync("churn");
        var before = Ok(await it.Services.Audit.VerifyAsync(Robot, null));
        var checkpoint = Ok(await it.Services.Audit.CheckpointAsync(Robot));
        var to = await DatabaseAsync(toPostgres) ?? "sqlite:" + folder.At("elsewhere", "registry.db");
        var place = toPostgres ? "127.0.0.1:" : folder.At("elsewhere", "registry.db");

        var moved = Ok(await MoveAsync(it, to));
        // The log as it was, and one entry more.
        Assert.Equal((it.Services.Storage.RegistryId, before.Entries + 1), (moved.RegistryId, moved.AuditSize));

        // Whoever has the old one open is refused, and told where to; and so is whoever opens it.
        var write = await OutageAsync(() => it.RegisterAsync("late"));
        var read = await NoticedAsync(it);
        var open = await OutageAsync(() => RegistryServices.OpenAsync(it.Options, it.Clock));
        foreach (var refused in new[] { write, read, open })
        {
            Assert.Equal("registry_moved", refused.Code);
            Assert.Contains(place, refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("only-for-tests", refused.Message + refused.Remedy + moved.Options, StringComparison.Ordinal);
        }
        if (!toPostgres && !OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(place));

        // Said twice, it is done once.
        var again = Ok(await MoveAsync(it, to));
        Assert.Equal((moved.AuditSize, moved.AuditRoot), (again.AuditSize, again.AuditRoot));

        await using var there = Ok(await RegistryServices.OpenAsync(it.Options with { Database = to }, it.Clock));
        var after = Ok(await there.Audit.VerifyAsync(Robot, checkpoint));
        Assert.True(after.Verified, string.Join("\n", after.Findings));
        Assert.Equal((moved.AuditSize, moved.AuditRoot), (after.Entries, after.Root));
        var entry = Ok(await there.Audit.ListAsync(Robot, new ModelRegistry.Audit.AuditQuery(Limit: 1))).Items[0];
        Assert.Equal(("registry.move", "done"), (entry.Verb, entry.Outcome));
        Assert.Equal("v1", Ok(await there.Catalog.ServingAsync(Robot, "digits", null, null)).Version);
        Ok(await there.Downloads.DownloadAsync(Robot, "digits", "v1", folder.At("out")));

        // What waited is decided there, by the same person with the same passphrase. From then on there is no way back.
        var ben = Ok(await there.People.ProveAsync("ben", Passphrase + "ben", "terminal"));
        var review = Ok(await there.Promotions.ReviewAsync(ben.Actor, parked.PromotionId!));
        Assert.Equal("applied", Ok(await there.Promotions.DecideAsync(ben.Actor, new(parked.PromotionId!, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, "", ben.Proof))).Status);
        Assert.Equal("move_in_use", No(await RegistryMove.UndoAsync(it.Options, to, "ana", it.Clock)));
        Assert.Equal("registry_moved", (await OutageAsync(() => it.RegisterAsync("late"))).Code);
    }

    [Theory]
    [InlineData(nameof(MoveStep.Rows)), InlineData(nameof(MoveStep.Comparing)), InlineData(nameof(MoveStep.Arrived)), InlineData(nameof(MoveStep.Closed))]
    public async Task A_move_that_is_killed_is_ended_by_the_next(string at)
    {
        foreach (var fromPostgres in new[] { false, true })
        {
            await using var it = await TestRegistry.OpenAsync("team", await DatabaseAsync(fromPostgres));
            await it.PutIntoProductionAsync();
            var to = await cluster.NewDatabaseAsync();
            using (var child = MoveChild.Start(it.Options, "move", to, at))
                await child.KillAtAsync(at);

            if (at == nameof(MoveStep.Closed))
            {
                // Neither is used: the old one is closed, and the new one has not begun.
                Assert.Equal("registry_moved", (await OutageAsync(() => it.RegisterAsync("between"))).Code);
                var early = await OutageAsync(() => RegistryServices.OpenAsync(it.Options with { Database = to }, it.Clock));
                Assert.Equal("registry_arriving", early.Code);
            }
            else
            {
                // The lock went with the process: the registry goes on where it is, and only there.
                await it.RegisterAsync("between");
                await it.VerifyAuditAsync();
                if (at == nameof(MoveStep.Arrived))
                    Assert.Equal("registry_arriving", (await OutageAsync(() => RegistryServices.OpenAsync(it.Options with { Database = to }, it.Clock))).Code);
            }

            var moved = Ok(await MoveAsync(it, to));
            await using var there = Ok(await RegistryServices.OpenAsync(it.Options with { Database = to }, it.Clock));
            var report = Ok(await there.Audit.VerifyAsync(Robot, null));
            Assert.Equal((true, moved.AuditSize, moved.AuditRoot), (report.Verified, report.Entries, report.Root));
            Assert.Equal("v1", Ok(await there.Catalog.ServingAsync(Robot, "digits", null, null)).Version);
            if (at != nameof(MoveStep.Closed))
                Assert.Equal("v1", Ok(await there.Catalog.GetAsync(Robot, "between", "latest")).Version!.Version);
            // One move is told of, whatever was tried before.
            Assert.Single(Ok(await there.Audit.ListAsync(Robot, new ModelRegistry.Audit.AuditQuery(Verb: "registry.move"))).Items);
        }
    }

    [Fact]
    public async Task Nothing_that_another_process_was_told_is_kept_is_lost_and_then_it_is_told_where_to_go()
    {
        foreach (var fromPostgres in new[] { false, true })
        {
            await using var it = await EmptyAsync(database: await DatabaseAsync(fromPostgres));
            var to = await cluster.NewDatabaseAsync();
            using var writer = MoveChild.Start(it.Options, "write");
            var kept = new List<string[]>();
            for (var i = 0; i < 5; i++)
                kept.Add((await writer.HearAsync())!.Split(' '));

            // It goes on writing while contents are copied, and waits while rows are.
            var moving = RegistryMove.MoveAsync(it.Options, to, "file:" + Path.Combine(it.DataFolder, "other"), "ana", TimeProvider.System);
            string? refused = null;
            var hearing = Task.Run(async () =>
            {
                while (await writer.HearAsync() is { } line)
                    if (line.StartsWith("kept ", StringComparison.Ordinal))
                        kept.Add(line.Split(' '));
                    else
                        refused = line;
            });
            Ok(await moving);
            await hearing;

            Assert.StartsWith("refused registry_moved ", refused, StringComparison.Ordinal);
            Assert.Contains(new Uri(to).Authority + new Uri(to).AbsolutePath, refused, StringComparison.Ordinal);
            // Only what was moved is looked at: the folder of the old contents is gone.
            Directory.Delete(Path.Combine(it.DataFolder, "artifacts"), recursive: true);
            await using var there = Ok(await RegistryServices.OpenAsync(it.Options with { Database = to, Artifacts = "file:" + Path.Combine(it.DataFolder, "other") }, TimeProvider.System));
            foreach (var (version, digest) in kept.Select(k => (k[1], k[2])))
                Assert.Equal(digest, Ok(await there.Downloads.DownloadAsync(Robot, "busy", version, Path.Combine(it.DataFolder, "out", version))).Digest);
            Assert.True(Ok(await there.Audit.VerifyAsync(Robot, null)).Verified);
        }
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task As_long_as_nothing_was_written_there_the_registry_goes_back(bool emptied)
    {
        await using var it = await TestRegistry.OpenAsync();
        await it.PutIntoProductionAsync();
        var to = await cluster.NewDatabaseAsync();
        Assert.Equal("move_nothing_to_undo", No(await RegistryMove.UndoAsync(it.Options, to, "ana", it.Clock)));
        var moved = Ok(await MoveAsync(it, to));
        Assert.Equal("move_elsewhere", No(await RegistryMove.UndoAsync(it.Options, await cluster.NewDatabaseAsync(), "ana", it.Clock)));
        Assert.Equal("registry_moved", (await OutageAsync(() => MoveAsync(it, "sqlite:" + Path.Combine(it.DataFolder, "third.db")))).Code);

        await using (var there = Ok(await RegistryServices.OpenAsync(it.Options with { Database = to }, it.Clock)))
        {
            if (emptied)
            {
                await cluster.EmptyAsync(to);
                Assert.Equal("move_target_unseen", No(await RegistryMove.UndoAsync(it.Options, to, "ana", it.Clock)));
                Assert.Equal("registry_moved", (await OutageAsync(() => it.Services.Metadata.CreateModelAsync(Robot, new ModelRegistry.Catalog.NewModel("early")))).Code);
            }
            var back = Ok(await RegistryMove.UndoAsync(it.Options, to, "ana", it.Clock, gone: emptied));
            Assert.Equal(moved.AuditSize + 1, back.AuditSize);
            // Who had it open there does not go on there.
            if (!emptied)
                Assert.Equal("registry_arriving", (await OutageAsync(() => there.Metadata.CreateModelAsync(Robot, new ModelRegistry.Catalog.NewModel("late")))).Code);
        }
        await it.RegisterAsync("again");
        await it.VerifyAuditAsync();
        Assert.Equal(["registry.move", "registry.move_undo"], (await it.VerbsAsync(it.Services.Storage.RegistryId)).TakeLast(2));

        var second = Ok(await MoveAsync(it, to));
        await using var home = Ok(await RegistryServices.OpenAsync(it.Options with { Database = to }, it.Clock));
        Assert.Equal((true, second.AuditRoot), Ok(await home.Audit.VerifyAsync(Robot, null)) is var report ? (report.Verified, report.Root) : default);
        Assert.Equal("v1", Ok(await home.Catalog.GetAsync(Robot, "again", "latest")).Version!.Version);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_copy_of_what_was_moved_does_not_stand_in_for_it(bool toPostgres)
    {
        await using var it = await TestRegistry.OpenAsync();
        using var folder = new TemporaryFolder();
        var to = await DatabaseAsync(toPostgres) ?? "sqlite:" + folder.At("there.db");
        var copy = "sqlite:" + folder.At("copy.db");
        Ok(await MoveAsync(it, to));
        if (toPostgres)
            copy = await cluster.NewDatabaseAsync(copyOf: to);
        else
            File.Copy(folder.At("there.db"), folder.At("copy.db"));
        await using (var there = Ok(await RegistryServices.OpenAsync(it.Options with { Database = to }, it.Clock)))
            Ok(await there.Metadata.CreateModelAsync(Robot, new ModelRegistry.Catalog.NewModel("later")));

        // What went on over there cannot be seen in the copy.
        var refused = await RegistryMove.UndoAsync(it.Options, copy, "ana", it.Clock);
        Assert.Equal("move_target_copied", No(refused));
        Assert.Contains("--target-is-gone", refused.Refusal!.Remedy, StringComparison.Ordinal);
        Assert.Equal("move_target_copied", No(await MoveAsync(it, copy)));
        Assert.Equal("move_in_use", No(await RegistryMove.UndoAsync(it.Options, to, "ana", it.Clock)));
        Assert.Equal("registry_moved", (await OutageAsync(() => it.Services.Metadata.CreateModelAsync(Robot, new ModelRegistry.Catalog.NewModel("early")))).Code);

        // Whoever lost the one and says so goes back by way of the other, which is closed as well.
        if (toPostgres)
            await cluster.DropDatabaseAsync(to);
        else
            File.Delete(folder.At("there.db"));
        Ok(await RegistryMove.UndoAsync(it.Options, copy, "ana", it.Clock, gone: true));
        await it.RegisterAsync("again");
        await it.VerifyAuditAsync();
        Assert.Equal("registry_arriving", (await OutageAsync(() => RegistryServices.OpenAsync(it.Options with { Database = copy }, it.Clock))).Code);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Columns_that_the_schema_does_not_have_never_get_into_a_statement(bool toPostgres)
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync(by: Robot);
        using var folder = new TemporaryFolder();
        var to = await DatabaseAsync(toPostgres) ?? "sqlite:" + folder.At("there.db");
        var file = Path.Combine(it.DataFolder, "registry.db");
        // Where a statement is made of the names, this is one more.
        await RunAsync(file, """alter table model add column "id) values ('x'); create table taken (id text); --" text""");
        var refused = await OutageAsync(() => MoveAsync(it, to));
        Assert.Contains("'model'", refused.Message, StringComparison.Ordinal);
        await using (var there = ModelRegistry.Storage.Dialect.For(new ModelRegistry.Storage.StorageOptions(folder.Root, to)))
        {
            await using var look = await there.OpenAsync(writer: false, default);
            Assert.False(await there.HasTableAsync(look, "taken"));
        }
        // It stays where it was.
        await it.RegisterAsync("later", by: Robot);
        await RunAsync(file, """alter table model drop column "id) values ('x'); create table taken (id text); --" """);
        Ok(await MoveAsync(it, to));
    }

    private static async Task RunAsync(string file, string sql)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task Going_back_and_ending_the_move_at_once_leave_one_registry()
    {
        foreach (var round in Enumerable.Range(0, 6))
        {
            await using var it = await TestRegistry.OpenAsync();
            await it.RegisterAsync("digits");
            var to = await cluster.NewDatabaseAsync();
            Ok(await MoveAsync(it, to));
            Task Quietly(Func<Task> act) => Task.Run(async () =>
            {
                try
                {
                    await act();
                }
                catch (StorageUnavailableException)
                {
                    // Whoever comes second is told so.
                }
            });
            await Task.WhenAll(Quietly(() => RegistryMove.UndoAsync(it.Options, to, "ana", it.Clock)), Quietly(() => MoveAsync(it, to)), Quietly(() => RegistryMove.UndoAsync(it.Options, to, "ben", it.Clock)));
            var live = 0;
            foreach (var database in (string?[])[null, to])
                try
                {
                    await using var registry = Ok(await RegistryServices.OpenAsync(it.Options with { Database = database }, it.Clock));
                    live += (await registry.Metadata.CreateModelAsync(Robot, new ModelRegistry.Catalog.NewModel("after"))).Refusal is null ? 1 : 0;
                }
                catch (StorageUnavailableException)
                {
                    // It does not live here.
                }
            Assert.Equal(1, live);
        }
    }

    [Fact]
    public async Task A_place_that_is_taken_or_cannot_be_used_is_refused_and_the_registry_stays()
    {
        await using var it = await EmptyAsync();
        var version = await it.RegisterAsync(by: Robot);
        var taken = await cluster.NewDatabaseAsync();
        await using (var other = await EmptyAsync(database: taken))
        {
            var no = await MoveAsync(it, taken);
            Assert.Equal("move_target_taken", No(no));
            Assert.Contains(other.Services.Storage.RegistryId, no.Refusal!.Message, StringComparison.Ordinal);
            await other.RegisterAsync(by: Robot);
        }
        // Itself, and a copy of itself that is in use.
        Assert.Equal("move_target_taken", No(await MoveAsync(it, "sqlite:" + Path.Combine(it.DataFolder, "registry.db"))));
        using var folder = new TemporaryFolder();
        Ok(await it.Services.Backup.BackupAsync(Robot, folder.At("backup")));
        var copy = await cluster.NewDatabaseAsync();
        Ok(await RegistryRestore.RestoreAsync(folder.At("backup"), new RegistryOptions { DataFolder = folder.At("data"), Database = copy }, it.Clock));
        Assert.Equal("move_target_taken", No(await MoveAsync(it, copy)));

        var free = await cluster.NewDatabaseAsync();
        var wrong = await OutageAsync(() => MoveAsync(it, free.Replace("only-for-tests", "not-this-one", StringComparison.Ordinal)));
        Assert.Equal(("storage_unavailable", true, false), (wrong.Code, wrong.Message.Contains("user or password", StringComparison.Ordinal), wrong.ToString().Contains("not-this-one", StringComparison.Ordinal)));
        Assert.Equal("storage_unavailable", (await OutageAsync(() => MoveAsync(it, free + "_nowhere"))).Code);
        Assert.Equal("invalid_arguments", No(await MoveAsync(it, "mysql://db/registry")));

        // A content that is gone is said before anybody has to wait.
        var blob = Assert.Single(Directory.GetFiles(Path.Combine(it.DataFolder, "artifacts", "blobs"), "*", SearchOption.AllDirectories));
        File.Move(blob, blob + ".away");
        Assert.Equal("blob_missing", No(await MoveAsync(it, free, "file:" + folder.At("store"))));
        File.Move(blob + ".away", blob);

        await it.RegisterAsync("later", by: Robot);
        Assert.Equal(version.Version, Ok(await it.Services.Catalog.GetAsync(Robot, "digits", "latest")).Version!.Version);
        var moved = Ok(await MoveAsync(it, free, "file:" + folder.At("store")));
        Assert.Equal((2, 2), ((int)moved.Contents, (int)moved.Copied));
    }

    [Fact]
    public async Task What_does_not_arrive_as_it_was_sent_does_not_count()
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync(by: Robot);
        var to = await cluster.NewDatabaseAsync();
        // Whatever the server does to rows on their way is seen: here a rule of the database's own alters them.
        await using (var early = Ok(await RegistryServices.OpenAsync(it.Options with { Database = to, DataFolder = it.DataFolder + "-2" }, it.Clock)))
            Assert.NotEqual(it.Services.Storage.RegistryId, early.Storage.RegistryId);
        await cluster.RunAsync(to, """
            delete from meta where name = 'registry_id';
            create function meddle() returns trigger language plpgsql as $$ begin new.description := 'meddled with'; return new; end $$;
            create trigger meddle before insert on model for each row execute function meddle();
            """);
        var refused = await MoveAsync(it, to);
        Assert.Equal("move_unequal", No(refused));
        Assert.Contains("model (1 rows sent, 1 arrived)", refused.Refusal!.Message, StringComparison.Ordinal);
        await it.RegisterAsync("later", by: Robot);
        await cluster.RunAsync(to, "drop trigger meddle on model");
        Ok(await MoveAsync(it, to));
    }

    [Fact]
    public async Task A_registry_of_an_older_program_is_brought_up_to_date_and_moved()
    {
        using var folder = new TemporaryFolder();
        ZipFile.ExtractToDirectory(Repository.At("tests/ModelRegistry.Tests/Storage/registry-0002.zip"), folder.Root);
        var options = new RegistryOptions { DataFolder = folder.Root };
        var clock = new SetClock(new DateTimeOffset(2026, 11, 25, 1, 0, 0, TimeSpan.Zero));
        var to = await cluster.NewDatabaseAsync();
        var moved = Ok(await RegistryMove.MoveAsync(options, to, null, "ana", clock));
        await using var there = Ok(await RegistryServices.OpenAsync(options with { Database = to }, clock));
        var report = Ok(await there.Audit.VerifyAsync(Robot, await File.ReadAllTextAsync(folder.At("checkpoints", "latest"))));
        Assert.Equal((true, moved.AuditRoot), (report.Verified, report.Root));
        Assert.Equal("churn", Assert.Single(Ok(await there.Promotions.ListAsync(Robot, new ModelRegistry.Promotions.PromotionQuery("live"))).Items).ModelName);
    }
}
