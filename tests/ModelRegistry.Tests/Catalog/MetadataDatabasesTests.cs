using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

public sealed class SqliteMetadataTests : MetadataContract
{
    private protected override Task<TestRegistry> OpenAsync() => EmptyAsync();
}

public sealed class PostgresMetadataTests(PostgresCluster cluster) : MetadataContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await EmptyAsync(database: await cluster.NewDatabaseAsync());
}
