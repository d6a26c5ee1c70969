using System.Collections.Concurrent;
using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

public sealed class ArtifactVaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ArtifactVault _vault;

    public ArtifactVaultTests() => _vault = ArtifactVault.Open(_folder.At("vault"));

    public void Dispose() => _folder.Dispose();

    private string[] Staged => TemporaryFolder.FilesIn(_folder.At("vault", "staging"));

    private string[] Blobs => TemporaryFolder.FilesIn(_folder.At("vault", "blobs"));

    private static MemoryStream Text(string text) => new(System.Text.Encoding.UTF8.GetBytes(text));

    private static async Task<byte[]> ReadAll(Stream stream)
    {
        await using (stream)
        {
            var all = new MemoryStream();
            await stream.CopyToAsync(all);
            return all.ToArray();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((5 << 20) + 7)]
    public async Task What_was_put_is_read_back(int length)
    {
        var content = await ReadAll(new PatternStream(length));

        var stored = (await _vault.PutAsync(new PatternStream(length))).Value;

        Assert.Equal(new StoredBlob(Digest.Of(content), length), stored);
        Assert.Equal(content, await ReadAll((await _vault.OpenReadAsync(stored.Digest, length)).Value));
        Assert.Equal(length, (await _vault.VerifyAsync(stored.Digest, length)).Value);
        Assert.Equal(length, await _vault.FindAsync(stored.Digest));
        Assert.Empty(Staged);
    }

    [Fact]
    public async Task A_blob_lies_under_its_digest_and_nobody_may_write_it()
    {
        var hex = (await _vault.PutAsync(Text("one"))).Value.Digest.Hex;

        Assert.Equal([Path.Combine("sha256", hex[..2], hex[2..4], hex)], Blobs);
        if (!OperatingSystem.IsWindows())
            Assert.Equal("0444", "0" + Convert.ToString((int)File.GetUnixFileMode(_folder.At("vault", "blobs", Blobs[0])), 8));
    }

    [Fact]
    public async Task The_same_content_is_kept_once_and_the_first_copy_stays()
    {
        await _vault.PutAsync(Text("one"));
        var path = _folder.At("vault", "blobs", Blobs[0]);
        var written = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(path, written);

        await _vault.PutAsync(Text("one"));

        Assert.Equal(written, File.GetLastWriteTimeUtc(path));
        Assert.Single(Blobs);
        Assert.Empty(Staged);
    }

    [Fact]
    public async Task Another_digest_than_announced_is_refused_and_leaves_nothing()
    {
        var announced = Digest.Of("two");

        Assert.Equal("digest_mismatch", (await _vault.PutAsync(Text("one"), announced)).Refusal?.Code);
        Assert.Empty(TemporaryFolder.FilesIn(_folder.Root));
        Assert.Equal(announced, (await _vault.PutAsync(Text("two"), announced)).Value.Digest);
    }

    [Fact]
    public async Task Progress_counts_the_bytes_and_ends_with_all_of_them()
    {
        var told = new Told();

        await _vault.PutAsync(new PatternStream(3 * ArtifactVault.ChunkBytes + 5), progress: told);

        Assert.Equal([ArtifactVault.ChunkBytes, 2 * ArtifactVault.ChunkBytes, 3 * ArtifactVault.ChunkBytes, 3 * ArtifactVault.ChunkBytes + 5], told);
    }

    [Fact]
    public async Task A_put_cancelled_midway_leaves_no_file()
    {
        using var cancel = new CancellationTokenSource();
        var stagedMidway = 0;
        var content = new PatternStream(8 << 20, given =>
        {
            if (given < 4 << 20)
                return;
            stagedMidway = Staged.Length;
            cancel.Cancel();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _vault.PutAsync(content, ct: cancel.Token));

        Assert.Equal(1, stagedMidway);
        Assert.Empty(TemporaryFolder.FilesIn(_folder.Root));
    }

    [Fact]
    public async Task A_sender_that_breaks_off_leaves_no_file_and_is_not_taken_for_an_outage()
    {
        var content = new PatternStream(8 << 20, given => { if (given >= 2 << 20) throw new IOException("connection reset"); });

        await Assert.ThrowsAsync<IOException>(() => _vault.PutAsync(content));
        Assert.Empty(TemporaryFolder.FilesIn(_folder.Root));
    }

    /// <summary>Four vaults on one folder, as four processes would have: they share nothing but the files.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task Sixty_four_puts_at_once_keep_each_content_once_and_whole(int contents)
    {
        var vaults = Enumerable.Range(0, 4).Select(_ => ArtifactVault.Open(_folder.At("vault"))).ToArray();
        var stored = new ConcurrentBag<(int Content, StoredBlob Blob)>();
        using var together = new Barrier(64);

        var threads = Enumerable.Range(0, 64).Select(i => new Thread(() =>
        {
            together.SignalAndWait();
            stored.Add((i % contents, vaults[i % 4].PutAsync(new PatternStream(100_000 + i % contents)).GetAwaiter().GetResult().Value));
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(64, stored.Count);
        Assert.Equal(contents, stored.Select(put => put.Blob).Distinct().Count());
        Assert.Equal(contents, Blobs.Length);
        Assert.Empty(Staged);
        foreach (var (content, blob) in stored)
            Assert.Equal(100_000 + content, (await _vault.VerifyAsync(blob.Digest, 100_000 + content)).Value);
    }

    [Fact]
    public async Task A_file_is_taken_and_what_is_not_a_regular_file_is_not()
    {
        var file = _folder.Write("in/model.bin", "one"u8);
        File.CreateSymbolicLink(_folder.At("in", "link"), file);

        Assert.Equal(Digest.Of("one"), (await _vault.PutFileAsync(file)).Value.Digest);
        var refusal = (await _vault.PutFileAsync(_folder.At("in", "link"))).Refusal;
        Assert.Equal("not_a_regular_file", refusal?.Code);
        Assert.Contains("a symbolic link", refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("not_a_regular_file", (await _vault.PutFileAsync(_folder.At("in"))).Refusal?.Code);
        Assert.Equal("source_missing", (await _vault.PutFileAsync(_folder.At("in", "none"))).Refusal?.Code);
        Assert.Equal("source_missing", (await _vault.PutFileAsync(file + "\0.txt")).Refusal?.Code);
        Assert.Single(Blobs);
        Assert.Empty(Staged);
    }

    [Fact]
    public async Task A_pipe_or_a_device_is_refused_without_waiting_for_it()
    {
        Needs.Linux("pipes and devices are told apart there only");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [_folder.At("pipe")]))
            await make.WaitForExitAsync();

        Assert.Contains("a named pipe", (await _vault.PutFileAsync(_folder.At("pipe"))).Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("a device", (await _vault.PutFileAsync("/dev/zero")).Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("a named pipe", ArtifactIntake.EnumerateFiles(_folder.Root).Refusal!.Message, StringComparison.Ordinal);
        Assert.Empty(Blobs);
    }

    [Fact]
    public async Task Sweeping_takes_old_leftovers_but_no_fresh_one_and_none_whose_writer_lives()
    {
        var now = new DateTimeOffset(2030, 1, 10, 12, 0, 0, TimeSpan.Zero);
        var old = _folder.Write("vault/staging/.a.part", "left"u8);
        var fresh = _folder.Write("vault/staging/.b.part", "left"u8);
        File.SetLastWriteTimeUtc(old, now.UtcDateTime.AddHours(-24));
        File.SetLastWriteTimeUtc(fresh, now.UtcDateTime.AddHours(-24).AddSeconds(1));
        var sweptMeanwhile = -1;
        var content = new PatternStream(2 << 20, given =>
        {
            if (given < 3 << 19 || sweptMeanwhile >= 0)
                return;
            foreach (var writing in Staged.Except([".a.part", ".b.part"]))
                File.SetLastWriteTimeUtc(_folder.At("vault", "staging", writing), now.UtcDateTime.AddDays(-9));
            sweptMeanwhile = _vault.SweepStagingAsync(TimeSpan.FromHours(24), TimeSpan.FromHours(24), now).GetAwaiter().GetResult();
        });

        Assert.Null((await _vault.PutAsync(content)).Refusal);

        Assert.Equal(1, sweptMeanwhile);
        Assert.Equal([".b.part"], Staged);
    }

    private sealed class Told : List<long>, IProgress<long>
    {
        public void Report(long value) => Add(value);
    }
}
