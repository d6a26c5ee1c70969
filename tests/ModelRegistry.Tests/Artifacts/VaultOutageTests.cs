using System.Diagnostics;
using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

[Collection(nameof(Alone))]
public sealed class VaultOutageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_large_sparse_file_goes_through_in_flat_memory()
    {
        const long Length = 512L << 20;
        using (var file = File.Create(_folder.At("large")))
            file.SetLength(Length);
        var vault = ArtifactVault.Open(_folder.At("vault"));
        var before = GC.GetTotalAllocatedBytes(precise: true);

        var stored = (await vault.PutFileAsync(_folder.At("large"))).Value;
        await vault.VerifyAsync(stored.Digest, Length);

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 16 << 20);
        Assert.Equal(Length, stored.Size);
        // SHA-256 of 512 MiB of zeros, computed by another program.
        Assert.Equal("9acca8e8c22201155389f65abbf6bc9723edc7384ead80503839f49dcc56d767", stored.Digest.Hex);
    }

    [Fact]
    public async Task A_vanished_folder_is_an_outage_with_a_remedy_and_no_missing_blob()
    {
        var vault = ArtifactVault.Open(_folder.At("vault"));
        Directory.Delete(_folder.At("vault"), recursive: true);

        var outage = await Assert.ThrowsAsync<StorageUnavailableException>(() => vault.PutAsync(new PatternStream(10)));
        Assert.Contains("mounted", outage.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Root, outage.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => vault.OpenReadAsync(Digest.Of("one")));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => vault.SweepStagingAsync(TimeSpan.Zero, TimeSpan.Zero, DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public async Task Something_else_in_the_place_of_a_blob_is_an_outage_and_not_taken_for_it()
    {
        var vault = ArtifactVault.Open(_folder.At("vault"));
        var hex = Digest.Of("one").Hex;
        Directory.CreateDirectory(_folder.At("vault", "blobs", "sha256", hex[..2], hex[2..4], hex));

        await Assert.ThrowsAsync<StorageUnavailableException>(() => vault.PutAsync(new MemoryStream("one"u8.ToArray())));
        Assert.Empty(TemporaryFolder.FilesIn(_folder.Root));
    }

    [Fact]
    public async Task A_full_disk_and_a_read_only_one_refuse_cleanly_and_work_again_afterwards()
    {
        var mounted = _folder.At("small");
        Directory.CreateDirectory(mounted);
        Needs.That(OperatingSystem.IsLinux() && await Run("mount", "-t", "tmpfs", "-o", "size=4m", "none", mounted),
            "A small file system could not be mounted; that needs Linux and root.");
        try
        {
            var vault = ArtifactVault.Open(Path.Combine(mounted, "vault"));
            var kept = (await vault.PutAsync(new PatternStream(1 << 20))).Value;

            var full = await Assert.ThrowsAsync<StorageUnavailableException>(() => vault.PutAsync(new PatternStream(16 << 20)));
            Assert.Contains("the disk is full", full.Message, StringComparison.Ordinal);
            Assert.Contains("Free space", full.Remedy, StringComparison.Ordinal);
            Assert.Single(TemporaryFolder.FilesIn(mounted));

            var target = DownloadTarget.Resolve(Path.Combine(mounted, "out"), ArtifactPath.Parse("a").Value).Value;
            var filler = File.Create(Path.Combine(mounted, "filler"));
            await using (filler)
                await new PatternStream((2 << 20) + (1 << 19)).CopyToAsync(filler);
            await Assert.ThrowsAsync<StorageUnavailableException>(() => vault.CopyToFileAsync(kept.Digest, target));
            Assert.Equal(2, TemporaryFolder.FilesIn(mounted).Length);
            File.Delete(Path.Combine(mounted, "filler"));

            Assert.True(await Run("mount", "-o", "remount,ro", mounted));
            var readOnly = await Assert.ThrowsAsync<StorageUnavailableException>(() => vault.PutAsync(new PatternStream(10)));
            Assert.Contains("read-only", readOnly.Message, StringComparison.Ordinal);
            Assert.Equal(1 << 20, (await vault.VerifyAsync(kept.Digest, kept.Size)).Value);

            Assert.True(await Run("mount", "-o", "remount,rw", mounted));
            Assert.Equal(10, (await vault.PutAsync(new PatternStream(10))).Value.Size);
        }
        finally
        {
            await Run("umount", mounted);
        }
    }

    private static async Task<bool> Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
