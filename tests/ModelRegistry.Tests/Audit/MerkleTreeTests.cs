using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using Xunit;

namespace ModelRegistry.Tests.Audit;

public sealed class MerkleTreeTests
{
    /// <summary>The entries of the Certificate Transparency reference tests, and the roots of their first 1 to 8.</summary>
    private static readonly string[] Entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    private static readonly Digest[] Known = [.. Entries.Select(e => MerkleTree.LeafHash(Convert.FromHexString(e)))];

    private const int Largest = 64;

    private static readonly Digest[] Leaves = [.. Enumerable.Range(0, Largest).Select(i => MerkleTree.LeafHash([(byte)i]))];

    private static readonly Digest[] RootOf = [.. Enumerable.Range(0, Largest + 1).Select(n => MerkleTree.Root(Leaves[..n]))];

    private static Digest Leaf(long index) => Leaves[index];

    [Fact]
    public void The_roots_are_those_of_the_reference_tests()
    {
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", MerkleTree.Root([]).Hex);
        for (var n = 1; n <= Known.Length; n++)
        {
            Assert.Equal(Roots[n - 1], MerkleTree.Root(Known[..n]).Hex);
            Assert.Equal(Roots[n - 1], Known[..n].Aggregate(Frontier.Empty, (tree, leaf) => tree.Append(leaf)).Root().Hex);
        }
    }

    /// <summary>The proofs worked out in RFC 6962 section 2.1.3, for a tree of seven.</summary>
    [Fact]
    public void The_proofs_are_those_worked_out_in_the_RFC()
    {
        var (a, b, c, d, e, f, j) = (Leaves[0], Leaves[1], Leaves[2], Leaves[3], Leaves[4], Leaves[5], Leaves[6]);
        var (g, h, i) = (MerkleTree.NodeHash(a, b), MerkleTree.NodeHash(c, d), MerkleTree.NodeHash(e, f));
        var (k, l) = (MerkleTree.NodeHash(g, h), MerkleTree.NodeHash(i, j));

        Assert.Equal([b, h, l], MerkleTree.InclusionProof(0, 7, Leaf));
        Assert.Equal([c, g, l], MerkleTree.InclusionProof(3, 7, Leaf));
        Assert.Equal([f, j, k], MerkleTree.InclusionProof(4, 7, Leaf));
        Assert.Equal([i, k], MerkleTree.InclusionProof(6, 7, Leaf));
        Assert.Equal([c, d, g, l], MerkleTree.ConsistencyProof(3, 7, Leaf));
        Assert.Equal([l], MerkleTree.ConsistencyProof(4, 7, Leaf));
        Assert.Equal([i, j, k], MerkleTree.ConsistencyProof(6, 7, Leaf));
    }

    [Fact]
    public void Every_inclusion_proof_holds_for_its_place_and_no_other()
    {
        for (var size = 1; size <= Largest; size++)
            for (var index = 0; index < size; index++)
            {
                var proof = MerkleTree.InclusionProof(index, size, Leaf);

                Assert.True(MerkleProof.VerifyInclusion(index, size, Leaves[index], proof, RootOf[size]), $"{index} in {size}");
                Assert.False(MerkleProof.VerifyInclusion(index, size, Leaves[(index + 1) % Largest], proof, RootOf[size]));
                Assert.False(MerkleProof.VerifyInclusion(index, size, Leaves[index], proof, RootOf[size - 1]));
                Assert.False(MerkleProof.VerifyInclusion(index ^ 1, size, Leaves[index], proof, RootOf[size]) && size > 1, $"{index ^ 1} in {size}");
                foreach (var tampered in Tampered(proof))
                    Assert.False(MerkleProof.VerifyInclusion(index, size, Leaves[index], tampered, RootOf[size]), $"{index} in {size}");
            }
    }

    [Fact]
    public void Every_consistency_proof_holds_for_its_two_trees_and_no_others()
    {
        for (var second = 0; second <= Largest; second++)
            for (var first = 0; first <= second; first++)
            {
                var proof = MerkleTree.ConsistencyProof(first, second, Leaf);

                Assert.True(MerkleProof.VerifyConsistency(first, second, RootOf[first], RootOf[second], proof), $"{first} to {second}");
                Assert.False(MerkleProof.VerifyConsistency(first, second, RootOf[(first + 1) % Largest], RootOf[second], proof));
                Assert.False(MerkleProof.VerifyConsistency(first, second, RootOf[first], Leaves[9], proof) && first > 0, $"{first} to {second}");
                foreach (var tampered in Tampered(proof))
                    Assert.False(MerkleProof.VerifyConsistency(first, second, RootOf[first], RootOf[second], tampered), $"{first} to {second}");
            }
    }

