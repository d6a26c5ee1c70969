using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using ModelRegistry.Domain.Exports;
using ModelRegistry.Identity;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Exports;

/// <summary>A registry with pages, where ben and cora have passkeys that really sign, and its public key as an auditor has kept it.</summary>
internal sealed class ExportingRegistry : IAsyncDisposable
{
    public const string Address = "https://models.example.org";

    private readonly Dictionary<string, SoftwareAuthenticator> _keys = [];

    private ExportingRegistry(TestRegistry registry) => Registry = registry;

    public TestRegistry Registry { get; }

    public VerifierKey Pinned => Ok(VerifierKey.Read(Ok(Registry.Services.Exports.Key(Robot))));

    public static async Task<ExportingRegistry> OpenAsync(string policy, string? database = null)
    {
        var it = new ExportingRegistry(await TestRegistry.OpenAsync(policy, database));
        it.Registry.Services.Pages.Move(new Uri(Address));
        foreach (var name in new[] { "ben", "cora" })
        {
            var key = it._keys[name] = new SoftwareAuthenticator(Address);
            var person = await it.Registry.PersonAsync(name);
            Ok(await it.Registry.Services.Passkeys.EnrolAsync(person, "key", key.Make(Ok(await it.Registry.Services.Passkeys.BeginAsync(person.Actor))), null));
        }
        it.Registry.Clock.Advance(TimeSpan.FromSeconds(1));
        return it;
    }

    public async Task<ProvenPerson> SignedAsync(string name, string promotion, string word, Outcome<CeremonyView>? asked = null) => Ok(await Registry.Services.Passkeys.ProveAsync(
        PasskeyUse.Decide, _keys[name].Sign(Ok(asked ?? await Registry.Services.Passkeys.ChallengeAsync(promotion, word))), "page"));

    /// <summary>A decision by passkey on what is shown now.</summary>
    public async Task<PromotionView> SignAsync(string name, string promotion, DecisionVerdict verdict = DecisionVerdict.Approve, string comment = "")
    {
        var seen = await Registry.ReviewAsync(promotion);
        var proven = await SignedAsync(name, promotion, Promotion.Word(verdict));
        return Ok(await Registry.Services.Promotions.DecideAsync(proven.Actor, new DecisionRequest(promotion, seen.Promotion.Revision, seen.StatementDigest, verdict, comment, proven.Proof)));
    }

    public async Task<byte[]> ExportAsync(string promotion) => Ok(await Registry.Services.Exports.ExportAsync(Robot, promotion));

    public ExportReport Verify(byte[] export, string? origin = null) => ExportVerification.Verify(export, Pinned, origin);

    /// <summary>Exports and verifies: everything must hold.</summary>
    public async Task<ExportReport> ProveAsync(string promotion)
    {
        var report = Verify(await ExportAsync(promotion));
        Assert.True(report.Verified, string.Join("\n", report.Points.Where(p => p.Status == PointStatus.Failed)));
        return report;
    }

    public static JsonObject Payload(byte[] export) => JsonNode.Parse(Convert.FromBase64String((string)JsonNode.Parse(export)!["payload"]!))!.AsObject();

    /// <summary>Signs what was changed with the registry's own key, as only its key holder could.</summary>
    public async Task<byte[]> SignedByRegistryAsync(JsonObject payload)
    {
        await using var db = await Registry.DatabaseAsync();
        using var key = db.OpenAuditKey();
        return DsseEnvelope.Sign(Encoding.UTF8.GetBytes(payload.ToJsonString()), Pinned, key);
    }

    /// <summary>Another log of the entries as they stand in an export, signed like that export with the registry's own key.</summary>
    public async Task<byte[]> RewrittenAsync(JsonObject payload)
    {
        var rewritten = payload.DeepClone().AsObject();
        var log = rewritten["predicate"]!["log"]!;
        var entries = log["entries"]!.AsArray();
        var leaves = entries.Select(e => MerkleTree.LeafHash(Encoding.UTF8.GetBytes((string)e!["leaf"]!))).ToList();
        for (var i = 0; i < entries.Count; i++)
        {
            entries[i]!["index"] = i;
            entries[i]!["proof"] = new JsonArray([.. MerkleTree.InclusionProof(i, leaves.Count, at => leaves[(int)at]).Select(p => (JsonNode)p.Hex)]);
        }
        await using (var db = await Registry.DatabaseAsync())
        using (var key = db.OpenAuditKey())
            log["checkpoint"] = new Checkpoint((string)rewritten["predicate"]!["registry"]!["origin"]!, leaves.Count, MerkleTree.Root(leaves)).Sign(key);
        return await SignedByRegistryAsync(rewritten);
    }

    /// <summary>Two real passkeys on a real model under <c>regulated</c>: the promotion that was applied.</summary>
    public async Task<string> RegulatedAsync()
    {
        var metadata = Metadata(0.98) with { Format = "other", Card = "# Card\n\n## Intended use\n\nReading digits.\n\n## Limitations\n\nPrinted digits only.\n", Lineage = new JsonObject { ["parent"] = "digits v0" } };
        var version = Ok(await Registry.Services.Intake.RegisterAsync(await Registry.AgentAsync(), new ModelRegistry.Catalog.Registration("digits", null, null,
            [Repository.At("samples/digits/digits-v2.onnx"), Repository.At("samples/digits/MODEL_CARD.md"), Repository.At("samples/digits/test.csv")], metadata)));
        await Registry.ProposeAsync("digits", version.Version, "staging");
        var parked = await Registry.ProposeAsync("digits", version.Version);
        Assert.Equal("pending", (await SignAsync("ben", parked.PromotionId!)).Status);
        Assert.Equal("applied", (await SignAsync("cora", parked.PromotionId!, comment: "read the card")).Status);
        return parked.PromotionId!;
    }

    public ValueTask DisposeAsync()
    {
        foreach (var key in _keys.Values)
            key.Dispose();
        return Registry.DisposeAsync();
    }
}
