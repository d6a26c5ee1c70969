using System.Numerics;

namespace ModelRegistry.Domain.Audit;

/// <summary>
/// Checks what <see cref="MerkleTree"/> proves, by the algorithms of RFC 9162 (whose trees are those of RFC 6962).
/// A proof too long, too short or for impossible sizes is false, never an exception.
/// </summary>
public static class MerkleProof
{
    /// <summary>Whether the leaf with this hash is at <paramref name="index"/> of the tree with this size and root (RFC 9162 section 2.1.3.2).</summary>
    public static bool VerifyInclusion(long index, long size, Digest leafHash, IReadOnlyList<Digest> proof, Digest root)
    {
        if (index < 0 || index >= size || !AllHashes(proof, leafHash, root))
            return false;
        var (node, last, hash) = (index, size - 1, leafHash);
        foreach (var sibling in proof)
        {
            if (last == 0)
                return false;
            if (IsRight(node) || node == last)
            {
                hash = MerkleTree.NodeHash(sibling, hash);
                (node, last) = SkipLevelsWithoutSibling(node, last);
            }
            else
            {
                hash = MerkleTree.NodeHash(hash, sibling);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        return last == 0 && hash == root;
    }

    /// <summary>
    /// Whether the tree of <paramref name="second"/> leaves begins with the tree of <paramref name="first"/>
    /// (RFC 9162 section 2.1.4.2). The RFC leaves two cases open: equal sizes take equal roots and no proof,
    /// and every tree begins with the empty one, without proof.
    /// </summary>
    public static bool VerifyConsistency(long first, long second, Digest firstRoot, Digest secondRoot, IReadOnlyList<Digest> proof)
    {
        if (first < 0 || first > second || !AllHashes(proof, firstRoot, secondRoot))
            return false;
        if (first == second)
            return proof.Count == 0 && firstRoot == secondRoot && (first > 0 || firstRoot == MerkleTree.EmptyRoot);
        if (first == 0)
            return proof.Count == 0 && firstRoot == MerkleTree.EmptyRoot;
        if (proof.Count == 0)
            return false;

        // A full old tree is itself a node of the new one, which the proof leaves out.
        IEnumerable<Digest> path = BitOperations.IsPow2(first) ? proof.Prepend(firstRoot) : proof;
        var (node, last) = (first - 1, second - 1);
        while (IsRight(node))
            (node, last) = (node >> 1, last >> 1);

        var (oldHash, newHash) = (path.First(), path.First());
        foreach (var sibling in path.Skip(1))
        {
            if (last == 0)
                return false;
            if (IsRight(node) || node == last)
            {
                oldHash = MerkleTree.NodeHash(sibling, oldHash);
                newHash = MerkleTree.NodeHash(sibling, newHash);
                (node, last) = SkipLevelsWithoutSibling(node, last);
            }
            else
            {
                newHash = MerkleTree.NodeHash(newHash, sibling);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        return last == 0 && oldHash == firstRoot && newHash == secondRoot;
    }

    private static bool IsRight(long node) => (node & 1) == 1;

    /// <summary>At the right edge a node may rise several levels before it has a left neighbour.</summary>
    private static (long Node, long Last) SkipLevelsWithoutSibling(long node, long last)
    {
        while (!IsRight(node) && node != 0)
            (node, last) = (node >> 1, last >> 1);
        return (node, last);
    }

    private static bool AllHashes(IReadOnlyList<Digest> proof, Digest one, Digest other) =>
        one != default && other != default && !proof.Contains(default);
}
