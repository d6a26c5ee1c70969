using System.Security.Cryptography;
using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>The public keys an operator has pinned: signatures over models are held against them.</summary>
internal sealed class SigningKeys
{
    private const int MostKeys = 100, MostBytes = 64 * 1024;

    private readonly List<Key> _keys;

    private SigningKeys(List<Key> keys)
    {
        _keys = keys;
        Fingerprint = Digest.Of(string.Join('\n', keys.Select(k => $"{k.Label} {k.Hint}").Order(StringComparer.Ordinal))).Hex;
    }

    /// <param name="Label">The name of its file, without the ending.</param>
    /// <param name="Hint">SHA-256 over the PEM text, as a bundle names the key it was signed with.</param>
    /// <param name="Info">SubjectPublicKeyInfo (RFC 5280, section 4.1).</param>
    internal sealed record Key(string Label, string Hint, byte[] Info);

    public static SigningKeys None { get; } = new([]);

    /// <summary>Tells one set of keys from another.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads a PEM file, or every <c>.pem</c> and <c>.pub</c> file of a folder: EC keys of the curves P-256, P-384 and P-521.</summary>
    /// <exception cref="StorageUnavailableException">It cannot be read.</exception>
    public static Outcome<SigningKeys> Load(string? path)
    {
        if (path is null)
            return None;
        try
        {
            var files = File.Exists(path) ? [path]
                : Directory.Exists(path) ? Directory.GetFiles(path).Where(f => Path.GetExtension(f) is ".pem" or ".pub").Order(StringComparer.Ordinal).ToArray() : null;
            if (files is null)
                return Refusals.InvalidArgument("signing-keys", $"'{path}' is neither a PEM file nor a folder of them");
            var keys = new List<Key>();
            foreach (var file in files)
                if (new FileInfo(file).Length > MostBytes || !Take(Path.GetFileNameWithoutExtension(file), File.ReadAllText(file), keys) || keys.Count > MostKeys)
                    return Refusals.InvalidArgument("signing-keys", $"'{file}' holds something else than public EC keys in PEM (BEGIN PUBLIC KEY) of the curves P-256, P-384 or P-521, or there are more than {MostKeys}");
            return new SigningKeys(keys);
        }
        catch (Exception e) when (StorageUnavailableException.Covers(e))
        {
            throw StorageUnavailableException.While("Reading the signing keys", e);
        }
    }

    /// <summary>Adds every key of a PEM text; false when something else is in it.</summary>
    private static bool Take(string label, string pem, List<Key> keys)
    {
        var rest = pem.AsSpan();
        var found = 0;
        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (rest[fields.Label] is not "PUBLIC KEY" || Of(rest[fields.Location].ToString()) is not { } info)
                return false;
            keys.Add(new Key(++found == 1 ? label : $"{label} {found}", HintOf(info), info));
            rest = rest[fields.Location.End..];
        }
        return found > 0;
    }

    private static byte[]? Of(string pem)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(pem);
            return HashOf(key) is null ? null : key.ExportSubjectPublicKeyInfo();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    private static HashAlgorithmName? HashOf(ECDsa key) => key.KeySize switch { 256 => HashAlgorithmName.SHA256, 384 => HashAlgorithmName.SHA384, 521 => HashAlgorithmName.SHA512, _ => null };

    private static string HintOf(byte[] info) => Digest.Of(PemEncoding.WriteString("PUBLIC KEY", info) + "\n").Hex;

    /// <summary>The pinned key under which a signature holds over these bytes.</summary>
    public Key? Verify(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        foreach (var pinned in _keys)
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(pinned.Info, out _);
            try
            {
                if (key.VerifyData(signed, signature, HashOf(key)!.Value, DSASignatureFormat.Rfc3279DerSequence))
                    return pinned;
            }
            catch (CryptographicException)
            {
                // No signature of that form: as wrong as any other.
            }
        }
        return null;
    }

    /// <summary>The pinned key that a bundle says it was signed with, by hint or by its PEM text.</summary>
    public Key? Named(string hint, byte[] pem) =>
        _keys.Find(k => k.Hint == hint) ?? (pem.Length is > 0 and <= MostBytes && Of(Encoding.Latin1.GetString(pem)) is { } info ? _keys.Find(k => k.Info.AsSpan().SequenceEqual(info)) : null);
}
