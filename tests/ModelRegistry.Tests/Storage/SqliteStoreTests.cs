using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using ModelRegistry.Storage;
using Xunit;

namespace ModelRegistry.Tests.Storage;

/// <summary>What only a database in a file has: its log, its lock file, its disk.</summary>
public sealed class SqliteStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private StorageOptions Options => new(_folder.Path);

    private string LogFile => _folder.File("registry.db-wal");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_connection_checkpoints_by_itself_and_every_commit_is_synced(bool writer)
    {
        await (await Ledger.OpenAsync(Options)).DisposeAsync();
        await using var dialect = Dialect.For(Options);
        await using (var connection = await dialect.OpenAsync(writer, default))
        {
            foreach (var (pragma, expected) in new (string, object)[]
            {
                ("journal_mode", "wal"), ("synchronous", 2L), ("wal_autocheckpoint", 0L), ("foreign_keys", 1L), ("query_only", writer ? 0L : 1L),
            })
                Assert.Equal(expected, await connection.ScalarAsync($"pragma {pragma}"));
        }
        // The last connection of all has been closed, and left the log where it was.
        Assert.True(new FileInfo(LogFile).Length > 0);
    }

    [Fact]
    public async Task The_writer_moves_its_log_into_the_database_as_it_goes()
    {
        const int page = 4096;
        await using var db = await Ledger.OpenAsync(Options);
        // One after another, at some ten pages each.
        for (var i = 0; i < 900; i++)
            await db.AddAsync($"{i:000}");

        Assert.True(new FileInfo(_folder.File("registry.db")).Length > 100 * page);
        // Four thousand pages and one write's; never moved, it would be twice that.
        Assert.InRange(new FileInfo(LogFile).Length, 1, 5_000 * page);
    }

    [Fact]
    public async Task A_write_refused_its_turn_changes_nothing_and_reads_go_on()
    {
        await using var db = await Ledger.OpenAsync(Options with { TurnTimeout = TimeSpan.FromMilliseconds(20) });
        await db.AddAsync("before");
        using (var elsewhere = new TurnFile(_folder.File("registry.db")))
        {
            elsewhere.Take(TimeSpan.FromSeconds(30));
            var refused = await Assert.ThrowsAsync<StorageUnavailableException>(() => db.AddAsync("meanwhile"));
            Assert.Contains("kept the write lock", refused.Message, StringComparison.Ordinal);
            Assert.Equal(["before"], await db.LinesAsync());
            elsewhere.Release();
        }
        await using var patient = await Ledger.OpenAsync(Options);
        Assert.Equal("after", (await patient.AddAsync("after")).Value);
        Assert.Equal(["after", "before"], await db.LinesAsync());
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_alone()
    {
        var text = new string('x', 10_000);
        await File.WriteAllTextAsync(_folder.File("registry.db"), text);

        var refused = await Assert.ThrowsAsync<StorageUnavailableException>(() => RegistryDb.OpenAsync(Options, TimeProvider.System));
        Assert.Contains("is damaged or is not a registry database", refused.Message, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(_folder.File("registry.db")));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_an_outage_with_a_remedy()
    {
        File.WriteAllText(_folder.File("file"), "");
        var refused = await Assert.ThrowsAsync<StorageUnavailableException>(() => RegistryDb.OpenAsync(new StorageOptions(Path.Combine(_folder.File("file"), "data")), TimeProvider.System));
        Assert.NotEmpty(refused.Remedy);
    }

    [Fact]
    public async Task A_full_disk_refuses_the_write_keeps_what_was_there_and_takes_writes_again_once_there_is_room()
    {
        var disk = Directory.CreateDirectory(_folder.File("disk")).FullName;
        Assert.SkipUnless(OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk) == 0, "A small file system cannot be mounted here (needs root on Linux).");
        try
        {
            var kept = 0;
            await using (var db = await Ledger.OpenAsync(new StorageOptions(disk)))
            {
                await File.WriteAllBytesAsync(Path.Combine(disk, "ballast"), new byte[1_500_000]);
                StorageUnavailableException? full = null;
                while (full is null)
                {
                    try
                    {
                        await db.AddAsync($"{kept:0000}");
                        kept++;
                    }
                    catch (StorageUnavailableException e)
                    {
                        full = e;
                    }
                }
                Assert.Contains("no room left", full.Message, StringComparison.Ordinal);
                Assert.Equal(kept, (await db.LinesAsync()).Count);
                File.Delete(Path.Combine(disk, "ballast"));
                Assert.Equal("more", (await db.AddAsync("more")).Value);
            }
            await using var again = await Ledger.OpenAsync(new StorageOptions(disk));
            Assert.Equal(kept + 1, (await again.LinesAsync()).Count);
            Assert.Empty((await again.VerifyAsync()).Findings);
        }
        finally
        {
            Assert.Equal(0, Run("umount", disk));
        }
    }

    [Fact]
    public async Task Writes_go_on_when_the_checkpoint_file_cannot_be_replaced()
    {
        await using (var db = await Ledger.OpenAsync(Options))
        {
            Directory.CreateDirectory(Path.Combine(_folder.Path, "checkpoints", "latest"));
            Assert.Equal("a", (await db.AddAsync("a")).Value);
            Directory.Delete(Path.Combine(_folder.Path, "checkpoints", "latest"));
            Assert.Equal("b", (await db.AddAsync("b")).Value);
        }
        Assert.Contains("\n2\n", await File.ReadAllTextAsync(Path.Combine(_folder.Path, "checkpoints", "latest")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_registry_says_so()
    {
        var db = await RegistryDb.OpenAsync(Options, TimeProvider.System, NullLogger.Instance, Ledger.Migrations);
        await db.DisposeAsync();
        await db.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => db.AddAsync("a"));
        await Assert.ThrowsAsync<ObjectDisposedException>(db.LinesAsync);
    }

    private static int Run(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true });
        process!.WaitForExit();
        return process.ExitCode;
    }
}
