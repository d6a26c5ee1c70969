using Xunit;

namespace ModelRegistry.Tests.Storage;

public sealed class SqliteRegistryDbTests : RegistryDbContract
{
    protected override Task<string?> NewDatabaseAsync() => Task.FromResult<string?>(null);
}

public sealed class PostgresRegistryDbTests(PostgresCluster cluster) : RegistryDbContract, IClassFixture<PostgresCluster>
{
    protected override async Task<string?> NewDatabaseAsync() => await cluster.NewDatabaseAsync();

    [Fact]
    public async Task Connections_that_were_cut_are_opened_anew()
    {
        await using var db = await Ledger.OpenAsync(Options);
        await db.AddAsync("before");
        await db.LinesAsync();

        await cluster.CutConnectionsAsync(Options.Database!);

        Assert.Equal("after", (await db.AddAsync("after")).Value);
        await Assert.ThrowsAsync<StorageUnavailableException>(db.LinesAsync);
        Assert.Equal(["after", "before"], await db.LinesAsync());
    }
}
