using System.Security.Cryptography;
using System.Text;
using ModelRegistry.Domain.Audit;
using Xunit;

namespace ModelRegistry.Tests.Audit;

public sealed class SignedNoteTests
{
    private const string Name = "registry.example/audit";
    private const string Text = "If you think cryptography is the answer,\n\nyou don't know what the question is.\n";

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly ECDsa Other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The public key of the Rekor transparency log, and two checkpoints it signed: a foreign writer's notes must open here.</summary>
    private const string RekorKey = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==";

    [Theory]
    [InlineData("Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n\n\u2014 rekor.sigstore.dev wNI9ajBEAiARInWIWyCdyG27CO6LPnPekyw20qO0YJfoaPaowGp/XgIgc+qEHS3+GKVClgqq20uDLet7MCoTURUCRdxwWBHHufk=\n", "Rekor", 798034)]
    [InlineData("rekor.sigstore.dev - 2605736670972794746\n21428036\nrxnoKyFZlJ7/R6bMh/d3lcqwKqAy5CL1LcNBJP17kgQ=\nTimestamp: 1688058656037355364\n\n\u2014 rekor.sigstore.dev wNI9ajBFAiEAuDk7uu5Ae8Own/MjhSZNuVzbLuYH2jBMxbSA0WaNDNACIDV4reKpYiOpkwtvazCClnpUuduF2o/th2xR3gRZAUU4\n", "rekor.sigstore.dev - 2605736670972794746", 21428036)]
    public void A_checkpoint_of_a_public_log_opens(string note, string origin, long size)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(RekorKey), out _);

        Assert.Equal("c0d23d6a", Convert.ToHexStringLower(SignedNote.KeyId(key)));
        Assert.True(Checkpoint.TryParse(SignedNote.Verify(note, "rekor.sigstore.dev", key).Value, out var checkpoint));
        Assert.Equal((origin, size), (checkpoint.Origin, checkpoint.Size));
        Assert.Equal("note_signature_bad", SignedNote.Verify(note.Replace("80", "81", StringComparison.Ordinal), "rekor.sigstore.dev", key).Refusal?.Code);
    }

    [Fact]
    public void What_was_signed_comes_back()
    {
        var note = SignedNote.Sign(Text, Name, Key);

        Assert.StartsWith(Text + "\n\u2014 " + Name + " ", note, StringComparison.Ordinal);
        Assert.EndsWith("\n", note, StringComparison.Ordinal);
        Assert.Equal(Text, SignedNote.Verify(note, Name, Key).Value);
    }

    [Fact]
    public void Any_character_changed_is_found()
    {
        var note = SignedNote.Sign("registry.example\n7\nroot\n", Name, Key);

        for (var i = 0; i < note.Length; i++)
        {
            var changed = note[..i] + (note[i] == 'x' ? 'y' : 'x') + note[(i + 1)..];
            Assert.NotNull(SignedNote.Verify(changed, Name, Key).Refusal);
        }
    }

    [Fact]
    public void A_line_more_or_less_is_found()
    {
        var note = SignedNote.Sign(Text, Name, Key);

        Assert.Equal("note_signature_bad", SignedNote.Verify("more\n" + note, Name, Key).Refusal?.Code);
        Assert.Equal("note_signature_bad", SignedNote.Verify(note[(note.IndexOf('\n') + 1)..], Name, Key).Refusal?.Code);
    }

    [Fact]
    public void Another_key_or_another_name_is_not_ours()
    {
        var note = SignedNote.Sign(Text, Name, Key);

        Assert.Equal("note_not_signed", SignedNote.Verify(note, Name, Other).Refusal?.Code);
        Assert.Equal("note_not_signed", SignedNote.Verify(note, "someone.else", Key).Refusal?.Code);
    }

    [Fact]
    public void Signatures_of_others_are_ignored_but_never_enough()
    {
        var ours = SignatureLine(SignedNote.Sign(Text, Name, Key));
        var theirs = SignatureLine(SignedNote.Sign(Text, "witness.example", Other));
        var sameNameOtherKey = SignatureLine(SignedNote.Sign(Text, Name, Other));
        var unknownKind = "\u2014 future.example " + Convert.ToBase64String(new byte[3000]) + "\n";

        Assert.Equal(Text, SignedNote.Verify(Text + "\n" + theirs + unknownKind + sameNameOtherKey + ours, Name, Key).Value);
        Assert.Equal("note_not_signed", SignedNote.Verify(Text + "\n" + theirs + unknownKind, Name, Key).Refusal?.Code);
    }

    [Fact]
    public void A_bad_signature_of_ours_beside_a_good_one_condemns_the_note()
    {
        var good = SignatureLine(SignedNote.Sign(Text, Name, Key));
        var bad = SignatureLine(SignedNote.Sign("another text\n", Name, Key));

        Assert.Equal("note_signature_bad", SignedNote.Verify(Text + "\n" + good + bad, Name, Key).Refusal?.Code);
    }

    [Fact]
    public void What_is_not_a_note_is_refused()
    {
        var note = SignedNote.Sign(Text, Name, Key);
        var line = SignatureLine(note);
        string[] malformed =
        [
            "", "\n", "\n\n", "text\n", Text + "\n", note[..^1], note + "\n", note + "more\n", note.Replace("\n", "\r\n", StringComparison.Ordinal),
            "\t" + note, "\ud800" + note, Text + line,
            Text + "\n" + line.Replace('\u2014', '-'),
            Text + "\n" + line.Replace(" " + Name, "  " + Name, StringComparison.Ordinal),
            Text + "\n" + line.Replace(Name, "with+plus", StringComparison.Ordinal),
            Text + "\n\u2014 " + Name + " AAAAAA==\n",
            Text + "\n\u2014 " + Name + " not*base64\n",
            Text + "\n\u2014 " + Name + "\n",
            Text + "\n" + string.Concat(Enumerable.Repeat(line, SignedNote.MaxSignatures + 1)),
            new string('x', SignedNote.MaxBytes) + note,
        ];

        foreach (var one in malformed)
            Assert.Equal("note_malformed", SignedNote.Verify(one, Name, Key).Refusal?.Code);
    }

    [Theory]
    [InlineData("AAAAAAA=", true)]
    [InlineData("AAAAAAB=", false)]
    [InlineData("AAAAAAA", false)]
    [InlineData("AAAA\u00a0AAA=", false)]
    [InlineData("AAAA-AA=", false)]
    public void A_signature_line_has_one_spelling_even_a_strangers(string encoded, bool read) =>
        Assert.Equal(read ? null : "note_malformed",
            SignedNote.Verify(SignedNote.Sign(Text, Name, Key) + "\u2014 stranger.example " + encoded + "\n", Name, Key).Refusal?.Code);

    [Fact]
    public void What_cannot_be_a_note_is_not_signed()
    {
        using var larger = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Assert.Throws<ArgumentException>(() => SignedNote.Sign("no newline", Name, Key));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign("bell\a\n", Name, Key));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign("\ud800\n", Name, Key));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign(Text, "", Key));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign(Text, "two words", Key));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign(Text, "no\u00a0break", Key));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign(Text, "a+b", Key));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign(Text, Name, larger));
    }

    [Fact]
    public void Text_outside_ASCII_is_signed_as_UTF8()
    {
        const string text = "ed è subito sera.\n\uFFFD\n";
        var note = SignedNote.Sign(text, Name, Key);
        var signature = Convert.FromBase64String(note.TrimEnd('\n')[(note.LastIndexOf(' ') + 1)..])[4..];

        Assert.Equal(text, SignedNote.Verify(note, Name, Key).Value);
        Assert.True(Key.VerifyHash(SHA256.HashData(Encoding.UTF8.GetBytes(text)), signature, DSASignatureFormat.Rfc3279DerSequence));
    }

    private static string SignatureLine(string note) => note[note.LastIndexOf('\u2014')..];
}
