using System.Security.Cryptography;
using ModelRegistry.Domain.Audit;

namespace ModelRegistry.Domain.Exports;

/// <summary>
/// The public key that a registry signs its log and its exports with, as one line to be kept where the registry cannot write:
/// <c>name+8 hex digits+base64(0x02 ‖ SubjectPublicKeyInfo)</c>, the form of C2SP <c>signed-note</c> with its type of ECDSA.
/// </summary>
/// <param name="Name">The name of the log and of its key; null where only the key is known, as in PEM.</param>
/// <param name="PublicKey">DER, SubjectPublicKeyInfo; on P-256.</param>
public sealed record VerifierKey(string? Name, byte[] PublicKey)
{
    private const byte Ecdsa = 0x02;
    private const int MaxText = 2_000;

    /// <summary>Name and key id, as a signature names its key.</summary>
    public string Id => $"{Name}+{Convert.ToHexStringLower(SHA256.HashData(PublicKey)[..4])}";

    /// <summary>The line that <see cref="Read"/> reads.</summary>
    public string Text => $"{Id}+{Convert.ToBase64String([Ecdsa, .. PublicKey])}";

    /// <summary>The key, to verify with. The caller disposes of it.</summary>
    public ECDsa Open()
    {
        var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(PublicKey, out _);
        return key;
    }

    /// <summary>Reads such a line, or a public key in PEM; else <c>verifier_key_invalid</c>.</summary>
    public static Outcome<VerifierKey> Read(string text)
    {
        var line = text.Trim();
        try
        {
            if (line.Length <= MaxText && line.StartsWith("-----BEGIN PUBLIC KEY-----", StringComparison.Ordinal))
                return new VerifierKey(null, Checked(line));
            if (line.Length > MaxText || line.Split('+', 3) is not [var name, var id, var encoded] || !SignedNote.IsKeyName(name)
                || !StrictBase64.TryDecode(encoded, out var bytes) || bytes is not [Ecdsa, .. var key])
                return Refusals.VerifierKeyInvalid("it is neither of the form name+id+key nor a public key in PEM.");
            var read = new VerifierKey(name, key);
            using (var opened = read.Open())
                _ = SignedNote.KeyId(opened);
            return read.Id == $"{name}+{id}" ? read : Refusals.VerifierKeyInvalid("its id is not that of its key; it was not copied whole.");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return Refusals.VerifierKeyInvalid("it is not a public key on P-256.");
        }
    }

    private static byte[] Checked(string pem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        _ = SignedNote.KeyId(key);
        return key.ExportSubjectPublicKeyInfo();
    }
}
