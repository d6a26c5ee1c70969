using ModelRegistry.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Audit;

[Collection(nameof(Alone))]
public sealed class AuditMemoryTests
{
    [Fact]
    public async Task Ten_thousand_entries_verify_without_being_held_in_memory()
    {
        await using var it = await EmptyAsync();
        await using (var db = await RegistryDb.OpenAsync(new StorageOptions(it.DataFolder), it.Clock))
            foreach (var part in Enumerable.Range(0, 50))
            {
                var acts = Enumerable.Range(0, 200).Select(i => new AuditAct("test.fill", "test", $"{part}/{i}", Facts: new() { ["text"] = new string('x', 2000) })).ToList();
                await db.WriteAsync<int>(Robot, acts[0], _ => new(new Written<int>(0, acts, [])), default);
            }
        Ok(await it.Services.Audit.VerifyAsync(Robot, null));
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = 0L;
        using var stop = new CancellationTokenSource();
        var watch = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        });

        var report = Ok(await it.Services.Audit.VerifyAsync(Robot, null));
        await stop.CancelAsync();
        await watch;

        Assert.Equal((true, 10_001L), (report.Verified, report.Entries));
        // All the leaves together are over 20 MB; what is alive at any moment is a batch and the tree's edge.
        Assert.InRange(most, 1, 12 * 1024 * 1024);
    }
}
