using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What somebody with write access to the folder does to a blob is noticed by whoever reads it.</summary>
public sealed class VaultDamageTests : IDisposable
{
    private const int Length = (2 << 20) + 100;

    private readonly TemporaryFolder _folder = new();
    private readonly ArtifactVault _vault;
    private readonly Digest _digest;
    private readonly string _path;

    public VaultDamageTests()
    {
        _vault = ArtifactVault.Open(_folder.At("vault"));
        _digest = _vault.PutAsync(new PatternStream(Length)).GetAwaiter().GetResult().Value.Digest;
        _path = _folder.At("vault", "blobs", "sha256", _digest.Hex[..2], _digest.Hex[2..4], _digest.Hex);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose() => _folder.Dispose();

    private DownloadTarget Target => DownloadTarget.Resolve(_folder.At("out"), ArtifactPath.Parse("model.bin").Value).Value;

    private void Flip(int at)
    {
        using var file = File.Open(_path, FileMode.Open);
        file.Position = at;
        var value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ 1));
    }

    /// <summary>Reads to the failure; returns how many bytes were handed out before.</summary>
    private async Task<(long Given, Refusal Refusal)> ReadToFailure(int atOnce)
    {
        await using var content = (await _vault.OpenReadAsync(_digest)).Value;
        var buffer = new byte[atOnce];
        var failure = await Assert.ThrowsAsync<BlobAlteredException>(async () =>
        {
            while (await content.ReadAsync(buffer) > 0) { }
        });
        return (content.Position, failure.Refusal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Length / 2)]
    [InlineData(Length - 1)]
    public async Task A_flipped_bit_is_noticed_on_read_on_verify_and_on_download(int at)
    {
        Flip(at);

        Assert.Equal("blob_altered", (await ReadToFailure(81920)).Refusal.Code);
        Assert.Equal("blob_altered", (await ReadToFailure(Length * 2)).Refusal.Code);
        Assert.Equal("blob_altered", (await _vault.VerifyAsync(_digest, Length)).Refusal?.Code);
        Assert.Equal(RefusalKind.Unproven, (await _vault.CopyToFileAsync(_digest, Target)).Refusal?.Kind);
        Assert.Empty(TemporaryFolder.FilesIn(_folder.At("out")));
    }

    [Fact]
    public async Task A_reader_who_stops_at_the_length_is_not_given_altered_content_whole()
    {
        Flip(5);
        await using var content = (await _vault.OpenReadAsync(_digest, Length)).Value;

        await Assert.ThrowsAsync<BlobAlteredException>(async () => await content.ReadExactlyAsync(new byte[Length]));
        Assert.Throws<BlobAlteredException>(() => content.ReadByte());
    }

    [Theory]
    [InlineData(Length - 1)]
    [InlineData(0)]
    [InlineData(Length + 1)]
    public async Task A_cut_or_lengthened_blob_is_noticed(int length)
    {
        using (var file = File.Open(_path, FileMode.Open))
            file.SetLength(length);

        Assert.Equal("blob_altered", (await _vault.OpenReadAsync(_digest, Length)).Refusal?.Code);
        Assert.Equal("blob_altered", (await _vault.VerifyAsync(_digest, Length)).Refusal?.Code);
        Assert.Equal("blob_altered", (await ReadToFailure(4096)).Refusal.Code);
    }

    [Fact]
    public async Task A_blob_cut_while_it_is_read_is_noticed()
    {
        await using var content = (await _vault.OpenReadAsync(_digest, Length)).Value;
        await content.ReadExactlyAsync(new byte[1000]);
        using (var file = File.Open(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            file.SetLength(2000);

        var failure = await Assert.ThrowsAsync<BlobAlteredException>(() => content.CopyToAsync(Stream.Null));
        Assert.Contains($"ends after 2000 of {Length} bytes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_blob_is_missing()
    {
        File.Delete(_path);

        Assert.Equal("blob_missing", (await _vault.OpenReadAsync(_digest)).Refusal?.Code);
        Assert.Equal("blob_missing", (await _vault.VerifyAsync(_digest, Length)).Refusal?.Code);
        Assert.Equal("blob_missing", (await _vault.CopyToFileAsync(_digest, Target)).Refusal?.Code);
        Assert.Null(await _vault.FindAsync(_digest));
    }

    [Fact]
    public async Task A_link_in_the_place_of_a_blob_is_not_followed()
    {
        File.Move(_path, _folder.At("elsewhere"));
        File.CreateSymbolicLink(_path, _folder.At("elsewhere"));

        Assert.Equal("blob_altered", (await _vault.VerifyAsync(_digest, Length)).Refusal?.Code);
    }

    [Fact]
    public async Task A_cut_blob_is_healed_by_putting_the_content_again()
    {
        using (var file = File.Open(_path, FileMode.Open))
            file.SetLength(10);

        await _vault.PutAsync(new PatternStream(Length));

        Assert.Equal(Length, (await _vault.VerifyAsync(_digest, Length)).Value);
    }
}
