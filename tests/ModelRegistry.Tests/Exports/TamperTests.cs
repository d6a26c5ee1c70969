using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Exports;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Exports;

/// <summary>
/// An export that was changed proves nothing, and says what was changed: by anybody, whose change breaks the signature over all of
/// it, and by whoever holds the registry's key and signs it anew.
/// </summary>
[OnBothDatabases]
public sealed class TamperTests : IAsyncLifetime
{
    private ExportingRegistry _it = null!;
    private byte[] _export = [];
    private string _id = "";

    public async ValueTask InitializeAsync()
    {
        _it = await ExportingRegistry.OpenAsync("regulated");
        _export = await _it.ExportAsync(_id = await _it.RegulatedAsync());
    }

    public ValueTask DisposeAsync() => _it.DisposeAsync();

    private static JsonNode Promotion(JsonNode p) => p["predicate"]!["promotion"]!;

    private static JsonNode Decision(JsonNode p, int at = 0) => p["predicate"]!["decisions"]![at]!;

    private static JsonNode Evidence(JsonNode p) => Decision(p)["proof"]!["evidence"]!;

    private static JsonArray Entries(JsonNode p) => p["predicate"]!["log"]!["entries"]!.AsArray();

    private static JsonNode Entry(JsonNode p, string verb) => Entries(p).First(e => ((string)e!["leaf"]!).Contains($"\"verb\":\"{verb}\"", StringComparison.Ordinal))!;

    private static string Other(JsonNode? digest) => new([.. ((string)digest!)[..^1], (string)digest! is [.., '0'] ? '1' : '0']);

