using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>Files are looked into when they are registered, and <c>regulated</c> lets in what is clean and nothing else.</summary>
[OnBothDatabases]
public sealed class InspectionGateTests
{
    private static VersionMetadata Full => Metadata(0.98) with
    {
        Format = "other",
        Card = "# Card\n\n## Intended use\n\nReading digits.\n\n## Limitations\n\nPrinted digits only.\n",
        Lineage = new JsonObject { ["parent"] = "digits v1" },
    };

    private static readonly string[] Sample = [Repository.At("samples/digits/digits-v2.onnx"), Repository.At("samples/digits/MODEL_CARD.md"), Repository.At("samples/digits/test.csv")];

    private static async Task<VersionDetailView> RegisterAsync(TestRegistry it, VersionMetadata metadata, params string[] files)
    {
        var registered = Ok(await it.Services.Intake.RegisterAsync(await it.AgentAsync(), new Registration("digits", null, null, files, metadata)));
        return Ok(await it.Services.Catalog.GetAsync(Robot, "digits", registered.Version)).Version!;
    }

    private static string Written(TestRegistry it, byte[] bytes, string name)
    {
        var path = it.File("", name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>As with a passkey: over the statement itself.</summary>
    private static async Task<PromotionView> SignAsync(TestRegistry it, string person, string promotion)
    {
        var review = await it.ReviewAsync(promotion);
        var proven = await it.PersonAsync(person);
        var proof = await it.PasskeyAsync(person, new SignedDecision(Promotion.Word(DecisionVerdict.Approve), Digest.Parse(review.StatementDigest)));
        return Ok(await it.Services.Promotions.DecideAsync(proven.Actor, new DecisionRequest(promotion, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, "", proof)));
    }

    private static GateFinding Scan(PromotionView promotion) => promotion.Gates.Where(g => g.Rule == "scan_clean").Select(g => new GateFinding(g.Rule, Enum.Parse<Verdict>(g.Verdict, true), g.Measured, g.Threshold)).Single();

    [Fact]
    public async Task Under_regulated_a_real_model_is_looked_into_signed_by_two_and_serves()
    {
        await using var it = await OpenAsync("regulated");
        // A key decides only what is proposed after it was enrolled.
        await it.PasskeyAsync("ben", null);
        await it.PasskeyAsync("cora", null);
        var version = await RegisterAsync(it, Full, Sample);
        Assert.Equal(("clean", 2_410L, "onnx"), (version.Inspection!.Verdict, version.Inspection.ParameterCount, version.Format));
        await it.ProposeAsync("digits", version.Version, "staging");

        var parked = await it.ProposeAsync("digits", version.Version);

        Assert.Equal(("pending", Verdict.Pass, "clean"), (parked.Status, Scan(parked).Verdict, Scan(parked).Measured));
        Assert.Equal("pending", (await SignAsync(it, "ben", parked.PromotionId!)).Status);
        Assert.Equal("applied", (await SignAsync(it, "cora", parked.PromotionId!)).Status);
        Assert.Equal(version.Version, await it.ServingAsync());
        await it.VerifyAuditAsync();
    }

    [Theory]
    [InlineData(new byte[] { 0x80, 4, (byte)'N', (byte)'.' }, "unsafe: pickle in weights.bin", Verdict.Fail)]
    [InlineData(new byte[] { 1, 2, 3 }, "unknown: format_unknown in weights.bin", Verdict.Unknown)]
    public async Task Under_regulated_what_is_not_clean_is_blocked(byte[] bytes, string measured, Verdict verdict)
    {
        await using var it = await OpenAsync("regulated");
        var version = await RegisterAsync(it, Full, [.. Sample, Written(it, bytes, "weights.bin")]);
        await it.ProposeAsync("digits", version.Version, "staging");

        var blocked = await it.ProposeAsync("digits", version.Version);

        Assert.Equal(("blocked", verdict, measured), (blocked.Status, Scan(blocked).Verdict, Scan(blocked).Measured));
        Assert.Null(await it.ServingAsync());
    }

    [Fact]
    public async Task What_the_author_left_out_is_filled_in_and_what_was_said_stays()
    {
        await using var it = await EmptyAsync();
        async Task<VersionDetailView> Registered(VersionMetadata metadata)
        {
            var registered = Ok(await it.Services.Intake.RegisterAsync(Robot, new Registration("digits", null, null, Sample, metadata)));
            return Ok(await it.Services.Catalog.GetAsync(Robot, "digits", registered.Version)).Version!;
        }

        var filled = await Registered(Full);
        Assert.Equal(("onnx", "pixels", "float32 4", "ai.onnx 13"), (filled.Format, (string?)filled.Signature["inputs"]![0]!["name"], string.Join(", ", filled.Inspection!.TensorTypes.Select(t => $"{t.Key} {t.Value}")), filled.Inspection.Opsets.Single()));
        var said = await Registered(Full with { Format = "safetensors", Framework = "mine", Signature = new JsonObject { ["inputs"] = "mine" } });
        Assert.Equal(("safetensors", "mine", "mine"), (said.Format, said.Framework, (string?)said.Signature["inputs"]));
        Assert.Equal(("findings", "format_contradicted"), (said.Inspection!.Verdict, said.Inspection.Findings.Single().Code));
    }

    [Fact]
    public async Task Made_up_weights_are_unknown()
    {
        await using var it = await OpenAsync();
        var registered = await it.RegisterAsync();
        var info = Ok(await it.Services.Catalog.GetAsync(Robot, "digits", registered.Version));
        Assert.Equal(("unknown", "format_unknown"), (info.Version!.Inspection!.Verdict, info.Version.Inspection.Findings.Single().Code));
    }

    [Fact]
    public async Task A_version_from_before_files_were_looked_into_is_looked_into_when_it_is_proposed_and_once()
    {
        await using var it = await OpenAsync("regulated");
        var version = await RegisterAsync(it, Full, Sample);
        await it.ChangeRowsAsync("delete from version_inspection");
        Assert.Null(Ok(await it.Services.Catalog.GetAsync(Robot, "digits", version.Version)).Version!.Inspection);
        // Who may not propose it does not make the registry work.
        var viewer = await it.TokenAsync("viewer", "ben", [Permissions.Viewer]);
        Assert.NotNull((await it.Services.Promotions.RequestAsync(viewer, new PromotionRequest("digits", version.Version, "staging", "better"))).Refusal);
        Assert.Empty(await it.RowsAsync("select version_id from version_inspection"));

        await it.ProposeAsync("digits", version.Version, "staging");
        var parked = await it.ProposeAsync("digits", version.Version);

        Assert.Equal(("pending", Verdict.Pass), (parked.Status, Scan(parked).Verdict));
        Assert.Equal(1, (await it.VerbsAsync()).Count(v => v == "version.inspect"));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Under_regulated_a_claim_that_the_bytes_contradict_is_blocked()
    {
        await using var it = await OpenAsync("regulated");
        var version = await RegisterAsync(it, Full with { Format = "gguf" }, Sample);
        await it.ProposeAsync("digits", version.Version, "staging");

        var blocked = await it.ProposeAsync("digits", version.Version);

        Assert.Equal(("blocked", "findings: format_contradicted"), (blocked.Status, Scan(blocked).Measured));
    }
}
