using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using ModelRegistry.Storage;

namespace ModelRegistry.Audit;

/// <summary>
/// Proofs that entries are in the log. The tree over all entries is the tree over the roots of its bands of 1,024, so that what was
/// read once need not be read again: a band that is full never changes.
/// </summary>
internal sealed class LogProofs(RegistryDb db) : IDisposable
{
    private const int Band = 1024;
    private const int BandsAtOnce = 8;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly List<Digest> _full = [];

    public void Dispose() => _turn.Dispose();

    /// <summary>The proof of each index in the tree of a head; <c>log_damaged</c> where the entries do not come to its root.</summary>
    public async Task<Outcome<IReadOnlyDictionary<long, IReadOnlyList<Digest>>>> OfAsync(StoredHead head, IReadOnlyCollection<long> indexes, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            var kept = _full.Count > 0;
            if (await BandsAsync(head, cancel) is { } bands)
                return await OfAsync(bands, head, indexes, cancel);
            // The database may be another one since, put back from a copy.
            _full.Clear();
            return kept && await BandsAsync(head, cancel) is { } again ? await OfAsync(again, head, indexes, cancel) : Refusals.LogDamaged("its entries do not come to its root.");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The roots of all bands of a head, the last of which may not be full; null where they do not come to its root.</summary>
    private async Task<List<Digest>?> BandsAsync(StoredHead head, CancellationToken cancel)
    {
        var full = (int)(head.Size / Band);
        while (_full.Count < full)
        {
            // A few at a time: no transaction is open for long.
            var from = _full.Count * (long)Band;
            var to = Math.Min(full, _full.Count + BandsAtOnce) * (long)Band;
            var hashes = await HashesAsync(from, to, cancel);
            if (hashes.Count != to - from)
                return null;
            _full.AddRange(hashes.Chunk(Band).Select(band => MerkleTree.Root(band)));
        }
        var bands = _full[..full];
        if (head.Size % Band > 0)
            bands.Add(MerkleTree.Root(await HashesAsync(full * (long)Band, head.Size, cancel)));
        return MerkleTree.Root(bands) == head.Root ? bands : null;
    }

    private async Task<Outcome<IReadOnlyDictionary<long, IReadOnlyList<Digest>>>> OfAsync(List<Digest> bands, StoredHead head, IReadOnlyCollection<long> indexes, CancellationToken cancel)
    {
        var proofs = new Dictionary<long, IReadOnlyList<Digest>>();
        foreach (var inBand in indexes.Distinct().GroupBy(i => i / Band))
        {
            var from = inBand.Key * Band;
            var hashes = await HashesAsync(from, Math.Min(head.Size, from + Band), cancel);
            if (MerkleTree.Root(hashes) != bands[(int)inBand.Key])
                return Refusals.LogDamaged($"an entry between {from + 1} and {from + Band} was changed.");
            var above = MerkleTree.InclusionProof(inBand.Key, bands.Count, i => bands[(int)i]);
            foreach (var index in inBand)
                proofs[index] = [.. MerkleTree.InclusionProof(index - from, hashes.Count, i => hashes[(int)i]), .. above];
        }
        return proofs;
    }

    private Task<List<Digest>> HashesAsync(long after, long to, CancellationToken cancel) => db.ReadAsync(session => session.LeafHashesAsync(after, to), cancel);
}
