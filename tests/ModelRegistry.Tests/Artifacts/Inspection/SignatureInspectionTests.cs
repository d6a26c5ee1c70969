using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Artifacts.Inspection;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>Signatures of OpenSSF Model Signing v1: held against the version's files, names too, and against pinned keys.</summary>
public sealed class SignatureInspectionTests : IDisposable
{
    private static readonly (string Path, byte[] Bytes)[] Model = [("model.onnx", Onnx.Model()), ("README.md", "words"u8.ToArray())];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("signing-keys");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>A signature by a key that nobody keeps.</summary>
    internal static byte[] Sample { get; } = MakeSample();

    private static byte[] MakeSample()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Sign(key, Model);
    }

    public void Dispose()
    {
        _key.Dispose();
        _folder.Delete(recursive: true);
    }

    private SigningKeys Pinned(ECDsa? key = null)
    {
        System.IO.File.WriteAllText(Path.Combine(_folder.FullName, "release.pem"), Pem(key ?? _key));
        return SigningKeys.Load(_folder.FullName).Value;
    }

    private static string Pem(ECDsa key) => key.ExportSubjectPublicKeyInfoPem() + "\n";

    /// <summary>As the tool's signer with a key writes it: bundle 0.3, DSSE, in-toto statement v1.</summary>
    internal static byte[] Sign(ECDsa key, (string Path, byte[] Bytes)[] files, string subject = "my-model", Action<JsonObject>? statement = null, Action<JsonObject>? bundle = null, string[]? ignored = null)
    {
        var sorted = files.OrderBy(f => f.Path, StringComparer.Ordinal).ToList();
        var said = new JsonObject
        {
            ["_type"] = "https://in-toto.io/Statement/v1",
            ["subject"] = new JsonArray(new JsonObject { ["name"] = subject, ["digest"] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData([.. sorted.SelectMany(f => SHA256.HashData(f.Bytes))])) } }),
            ["predicateType"] = "https://model_signing/signature/v1.0",
            ["predicate"] = new JsonObject
            {
                ["serialization"] = new JsonObject { ["method"] = "files", ["hash_type"] = "sha256", ["allow_symlinks"] = false, ["ignore_paths"] = new JsonArray([.. (ignored ?? ["model.sig", ".git"]).Select(i => (JsonNode)i)]) },
                ["resources"] = new JsonArray([.. sorted.Select(f => (JsonNode)new JsonObject { ["name"] = f.Path, ["algorithm"] = "sha256", ["digest"] = Digest.Of(f.Bytes).Hex })]),
            },
        };
        statement?.Invoke(said);
        var payload = Encoding.UTF8.GetBytes(said.ToJsonString());
        byte[] signed = [.. Encoding.ASCII.GetBytes($"DSSEv1 28 application/vnd.in-toto+json {payload.Length} "), .. payload];
        var whole = new JsonObject
        {
            ["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json",
            ["verificationMaterial"] = new JsonObject { ["publicKey"] = new JsonObject { ["hint"] = Digest.Of(Pem(key)).Hex }, ["tlogEntries"] = new JsonArray() },
            ["dsseEnvelope"] = new JsonObject
            {
                ["payload"] = Convert.ToBase64String(payload),
                ["payloadType"] = "application/vnd.in-toto+json",
                ["signatures"] = new JsonArray(new JsonObject { ["sig"] = Convert.ToBase64String(key.SignData(signed, key.KeySize switch { 384 => HashAlgorithmName.SHA384, 521 => HashAlgorithmName.SHA512, _ => HashAlgorithmName.SHA256 }, DSASignatureFormat.Rfc3279DerSequence)), ["keyid"] = "" }),
            },
        };
        bundle?.Invoke(whole);
        return Encoding.UTF8.GetBytes(whole.ToJsonString());
    }

    private byte[] Sign((string Path, byte[] Bytes)[] files, string subject = "my-model", Action<JsonObject>? statement = null, Action<JsonObject>? bundle = null, ECDsa? key = null, string[]? ignored = null) =>
        Sign(key ?? _key, files, subject, statement, bundle, ignored);

    private InspectionReport Look((string Path, byte[] Bytes)[] files, byte[] signature, SigningKeys? keys = null, string path = "model.sig") => Files(keys ?? Pinned(), [.. files, (path, signature)]);

    [Fact]
    public void A_signature_by_a_pinned_key_over_all_files_is_told_and_clean()
    {
        var report = Look(Model, Sign(Model));

        Clean(report);
        Assert.Equal("signed", report.Notes.Single().Code);
        Assert.Contains("'release'", report.Notes.Single().Words, StringComparison.Ordinal);
        Assert.Contains("over 2 of the version's 2 other files", report.Notes.Single().Words, StringComparison.Ordinal);
        Assert.Equal("model_signature", report.Files.Single(f => f.Path == "model.sig").Kind);
        Assert.Equal(Pinned().Fingerprint, report.SigningKeys);
    }

    [Fact]
    public void Keys_of_every_curve_count()
    {
        foreach (var curve in new[] { ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.nistP521 })
        {
            using var key = ECDsa.Create(curve);
            Assert.Equal("signed", Look(Model, Sign(Model, key: key), Pinned(key)).Notes.Single().Code);
        }
    }

    [Fact]
    public void A_key_that_is_not_pinned_is_unknown_and_proves_nothing()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var report = Look(Model, Sign(Model), Pinned(other));

        Clean(report);
        Assert.Equal("signed_by_unknown_key", report.Notes.Single().Code);
        Assert.Equal("signed_by_unknown_key", Look(Model, Sign(Model), SigningKeys.None).Notes.Single().Code);
    }

    [Fact]
    public void A_file_that_was_changed_renamed_added_or_taken_away_is_found()
    {
        var signature = Sign(Model);

        Found(Look([Model[0], ("README.md", "other words"u8.ToArray())], signature), ScanVerdict.Findings, "signature_mismatch");
        // The same bytes under another name: the digest over all is the same.
        Found(Look([Model[0], ("NOTES.md", Model[1].Bytes)], signature), ScanVerdict.Findings, "signature_mismatch, signature_incomplete");
        Found(Look([.. Model, ("extra.md", "words"u8.ToArray())], signature), ScanVerdict.Findings, "signature_incomplete");
        Found(Look([Model[0]], signature), ScanVerdict.Findings, "signature_mismatch");
        // Names swapped.
        Found(Look([("model.onnx", Model[0].Bytes), ("README.md", "a"u8.ToArray())], Sign([("model.onnx", "a"u8.ToArray()), ("README.md", Model[0].Bytes)])), ScanVerdict.Findings, "signature_mismatch");
        Found(Look([.. Model, ("extra.md", "words"u8.ToArray())], signature, SigningKeys.None), ScanVerdict.Findings, "signature_incomplete");
    }

    [Fact]
    public void What_the_signer_left_out_may_be_there_and_is_counted()
    {
        var report = Look([.. Model, ("docs/a.md", "words"u8.ToArray())], Sign(Model, ignored: ["docs", "model.sig"]));
        Clean(report);
        Assert.Contains("over 2 of the version's 3 other files", report.Notes.Single().Words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_or_one_file_may_be_what_is_signed()
    {
        (string, byte[])[] folder = [("m/model.onnx", Model[0].Bytes), ("m/README.md", Model[1].Bytes)];
        Clean(Look(folder, Sign(Model), path: "m/model.sig"));
        Clean(Look(Model, Sign([(".", Model[0].Bytes)], subject: "model.onnx")));
        Found(Look(Model, Sign([(".", Model[1].Bytes)], subject: "model.onnx")), ScanVerdict.Findings, "signature_mismatch");
    }

    public static TheoryData<string> Forgeries => ["payload", "signature", "hint"];

    [Theory]
    [MemberData(nameof(Forgeries))]
    public void What_was_changed_after_signing_is_not_by_that_key(string what)
    {
        var report = Look(Model, Sign(Model, bundle: b =>
        {
            if (what == "payload")
                b["dsseEnvelope"]!["payload"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Convert.FromBase64String((string)b["dsseEnvelope"]!["payload"]!)).Replace("my-model", "my-madel", StringComparison.Ordinal)));
            else if (what == "signature")
                b["dsseEnvelope"]!["signatures"]![0]!["sig"] = Convert.ToBase64String("no signature"u8);
            else
                (b["verificationMaterial"]!["publicKey"]!["hint"], b["dsseEnvelope"]!["signatures"]![0]!["sig"]) = ("00", "AAAA");
        }));
        if (what == "hint")
            Assert.Equal("signed_by_unknown_key", report.Notes.Single().Code);
        else
            Found(report, ScanVerdict.Findings, "signature_invalid");
    }

    [Fact]
    public void A_bundle_that_is_of_another_kind_is_unknown()
    {
        void Unread(byte[] bundle) => Found(Look(Model, bundle), ScanVerdict.Unknown, "signature_not_read");
        Unread(Sign(Model, bundle: b => b["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.2+json"));
        Unread(Sign(Model, bundle: b => b["dsseEnvelope"]!["payloadType"] = "text/plain"));
        Unread(Sign(Model, bundle: b => b["dsseEnvelope"]!["signatures"] = new JsonArray()));
        Unread(Sign(Model, statement: s => s["predicateType"] = "https://slsa.dev/provenance/v1"));
        Unread(Sign(Model, statement: s => s["predicate"]!["serialization"]!["method"] = "shards"));
    }

    [Fact]
    public void A_bundle_that_is_damaged_is_unknown()
    {
        void Damaged(byte[] bundle) => Found(Look(Model, bundle), ScanVerdict.Unknown, "model_signature_malformed");
        Damaged(Sign(Model)[..^20]);
        Damaged(Sign(Model, bundle: b => b["dsseEnvelope"]!["payload"] = "%%%"));
        Damaged(Sign(Model, bundle: b => b.Remove("verificationMaterial")));
        Damaged(Sign(Model, statement: s => s["subject"]![0]!["digest"]!["sha256"] = new string('0', 64)));
        Damaged(Sign(Model, statement: s => s["subject"] = new JsonArray()));
        Damaged(Sign(Model, statement: s => s["predicate"]!["resources"]![0]!["algorithm"] = "blake2b"));
        Damaged(Sign(Model, statement: s => s["predicate"]!["resources"]!.AsArray().Add(s["predicate"]!["resources"]![0]!.DeepClone())));
        // Said twice: readers differ in which counts.
        Damaged(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Sign(Model)).Replace("{\"mediaType\"", "{\"mediaType\":\"x\",\"mediaType\"", StringComparison.Ordinal).Replace("\"x\"", "\"application/vnd.dev.sigstore.bundle.v0.3+json\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_certificate_is_told_and_proves_nothing() =>
        Assert.Equal("signed_by_certificate", Look(Model, Sign(Model, bundle: b => b["verificationMaterial"] = new JsonObject { ["certificate"] = new JsonObject() }), SigningKeys.None).Notes.Single().Code);

    [Fact]
    public void Keys_are_read_from_a_file_or_a_folder_and_nothing_else_is_taken_for_one()
    {
        var file = Path.Combine(_folder.FullName, "two.pem");
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        System.IO.File.WriteAllText(file, Pem(_key) + Pem(other));
        Assert.Equal("signed", Look(Model, Sign(Model, key: other), SigningKeys.Load(file).Value).Notes.Single().Code);
        Assert.NotEqual(SigningKeys.None.Fingerprint, SigningKeys.Load(file).Value.Fingerprint);

        using var rsa = RSA.Create(2048);
        foreach (var bad in new[] { "", "words", rsa.ExportSubjectPublicKeyInfoPem(), _key.ExportPkcs8PrivateKeyPem(), Pem(_key) + _key.ExportPkcs8PrivateKeyPem() })
        {
            System.IO.File.WriteAllText(file, bad);
            Assert.Equal("invalid_arguments", SigningKeys.Load(file).Refusal?.Code);
            Assert.Equal("invalid_arguments", SigningKeys.Load(_folder.FullName).Refusal?.Code);
        }
        Assert.Equal("invalid_arguments", SigningKeys.Load(Path.Combine(_folder.FullName, "missing")).Refusal?.Code);
    }
}
