using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace ModelRegistry.Domain.Audit;

/// <summary>
/// The right edge of a Merkle tree: all that is needed to append to it and to know its root, in as many hashes as
/// the size has one-bits. Immutable; small enough for one database row.
/// </summary>
/// <remarks>
/// The hashes are the roots of the full subtrees the tree falls into, largest and leftmost first. Size 11 = 8 + 2 + 1:
/// <code>
///        ▲
///      ╱   ╲      ▲
///     ╱  8  ╲   ╱ 2 ╲   ▲ 1
/// </code>
/// </remarks>
public sealed class Frontier
{
    private const int SizeBytes = sizeof(long), HashBytes = SHA256.HashSizeInBytes;

    private readonly Digest[] _subtrees;

    private Frontier(long size, Digest[] subtrees) => (Size, _subtrees) = (size, subtrees);

    /// <summary>The tree without entries.</summary>
    public static Frontier Empty { get; } = new(0, []);

    /// <summary>The number of leaves.</summary>
    public long Size { get; }

    /// <summary>The tree with one more leaf. Equal subtrees join, as carries do when one is added to a binary number.</summary>
    public Frontier Append(Digest leafHash)
    {
        var joins = BitOperations.TrailingZeroCount(~Size);
        var kept = _subtrees.Length - joins;
        var joined = leafHash;
        for (var i = _subtrees.Length - 1; i >= kept; i--)
            joined = MerkleTree.NodeHash(_subtrees[i], joined);
        return new Frontier(checked(Size + 1), [.. _subtrees.AsSpan(0, kept), joined]);
    }

    /// <summary>The root of the whole tree (RFC 6962 section 2.1).</summary>
    public Digest Root()
    {
        if (Size == 0)
            return MerkleTree.EmptyRoot;
        var root = _subtrees[^1];
        for (var i = _subtrees.Length - 2; i >= 0; i--)
            root = MerkleTree.NodeHash(_subtrees[i], root);
        return root;
    }

    /// <summary>The size as 8 bytes, most significant first, then the hashes of 32 bytes each.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[SizeBytes + _subtrees.Length * HashBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Size);
        for (var i = 0; i < _subtrees.Length; i++)
            _subtrees[i].ToBytes().CopyTo(bytes, SizeBytes + i * HashBytes);
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; anything else is a <see cref="FormatException"/>.</summary>
    public static Frontier FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < SizeBytes)
            throw new FormatException($"A frontier begins with its size in {SizeBytes} bytes.");
        var size = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (size < 0)
            throw new FormatException("The size of a frontier is not negative.");
        var subtrees = new Digest[BitOperations.PopCount((ulong)size)];
        if (bytes.Length != SizeBytes + subtrees.Length * HashBytes)
            throw new FormatException($"A frontier of size {size} has {subtrees.Length} hashes, {SizeBytes + subtrees.Length * HashBytes} bytes; this one has {bytes.Length} bytes.");
        for (var i = 0; i < subtrees.Length; i++)
            subtrees[i] = Digest.FromHash(bytes.Slice(SizeBytes + i * HashBytes, HashBytes));
        return new Frontier(size, subtrees);
    }
}
