using System.IO.Compression;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Tests.Artifacts;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Storage;

/// <summary>
/// A registry that an older program made (schema 2): ana, a model in staging, a promotion that waits. What it holds goes on
/// under this one.
/// </summary>
public sealed class OlderRegistryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_an_older_program_left_waiting_is_decided_by_this_one()
    {
        ZipFile.ExtractToDirectory(Repository.At("tests/ModelRegistry.Tests/Storage/registry-0002.zip"), _folder.Root);
        // A quarter of an hour after it was put aside.
        var clock = new SetClock(new DateTimeOffset(2026, 11, 25, 1, 0, 0, TimeSpan.Zero));
        await using var registry = Ok(await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = _folder.Root }, clock));
        var me = await registry.Actors.CliAsync("ana");
        Assert.True(Ok(await registry.Audit.VerifyAsync(me, await File.ReadAllTextAsync(_folder.At("checkpoints", "latest"), TestContext.Current.CancellationToken))).Verified);

        var waiting = Assert.Single(Ok(await registry.Promotions.ListAsync(me, new PromotionQuery("live"))).Items);
        Assert.Equal(("pending", "churn", "v1", "as the older program proposed it"), (waiting.Status, waiting.ModelName, waiting.Version, waiting.Reason));
        var review = Ok(await registry.Promotions.ReviewAsync(me, waiting.PromotionId!));
        var ana = Ok(await registry.People.ProveAsync("ana", "correct horse battery", "terminal"));
        var decided = Ok(await registry.Promotions.DecideAsync(ana.Actor, new DecisionRequest(waiting.PromotionId!, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, "", ana.Proof)));

        Assert.Equal("applied", decided.Status);
        Assert.Equal(["churn"], Ok(await registry.Catalog.ListModelsAsync(me, new ModelQuery("HUR"))).Items.Select(m => m.Name));
        Assert.Equal("v1", Ok(await registry.Catalog.ServingAsync(me, "churn", "production", null)).Version);
        Assert.Equal("local", Ok(await registry.Policies.ShowAsync(me)).Name);
        Assert.True(Ok(await registry.Audit.VerifyAsync(me, null)).Verified);
    }
}
