using System.Security.Cryptography;
using System.Text;

namespace ModelRegistry.Domain.Audit;

/// <summary>
/// A text with signatures under it, readable by people and by every tool that knows C2SP <c>signed-note</c>. Signed
/// with ECDSA on P-256, signature type 0x02 of that specification.
/// </summary>
/// <remarks>
/// <code>
/// any text, ending in a newline
///                                  ← an empty line
/// — key-name base64(4 bytes of key id ‖ signature)
/// </code>
/// The signature is ASN.1 DER over the SHA-256 of the text with its last newline; the key id is the beginning of the
/// SHA-256 of the public key (DER, SubjectPublicKeyInfo): type 0x02 alone leaves the key name out of it.
/// </remarks>
public static class SignedNote
{
    /// <summary>The largest note read or written, in UTF-8 bytes. 16 signatures of any kind fit.</summary>
    public const int MaxBytes = 1_000_000;

    /// <summary>The most signatures looked at; the specification asks for 16 at least.</summary>
    public const int MaxSignatures = 100;

    private const string SignaturePrefix = "\u2014 ";
    private const int KeyIdBytes = 4;
    private const string P256 = "1.2.840.10045.3.1.7";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The note that carries this text and one signature.</summary>
    /// <exception cref="ArgumentException">The text, the name or the key is not one a note can have.</exception>
    public static string Sign(string text, string keyName, ECDsa key)
    {
        if (WrongText(text) is { } wrong)
            throw new ArgumentException(wrong, nameof(text));
        RequireName(keyName);
        var signature = key.SignData(Utf8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return $"{text}\n{SignaturePrefix}{keyName} {Convert.ToBase64String([.. KeyId(key), .. signature])}\n";
    }

    /// <summary>
    /// The text, once a signature by this key under this name is found good. Signatures by other keys are ignored;
    /// a bad one by this key condemns the whole note.
    /// </summary>
    /// <exception cref="ArgumentException">The name or the key is not one a note can have.</exception>
    public static Outcome<string> Verify(string note, string keyName, ECDsa publicKey)
    {
        RequireName(keyName);
        var keyId = KeyId(publicKey);
        if (WrongText(note) is { } wrong)
            return Refusals.NoteMalformed(wrong);
        var blank = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (blank < 0)
            return Refusals.NoteMalformed("there is no empty line between text and signatures.");
        var text = note[..(blank + 1)];
        var lines = note[(blank + 2)..].Split('\n')[..^1];
        if (lines.Length is 0 or > MaxSignatures)
            return Refusals.NoteMalformed($"it has {lines.Length} signatures; 1 to {MaxSignatures} are read.");

        var signed = false;
        foreach (var line in lines)
        {
            if (!TryReadSignature(line, out var name, out var id, out var signature))
                return Refusals.NoteMalformed($"'{Shortened(line)}' is not a signature line.");
            if (name != keyName || !id.SequenceEqual(keyId))
                continue;
            if (!publicKey.VerifyData(Utf8.GetBytes(text), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
                return Refusals.NoteSignatureBad(keyName);
            signed = true;
        }
        return signed ? text : Refusals.NoteNotSigned(keyName);
    }

    /// <summary>The first four bytes of the SHA-256 of the public key.</summary>
    /// <exception cref="ArgumentException">The key is not on P-256.</exception>
    public static byte[] KeyId(ECDsa key)
    {
        if (key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value != P256)
            throw new ArgumentException("Notes are signed with a key on P-256.", nameof(key));
        return SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..KeyIdBytes];
    }

    /// <summary>Whether a key can bear this name: not empty, no space of any kind, no plus sign, no control character.</summary>
    public static bool IsKeyName(string name) =>
        name.Length > 0 && !name.Any(c => char.IsWhiteSpace(c) || c == '+') && WrongText(name + "\n") is null;

    private static void RequireName(string keyName)
    {
        if (!IsKeyName(keyName))
            throw new ArgumentException($"'{keyName}' cannot be the name of a key: it must have neither spaces nor a plus sign.", nameof(keyName));
    }

    private static string? WrongText(string text)
    {
        try
        {
            return text.Length > MaxBytes || Utf8.GetByteCount(text) > MaxBytes ? $"it is larger than {MaxBytes} bytes."
                : !text.EndsWith('\n') ? "it does not end with a newline."
                : text.Any(c => c < ' ' && c != '\n') ? "it holds a control character."
                : null;
        }
        catch (EncoderFallbackException)
        {
            return "it is not valid Unicode.";
        }
    }

    private static bool TryReadSignature(string line, out string name, out byte[] keyId, out byte[] signature)
    {
        (name, keyId, signature) = ("", [], []);
        if (!line.StartsWith(SignaturePrefix, StringComparison.Ordinal) || line[SignaturePrefix.Length..].Split(' ') is not [var who, var encoded])
            return false;
        if (!IsKeyName(who) || !StrictBase64.TryDecode(encoded, out var bytes) || bytes.Length <= KeyIdBytes)
            return false;
        (name, keyId, signature) = (who, bytes[..KeyIdBytes], bytes[KeyIdBytes..]);
        return true;
    }

    private static string Shortened(string line) => line.Length <= 80 ? line : line[..80] + "…";
}
