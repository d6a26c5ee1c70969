using System.Security.Cryptography;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using Xunit;

namespace ModelRegistry.Tests.Audit;

public sealed class CheckpointTests
{
    private const string Origin = "registry.example/audit";
    private const string Root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static Checkpoint Sample(string origin = Origin, long size = 20852163) =>
        new(origin, size, Digest.FromHash(Convert.FromBase64String(Root)));

    [Fact]
    public void It_is_three_lines() =>
        Assert.Equal($"{Origin}\n20852163\n{Root}\n", Sample().ToNoteText());

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public void Signed_and_opened_it_is_the_same(long size) =>
        Assert.Equal(Sample(size: size), Checkpoint.Open(Sample(size: size).Sign(Key), Origin, Key).Value);

    [Fact]
    public void Extension_lines_of_other_logs_are_passed_over()
    {
        Assert.True(Checkpoint.TryParse(Sample().ToNoteText() + "extension\n", out var checkpoint));
        Assert.Equal(Sample(), checkpoint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData(Origin + "\n7\n")]
    [InlineData(Origin + "\n7\n" + Root)]
    [InlineData("\n7\n" + Root + "\n")]
    [InlineData(Origin + "\n07\n" + Root + "\n")]
    [InlineData(Origin + "\n00\n" + Root + "\n")]
    [InlineData(Origin + "\n+7\n" + Root + "\n")]
    [InlineData(Origin + "\n-7\n" + Root + "\n")]
    [InlineData(Origin + "\n 7\n" + Root + "\n")]
    [InlineData(Origin + "\n7.0\n" + Root + "\n")]
    [InlineData(Origin + "\n٧\n" + Root + "\n")]
    [InlineData(Origin + "\n9223372036854775808\n" + Root + "\n")]
    [InlineData(Origin + "\n7\n" + Root + " \n")]
    [InlineData(Origin + "\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n")]
    [InlineData(Origin + "\n7\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n")]
    [InlineData(Origin + "\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n")]
    [InlineData(Origin + "\n7\n" + Root + "\n\n")]
    [InlineData(Origin + "\n7\n" + Root + "\n\nextension\n")]
    public void Text_that_is_no_checkpoint_is_not_read(string text) =>
        Assert.False(Checkpoint.TryParse(text, out _));

    [Fact]
    public void A_signed_text_that_is_no_checkpoint_is_refused() =>
        Assert.Equal("checkpoint_malformed", Checkpoint.Open(SignedNote.Sign("hello\n", Origin, Key), Origin, Key).Refusal?.Code);

    [Fact]
    public void A_checkpoint_of_another_log_signed_by_our_key_is_refused() =>
        Assert.Equal("checkpoint_foreign", Checkpoint.Open(SignedNote.Sign(Sample("other.example").ToNoteText(), Origin, Key), Origin, Key).Refusal?.Code);

    [Fact]
    public void A_forged_checkpoint_is_refused() =>
        Assert.Equal("note_signature_bad", Checkpoint.Open(Sample().Sign(Key).Replace("20852163", "20852164", StringComparison.Ordinal), Origin, Key).Refusal?.Code);

    [Fact]
    public void What_is_no_checkpoint_is_not_signed()
    {
        Assert.Throws<ArgumentException>(() => Sample(origin: "").Sign(Key));
        Assert.Throws<ArgumentException>(() => Sample(origin: "two\nlines").Sign(Key));
        Assert.Throws<ArgumentException>(() => Sample(size: -1).Sign(Key));
        Assert.Throws<ArgumentException>(() => (Sample() with { Root = default }).Sign(Key));
    }
}
