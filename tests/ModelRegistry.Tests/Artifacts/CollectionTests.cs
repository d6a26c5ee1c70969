using ModelRegistry.Artifacts;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Artifacts;

public sealed class SqliteCollectionTests : CollectionContract
{
    private protected override Task<TestRegistry> OpenAsync() => EmptyAsync();
}

public sealed class PostgresCollectionTests(PostgresCluster cluster) : CollectionContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await EmptyAsync("open", await cluster.NewDatabaseAsync());
}

/// <summary>Contents that nobody refers to go, and no other.</summary>
public abstract class CollectionContract
{
    private protected abstract Task<TestRegistry> OpenAsync();

    private static async Task<RegisteredView> RegisterAsync(TestRegistry it, string model, params string[] contents) => Ok(await TryRegisterAsync(it, model, contents));

    private static Task<Outcome<RegisteredView>> TryRegisterAsync(TestRegistry it, string model, params string[] contents) =>
        it.Services.Intake.RegisterAsync(Robot, new Registration(model, null, null, [.. contents.Select((c, i) => it.File(c, $"{i}.bin"))], new VersionMetadata()));

    // Files have the system's time, and the registry that of the test.
    private static void Later(TestRegistry it) => it.Clock.Advance(TimeSpan.FromDays(400));

    private static async Task<CollectionView> CollectAsync(TestRegistry it, bool dryRun = false) => Ok(await it.Services.Collector.CollectAsync(Robot, null, dryRun));

    private static async Task<bool> IsThereAsync(TestRegistry it, string content) => await it.Services.Vault.FindAsync(Digest.Of(content)) is not null;

    [Fact]
    public async Task What_no_version_refers_to_is_told_first_and_deleted_then()
    {
        await using var it = await OpenAsync();
        await RegisterAsync(it, "a", "shared", "alone");
        await RegisterAsync(it, "b", "shared", "other");
        await it.Services.Vault.PutAsync(new MemoryStream("never registered"u8.ToArray()));
        Ok(await it.Services.Metadata.DeleteVersionAsync(Robot, "a", "v1"));

        Assert.Equal((4, 2, 0), await CollectAsync(it) is var young ? ((int)young.Contents, (int)young.Young, (int)young.Deleted) : default);
        Later(it);
        var dry = await CollectAsync(it, dryRun: true);
        Assert.Equal((2, 0, 21), (dry.Unreferred, dry.Deleted, dry.UnreferredBytes));
        Assert.True(await IsThereAsync(it, "alone"));

        var real = await CollectAsync(it);

        Assert.Equal((2, 2), (real.Unreferred, real.Deleted));
        Assert.Equal((true, true, false, false), (await IsThereAsync(it, "shared"), await IsThereAsync(it, "other"), await IsThereAsync(it, "alone"), await IsThereAsync(it, "never registered")));
        Assert.Equal(0, (await CollectAsync(it)).Unreferred);
        // What is gone can come again.
        await RegisterAsync(it, "c", "alone");
        Assert.True(await IsThereAsync(it, "alone"));
        Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "b"));
        Later(it);
        Assert.Equal(2, (await CollectAsync(it)).Deleted);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_run_that_was_killed_is_finished_and_until_then_nobody_refers_to_what_it_marked()
    {
        await using var it = await OpenAsync();
        await RegisterAsync(it, "a", "doomed");
        Ok(await it.Services.Metadata.DeleteVersionAsync(Robot, "a", "v1"));
        await it.ChangeRowsAsync($"insert into collected_content (seq, sha256, marked_at, done_at) values (1, '{Digest.Of("doomed").Hex}', 1, null)");

        Assert.Equal("content_collected", No(await TryRegisterAsync(it, "b", "doomed")));
        await RegisterAsync(it, "c", "something else");
        await CollectAsync(it);
        Assert.False(await IsThereAsync(it, "doomed"));
        await RegisterAsync(it, "b", "doomed");
        Assert.True(await IsThereAsync(it, "doomed"));
    }

    [Fact]
    [Attack(26, "rules")]
    public async Task Whoever_registers_while_contents_are_collected_never_refers_to_what_is_gone()
    {
        await using var it = await OpenAsync();
        await RegisterAsync(it, "m", "contested");
        Later(it);
        using var over = new CancellationTokenSource();
        var (registered, refused) = (0, 0);
        var collecting = Task.Run(async () =>
        {
            var deleted = 0L;
            while (!over.IsCancellationRequested)
            {
                deleted += (await CollectAsync(it)).Deleted;
                // Nothing is young here: without a pause nobody would ever be in time.
                await Task.Delay(Random.Shared.Next(40));
            }
            return deleted;
        });
        for (var i = 0; i < 60; i++)
        {
            var label = (await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("m", Limit: 1))).Value.Items is [var newest] ? newest.Version : null;
            if (label is not null)
                Ok(await it.Services.Metadata.DeleteVersionAsync(Robot, "m", label));
            var outcome = await TryRegisterAsync(it, "m", "contested");
            if (outcome.Refusal is { } no)
            {
                Assert.Equal("content_collected", no.Code);
                refused++;
                continue;
            }
            registered++;
            Assert.True(await IsThereAsync(it, "contested"), $"Version {outcome.Value.Version} refers to a content that is gone.");
        }
        await over.CancelAsync();
        await collecting;
        Assert.True(registered > 0, $"{refused} of 60 were refused");
        await it.VerifyAuditAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(9000)]
    public async Task The_grace_is_bounded(int hours)
    {
        await using var it = await OpenAsync();
        Assert.Equal("invalid_arguments", No(await it.Services.Collector.CollectAsync(Robot, TimeSpan.FromHours(hours), false)));
    }
}
