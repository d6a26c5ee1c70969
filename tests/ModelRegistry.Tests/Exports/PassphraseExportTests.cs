using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Exports;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Exports;

/// <summary>Persons change their passphrases: what they decide by the one they have then is proven like anything else, and by no other.</summary>
[OnBothDatabases]
public sealed class PassphraseExportTests
{
    private static readonly string[] Next = ["another four words here", "and yet another four"];

    private static ExportPoint Point(ExportReport report, string name) => Assert.Single(report.Points, p => p.Point == name || p.Point.StartsWith(name + " ", StringComparison.Ordinal));

    private static async Task ChangeAsync(TestRegistry it, string name, string from, string to)
    {
        Ok(await it.Services.People.ChangePassphraseAsync(Ok(await it.Services.People.ProveAsync(name, from, "terminal")), to));
        it.Clock.Advance(TimeSpan.FromSeconds(1));
    }

    private static async Task DecideAsync(TestRegistry it, string passphrase, string id)
    {
        var (review, proven) = (await it.ReviewAsync(id), Ok(await it.Services.People.ProveAsync("ben", passphrase, "terminal")));
        Assert.Equal("applied", Ok(await it.Services.Promotions.DecideAsync(proven.Actor, new(id, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, "", proven.Proof))).Status);
    }

    private static JsonArray Entries(JsonNode payload) => payload["predicate"]!["log"]!["entries"]!.AsArray();

    private static JsonNode Entry(JsonNode payload, string verb) => Entries(payload).Last(e => ((string)e!["leaf"]!).Contains($"\"verb\":\"{verb}\"", StringComparison.Ordinal))!;

    private static void Replace(JsonNode entry, string from, string to) => entry["leaf"] = ((string)entry["leaf"]!).Replace(from, to, StringComparison.Ordinal);

    /// <summary>Puts the last entry of a verb right behind another, as whoever writes another log could.</summary>
    private static void PutBehind(JsonNode payload, string verb, string other)
    {
        var moved = Entry(payload, verb);
        Entries(payload).Remove(moved);
        Entries(payload).Insert(Entries(payload).IndexOf(Entry(payload, other)) + 1, moved);
    }

    private static string Credential(JsonNode entry) => (string)JsonNode.Parse((string)entry["leaf"]!)!["facts"]!["credential_id"]!;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_is_decided_by_the_passphrase_they_have_now_verifies_and_by_one_before_does_not(int changes)
    {
        await using var it = await ExportingRegistry.OpenAsync("team");
        var had = Passphrase + "ben";
        foreach (var next in Next.Take(changes))
        {
            await ChangeAsync(it.Registry, "ben", had, next);
            had = next;
        }
        var id = (await it.Registry.ParkAsync()).PromotionId!;
        it.Registry.Clock.Advance(TimeSpan.FromSeconds(1));
        await DecideAsync(it.Registry, had, id);

        Assert.Equal(PointStatus.Claimed, Point(await it.ProveAsync(id), "proof").Status);
        // They change it later: what they decided before stays what it is.
        await ChangeAsync(it.Registry, "ben", had, "the last of their four");
        await it.ProveAsync(id);
        var export = ExportingRegistry.Payload(await it.ExportAsync(id));
        Assert.True(it.Verify(await it.RewrittenAsync(export)).Verified);

        // Whoever holds the registry's key writes another log, in which one was used that was good no more.
        var proof = export["predicate"]!["decisions"]![0]!["proof"]!;
        var now = (string)proof["credential_id"]!;
        foreach (var old in Entries(export).Where(e => ((string)e!["leaf"]!).Contains("\"verb\":\"passphrase.change\"", StringComparison.Ordinal)).Select(e => (string?)JsonNode.Parse((string)e!["leaf"]!)!["facts"]!["replaced"]).OfType<string>().Where(c => c != now).ToList())
        {
            var forged = export.DeepClone().AsObject();
            Replace(Entry(forged, "promotion.decide"), now, old);
            forged["predicate"]!["decisions"]![0]!["proof"]!["credential_id"] = old;
            var report = it.Verify(await it.RewrittenAsync(forged));
            Assert.Contains("is not the one that", Point(report, "proof").Sentence, StringComparison.Ordinal);
            Assert.Equal(PointStatus.Failed, Point(report, "proof").Status);
            Assert.Equal(PointStatus.Ok, Point(report, "decision").Status);
            AssertPython(it, await it.RewrittenAsync(forged), "FAILED ");
        }
        AssertPython(it, await it.RewrittenAsync(export), "ok ");
    }

