using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>A registry that a team has worked with for a quarter of a year: what its pages look like in use.</summary>
internal static class LivedRegistry
{
    private sealed record Release(double Recall, double Latency, string Notes, string? Reason);

    private static readonly Release[] Releases =
    [
        new(0.861, 14.2, "First model on the new features.", "First model that beats the rules of the old system."),
        new(0.874, 13.9, "Merchant categories added.", "Recall is up by a point on the held-out month."),
        new(0.869, 15.8, "Tried a deeper ensemble.", null),
        new(0.902, 12.1, "Trained on chargebacks as labels.", "Three points of recall; the fraud team checked the hundred hardest cases."),
        new(0.897, 11.8, "Quantised.", null),
        new(0.917, 11.4, "Retrained on October.", "Recall 0.917 at a lower latency; nothing got worse in any region."),
        new(0.934, 10.2, "Retrained on November, with the new merchants.", null),
    ];

    /// <summary>The one proposal that everybody talks about.</summary>
    public const string Reason = "Recall is up from 0.917 to 0.934 on November's chargebacks, at 1.2 ms less. The three regions that v6 was weak in are level now.";

    /// <returns>The registry and the promotion of fraud-detector v7 that waits in it.</returns>
    public static async Task<(SeededRegistry Registry, string Waiting)> OpenAsync()
    {
        var clock = new Calendar(TimeSpan.FromDays(88));
        var it = await SeededRegistry.OpenAsync("team", clock);
        var bot = await it.Services.Actors.StdioAsync("ana", "release-bot");
        foreach (var (release, i) in Releases.Select((r, i) => (r, i)))
        {
            Ok(await it.Services.Intake.RegisterAsync(bot, new Registration("fraud-detector", null, null, [it.Sample($"digits-v{2 - i % 2}.onnx", "model.onnx")], Known(release, i),
                "Scores card transactions while they are authorised.", "classification", "risk team", Alias: i == Releases.Length - 1 ? "candidate" : null)));
            clock.MoveOn(TimeSpan.FromHours(31));
            await StageAsync("fraud-detector", i + 1);
            clock.MoveOn(TimeSpan.FromHours(50));
            if (release.Reason is { } reason)
                await DecideAsync(await ProposeAsync("fraud-detector", i + 1, reason), "Agreed with the fraud team.");
            clock.MoveOn(TimeSpan.FromHours(190));
        }
        Ok(await it.Services.Metadata.SetAsync(bot, new MetadataEdit("fraud-detector") { Tags = new Dictionary<string, string> { ["team"] = "risk", ["tier"] = "1", ["pii"] = "no" } }));
        foreach (var (name, task, score) in new[] { ("churn", "classification", 0.88), ("demand-forecast", "regression", 0.79), ("support-router", "text classification", 0.93) })
            for (var i = 0; i < 2; i++)
            {
                Ok(await it.Services.Intake.RegisterAsync(bot, new Registration(name, null, null, [it.Sample($"digits-v{1 + i}.onnx", "model.onnx")], Known(new Release(score + i * 0.02, 20 - i, "", null), i), null, task, "growth team")));
                await StageAsync(name, i + 1);
                if (i == 0)
                    await DecideAsync(await ProposeAsync(name, 1, "Beats what we had."), "");
            }
        clock.MoveTo(TimeSpan.FromHours(3));
        await ProposeAsync("support-router", 2, "Two points better on tickets of the last four weeks.");
        clock.MoveTo(TimeSpan.FromMinutes(55));
        await ProposeAsync("churn", 2, "The spring cohort is in the training data now; calibration is better in every decile.");
        clock.MoveTo(TimeSpan.FromMinutes(12));
        return (it, await ProposeAsync("fraud-detector", 7, Reason));

        async Task StageAsync(string model, int version) => Ok(await it.Services.Promotions.RequestAsync(bot, new PromotionRequest(model, $"v{version}", "staging", "For a look in staging.")));

        async Task<string> ProposeAsync(string model, int version, string reason) => Ok(await it.Services.Promotions.RequestAsync(bot, new PromotionRequest(model, $"v{version}", "production", reason))).PromotionId!;

        async Task DecideAsync(string id, string comment)
        {
            var review = Ok(await it.Services.Promotions.ReviewAsync(bot, id));
            var ben = Ok(await it.Services.People.ProveAsync("ben", Passphrase, "page"));
            Ok(await it.Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(id, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, comment, ben.Proof)));
        }
    }

    private static VersionMetadata Known(Release release, int i) => new()
    {
        Format = "onnx",
        Framework = "scikit-learn 1.5",
        Dataset = $"s3://data/fraud@2026-{5 + i:D2}",
        CodeCommit = $"{i}f3c9a17",
        RunId = $"nightly-{412 + i * 9}",
        Metrics = new Dictionary<string, double> { ["recall"] = release.Recall, ["precision"] = Math.Round(release.Recall - 0.048 + i % 3 * 0.006, 3), ["log_loss"] = Math.Round(0.41 - release.Recall / 4, 4), ["latency_ms"] = release.Latency },
        Lineage = new JsonObject { ["parent"] = i == 0 ? "none" : $"v{i}" },
        ReleaseNotes = release.Notes,
        Card = "# Fraud detector\n\n## Intended use\n\nScoring card transactions while they are authorised. Not for decisions about people.\n\n## Limitations\n\nTrained on European merchants; new merchants have no history for a week.\n",
    };
}
