using ModelRegistry.Catalog;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

public sealed class SqliteListTests : ListContract
{
    private protected override Task<TestRegistry> OpenAsync() => EmptyAsync();
}

public sealed class PostgresListTests(PostgresCluster cluster) : ListContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await EmptyAsync(database: await cluster.NewDatabaseAsync());
}

public sealed class SqliteSearchTests : SearchContract
{
    private protected override Task<TestRegistry> OpenAsync() => EmptyAsync();
}

public sealed class PostgresSearchTests(PostgresCluster cluster) : SearchContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await EmptyAsync(database: await cluster.NewDatabaseAsync());
}

public sealed class SqliteReferenceTests : ReferenceContract
{
    private protected override Task<TestRegistry> OpenAsync() => EmptyAsync();
}

public sealed class PostgresReferenceTests(PostgresCluster cluster) : ReferenceContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await EmptyAsync(database: await cluster.NewDatabaseAsync());

    [Fact]
    public async Task Everything_else_the_catalog_writes_and_reads_works_there_too()
    {
        await using var it = await OpenAsync();
        var folder = Path.GetDirectoryName(it.File("0", "f0"))!;
        foreach (var i in Enumerable.Range(1, 119))
            File.WriteAllText(Path.Combine(folder, $"f{i}"), $"{i % 10}");
        var view = Ok(await it.Services.Intake.RegisterAsync(Robot, new Registration("m", null, null, [folder], Metadata(), Alias: "canary")));
        await it.RegisterAsync("m", by: Robot);
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { Version = "@canary", Tags = new Dictionary<string, string> { ["a"] = "b" }, Metrics = new Dictionary<string, double> { ["f1"] = 0.5 } }));
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { Description = "d", NewName = "M2", Tags = new Dictionary<string, string> { ["c"] = "" } }));
        await it.ProposeAsync("m2", "v1", by: Robot);
        await it.ProposeAsync("m2", "v2", by: Robot);

        Assert.Equal(view.Files, Ok(await it.Services.Catalog.GetAsync(Robot, "M2", "v1")).Version!.Files);
        Assert.Equal("v2", await it.ServingAsync("m2"));
        Assert.Equal(["v2", "v1"], Ok(await it.Services.Catalog.HistoryAsync(Robot, new HistoryQuery("m2"))).Items.Select(p => p.Version));
        Assert.Equal("0.5", Ok(await it.Services.Catalog.CompareAsync(Robot, "m2", ["v1", "v2"])).Metrics.Single(m => m.Metric == "f1").Values[0]?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("version_exists", No(await it.Services.Intake.RegisterAsync(Robot, new Registration("m2", "\ud800v1"[1..], null, [folder], Metadata()))));
        Assert.Equal("label_scheme", No(await it.Services.Intake.RegisterAsync(Robot, new Registration("m2", "\ud800\0", null, [folder], Metadata()))));
        Assert.Equal("robot", Ok(await it.Services.Audit.ListAsync(Robot, new("m2"))).Items[0].Actor);
        Assert.Empty(Ok(await it.Services.Audit.ListAsync(Robot, new(Subject: "\0"))).Items);
        Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "m2"));
        Assert.Equal("v1", (await it.RegisterAsync("m2", by: Robot)).Version);
        await it.VerifyAuditAsync();
    }
}
