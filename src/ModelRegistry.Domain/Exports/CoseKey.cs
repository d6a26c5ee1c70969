using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ModelRegistry.Domain.Exports;

/// <summary>
/// A passkey's public key as its authenticator gave it (COSE_Key, RFC 9052 section 7, in CTAP2's canonical CBOR): a map of small
/// integers to integers and byte strings.
/// </summary>
public static class CoseKey
{
    private const long KeyType = 1, Algorithm = 3, Curve = -1, X = -2, Y = -3, Modulus = -1, Exponent = -2;
    private const long EllipticCurve = 2, Rsa = 3;

    /// <summary>Whether a signature over these bytes is good. False as well where the key is of a kind that is not known here.</summary>
    public static bool Verify(byte[] coseKey, byte[] signed, byte[] signature)
    {
        try
        {
            var map = Read(coseKey);
            var (kind, algorithm) = ((long)map[KeyType], (long)map[Algorithm]);
            return kind switch
            {
                EllipticCurve when EllipticOf(algorithm) is { } it && (long)map[Curve] == it.CurveId => VerifyEllipticCurve(map, it.Curve, it.Hash, signed, signature),
                Rsa when RsaOf(algorithm) is { } it => VerifyRsa(map, it.Hash, it.Padding, signed, signature),
                _ => false,
            };
        }
        catch (Exception e) when (e is CryptographicException or FormatException or KeyNotFoundException or InvalidCastException or ArgumentException)
        {
            return false;
        }
    }

    // RFC 9053 section 2.1: the algorithm, and the curve that WebAuthn (section 5.8.5) binds it to.
    private static (long CurveId, ECCurve Curve, HashAlgorithmName Hash)? EllipticOf(long algorithm) => algorithm switch
    {
        -7 => (1, ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256),
        -35 => (2, ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384),
        -36 => (3, ECCurve.NamedCurves.nistP521, HashAlgorithmName.SHA512),
        _ => null,
    };

    // RFC 8812 and RFC 8230.
    private static (HashAlgorithmName Hash, RSASignaturePadding Padding)? RsaOf(long algorithm) => algorithm switch
    {
        -257 => (HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        -258 => (HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
        -259 => (HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        -37 => (HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
        -38 => (HashAlgorithmName.SHA384, RSASignaturePadding.Pss),
        -39 => (HashAlgorithmName.SHA512, RSASignaturePadding.Pss),
        _ => null,
    };

    private static bool VerifyEllipticCurve(Dictionary<long, object> map, ECCurve curve, HashAlgorithmName hash, byte[] signed, byte[] signature)
    {
        using var key = ECDsa.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = (byte[])map[X], Y = (byte[])map[Y] } });
        return key.VerifyData(signed, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static bool VerifyRsa(Dictionary<long, object> map, HashAlgorithmName hash, RSASignaturePadding padding, byte[] signed, byte[] signature)
    {
        using var key = RSA.Create(new RSAParameters { Modulus = (byte[])map[Modulus], Exponent = (byte[])map[Exponent] });
        return key.VerifyData(signed, signature, hash, padding);
    }

    private static Dictionary<long, object> Read(ReadOnlySpan<byte> cbor)
    {
        var (type, count) = Head(ref cbor);
        if (type != 5 || count > 16)
            throw new FormatException("A COSE key is a map.");
        var map = new Dictionary<long, object>();
        for (var i = 0L; i < count; i++)
        {
            var (labelType, label) = Head(ref cbor);
            var (valueType, value) = Head(ref cbor);
            if (labelType > 1 || !map.TryAdd(Signed(labelType, label), valueType switch
            {
                0 or 1 => Signed(valueType, value),
                2 when value <= cbor.Length => cbor[..(int)value].ToArray(),
                _ => throw new FormatException("A COSE key holds integers and byte strings."),
            }))
                throw new FormatException("A label of a COSE key is an integer, and given once.");
            if (valueType == 2)
                cbor = cbor[(int)value..];
        }
        return cbor.IsEmpty ? map : throw new FormatException("There is more than a COSE key.");
    }

    private static long Signed(int type, long value) => type == 0 ? value : -1 - value;

    /// <summary>The first bytes of a CBOR item (RFC 8949 section 3): its major type, and its number or length.</summary>
    private static (int Type, long Value) Head(ref ReadOnlySpan<byte> cbor)
    {
        if (cbor.IsEmpty)
            throw new FormatException("The COSE key ends too early.");
        var (type, info) = (cbor[0] >> 5, cbor[0] & 0x1f);
        cbor = cbor[1..];
        if (info < 24)
            return (type, info);
        var length = info switch { 24 => 1, 25 => 2, 26 => 4, _ => throw new FormatException("A number of a COSE key is too large.") };
        if (cbor.Length < length)
            throw new FormatException("The COSE key ends too early.");
        var value = length switch { 1 => cbor[0], 2 => BinaryPrimitives.ReadUInt16BigEndian(cbor), _ => BinaryPrimitives.ReadUInt32BigEndian(cbor) };
        cbor = cbor[length..];
        return (type, value);
    }
}
