using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Policies;

/// <summary>Breaking the glass.</summary>
public abstract partial class GovernanceStory
{
    private static readonly string Glass = Team("\"break_glass\": {\"persons\": [\"ben\"]}").Replace("\"gates\": [", "\"gates\": [{\"rule\": \"freeze\", \"windows\": [{\"from\": \"2026-11-20\", \"to\": \"2026-11-30\"}]}, ", StringComparison.Ordinal);

    private static async Task<Outcome<PromotionView>> BreakAsync(TestRegistry it, string name, string id, string reason = "fraud passes", string word = GlassBreak.Word)
    {
        var seen = await it.ReviewAsync(id);
        return await it.Services.Promotions.BreakGlassAsync((await it.PersonAsync(name)).Actor, new BreakGlassRequest(id, seen.StatementDigest, reason, await it.PasskeyAsync(name, new SignedDecision(word, Digest.Parse(seen.StatementDigest)))));
    }

    [Fact]
    public async Task Glass_is_broken_past_a_freeze_and_its_review_is_owed_until_another_gives_it()
    {
        await using var it = await OpenAsync("team");
        var v1 = await it.PutIntoProductionAsync();
        await it.AcceptAsync(Glass);
        foreach (var name in new[] { "ana", "ben" })
            await it.PasskeyAsync(name, null);
        it.Clock.Advance(TimeSpan.FromSeconds(1));
        var (v2, desk, ben) = (await it.RegisterAsync(), it.Services.Promotions, (await it.PersonAsync("ben")).Actor);
        await it.ProposeAsync("digits", v2.Version, "staging");
        Assert.Equal("blocked", (await it.ProposeAsync("digits", v2.Version)).Status);
        var wish = new PromotionRequest("digits", v2.Version, "production", "hot fix") { Emergency = true };
        Assert.Equal("glass_needs_person", No(await desk.RequestAsync(await it.AgentAsync(), wish)));
        Assert.Equal("glass_not_trusted", No(await desk.RequestAsync((await it.PersonAsync("cora")).Actor, wish)));
        var id = Ok(await desk.RequestAsync(ben, wish)).PromotionId!;
        Assert.Equal("gates_unmet", No(await it.DecideAsync("cora", id)));

        Assert.Equal("glass_not_trusted", No(await BreakAsync(it, "ana", id)));
        Assert.Equal("glass_reason_missing", No(await BreakAsync(it, "ben", id, " ")));
        Assert.Equal("proof_for_another", No(await BreakAsync(it, "ben", id, word: "approve")));
        Assert.Equal("glass_needs_signature", No(await desk.BreakGlassAsync(ben, new BreakGlassRequest(id, (await it.ReviewAsync(id)).StatementDigest, "r", (await it.PersonAsync("ben")).Proof))));
        Assert.Equal("glass_needs_person", No(await desk.BreakGlassAsync(await it.AgentAsync(), new BreakGlassRequest(id, (await it.ReviewAsync(id)).StatementDigest, "r", await it.PasskeyAsync("ben", new SignedDecision(GlassBreak.Word, Digest.Parse((await it.ReviewAsync(id)).StatementDigest)))))));
        Assert.Equal(v1, await it.ServingAsync());

        var broken = Ok(await BreakAsync(it, "ben", id));
        Assert.Equal(("applied", "ben", "fraud passes", "signed", null), (broken.Status, broken.BreakGlass!.Person, broken.BreakGlass.Reason, broken.BreakGlass.Assurance, broken.BreakGlass.Review));
        Assert.Equal((v2.Version, "ben"), (await it.ServingAsync(), Ok(await it.Services.Catalog.ServingAsync(Robot, "digits", null, null)).GlassBrokenBy));
        Assert.Empty(Ok(await it.Services.Catalog.ServingAsync(Robot, "digits", null, null)).ApprovedBy);
        var owed = Assert.Single(Ok(await desk.GlassReviewsAsync(Robot)).Items);
        Assert.Equal(("open", v1, "freeze"), (owed.Status, owed.Replaced, Assert.Single(owed.Unmet).Rule));
        Assert.Contains("glass.break", await it.VerbsAsync(id));

        async Task<Outcome<GlassReviewView>> ReviewAsync(string name, GlassVerdict verdict = GlassVerdict.Upheld, string comment = "") =>
            await desk.ReviewGlassAsync((await it.PersonAsync(name)).Actor, new GlassReviewRequest(id, verdict, comment, (await it.PersonAsync(name)).Proof));
        Assert.Equal("glass_review_needs_another", No(await ReviewAsync("ben")));
        Assert.Equal("glass_objection_missing", No(await ReviewAsync("cora", GlassVerdict.Objected)));
        Assert.Equal("person_required", No(await desk.ReviewGlassAsync(await it.AgentAsync(), new GlassReviewRequest(id, GlassVerdict.Upheld, "", (await it.PersonAsync("cora")).Proof))));
        Assert.Equal("proof_failed", No(await desk.ReviewGlassAsync((await it.PersonAsync("cora")).Actor, new GlassReviewRequest(id, GlassVerdict.Upheld, "", (await it.PersonAsync("ana")).Proof))));
        Assert.Equal("objected", Ok(await ReviewAsync("cora", GlassVerdict.Objected, "a rollback would have done")).Status);
        Assert.Equal("glass_reviewed", No(await ReviewAsync("ana")));
        Assert.Empty(Ok(await desk.GlassReviewsAsync(Robot)).Items);
        Assert.Equal("objected", Assert.Single(Ok(await desk.GlassReviewsAsync(Robot, owed: false)).Items).Status);
        var kept = (await it.PromotionAsync(id)).BreakGlass!.Review!;
        Assert.Equal(("cora", "objected", "a rollback would have done"), (kept.Person, kept.Verdict, kept.Comment));
        Assert.Contains("glass.review", await it.VerbsAsync(id));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Glass_is_not_broken_for_damaged_files_another_production_or_too_late()
    {
        await using var it = await OpenAsync("team");
        await it.AcceptAsync(Team("\"break_glass\": {\"persons\": [\"ben\"]}"));
        await it.PasskeyAsync("ben", null);
        it.Clock.Advance(TimeSpan.FromSeconds(1));
        var parked = await it.ParkAsync();
        var sha = Assert.Single(await it.RowsAsync($"select f.sha256 from version_file f join version v on v.id = f.version_id where v.label = '{parked.Version}'"));
        var blob = new ModelRegistry.Artifacts.Files.FileLayout(Path.Combine(it.DataFolder, "artifacts")).Blob(Digest.Parse(sha));
        var bytes = await File.ReadAllBytesAsync(blob);
        File.Delete(blob);
        await File.WriteAllBytesAsync(blob, [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);
        Assert.Equal("glass_content_unverified", No(await BreakAsync(it, "ben", parked.PromotionId!)));
        Assert.Equal((null, "pending"), (await it.ServingAsync(), (await it.PromotionAsync(parked.PromotionId!)).Status));
        File.Delete(blob);
        await File.WriteAllBytesAsync(blob, bytes);

        // Whoever is disabled, or listed no more, or signed what is not so any more.
        var seen = await it.ReviewAsync(parked.PromotionId!);
        var signed = new BreakGlassRequest(parked.PromotionId!, seen.StatementDigest, "r", await it.PasskeyAsync("ben", new SignedDecision(GlassBreak.Word, Digest.Parse(seen.StatementDigest))));
        Ok(await it.Services.Metadata.SetAsync(await it.AgentAsync(), new("digits") { Version = parked.Version, Tags = new Dictionary<string, string> { ["a"] = "b" } }));
        var ben = (await it.PersonAsync("ben")).Actor;
        Assert.Equal("statement_changed", No(await it.Services.Promotions.BreakGlassAsync(ben, signed)));
        await it.AcceptAsync("team");
        Assert.Equal("glass_not_trusted", No(await BreakAsync(it, "ben", parked.PromotionId!)));
        await it.AcceptAsync(Team("\"break_glass\": {\"persons\": [\"ben\"]}"));
        it.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal("promotion_expired", No(await it.Services.Promotions.BreakGlassAsync(ben, signed)));
        Assert.Null(await it.ServingAsync());

        var late = await it.ParkAsync();
        Assert.Equal("applied", Ok(await BreakAsync(it, "ben", late.PromotionId!)).Status);
        var beaten = await it.ParkAsync();
        var was = await it.ReviewAsync(beaten.PromotionId!);
        var demoted = await it.ProposeAsync("digits", late.Version, "archived", "retire");
        Assert.Equal("applied", Ok(await it.DecideAsync("cora", demoted.PromotionId!)).Status);
        Assert.Equal("promotion_superseded", No(await it.Services.Promotions.BreakGlassAsync(ben, new BreakGlassRequest(beaten.PromotionId!, was.StatementDigest, "r", await it.PasskeyAsync("ben", new SignedDecision(GlassBreak.Word, Digest.Parse(was.StatementDigest)))))));
        await it.VerifyAuditAsync();
    }
}
