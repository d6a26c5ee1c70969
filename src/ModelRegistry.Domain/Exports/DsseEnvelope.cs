using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ModelRegistry.Domain.Exports;

/// <summary>
/// A signed envelope (DSSE 1.0): what is signed is the payload together with what it is, so that neither passes for another.
/// Signed with ECDSA on P-256 over SHA-256, ASN.1 DER, by the key that signs the audit log.
/// </summary>
/// <remarks>
/// <code>
/// {"payload": base64, "payloadType": "application/vnd.in-toto+json", "signatures": [{"keyid": key-name+hex, "sig": base64}]}
/// signed: "DSSEv1" SP length(type) SP type SP length(payload) SP payload
/// </code>
/// No checkpoint can pass for it: those begin with the log's name.
/// </remarks>
public static class DsseEnvelope
{
    /// <summary>The media type of the envelope itself.</summary>
    public const string MediaType = "application/vnd.dsse.envelope.v1+json";

    /// <summary>The only kind of payload that is written and read here.</summary>
    public const string PayloadType = "application/vnd.in-toto+json";

    /// <summary>The largest envelope written or read, in bytes. A version of 10,000 files comes to some 5 MB.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    private const int MaxSignatures = 10;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>DSSE's pre-authentication encoding: the bytes that are signed.</summary>
    public static byte[] PreAuthentication(string payloadType, ReadOnlySpan<byte> payload) =>
        [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {Encoding.UTF8.GetByteCount(payloadType)} {payloadType} {payload.Length} ")), .. payload];

    /// <summary>The envelope around a payload, as UTF-8 JSON of one line.</summary>
    public static byte[] Sign(byte[] payload, VerifierKey name, ECDsa key)
    {
        var signature = key.SignData(PreAuthentication(PayloadType, payload), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Encoding.ASCII.GetBytes($$"""{"payload":"{{Convert.ToBase64String(payload)}}","payloadType":"{{PayloadType}}","signatures":[{"keyid":"{{name.Id}}","sig":"{{Convert.ToBase64String(signature)}}"}]}""" + "\n");
    }

    /// <summary>What an envelope carries, before any signature was looked at.</summary>
    /// <returns>The payload and the signatures over it; null when this is no such envelope.</returns>
    public static (byte[] Payload, IReadOnlyList<byte[]> Signatures)? Read(ReadOnlyMemory<byte> envelope)
    {
        try
        {
            using var document = JsonDocument.Parse(envelope, Strict);
            var root = document.RootElement;
            if (root.EnumerateObject().Count() != 3 || root.GetProperty("payloadType").GetString() != PayloadType
                || !Audit.StrictBase64.TryDecode(root.GetProperty("payload").GetString() ?? "?", out var payload))
                return null;
            var signatures = new List<byte[]>();
            foreach (var line in root.GetProperty("signatures").EnumerateArray())
            {
                if (signatures.Count == MaxSignatures || !Audit.StrictBase64.TryDecode(line.GetProperty("sig").GetString() ?? "?", out var signature))
                    return null;
                signatures.Add(signature);
            }
            return (payload, signatures);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Whether one of the signatures is this key's. The id beside a signature is a hint, as DSSE has it, and proves nothing.</summary>
    public static bool IsSigned(byte[] payload, IReadOnlyList<byte[]> signatures, ECDsa key)
    {
        var signed = PreAuthentication(PayloadType, payload);
        return signatures.Any(s => key.VerifyData(signed, s, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }
}
