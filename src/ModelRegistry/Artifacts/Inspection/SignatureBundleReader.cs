using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>What a signature over a model says.</summary>
/// <param name="Signed">The bytes that were signed: the pre-authentication encoding of the statement (DSSE 1.0, "Protocol").</param>
/// <param name="KeyHint">Which key, as the bundle says; empty: it does not.</param>
/// <param name="KeyPem">The key itself in PEM, as versions before 1.1 of the tool wrote; empty otherwise.</param>
/// <param name="Certified">It names a certificate instead of a key.</param>
/// <param name="Subject">The name of the model: a file's when <paramref name="Files"/> has the one entry <c>.</c></param>
/// <param name="Files">SHA-256 in hexadecimal of every file signed, by name.</param>
/// <param name="Ignored">Paths that the signer left out, files or folders.</param>
internal sealed record SignedModel(byte[] Signed, byte[] Signature, string KeyHint, byte[] KeyPem, bool Certified, string Subject, IReadOnlyDictionary<string, string> Files, IReadOnlyList<string> Ignored);

/// <summary>
/// Reads a signature of OpenSSF Model Signing v1: a Sigstore bundle with a DSSE envelope, in it an in-toto statement whose
/// predicate lists every file of the model.
/// </summary>
internal static class SignatureBundleReader
{
    private const int MostBytes = 8 * 1024 * 1024, MostFiles = 20_000;
    private const string PayloadType = "application/vnd.in-toto+json";

    /// <summary>Whether it begins as a Sigstore bundle does.</summary>
    public static bool Looks(ReadOnlySpan<byte> head) =>
        head.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] && head.IndexOf("\"application/vnd.dev.sigstore.bundle"u8) >= 0;

    public static void Read(ByteWindow file, FileReading it)
    {
        it.Kind = "model_signature";
        if (file.Length > MostBytes)
            throw new InspectionStop("too_complex", $"It is longer than {MostBytes / 1024 / 1024} MiB, more than is read of a signature.");
        try
        {
            using var bundle = Parse(file.Piece(0, MostBytes));
            it.Signed = Bundle(bundle.RootElement, it);
        }
        // The framework's own noes: JSON that is none, a member that is not there or of another kind, base64 that is none.
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new InspectionStop("malformed", "It is not laid out as a Sigstore bundle over a model.");
        }
        if (it.Depth > 0)
            it.Note("signature_not_checked", "A signature within an archive is not held against anything.");
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });

    private static SignedModel? Bundle(JsonElement bundle, FileReading it)
    {
        if (bundle.GetProperty("mediaType").GetString() != "application/vnd.dev.sigstore.bundle.v0.3+json")
            return Other(it, "a bundle of another version than 0.3");
        if (!bundle.TryGetProperty("dsseEnvelope", out var envelope) || envelope.GetProperty("payloadType").GetString() != PayloadType)
            return Other(it, "a bundle that signs something else than an in-toto statement");
        var signatures = envelope.GetProperty("signatures");
        if (signatures.GetArrayLength() != 1)
            return Other(it, "a bundle with another number of signatures than one");
        var payload = envelope.GetProperty("payload").GetBytesFromBase64();
        using var document = Parse(payload);
        var statement = document.RootElement;
        if (statement.GetProperty("_type").GetString() != "https://in-toto.io/Statement/v1" || statement.GetProperty("predicateType").GetString() != "https://model_signing/signature/v1.0")
            return Other(it, "a statement of another kind than that of OpenSSF Model Signing v1.0");
        var predicate = statement.GetProperty("predicate");
        var serialization = predicate.GetProperty("serialization");
        if (serialization.GetProperty("method").GetString() != "files" || serialization.GetProperty("hash_type").GetString() != "sha256")
            return Other(it, "a statement over something else than the SHA-256 of whole files");
        var material = bundle.GetProperty("verificationMaterial");
        var key = material.TryGetProperty("publicKey", out var named) ? named : default;
        return new SignedModel(
            Encode(payload), signatures[0].GetProperty("sig").GetBytesFromBase64(), Text(key, "hint"), Text(key, "rawBytes") is { Length: > 0 } raw ? Convert.FromBase64String(raw) : [],
            Certified: key.ValueKind == JsonValueKind.Undefined, Subject(statement, predicate.GetProperty("resources"), out var files), files,
            serialization.TryGetProperty("ignore_paths", out var ignored) ? [.. ignored.EnumerateArray().Select(i => i.GetString() ?? "")] : []);
    }

    private static SignedModel? Other(FileReading it, string what)
    {
        it.Find("signature_not_read", $"It is {what}, which nothing here checks.", ScanVerdict.Unknown);
        return null;
    }

    private static string Text(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var text) ? text.GetString() ?? "" : "";

    /// <summary>The one subject's name, and the files; its digest must be that over the digests of the files in their order.</summary>
    private static string Subject(JsonElement statement, JsonElement resources, out Dictionary<string, string> files)
    {
        files = new Dictionary<string, string>(StringComparer.Ordinal);
        using var root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var resource in resources.EnumerateArray())
        {
            var digest = Convert.FromHexString(resource.GetProperty("digest").GetString() ?? "");
            if (resource.GetProperty("algorithm").GetString() != "sha256" || digest.Length != 32)
                throw new InspectionStop("malformed", "It lists a file without its SHA-256.");
            if (files.Count >= MostFiles || !files.TryAdd(resource.GetProperty("name").GetString() ?? "", Convert.ToHexStringLower(digest)))
                throw new InspectionStop("malformed", $"It lists a file twice, or more than {MostFiles:N0}.");
            root.AppendData(digest);
        }
        var subjects = statement.GetProperty("subject");
        if (subjects.GetArrayLength() != 1 || !string.Equals(subjects[0].GetProperty("digest").GetProperty("sha256").GetString(), Convert.ToHexString(root.GetHashAndReset()), StringComparison.OrdinalIgnoreCase))
            throw new InspectionStop("malformed", "The digest of the whole is not that of the files it lists.");
        return subjects[0].GetProperty("name").GetString() ?? "";
    }

    private static byte[] Encode(byte[] payload) => [.. Encoding.ASCII.GetBytes($"DSSEv1 {PayloadType.Length} {PayloadType} {payload.Length} "), .. payload];
}