    [Fact]
    public async Task One_that_was_set_after_the_request_decides_nothing_and_no_change_is_left_out()
    {
        await using var it = await ExportingRegistry.OpenAsync("team");
        await ChangeAsync(it.Registry, "ben", Passphrase + "ben", Next[0]);
        await ChangeAsync(it.Registry, "ben", Next[0], Next[1]);
        var id = (await it.Registry.ParkAsync()).PromotionId!;
        it.Registry.Clock.Advance(TimeSpan.FromSeconds(1));
        await DecideAsync(it.Registry, Next[1], id);
        var export = ExportingRegistry.Payload(await it.ExportAsync(id));

        var later = export.DeepClone().AsObject();
        PutBehind(later, "passphrase.change", "promotion.request");
        Assert.Contains("changed after what they decided on", Point(it.Verify(await it.RewrittenAsync(later)), "proof").Sentence, StringComparison.Ordinal);
        AssertPython(it, await it.RewrittenAsync(later), "FAILED ");

        var without = export.DeepClone().AsObject();
        Entries(without).Remove(Entries(without).First(e => ((string)e!["leaf"]!).Contains("\"verb\":\"passphrase.change\"", StringComparison.Ordinal)));
        Assert.Equal(PointStatus.Failed, Point(it.Verify(await it.RewrittenAsync(without)), "persons").Status);
        AssertPython(it, await it.RewrittenAsync(without), "FAILED ");
    }

    [Fact]
    public async Task A_review_of_broken_glass_is_by_the_passphrase_there_was_before_it_was_broken()
    {
        await using var it = await ExportingRegistry.OpenAsync("team");
        await it.Registry.AcceptAsync(PolicyProfiles.Find("team")!.Replace("\"rollback\"", "\"break_glass\": {\"persons\": [\"ben\"]}, \"rollback\"", StringComparison.Ordinal));
        await ChangeAsync(it.Registry, "cora", Passphrase + "cora", Next[0]);
        var id = (await it.Registry.ParkAsync()).PromotionId!;
        var ben = await it.SignedAsync("ben", id, GlassBreak.Word);
        Ok(await it.Registry.Services.Promotions.BreakGlassAsync(ben.Actor, new BreakGlassRequest(id, (await it.Registry.ReviewAsync(id)).StatementDigest, "fraud passes", ben.Proof)));
        it.Registry.Clock.Advance(TimeSpan.FromSeconds(1));
        var cora = Ok(await it.Registry.Services.People.ProveAsync("cora", Next[0], "terminal"));
        Ok(await it.Registry.Services.Promotions.ReviewGlassAsync(cora.Actor, new GlassReviewRequest(id, GlassVerdict.Upheld, "it had to be", cora.Proof)));

        Assert.Equal(PointStatus.Claimed, Point(await it.ProveAsync(id), "glass_review").Status);
        var export = ExportingRegistry.Payload(await it.ExportAsync(id));
        AssertPython(it, await it.RewrittenAsync(export), "ok ");

        var forged = export.DeepClone().AsObject();
        var (now, old) = (Credential(Entry(forged, "passphrase.change")), (string)JsonNode.Parse((string)Entry(forged, "passphrase.change")["leaf"]!)!["facts"]!["replaced"]!);
        Replace(Entry(forged, "glass.review"), now, old);
        forged["predicate"]!["break_glass"]!["review"]!["proof"]!["credential_id"] = old;
        Assert.Equal(PointStatus.Failed, Point(it.Verify(await it.RewrittenAsync(forged)), "glass_review").Status);
        AssertPython(it, await it.RewrittenAsync(forged), "FAILED ");

        var later = export.DeepClone().AsObject();
        PutBehind(later, "passphrase.change", "glass.break");
        Assert.Contains("changed after what they decided on", Point(it.Verify(await it.RewrittenAsync(later)), "glass_review").Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, PointStatus.Claimed)]
    [InlineData(false, PointStatus.Ok)]
    public async Task Glass_broken_by_whose_name_was_erased_is_the_registrys_word_unless_their_id_is_listed(bool byName, PointStatus status)
    {
        await using var it = await ExportingRegistry.OpenAsync("team");
        var listed = byName ? "ben" : (await it.Registry.PersonAsync("ben")).Actor.Id;
        await it.Registry.AcceptAsync(PolicyProfiles.Find("team")!.Replace("\"rollback\"", $"\"break_glass\": {{\"persons\": [\"{listed}\"]}}, \"rollback\"", StringComparison.Ordinal));
        var id = (await it.Registry.ParkAsync()).PromotionId!;
        var ben = await it.SignedAsync("ben", id, GlassBreak.Word);
        Ok(await it.Registry.Services.Promotions.BreakGlassAsync(ben.Actor, new BreakGlassRequest(id, (await it.Registry.ReviewAsync(id)).StatementDigest, "fraud passes", ben.Proof)));
        Assert.Equal(PointStatus.Ok, Point(await it.ProveAsync(id), "break_glass").Status);

        await it.Registry.ChangeRowsAsync("delete from audit_erasable");

        Assert.Equal(status, Point(await it.ProveAsync(id), "break_glass").Status);
    }

    private static void AssertPython(ExportingRegistry it, byte[] export, string begins)
    {
        var (path, key) = (it.Registry.File("", "export.json"), it.Registry.File(it.Pinned.Text, "registry.key"));
        File.WriteAllBytes(path, export);
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Needs.Program("python3", "an independent verifier runs in it"),
            [Repository.At("tests/ModelRegistry.Tests/Exports/verify_export.py"), path, key])
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (told, wrong) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        Assert.StartsWith(begins, told.Result + wrong.Result, StringComparison.Ordinal);
    }
}
