using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What every store does for the vault, whatever it is made of.</summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    /// <summary>The first parts of a multipart upload in these tests; of no meaning to a folder.</summary>
    protected const int Part = 5 << 20;

    private protected const string Ada = "act_ada", Bob = "act_bob";
    private readonly List<ArtifactVault> _opened = [];

    private protected ArtifactVault Vault { get; set; } = null!;

    /// <summary>A vault on the place of this test, as another process would open it.</summary>
    protected abstract Task<ArtifactVault> OpenAsync();

    /// <summary>What is there that is no content: begun, cut, left behind.</summary>
    protected abstract Task<string[]> LeftoversAsync();

    /// <summary>Digests of the contents that are there.</summary>
    protected abstract Task<string[]> ContentsAsync();

    /// <summary>What somebody does who may write to the place.</summary>
    protected abstract Task OverwriteAsync(Digest digest, byte[] content);

    protected abstract Task RemoveAsync(Digest digest);

    public virtual async ValueTask InitializeAsync() => Vault = await AnotherAsync();

    public virtual ValueTask DisposeAsync()
    {
        _opened.ForEach(vault => vault.Dispose());
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private async Task<ArtifactVault> AnotherAsync()
    {
        var vault = await OpenAsync();
        _opened.Add(vault);
        return vault;
    }

    [Fact]
    public async Task Every_content_is_listed_and_can_be_deleted()
    {
        var kept = new List<Digest>();
        for (var i = 0; i < 5; i++)
            kept.Add((await Vault.PutAsync(new MemoryStream(Bytes(100 + i)))).Value.Digest);

        var found = new List<FoundContent>();
        await foreach (var content in Vault.ListAsync())
            found.Add(content);

        Assert.Equal(kept.Select((d, i) => (d, 100L + i)).OrderBy(c => c.d.Hex, StringComparer.Ordinal), found.Select(c => (c.Digest, c.Size)).OrderBy(c => c.Digest.Hex, StringComparer.Ordinal));
        Assert.All(found, c => Assert.InRange(c.Touched, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1)));
        await (await AnotherAsync()).DeleteAsync(kept[2]);
        await Vault.DeleteAsync(kept[2]);
        Assert.Equal(4, (await ContentsAsync()).Length);
        Assert.Equal("blob_missing", (await Vault.OpenReadAsync(kept[2])).Refusal?.Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Part - 1)]
    [InlineData(Part)]
    [InlineData(Part + 1)]
    [InlineData(2 * Part)]
    [InlineData(3 * Part + 7)]
    public async Task What_is_put_is_read_back_and_leaves_nothing_else(int length)
    {
        var content = Bytes(length);

        var stored = (await Vault.PutAsync(new MemoryStream(content))).Value;

        Assert.Equal(new StoredBlob(Digest.Of(content), length), stored);
        Assert.Equal(content, await ReadAsync(stored.Digest, length));
        Assert.Equal(length, (await Vault.VerifyAsync(stored.Digest, length)).Value);
        Assert.Equal(length, await Vault.FindAsync(stored.Digest));
        Assert.Equal(length, await Vault.ClaimAsync(stored.Digest, DateTimeOffset.UtcNow));
        Assert.Equal([stored.Digest.Hex], await ContentsAsync());
        Assert.Empty(await LeftoversAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Part)]
    [InlineData(2 * Part + 1)]
    public async Task An_upload_in_one_request_is_kept_and_leaves_nothing_else(int length)
    {
        var content = Bytes(length);

        Assert.Equal(length, (await Vault.UploadAsync(Ada, Digest.Of(content), null, new MemoryStream(content))).Value!.Size);

        Assert.Equal(content, await ReadAsync(Digest.Of(content), length));
        Assert.Empty(await LeftoversAsync());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(2 * Part)]
    public async Task Another_content_than_announced_is_refused_and_leaves_nothing(int length)
    {
        var announced = Digest.Of("another");

        Assert.Equal("digest_mismatch", (await Vault.PutAsync(new MemoryStream(Bytes(length)), announced)).Refusal?.Code);
        Assert.Equal("digest_mismatch", (await Vault.UploadAsync(Ada, announced, null, new MemoryStream(Bytes(length)))).Refusal?.Code);

        Assert.Empty(await ContentsAsync());
        Assert.Empty(await LeftoversAsync());
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(2 * Part + 100)]
    public async Task A_put_that_breaks_off_or_is_cancelled_leaves_nothing(int at)
    {
        await Assert.ThrowsAsync<IOException>(() => Vault.PutAsync(new PatternStream(4 * Part, given => { if (given >= at) throw new IOException("gone"); })));
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Vault.PutAsync(new PatternStream(4 * Part, given => { if (given >= at) cancel.Cancel(); }), ct: cancel.Token));

        Assert.Empty(await ContentsAsync());
        Assert.Empty(await LeftoversAsync());
    }

    /// <summary>As replicas would: they share nothing but the place.</summary>
    [Theory]
    [InlineData(1, 1_000)]
    [InlineData(4, 1_000)]
    [InlineData(2, Part + 1_000)]
    public async Task Puts_at_once_keep_each_content_once_and_whole(int contents, int length)
    {
        var vaults = new List<ArtifactVault>();
        for (var i = 0; i < 3; i++)
            vaults.Add(await AnotherAsync());

        var stored = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(async () => (await vaults[i % 3].PutAsync(new MemoryStream(Bytes(length + i % contents)))).Value)));

        Assert.Equal(Enumerable.Range(0, contents).Select(i => Digest.Of(Bytes(length + i)).Hex).Order(StringComparer.Ordinal), await ContentsAsync());
        foreach (var blob in stored.Distinct())
            Assert.Equal(blob.Size, (await Vault.VerifyAsync(blob.Digest, blob.Size)).Value);
        Assert.Empty(await LeftoversAsync());
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(Part + 1_000)]
    public async Task Of_conflicting_uploads_only_the_true_one_is_kept(int length)
    {
        var (truth, lie) = (Bytes(length), Bytes(length));
        lie[^1] ^= 1;
        var digest = Digest.Of(truth);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
            await Vault.UploadAsync($"act_{i}", digest, null, new MemoryStream(i % 2 == 0 ? truth : lie)))));

        Assert.All(outcomes, (outcome, i) => Assert.Equal(i % 2 == 0 ? null : "digest_mismatch", outcome.Refusal?.Code));
        Assert.Equal(truth, await ReadAsync(digest, length));
        Assert.Empty(await LeftoversAsync());
    }

    [Theory]
    [InlineData(100)]
    [InlineData(Part - 1)]
    [InlineData(Part + 5)]
    [InlineData(3 * Part + (1 << 20))]
    public async Task A_cut_upload_goes_on_at_another_replica(int at)
    {
        var content = Bytes(4 * Part + 9);
        var digest = Digest.Of(content);
        await Assert.ThrowsAsync<IOException>(() => Vault.UploadAsync(Ada, digest, null, new Cut(content, at)));
        var other = await AnotherAsync();
        var here = await other.UploadedSoFarAsync(Ada, digest);
        // Whole chunks are written; what came of the next one is lost with the connection.
        Assert.Equal(at / ArtifactVault.ChunkBytes * ArtifactVault.ChunkBytes, here);

        var done = await other.UploadAsync(Ada, digest, new UploadRange(here, content.Length), new MemoryStream(content, (int)here, content.Length - (int)here));

        Assert.Equal(content.Length, done.Value!.Size);
        Assert.Equal(content, await ReadAsync(digest, content.Length));
        Assert.Empty(await LeftoversAsync());
    }

    [Fact]
    public async Task An_upload_in_many_small_pieces_through_replicas_in_turn_is_whole_in_the_end()
    {
        var content = Bytes(Part * 2 + 123_456);
        var digest = Digest.Of(content);
        ArtifactVault[] vaults = [Vault, await AnotherAsync()];
        const int piece = 1_500_000;
        for (var at = 0; at < content.Length; at += piece)
        {
            Assert.Equal(at, await vaults[0].UploadedSoFarAsync(Ada, digest));
            var length = Math.Min(piece, content.Length - at);
            var outcome = await vaults[at / piece % 2].UploadAsync(Ada, digest, new UploadRange(at, content.Length), new MemoryStream(content, at, length));
            Assert.Equal(at + length == content.Length, outcome.Value is not null);
        }

        Assert.Equal(content, await ReadAsync(digest, content.Length));
        Assert.Empty(await LeftoversAsync());
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(2 * Part)]
    public async Task An_upload_may_be_taken_up_before_its_end_or_begun_again(int at)
    {
        var content = Bytes(3 * Part);
        var digest = Digest.Of(content);
        await Vault.UploadAsync(Ada, digest, new UploadRange(0, content.Length), new MemoryStream(content, 0, at));

        Assert.Equal("upload_offset", (await Vault.UploadAsync(Ada, digest, new UploadRange(at + 1, content.Length), new MemoryStream(content, at + 1, 10))).Refusal?.Code);
        Assert.Equal(at, await Vault.UploadedSoFarAsync(Ada, digest));
        var overlap = at - 700;
        Assert.Equal(content.Length, (await Vault.UploadAsync(Ada, digest, new UploadRange(overlap, content.Length), new MemoryStream(content, overlap, content.Length - overlap))).Value!.Size);
        Assert.Equal(content, await ReadAsync(digest, content.Length));

        await RemoveAsync(digest);
        await Vault.UploadAsync(Ada, digest, new UploadRange(0, content.Length), new MemoryStream(new byte[at]));
        Assert.Equal(content.Length, (await Vault.UploadAsync(Ada, digest, null, new MemoryStream(content))).Value!.Size);
        Assert.Equal(content, await ReadAsync(digest, content.Length));
        Assert.Empty(await LeftoversAsync());
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(2 * Part)]
    public async Task An_upload_that_goes_on_with_other_bytes_is_thrown_away(int at)
    {
        var content = Bytes(3 * Part);
        var digest = Digest.Of(content);
        await Vault.UploadAsync(Ada, digest, new UploadRange(0, content.Length), new MemoryStream(new byte[at]));

        Assert.Equal("digest_mismatch", (await Vault.UploadAsync(Ada, digest, new UploadRange(at, content.Length), new MemoryStream(content, at, content.Length - at))).Refusal?.Code);

        Assert.Equal(0, await Vault.UploadedSoFarAsync(Ada, digest));
        Assert.Empty(await ContentsAsync());
        Assert.Empty(await LeftoversAsync());
    }

    [Fact]
    public async Task Nobody_goes_on_with_anothers_upload()
    {
        var content = Bytes(2 * Part);
        var digest = Digest.Of(content);
        await Vault.UploadAsync(Ada, digest, new UploadRange(0, content.Length), new MemoryStream(new byte[Part + 1]));

        Assert.Equal(0, await Vault.UploadedSoFarAsync(Bob, digest));
        Assert.Equal(content.Length, (await Vault.UploadAsync(Bob, digest, null, new MemoryStream(content))).Value!.Size);

        Assert.Equal(Part + 1, await Vault.UploadedSoFarAsync(Ada, digest));
        Assert.Equal(content, await ReadAsync(digest, content.Length));
    }

    [Fact]
    public async Task What_nobody_went_on_with_is_swept_and_what_is_fresh_stays()
    {
        var digest = Digest.Of(Bytes(3 * Part));
        await Vault.UploadAsync(Ada, digest, new UploadRange(0, 3 * Part), new MemoryStream(Bytes(3 * Part), 0, Part + 1));
        await Vault.UploadAsync(Bob, digest, new UploadRange(0, 3 * Part), new MemoryStream(Bytes(3 * Part), 0, 10));
        var now = DateTimeOffset.UtcNow;

        Assert.Equal(0, await Vault.SweepStagingAsync(TimeSpan.FromHours(1), TimeSpan.FromHours(24), now));
        Assert.Equal(Part + 1, await Vault.UploadedSoFarAsync(Ada, digest));
        Assert.True(await Vault.SweepStagingAsync(TimeSpan.FromHours(1), TimeSpan.FromHours(24), now.AddHours(25)) >= 2);

        Assert.Empty(await LeftoversAsync());
        Assert.Equal(0, await Vault.UploadedSoFarAsync(Ada, digest));
    }

    [Theory]
    [InlineData(1_000, 0)]
    [InlineData(1_000, 999)]
    [InlineData(2 * Part, Part)]
    public async Task An_altered_bit_is_found_by_whoever_reads(int length, int at)
    {
        var content = Bytes(length);
        var digest = (await Vault.PutAsync(new MemoryStream(content))).Value.Digest;
        content[at] ^= 1;
        await OverwriteAsync(digest, content);

        await using var reading = (await Vault.OpenReadAsync(digest, length)).Value;
        await Assert.ThrowsAsync<BlobAlteredException>(async () => await reading.ReadExactlyAsync(new byte[length]));
        Assert.Equal("blob_altered", (await Vault.VerifyAsync(digest, length)).Refusal?.Code);
    }

    [Fact]
    public async Task What_is_cut_is_found_and_healed_by_putting_it_again()
    {
        var content = Bytes(Part + 3);
        var digest = (await Vault.PutAsync(new MemoryStream(content))).Value.Digest;
        await OverwriteAsync(digest, content[..100]);

        Assert.Equal("blob_altered", (await Vault.OpenReadAsync(digest, content.Length)).Refusal?.Code);
        Assert.Equal("blob_altered", (await Vault.OpenSeekableAsync(digest, content.Length)).Refusal?.Code);
        Assert.Equal("blob_altered", (await Vault.VerifyAsync(digest, content.Length)).Refusal?.Code);

        await Vault.PutAsync(new MemoryStream(content));
        Assert.Equal(content, await ReadAsync(digest, content.Length));
    }

    [Fact]
    public async Task What_is_not_there_is_missing()
    {
        var digest = (await Vault.PutAsync(new MemoryStream(Bytes(10)))).Value.Digest;
        await RemoveAsync(digest);

        Assert.Null(await Vault.FindAsync(digest));
        Assert.Null(await Vault.ClaimAsync(digest, DateTimeOffset.UtcNow));
        Assert.Equal("blob_missing", (await Vault.OpenReadAsync(digest)).Refusal?.Code);
        Assert.Equal("blob_missing", (await Vault.VerifyAsync(digest, 10)).Refusal?.Code);
    }

    [Fact]
    public async Task Parts_of_a_content_are_read_in_any_order()
    {
        var content = Bytes(2 * Part + 77);
        var digest = (await Vault.PutAsync(new MemoryStream(content))).Value.Digest;
        await using var parts = (await Vault.OpenSeekableAsync(digest, content.Length)).Value;

        Assert.Equal(content.Length, parts.Length);
        foreach (var (at, length) in new[] { (0, 10), (content.Length - 5, 5), (7, 300_000), (Part - 1, 3), (100, 2 * Part - 1_000) })
        {
            parts.Position = at;
            var read = new byte[length];
            await parts.ReadExactlyAsync(read);
            Assert.Equal(content.AsSpan(at, length).ToArray(), read);
        }
        parts.Position = content.Length;
        Assert.Equal(0, await parts.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task A_check_that_writes_leaves_nothing()
    {
        await Vault.CheckAsync(write: true);

        Assert.Empty(await LeftoversAsync());
        Assert.NotEmpty(Vault.Place);
    }

    private protected async Task<byte[]> ReadAsync(Digest digest, long size)
    {
        await using var content = (await Vault.OpenReadAsync(digest, size)).Value;
        using var all = new MemoryStream();
        await content.CopyToAsync(all);
        return all.ToArray();
    }

    /// <summary>Other bytes for each length, so that no part is like another.</summary>
    private protected static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A connection that breaks after so many bytes.</summary>
    private sealed class Cut(byte[] content, int at) : MemoryStream(content, 0, at)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < Length ? base.ReadAsync(buffer, cancellationToken) : throw new IOException("The connection is gone.");
    }
}
