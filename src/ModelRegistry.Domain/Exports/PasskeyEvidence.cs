using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain.Exports;

/// <summary>
/// What a passkey gave when its person decided (WebAuthn Level 3, section 7.2), with the nonce of the challenge: enough to check the
/// signature again without the registry.
/// </summary>
/// <param name="ClientData">The browser's own words: what was asked, where, and for which challenge.</param>
/// <param name="AuthenticatorData">SHA-256 of the relying party, flags and counter.</param>
/// <param name="Signature">Over the authenticator's data and the SHA-256 of the client's.</param>
public sealed record PasskeyEvidence(byte[] Nonce, byte[] AuthenticatorData, byte[] ClientData, byte[] Signature)
{
    private const byte Present = 0x01, Verified = 0x04;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Reads what is kept with a decision; null when it is not such evidence.</summary>
    public static PasskeyEvidence? Kept(string? evidence)
    {
        try
        {
            if (evidence is null || JsonNode.Parse(evidence, documentOptions: Strict) is not JsonObject kept || kept["assertion"]?["response"] is not JsonObject response)
                return null;
            return new PasskeyEvidence(Convert.FromHexString((string?)kept["nonce"] ?? ""), Bytes(response, "authenticatorData"), Bytes(response, "clientDataJSON"), Bytes(response, "signature"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>As it stands in an export.</summary>
    public JsonObject ToJson() => new()
    {
        ["nonce"] = Convert.ToHexStringLower(Nonce),
        ["authenticator_data"] = Base64Url.EncodeToString(AuthenticatorData),
        ["client_data_json"] = Base64Url.EncodeToString(ClientData),
        ["signature"] = Base64Url.EncodeToString(Signature),
    };

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">It is not of that form.</exception>
    public static PasskeyEvidence FromJson(JsonObject json) => new(
        Convert.FromHexString(json.NeedText("nonce")), Bytes(json, "authenticator_data"), Bytes(json, "client_data_json"), Bytes(json, "signature"));

    /// <summary>Checks everything about it but whose key it is.</summary>
    /// <param name="origin">Where the page must have stood; null: anywhere, as long as the key's own word agrees.</param>
    /// <returns>The origin it was given at.</returns>
    /// <exception cref="FormatException">What is wrong with it.</exception>
    public string Check(SignedDecision decision, byte[] coseKey, string? origin)
    {
        if (Nonce.Length != ApprovalChallenge.NonceBytes)
            throw new FormatException($"The nonce has {Nonce.Length} bytes, not {ApprovalChallenge.NonceBytes}.");
        using var document = JsonDocument.Parse(ClientData, Strict);
        var client = JsonObject.Create(document.RootElement) ?? throw new FormatException("The client's data is no object.");
        if (client.NeedText("type") != "webauthn.get")
            throw new FormatException($"The browser says it was asked for '{client.NeedText("type")}', not for a signature (webauthn.get).");
        if (client.NeedText("challenge") != Base64Url.EncodeToString(ApprovalChallenge.Of(decision, Nonce)))
            throw new FormatException($"The challenge is not that of '{decision.Word}' on the statement {decision.Statement.Hex}.");
        if (client["crossOrigin"] is JsonValue crossed && crossed.GetValueKind() == JsonValueKind.True)
            throw new FormatException("It was given within a page of another site.");
        var seen = client.NeedText("origin");
        if (!Uri.TryCreate(seen, UriKind.Absolute, out var page) || seen != page.GetLeftPart(UriPartial.Authority) || !(page.Scheme == "https" || (page.Scheme == "http" && page.IsLoopback)))
            throw new FormatException($"'{seen}' is not the origin of a page that passkeys are used at.");
        if (origin is not null && seen != origin)
            throw new FormatException($"It was given at {seen}, not at {origin}.");
        if (AuthenticatorData.Length < 37 || !AuthenticatorData.AsSpan(0, 32).SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes(page.Host))))
            throw new FormatException($"The authenticator's relying party is not {page.Host}.");
        if ((AuthenticatorData[32] & (Present | Verified)) != (Present | Verified))
            throw new FormatException("The authenticator did not verify its user.");
        return CoseKey.Verify(coseKey, [.. AuthenticatorData, .. SHA256.HashData(ClientData)], Signature) ? seen : throw new FormatException("The signature is not of the key.");
    }

    private static byte[] Bytes(JsonObject json, string name) => json.NeedText(name) is var text && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : throw new FormatException($"'{name}' is not base64url.");
}
