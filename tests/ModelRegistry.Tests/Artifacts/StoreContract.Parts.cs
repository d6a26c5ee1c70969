using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>Contents that come in parts.</summary>
public abstract partial class StoreContract
{
    private Task<Outcome<ParkedContent>> ParkAsync(byte[] content, long most = long.MaxValue) => Vault.ParkAsync(new MemoryStream(content), most);

    [Fact]
    public async Task Parts_of_any_length_become_one_content_in_the_order_they_are_named_in()
    {
        byte[][] parts = [Bytes(Part + 100), [], Bytes(10), Bytes(2 * Part)];
        var parked = await Task.WhenAll(parts.Reverse().Select(async part => (await ParkAsync(part)).Value));
        Assert.Empty(await ContentsAsync());

        // Another process makes the content.
        var vault = await AnotherAsync();
        var made = (await vault.AssembleAsync([.. parked.Reverse()])).Value;
        Assert.Equal(Digest.Of(parts.SelectMany(p => p).ToArray()), made.Digest);
        Assert.Equal(parts.Sum(p => (long)p.Length), (await vault.VerifyAsync(made.Digest, made.Size)).Value);
        await vault.ForgetPartsAsync(parked);
        await vault.ForgetPartsAsync(parked);
        Assert.Empty(await LeftoversAsync());
        Assert.Equal([made.Digest.Hex], await ContentsAsync());
    }

    [Fact]
    public async Task A_part_that_is_too_long_gone_or_another_makes_nothing()
    {
        Assert.Equal("file_too_large", (await ParkAsync(Bytes(11), 10)).Refusal?.Code);
        Assert.Empty(await LeftoversAsync());
        var (one, two) = ((await ParkAsync(Bytes(10), 10)).Value, (await ParkAsync(Bytes(10))).Value);
        Assert.Equal("blob_altered", (await Vault.AssembleAsync([one with { Digest = Digest.Of("another") }])).Refusal?.Code);
        Assert.Equal("upload_part_missing", (await Vault.AssembleAsync([one with { Size = 11 }])).Refusal?.Code);
        await Vault.ForgetPartsAsync([two]);
        Assert.Equal("upload_part_missing", (await Vault.AssembleAsync([one, two])).Refusal?.Code);
        Assert.Empty(await ContentsAsync());
    }

    [Fact]
    public async Task A_part_whose_whole_never_came_is_swept_with_uploads_that_were_cut()
    {
        var part = (await ParkAsync(Bytes(10))).Value;
        var now = DateTimeOffset.UtcNow;
        Assert.Equal(0, await Vault.SweepStagingAsync(TimeSpan.FromHours(1), TimeSpan.FromHours(24), now.AddHours(23)));
        Assert.Equal(10, (await Vault.AssembleAsync([part])).Value.Size);
        Assert.Equal(1, await Vault.SweepStagingAsync(TimeSpan.FromHours(1), TimeSpan.FromHours(24), now.AddHours(25)));
        Assert.Equal("upload_part_missing", (await Vault.AssembleAsync([part])).Refusal?.Code);
    }
}
