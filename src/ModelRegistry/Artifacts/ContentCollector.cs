using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Artifacts;

/// <summary>A content in the store.</summary>
/// <param name="Touched">When it was put there, or somebody last said that they will refer to it.</param>
internal sealed record FoundContent(Digest Digest, long Size, DateTimeOffset Touched);

/// <summary>What a collection came to.</summary>
/// <param name="Contents">How many are in the store, and <paramref name="Bytes"/> how large they are together.</param>
/// <param name="Young">How many that nobody refers to are left for now, since somebody may be about to.</param>
/// <param name="Unreferred">How many nobody refers to, and <paramref name="UnreferredBytes"/> how large they are together.</param>
/// <param name="Deleted">How many were deleted; 0 in a dry run.</param>
/// <param name="First">The first of them, by SHA-256.</param>
public sealed record CollectionView(bool DryRun, long Contents, long Bytes, long Young, long Unreferred, long UnreferredBytes, long Deleted, IReadOnlyList<string> First);

/// <summary>Deletes contents that no version refers to: uploads that were never registered, and what deleted versions leave. Uploads by path count as referred to while they wait for a version.</summary>
/// <remarks>
/// A content is marked in the database before it is deleted, in a transaction that finds no version referring to it. Whoever registers
/// a version looks for marks in the transaction that makes it, so that neither can overlook the other, whatever the clocks say. No
/// role is asked: only who opens the registry's own folder or database comes here, and they have all of it already.
/// </remarks>
public sealed class ContentCollector
{
    /// <summary>How long a content that nobody refers to is left alone: an upload may take its time before it is registered.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromHours(24);

    private const int Batch = 100, MostShown = 20;

    private readonly RegistryDb _db;
    private readonly ArtifactVault _vault;
    private readonly TimeProvider _time;

    internal ContentCollector(RegistryDb db, ArtifactVault vault, TimeProvider time) => (_db, _vault, _time) = (db, vault, time);

    /// <param name="grace">How long nobody must have touched it; at least an hour.</param>
    /// <param name="dryRun">Only say what would be deleted.</param>
    /// <exception cref="StorageUnavailableException">Store or database cannot be used; what was deleted until then stays so.</exception>
    public async Task<Outcome<CollectionView>> CollectAsync(Actor by, TimeSpan? grace, bool dryRun, CancellationToken cancel = default)
    {
        var untouched = grace ?? Grace;
        if (untouched < TimeSpan.FromHours(1) || untouched > TimeSpan.FromDays(365))
            return Refusals.InvalidArgument("older-than", "1 to 8,760 hours");
        await using var duty = dryRun ? null : await _db.TryTakeDutyAsync(cancel, DutyOf.Collection);
        if (!dryRun && duty is null)
            return Refusals.CollectionBusy;
        if (!dryRun)
            // What a run that was killed had marked.
            while (await _db.ReadAsync(session => session.MarkedAsync(Batch), cancel) is { Count: > 0 } marked)
                await SweepAsync(by, marked, cancel);
        if (!dryRun)
            await ForgetUploadsAsync(by, cancel);

        var (contents, bytes, young, unreferred, unreferredBytes, deleted) = (0L, 0L, 0L, 0L, 0L, 0L);
        var first = new List<string>();
        await foreach (var batch in _vault.ListAsync(cancel).Chunked(Batch, cancel))
        {
            contents += batch.Count;
            bytes += batch.Sum(c => c.Size);
            var referred = await _db.ReadAsync(session => session.ReferredAsync([.. batch.Select(c => c.Digest)]), cancel);
            var loose = batch.FindAll(c => !referred.Contains(c.Digest.Hex));
            var old = loose.FindAll(c => _time.GetUtcNow() - c.Touched >= untouched);
            young += loose.Count - old.Count;
            unreferred += old.Count;
            unreferredBytes += old.Sum(c => c.Size);
            first.AddRange(old.Take(MostShown - first.Count).Select(c => c.Digest.Hex));
            if (!dryRun && old.Count > 0)
                deleted += await SweepAsync(by, await MarkAsync(by, [.. old.Select(c => c.Digest)], cancel), cancel);
        }
        return new CollectionView(dryRun, contents, bytes, young, unreferred, unreferredBytes, deleted, first);
    }

    /// <summary>Files that were uploaded by path, and that no version took in their time.</summary>
    private async Task ForgetUploadsAsync(Actor by, CancellationToken cancel)
    {
        var act = new AuditAct("artifact.forget", "registry", _db.RegistryId);
        await _db.WriteAsync<int>(by, act, async session =>
        {
            var over = await session.ForgetExpiredMultipartsAsync(int.MaxValue);
            var gone = await session.ForgetUploadedBeforeAsync(session.Now - Mlflow.MlflowArtifacts.Kept);
            return new Written<int>(gone, gone + over == 0 ? [] : [act with { Facts = new JsonObject { ["files"] = gone, ["uploads"] = over } }], []);
        }, cancel);
    }

    /// <summary>Marks those that still nobody refers to.</summary>
    private async Task<List<Digest>> MarkAsync(Actor by, IReadOnlyList<Digest> digests, CancellationToken cancel)
    {
        var marked = await _db.WriteAsync<List<Digest>>(by, new AuditAct("content.mark", "registry", _db.RegistryId), async session =>
        {
            var referred = await session.ReferredAsync(digests);
            var loose = digests.Where(d => !referred.Contains(d.Hex)).ToList();
            await session.MarkAsync(loose);
            return new Written<List<Digest>>(loose, loose.Count == 0 ? [] : [Act("content.mark", loose)], []);
        }, cancel);
        return marked.Value;
    }

    /// <summary>Deletes what is marked, unless a version refers to it after all.</summary>
    private async Task<int> SweepAsync(Actor by, IReadOnlyList<Digest> marked, CancellationToken cancel)
    {
        if (marked.Count == 0)
            return 0;
        // A mark is from a transaction in which nobody referred to it, and nobody could since; only a damaged log of marks could say otherwise.
        var referred = await _db.ReadAsync(session => session.ReferredAsync(marked), cancel);
        var gone = new List<Digest>();
        foreach (var digest in marked.Where(d => !referred.Contains(d.Hex)))
        {
            await _vault.DeleteAsync(digest, cancel);
            gone.Add(digest);
        }
        await _db.WriteAsync<int>(by, new AuditAct("content.delete", "registry", _db.RegistryId), async session =>
        {
            await session.UnmarkAsync(marked);
            return new Written<int>(gone.Count, [Act("content.delete", gone)], []);
        }, CancellationToken.None);
        return gone.Count;
    }

    private AuditAct Act(string verb, IReadOnlyList<Digest> digests) => new(verb, "registry", _db.RegistryId, null,
        new JsonObject { ["count"] = digests.Count, ["sha256"] = new JsonArray([.. digests.Select(d => (JsonNode)d.Hex)]) });
}

/// <summary>Some at a time of what comes one by one.</summary>
internal static class InBatches
{
    public static async IAsyncEnumerable<List<T>> Chunked<T>(this IAsyncEnumerable<T> all, int most, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel = default)
    {
        var batch = new List<T>(most);
        await foreach (var item in all.WithCancellation(cancel))
        {
            batch.Add(item);
            if (batch.Count < most)
                continue;
            yield return batch;
            batch = new List<T>(most);
        }
        if (batch.Count > 0)
            yield return batch;
    }
}
