using Microsoft.Extensions.Logging.Abstractions;
using ModelRegistry.Storage;
using Xunit;

namespace ModelRegistry.Tests.Storage;

public abstract partial class RegistryDbContract
{
    [Fact]
    public async Task An_empty_database_is_brought_up_to_date_once_however_many_open_it()
    {
        var doors = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => RegistryDb.OpenAsync(Options, TimeProvider.System))));

        Assert.Single(doors.Select(d => d.RegistryId).Distinct());
        Assert.Equal(
            Migration.Known.Select(m => (long)m.Version),
            await doors[0].ReadAsync(s => s.ManyAsync("select version from schema_migration order by version", r => r.GetInt64(0)), default));
        foreach (var door in doors)
            await door.DisposeAsync();
    }

    [Fact]
    public async Task An_empty_database_is_made_once_by_processes_that_open_it_at_once()
    {
        var children = Enumerable.Range(0, 3).Select(_ => StorageChild.Start(Options, "open")).ToList();
        try
        {
            foreach (var child in children)
                await child.ExpectAsync("ready");
            await Task.WhenAll(children.Select(child => child.SayAsync("go")));
            var ids = await Task.WhenAll(children.Select(child => child.HearAsync().AsTask()));
            foreach (var child in children)
                Assert.Equal(0, await child.EndAsync());

            await using var db = await Ledger.OpenAsync(Options);
            Assert.All(ids, id => Assert.Equal(db.RegistryId, id));
            Assert.Equal(Ledger.Migrations.Count, (await db.ReadAsync(s => s.ManyAsync("select version from schema_migration", r => r.GetInt64(0)), default)).Count);
        }
        finally
        {
            children.ForEach(child => child.Dispose());
        }
    }

    [Fact]
    public async Task A_database_with_an_older_schema_is_taken_further()
    {
        await (await RegistryDb.OpenAsync(Options, TimeProvider.System)).DisposeAsync();
        await using var db = await Ledger.OpenAsync(Options);
        Assert.Equal("a", (await db.AddAsync("a")).Value);
    }

    [Fact]
    public async Task A_database_with_a_newer_schema_is_refused()
    {
        await (await Ledger.OpenAsync(Options)).DisposeAsync();

        var refused = await Assert.ThrowsAsync<StorageUnavailableException>(() => RegistryDb.OpenAsync(Options, TimeProvider.System));
        Assert.Contains($"has schema version {Ledger.Migrations.Count}; this program knows versions up to {Migration.Known.Count}", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Remedy);
    }

    [Fact]
    public async Task A_migration_that_was_edited_after_it_was_applied_is_refused()
    {
        await (await Ledger.OpenAsync(Options)).DisposeAsync();
        Migration[] edited = [.. Ledger.Migrations.SkipLast(1), Ledger.Migrations[^1] with { Sql = "create table ledger (id text)" }];

        var refused = await Assert.ThrowsAsync<StorageUnavailableException>(() => RegistryDb.OpenAsync(Options, TimeProvider.System, NullLogger.Instance, edited));
        Assert.Contains("9999_ledger", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing_behind()
    {
        Migration[] broken = [.. Migration.Known, new(Migration.Known.Count + 1, "9999_broken", "create table ledger (id {text}); create table ledger (id {text})")];
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => RegistryDb.OpenAsync(Options, TimeProvider.System, NullLogger.Instance, broken));

        await using var db = await Ledger.OpenAsync(Options);
        Assert.Equal("a", (await db.AddAsync("a")).Value);
    }
}
