using System.Numerics;
using System.Security.Cryptography;

namespace ModelRegistry.Domain.Audit;

/// <summary>
/// The Merkle tree of RFC 6962 section 2.1 over SHA-256: one root that stands for a list of entries and their order,
/// and short proofs that an entry is in it and that a later tree only added to it. <see cref="MerkleProof"/> checks them.
/// </summary>
/// <remarks>Indexes count from 0, as in the RFC.</remarks>
public static class MerkleTree
{
    private const int HashSize = SHA256.HashSizeInBytes;

    // Section 2.1: leaves and nodes are hashed with different first bytes, so that neither can pass for the other.
    private const byte LeafPrefix = 0x00, NodePrefix = 0x01;

    /// <summary>The root of a tree without entries: the hash of nothing.</summary>
    public static Digest EmptyRoot { get; } = Digest.FromHash(SHA256.HashData([]));

    /// <summary><c>SHA-256(0x00 ‖ entry)</c>.</summary>
    public static Digest LeafHash(ReadOnlySpan<byte> entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([LeafPrefix]);
        hash.AppendData(entry);
        return Digest.FromHash(hash.GetHashAndReset());
    }

    /// <summary><c>SHA-256(0x01 ‖ left ‖ right)</c>.</summary>
    public static Digest NodeHash(Digest left, Digest right)
    {
        Span<byte> node = stackalloc byte[1 + 2 * HashSize];
        node[0] = NodePrefix;
        Write(left, node.Slice(1, HashSize));
        Write(right, node[(1 + HashSize)..]);
        Span<byte> hash = stackalloc byte[HashSize];
        SHA256.HashData(node, hash);
        return Digest.FromHash(hash);
    }

    /// <summary>The root over these leaf hashes (section 2.1, MTH).</summary>
    public static Digest Root(IReadOnlyList<Digest> leaves) => Root(i => leaves[(int)i], 0, leaves.Count);

    /// <summary>
    /// The hashes beside the path from the leaf at <paramref name="index"/> up to the root (section 2.1.1, PATH).
    /// Asks for every leaf hash once.
    /// </summary>
    /// <param name="leaf">The leaf hash at an index.</param>
    /// <param name="size">The number of leaves in the tree the proof is for.</param>
    public static IReadOnlyList<Digest> InclusionProof(long index, long size, Func<long, Digest> leaf)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var proof = new List<Digest>();
        Descend(0, size);
        return proof;

        void Descend(long start, long count)
        {
            if (count == 1)
                return;
            var left = LargestPowerOfTwoBelow(count);
            if (index < start + left)
            {
                Descend(start, left);
                proof.Add(Root(leaf, start + left, count - left));
            }
            else
            {
                Descend(start + left, count - left);
                proof.Add(Root(leaf, start, left));
            }
        }
    }

    /// <summary>
    /// The hashes that show the tree of <paramref name="first"/> leaves to be the beginning of the tree of
    /// <paramref name="second"/> (section 2.1.2, PROOF). Empty when the sizes are equal or the first tree is.
    /// </summary>
    public static IReadOnlyList<Digest> ConsistencyProof(long first, long second, Func<long, Digest> leaf)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, second);
        var proof = new List<Digest>();
        if (first > 0)
            Descend(0, second, first, whole: true);
        return proof;

        // SUBPROOF(first, [start, start + count), whole): whole while the old root itself is known to the verifier.
        void Descend(long start, long count, long old, bool whole)
        {
            if (old == count)
            {
                if (!whole)
                    proof.Add(Root(leaf, start, count));
                return;
            }
            var left = LargestPowerOfTwoBelow(count);
            if (old <= left)
            {
                Descend(start, left, old, whole);
                proof.Add(Root(leaf, start + left, count - left));
            }
            else
            {
                Descend(start + left, count - left, old - left, whole: false);
                proof.Add(Root(leaf, start, left));
            }
        }
    }

    private static Digest Root(Func<long, Digest> leaf, long start, long count)
    {
        if (count == 0)
            return EmptyRoot;
        if (count == 1)
            return leaf(start);
        var left = LargestPowerOfTwoBelow(count);
        return NodeHash(Root(leaf, start, left), Root(leaf, start + left, count - left));
    }

    private static long LargestPowerOfTwoBelow(long count) => 1L << BitOperations.Log2((ulong)(count - 1));

    private static void Write(Digest hash, Span<byte> to)
    {
        // The default digest is no hash; its empty text must not be taken for one.
        if (hash.Hex.Length != 2 * HashSize)
            throw new ArgumentException("A hash is missing.", nameof(hash));
        Convert.FromHexString(hash.Hex, to, out _, out _);
    }
}
