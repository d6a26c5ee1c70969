using System.Buffers.Binary;
using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Identity;

namespace ModelRegistry.Tests;

/// <summary>
/// An authenticator and the browser around it, in a few lines: one ES256 key (WebAuthn Level 3), attestation "none". It signs
/// whatever it is told to, as an attacker's would.
/// </summary>
internal sealed class SoftwareAuthenticator(string origin = "https://models.example.org") : IDisposable
{
    private const byte Present = 0x01, Verified = 0x04, Attested = 0x40;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _id = RandomNumberGenerator.GetBytes(16);

    /// <summary>Where the page stands that asks.</summary>
    public string Origin { get; set; } = origin;

    /// <summary>Whether the user gave a PIN, a finger or a face.</summary>
    public bool VerifiesUser { get; set; } = true;

    /// <summary>Added to the counter with each use; synced passkeys have 0 for ever.</summary>
    public uint Step { get; set; } = 1;

    public uint Counter { get; set; }

    public string Id => Base64Url.EncodeToString(_id);

    /// <summary><c>navigator.credentials.create</c>.</summary>
    public PasskeyAnswer Make(CeremonyView asked)
    {
        var client = Client("webauthn.create", Challenge(asked));
        var statement = new CborWriter(CborConformanceMode.Ctap2Canonical);
        statement.WriteStartMap(3);
        statement.WriteTextString("fmt");
        statement.WriteTextString("none");
        statement.WriteTextString("attStmt");
        statement.WriteStartMap(0);
        statement.WriteEndMap();
        statement.WriteTextString("authData");
        statement.WriteByteString(Data(asked, attested: true));
        statement.WriteEndMap();
        return new PasskeyAnswer(asked.State, Credential(new JsonObject
        {
            ["clientDataJSON"] = Text(client),
            ["attestationObject"] = Text(statement.Encode()),
            ["transports"] = new JsonArray("internal"),
        }));
    }

    /// <summary><c>navigator.credentials.get</c>.</summary>
    /// <param name="challenge">What is signed instead of what is asked, base64url; null: what is asked.</param>
    /// <param name="type">What the browser says was done.</param>
    public PasskeyAnswer Sign(CeremonyView asked, string? challenge = null, string type = "webauthn.get")
    {
        var client = Client(type, challenge ?? Challenge(asked));
        var data = Data(asked, attested: false);
        return new PasskeyAnswer(asked.State, Credential(new JsonObject
        {
            ["clientDataJSON"] = Text(client),
            ["authenticatorData"] = Text(data),
            ["signature"] = Text(_key.SignData([.. data, .. SHA256.HashData(client)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
            ["userHandle"] = null,
        }));
    }

    public static string Challenge(CeremonyView asked) => (string)asked.PublicKey["challenge"]!;

    public void Dispose() => _key.Dispose();

    private byte[] Client(string type, string challenge) =>
        JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["type"] = type, ["challenge"] = challenge, ["origin"] = Origin, ["crossOrigin"] = false });

    private string Credential(JsonObject response) => new JsonObject
    {
        ["id"] = Id, ["rawId"] = Id, ["type"] = "public-key", ["authenticatorAttachment"] = "platform", ["clientExtensionResults"] = new JsonObject(), ["response"] = response,
    }.ToJsonString();

    // SHA-256 of the relying party, flags, counter; when it is new, also what it is.
    private byte[] Data(CeremonyView asked, bool attested)
    {
        Counter += Step;
        var party = (string?)asked.PublicKey["rpId"] ?? (string)asked.PublicKey["rp"]!["id"]!;
        var fixedPart = new byte[37];
        SHA256.HashData(Encoding.UTF8.GetBytes(party)).CopyTo(fixedPart, 0);
        fixedPart[32] = (byte)(Present | (VerifiesUser ? Verified : 0) | (attested ? Attested : 0));
        BinaryPrimitives.WriteUInt32BigEndian(fixedPart.AsSpan(33), Counter);
        if (!attested)
            return fixedPart;
        var length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)_id.Length);
        return [.. fixedPart, .. new byte[16], .. length, .. _id, .. PublicKey()];
    }

    // COSE_Key (RFC 9053): EC2, ES256, P-256.
    private byte[] PublicKey()
    {
        var point = _key.ExportParameters(false).Q;
        var cose = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cose.WriteStartMap(5);
        foreach (var (label, value) in new (int, int)[] { (1, 2), (3, -7), (-1, 1) })
        {
            cose.WriteInt32(label);
            cose.WriteInt32(value);
        }
        cose.WriteInt32(-2);
        cose.WriteByteString(point.X!);
        cose.WriteInt32(-3);
        cose.WriteByteString(point.Y!);
        cose.WriteEndMap();
        return cose.Encode();
    }

    private static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