    /// <summary>The same bytes with one bit turned.</summary>
    private static string Turned(JsonNode? base64Url, int at)
    {
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars((string)base64Url!);
        bytes[at < 0 ? bytes.Length + at : at] ^= 1;
        return System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    private static void InStatement(JsonNode p, string name, JsonNode? value)
    {
        var statement = JsonNode.Parse((string)Promotion(p)["statement"]!)!.AsObject();
        statement[name] = value;
        Promotion(p)["statement"] = CanonicalJson.Text(statement);
        Promotion(p)["statement_sha256"] = CanonicalJson.Digest(statement).Hex;
    }

    private static void LastFirst(JsonNode p)
    {
        var last = Entries(p)[^1]!.DeepClone();
        Entries(p).RemoveAt(Entries(p).Count - 1);
        Entries(p).Insert(0, last);
    }

    /// <summary>What is changed, and the first point that has to fail then.</summary>
    private static readonly Dictionary<string, (string Point, Action<JsonNode> Change)> Changes = new()
    {
        ["a file's digest"] = ("files", p => p["subject"]![0]!["digest"]!["sha256"] = Other(p["subject"]![0]!["digest"]!["sha256"])),
        ["a file's name"] = ("files", p => p["subject"]![0]!["name"] = "other.onnx"),
        ["a file's size"] = ("files", p => p["subject"]![0]!["annotations"]!["size"] = 1),
        ["a file left out"] = ("files", p => p["subject"]!.AsArray().RemoveAt(0)),
        ["a file that climbs out"] = ("files", p => p["subject"]![0]!["name"] = "../model.onnx"),
        ["the statement's text"] = ("statement", p => Promotion(p)["statement"] = ((string)Promotion(p)["statement"]!).Replace("production", "staging", StringComparison.Ordinal)),
        ["a space in the statement"] = ("statement", p => Promotion(p)["statement"] = " " + (string)Promotion(p)["statement"]!),
        ["the statement and its digest"] = ("request", p => InStatement(p, "reason_sha256", Other(Promotion(p)["statement_sha256"]))),
        ["the statement's policy"] = ("request", p => InStatement(p, "policy_sha256", Other(Promotion(p)["statement_sha256"]))),
        ["the statement's proposer"] = ("request", p => InStatement(p, "proposer", new JsonObject { ["id"] = "act_other", ["kind"] = "agent", ["name"] = "other" })),
        ["one member more in the statement"] = ("statement", p => InStatement(p, "approved", true)),
        ["what a person said"] = ("decision", p => Decision(p)["decision"] = "reject"),
        ["who said it"] = ("decision", p => Decision(p)["person_id"] = Decision(p, 1)["person_id"]!.DeepClone()),
        ["when they said it"] = ("decision", p => Decision(p)["at"] = "2026-11-20T12:00:00.000000Z"),
        ["what they decided on"] = ("decision", p => Decision(p)["statement_sha256"] = Other(Decision(p)["statement_sha256"])),
        ["what it is said to be worth"] = ("decision", p => Decision(p)["proof"]!["assurance"] = "attested"),
        ["another method"] = ("decision", p => Decision(p)["proof"]!["method"] = "passphrase"),
        ["another key"] = ("decision", p => Decision(p)["proof"]!["credential_id"] = Decision(p, 1)["proof"]!["credential_id"]!.DeepClone()),
        ["a decision left out"] = ("decisions", p => p["predicate"]!["decisions"]!.AsArray().RemoveAt(0)),
        ["a decision twice"] = ("decisions", p => p["predicate"]!["decisions"]!.AsArray().Add(Decision(p).DeepClone())),
        ["a passkey's signature"] = ("proof", p => Evidence(p)["signature"] = Turned(Evidence(p)["signature"], -1)),
        ["the nonce"] = ("proof", p => Evidence(p)["nonce"] = Other(Evidence(p)["nonce"])),
        ["a short nonce"] = ("proof", p => Evidence(p)["nonce"] = "00"),
        ["the relying party"] = ("proof", p => Evidence(p)["authenticator_data"] = Turned(Evidence(p)["authenticator_data"], 0)),
        ["the flags"] = ("proof", p => Evidence(p)["authenticator_data"] = Turned(Evidence(p)["authenticator_data"], 32)),
        ["the counter"] = ("proof", p => Evidence(p)["authenticator_data"] = Turned(Evidence(p)["authenticator_data"], -1)),
        ["the client's data"] = ("proof", p => Evidence(p)["client_data_json"] = Turned(Evidence(p)["client_data_json"], 3)),
        ["another's evidence"] = ("proof", p => Decision(p)["proof"]!["evidence"] = Decision(p, 1)["proof"]!["evidence"]!.DeepClone()),
        ["no evidence"] = ("proof", p => Decision(p)["proof"]!["evidence"] = null),
        ["the public key"] = ("keys", p => p["predicate"]!["keys"]![0]!["public_key"] = p["predicate"]!["keys"]![1]!["public_key"]!.DeepClone()),
        ["whose key it is"] = ("keys", p => p["predicate"]!["keys"]![0]!["person_id"] = p["predicate"]!["keys"]![1]!["person_id"]!.DeepClone()),
        ["a key left out"] = ("proof", p => p["predicate"]!["keys"]!.AsArray().RemoveAt(0)),
        ["a leaf"] = ("inclusion", p => Entry(p, "promotion.decide")["leaf"] = ((string)Entry(p, "promotion.decide")["leaf"]!).Replace("page", "rest", StringComparison.Ordinal)),
        ["a leaf that is none"] = ("log", p => Entry(p, "promotion.decide")["leaf"] = "{}"),
        ["a proof's hash"] = ("inclusion", p => Entry(p, "promotion.request")["proof"]![0] = Other(Entry(p, "promotion.request")["proof"]![0])),
        ["a proof cut short"] = ("inclusion", p => Entry(p, "promotion.request")["proof"]!.AsArray().RemoveAt(0)),
        ["a leaf's place"] = ("inclusion", p => Entries(p)[^1]!["index"] = 1_000_000),
        ["the order of the leaves"] = ("log", LastFirst),
        ["the request left out"] = ("request", p => Entries(p).Remove(Entry(p, "promotion.request"))),
        ["the registration left out"] = ("version", p => Entries(p).Remove(Entry(p, "version.register"))),
        ["a person's enrolment left out"] = ("proof", p => Entries(p).Remove(Entry(p, "person.add"))),
        ["a key's enrolment left out"] = ("keys", p => Entries(p).Remove(Entry(p, "passkey.enrol"))),
        ["the outcome left out"] = ("outcome", p => Entries(p).Remove(Entry(p, "promotion.apply"))),
        ["the policy's entry left out"] = ("policies", p => Entries(p).Remove(Entry(p, "registry.create"))),
        ["a text"] = ("texts", p => Entries(p).First(e => e!["texts"]!.AsArray().Count > 0)!["texts"]![0]!["text"] = "mallory"),
        ["a salt"] = ("texts", p => Entries(p).First(e => e!["texts"]!.AsArray().Count > 0)!["texts"]![0]!["salt"] = new string('0', 32)),
        ["the checkpoint"] = ("checkpoint", p => p["predicate"]!["log"]!["checkpoint"] = ((string)p["predicate"]!["log"]!["checkpoint"]!).Replace("\n\n", "\nmore\n\n", StringComparison.Ordinal)),
        ["the log's name"] = ("checkpoint", p => p["predicate"]!["registry"]!["origin"] = "model-registry/reg_other"),
        ["the registry's id"] = ("checkpoint", p => p["predicate"]!["registry"]!["id"] = "reg_other"),
        ["the policy"] = ("policies", p => p["predicate"]!["policies"]![0] = PolicyProfiles.Find("team")),
        ["no policy"] = ("policies", p => p["predicate"]!["policies"] = new JsonArray()),
        ["a gate's verdict"] = ("gates", p => Promotion(p)["gates"]![0]!["verdict"] = "fail"),
        ["a gate left out"] = ("gates", p => Promotion(p)["gates"]!.AsArray().RemoveAt(0)),
        ["the card"] = ("metadata", p => p["predicate"]!["metadata"]!["card"] = "# A better card"),
        ["the status"] = ("outcome", p => Promotion(p)["status"] = "approved"),
        ["when it ended"] = ("outcome", p => Promotion(p)["ended_at"] = "2026-11-20T12:00:00.000000Z"),
        ["when it was requested"] = ("request", p => Promotion(p)["requested_at"] = "2026-11-20T12:00:00.000000Z"),
        ["its id"] = ("statement", p => Promotion(p)["id"] = "prm_other"),
        ["the kind of predicate"] = ("format", p => p["predicateType"] = "https://slsa.dev/provenance/v1"),
    };

    public static TheoryData<string> Names => [.. Changes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Whatever_is_changed_is_named(string name)
    {
        var (point, change) = Changes[name];
        var payload = ExportingRegistry.Payload(_export);
        change(payload);

        var signedAnew = _it.Verify(await _it.SignedByRegistryAsync(payload));
        var envelope = JsonNode.Parse(_export)!;
        envelope["payload"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(payload.ToJsonString()));
        var byAnybody = _it.Verify(Encoding.UTF8.GetBytes(envelope.ToJsonString()));

        Assert.False(signedAnew.Verified);
        Assert.Contains(signedAnew.Points, p => p.Status == PointStatus.Failed && (p.Point == point || p.Point.StartsWith(point + " ", StringComparison.Ordinal)));
        Assert.Equal(PointStatus.Ok, signedAnew.Points.First(p => p.Point == "envelope").Status);
        Assert.Equal(PointStatus.Failed, byAnybody.Points.First(p => p.Point == "envelope").Status);
        // The signature over all of it is the only thing that anybody's change breaks beside what they changed.
        Assert.Equal(signedAnew.Points.Skip(1), byAnybody.Points.Skip(1));
    }

    [Fact]
    public async Task Another_registrys_key_verifies_nothing()
    {
        await using var other = await TestRegistry.EmptyAsync();
        var report = ExportVerification.Verify(_export, Ok(VerifierKey.Read(Ok(other.Services.Exports.Key(Robot)))));

        Assert.Equal(["envelope", "checkpoint", "inclusion"], report.Points.Where(p => p.Status == PointStatus.Failed).Select(p => p.Point));
        var line = _it.Pinned.Text;
        Assert.Equal("verifier_key_invalid", No(VerifierKey.Read(line[..^6])));
        Assert.Equal("verifier_key_invalid", No(VerifierKey.Read(line.Replace("+", "-", StringComparison.Ordinal))));
        Assert.Equal("verifier_key_invalid", No(VerifierKey.Read("x" + line[(line.IndexOf('+') - 1)..][..9] + line[(line.IndexOf('+') + 9)..])));
        using var key = _it.Pinned.Open();
        Assert.True(ExportVerification.Verify(_export, Ok(VerifierKey.Read(key.ExportSubjectPublicKeyInfoPem()))).Verified);
    }

    [Fact]
    public void Bytes_that_are_no_text_have_failed_like_anything_else()
    {
        var payload = Encoding.UTF8.GetBytes(ExportingRegistry.Payload(_export).ToJsonString());
        var at = payload.AsSpan().IndexOf("\"id\":\"dec_"u8) + 7;
        payload[at] = 0xED;
        var envelope = JsonNode.Parse(_export)!;
        envelope["payload"] = Convert.ToBase64String(payload);
        var report = _it.Verify(Encoding.UTF8.GetBytes(envelope.ToJsonString()));
        Assert.Equal(["envelope", "format"], report.Points.Where(p => p.Status == PointStatus.Failed).Select(p => p.Point));
        Assert.False(report.Verified);
    }

    [Fact]
    public void The_description_of_the_format_has_every_member_and_every_point()
    {
        var page = File.ReadAllText(Repository.At("docs/export.md"));
        var predicate = ExportingRegistry.Payload(_export)["predicate"]!.AsObject();
        var members = new List<string>();
        foreach (var (name, value) in predicate)
        {
            members.Add(name);
            // What the policy, the card and the leaves look like is told elsewhere.
            if (name is not ("policies" or "metadata"))
                Walk(value);
        }
        Assert.All(members.Distinct(), m => Assert.Contains($"`{m}`", page, StringComparison.Ordinal));
        Assert.All(_it.Verify(_export).Points.Select(p => p.Point).Append("glass_review").Append("local_files").Append("asked_outcome").Append("asked_stage").Append("asked_model").Distinct(),
            p => Assert.Contains(p.Contains(' ', StringComparison.Ordinal) ? $"`{p.Split(' ')[0]} …`" : $"`{p}`", page, StringComparison.Ordinal));
        Assert.Contains(PromotionRecord.PredicateType, page, StringComparison.Ordinal);

        void Walk(JsonNode? node)
        {
            foreach (var (name, value) in node is JsonObject o ? o.ToList() : [])
            {
                members.Add(name);
                if (name != "gates")
                    Walk(value);
            }
            foreach (var item in node as JsonArray ?? [])
                Walk(item);
        }
    }

    [Fact]
    public async Task A_script_that_knows_the_format_from_its_description_comes_to_the_same()
    {
        var python = Needs.Program("python3", "an independent verifier runs in it");
        var key = _it.Registry.File(_it.Pinned.Text, "registry.key");
        Assert.StartsWith($"ok {_id} applied: ", Run(python, _export, key), StringComparison.Ordinal);
        Assert.EndsWith("3 files, 2 passkeys", Run(python, _export, key), StringComparison.Ordinal);

        foreach (var name in new[] { "a file's digest", "a passkey's signature", "the nonce", "the flags", "the relying party", "a leaf", "a proof's hash", "a text", "the public key", "what a person said", "the statement's text" })
        {
            var payload = ExportingRegistry.Payload(_export);
            Changes[name].Change(payload);
            Assert.StartsWith("FAILED ", Run(python, await _it.SignedByRegistryAsync(payload), key), StringComparison.Ordinal);
        }
        var envelope = JsonNode.Parse(_export)!;
        envelope["payload"] = Convert.ToBase64String([.. Convert.FromBase64String((string)envelope["payload"]!), (byte)' ']);
        Assert.Equal("FAILED signature of the envelope", Run(python, Encoding.UTF8.GetBytes(envelope.ToJsonString()), key));

        string Run(string program, byte[] export, string keyFile)
        {
            var path = _it.Registry.File("", "export.json");
            File.WriteAllBytes(path, export);
            using var process = Process.Start(new ProcessStartInfo(program, [Repository.At("tests/ModelRegistry.Tests/Exports/verify_export.py"), path, keyFile]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (told, wrong) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            process.WaitForExit();
            return (told.Result + wrong.Result).Trim();
        }
    }
}