    /// <summary>Each hash changed, dropped or doubled in turn, one more at either end, and a hash that is none.</summary>
    private static IEnumerable<IReadOnlyList<Digest>> Tampered(IReadOnlyList<Digest> proof)
    {
        for (var i = 0; i < proof.Count; i++)
        {
            yield return [.. proof.Take(i), Digest.Of("forged"), .. proof.Skip(i + 1)];
            yield return [.. proof.Take(i), .. proof.Skip(i + 1)];
            yield return [.. proof.Take(i + 1), .. proof.Skip(i)];
        }
        yield return [.. proof, Leaves[0]];
        yield return [Leaves[0], .. proof];
        yield return [.. proof, default];
    }

    [Theory]
    [InlineData(-1, 4)]
    [InlineData(4, 4)]
    [InlineData(0, 0)]
    [InlineData(0, -1)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void An_index_outside_the_tree_proves_nothing(long index, long size)
    {
        Assert.False(MerkleProof.VerifyInclusion(index, size, Leaves[0], [Leaves[1], Leaves[2]], RootOf[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleTree.InclusionProof(index, size, Leaf));
    }

    [Theory]
    [InlineData(-1, 4)]
    [InlineData(5, 4)]
    [InlineData(-2, -1)]
    public void Sizes_that_cannot_be_prove_nothing(long first, long second)
    {
        Assert.False(MerkleProof.VerifyConsistency(first, second, RootOf[4], RootOf[4], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleTree.ConsistencyProof(first, second, Leaf));
    }

    [Fact]
    public void An_empty_tree_has_no_root_but_its_own()
    {
        Assert.True(MerkleProof.VerifyConsistency(0, 0, MerkleTree.EmptyRoot, MerkleTree.EmptyRoot, []));
        Assert.False(MerkleProof.VerifyConsistency(0, 0, RootOf[1], RootOf[1], []));
        Assert.False(MerkleProof.VerifyConsistency(0, 4, RootOf[1], RootOf[4], []));
    }

    [Fact]
    public void A_missing_hash_is_not_hashed() =>
        Assert.Throws<ArgumentException>(() => MerkleTree.NodeHash(default, Leaves[0]));

    [Fact]
    public void A_frontier_comes_to_the_root_of_all_its_leaves_and_survives_its_row() =>
        Prop.ForAll(ArbMap.Default.GeneratorFor<byte[]>().ListOf().ToArbitrary(), entries =>
        {
            var leaves = entries.Select(e => MerkleTree.LeafHash(e)).ToList();
            var tree = leaves.Aggregate(Frontier.Empty, (t, leaf) => Frontier.FromBytes(t.Append(leaf).ToBytes()));
            return tree.Size == leaves.Count && tree.Root() == MerkleTree.Root(leaves);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Appending_leaves_the_frontier_it_started_from_as_it_was()
    {
        var three = Leaves[..3].Aggregate(Frontier.Empty, (t, leaf) => t.Append(leaf));

        three.Append(Leaves[3]);

        Assert.Equal(3, three.Size);
        Assert.Equal(RootOf[3], three.Root());
        Assert.Equal(MerkleTree.EmptyRoot, Frontier.Empty.Root());
    }

    [Fact]
    public void A_row_that_is_no_frontier_is_refused()
    {
        var seven = Leaves[..7].Aggregate(Frontier.Empty, (t, leaf) => t.Append(leaf)).ToBytes();

        Assert.Throws<FormatException>(() => Frontier.FromBytes([]));
        Assert.Throws<FormatException>(() => Frontier.FromBytes(seven.AsSpan(..^1)));
        Assert.Throws<FormatException>(() => Frontier.FromBytes([.. seven, 0]));
        Assert.Throws<FormatException>(() => Frontier.FromBytes([.. seven[..7], 8, .. seven[8..]]));
        Assert.Throws<FormatException>(() => Frontier.FromBytes([0x80, .. seven[1..]]));
    }
}
